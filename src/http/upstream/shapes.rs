//! What a snapshot holds, in the shapes that clients know.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::recorded::Position;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::GITHUB;
use crate::service::ask::resident::{Committer, Contribution, ProjectMetadata, Resident, short_name};
use crate::service::ask::submissions::{DocumentKind, KeptDocument};

/// Windows of activity, in days.
const WINDOWS: (u16, u16) = (30, 90);

/// A time as clients know it: microseconds where there are any.
fn time(time: Timestamp) -> String {
    let text = time.to_string();
    text.strip_suffix(".000000Z").map(|whole| format!("{whole}Z")).unwrap_or(text)
}

fn maybe(moment: Option<Timestamp>) -> Option<String> {
    moment.map(time)
}

/// An object and further fields.
fn with(mut object: Value, further: Value) -> Value {
    if let (Value::Object(object), Value::Object(further)) = (&mut object, further) {
        object.extend(further);
    }
    object
}

pub(super) fn health(position: Option<Position>) -> Value {
    let ready = position.is_some();
    json!({
        "status": if ready { "ready" } else { "live" },
        "version": env!("CARGO_PKG_VERSION"),
        "components": {
            "artifact_store": "local",
            "database": if ready { "ready" } else { "not-configured" },
            "schema_version": position.map(|_| crate::service::SCHEMA_VERSION.to_string()),
        },
        "position": position,
    })
}

pub(super) fn metadata(atlas: &Resident) -> Value {
    let (graph, people) = (atlas.graph(), atlas.people());
    let active = (0_u32..).zip(&graph.projects).filter(|(number, _)| {
        atlas.project_scores(*number).activity_status.is_some_and(domain::status::ActivityStatus::is_active)
    });
    let repos = atlas.repos().count();
    let recent =
        atlas.repos().filter(|repo| atlas.latest_commit(*repo).is_some_and(|time| people.is_recent(time, WINDOWS.1)));
    json!({
        "total_projects": graph.projects.len(),
        "active_projects": active.count(),
        "total_repos": repos,
        "active_repos_90d": recent.count(),
        "total_external_repos": graph.vertices.len() - repos,
        "total_dependency_edges": atlas.edge_count(),
        "total_contributor_edges": people.edges(),
        "active_contributors_30d": people.active(atlas.repos(), WINDOWS.0),
        "active_contributors_90d": people.active(atlas.repos(), WINDOWS.1),
        "last_updated": maybe(people.newest()),
    })
}

/// Hundredths as a number.
fn hundredths(value: Option<u32>) -> Option<f64> {
    value.map(|value| f64::from(value) / 100.0)
}

pub(super) fn project_summary(atlas: &Resident, number: u32) -> Value {
    let (project, scores) = (&atlas.graph().projects[number as usize], atlas.project_scores(number));
    json!({
        "canonical_id": project.id,
        "display_name": project.name,
        "project_type": if project.kind == "pg_root" { "public-good" } else { "scf-project" },
        "activity_status": scores.activity_status.map(domain::status::ActivityStatus::name),
        "category": project.category,
        "git_owner_url": atlas.metadata(number).owner_url,
        "pony_factor": scores.pony_factor,
        "criticality_score": scores.criticality,
        "adoption_score": hundredths(scores.adoption),
        "updated_at": maybe(atlas.recorded_at),
    })
}

pub(super) fn project_detail(atlas: &Resident, number: u32) -> Value {
    let members = || atlas.members(number).iter().copied();
    let further = json!({
        "project_id": atlas.project_number(number),
        "active_contributors_30d": atlas.people().active(members(), WINDOWS.0),
        "active_contributors_90d": atlas.people().active(members(), WINDOWS.1),
        "metadata": project_metadata(atlas.metadata(number)),
    });
    with(project_summary(atlas, number), further)
}

fn project_metadata(metadata: &ProjectMetadata) -> Value {
    let number = |text: &Option<domain::decimal::Decimal>| {
        text.as_ref().and_then(|text| serde_json::from_str::<Value>(text.as_str()).ok())
    };
    let regions = metadata.regions_of_operation.as_ref().map(|regions| regions.split(", ").collect::<Vec<_>>());
    let submissions = metadata.submissions.iter().map(|(round, title)| json!({"round": round, "title": title}));
    let socials: Vec<Value> = metadata.links.iter().map(|link| json!({"name": link.name, "value": link.url})).collect();
    json!({
        "scf_submissions": submissions.collect::<Vec<_>>(),
        "description": metadata.description,
        "technical_architecture": metadata.technical_architecture,
        "scf_tranche_completion": metadata.completion,
        "website": metadata.website,
        "x_profile": metadata.x,
        "total_awarded_usd": number(&metadata.awarded_usd),
        "total_paid_usd": number(&metadata.paid_usd),
        "awarded_submissions_count": number(&metadata.awarded_submissions),
        "open_source": metadata.open_source,
        "socials": (!socials.is_empty()).then_some(socials),
        "analytics": metadata.analytics,
        "regions_of_operation": regions,
    })
}

pub(super) fn project_edges(atlas: &Resident, number: u32, dependencies: bool) -> Vec<Value> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    let mut count = |end: u32| {
        if let Some(other) = atlas.graph().vertices[end as usize].project.filter(|other| *other != number) {
            *counts.entry(other).or_insert(0) += usize::from(atlas.graph().vertices[end as usize].repo);
        }
    };
    for repo in atlas.members(number) {
        if dependencies {
            atlas.dependencies(*repo).for_each(|(end, _)| count(end));
        } else {
            atlas.dependents(*repo).for_each(|(end, _)| count(end));
        }
    }
    let each = counts.into_iter().filter(|(_, edges)| *edges > 0);
    each.map(|(other, edges)| json!({"project": project_summary(atlas, other), "edge_count": edges})).collect()
}

pub(super) fn repo_summary(atlas: &Resident, number: u32) -> Value {
    let (vertex, scores) = (&atlas.graph().vertices[number as usize], atlas.vertex_scores(number));
    let host = [(GITHUB, "https://github.com/"), ("pkg:gitlab/", "https://gitlab.com/")];
    let url = host.iter().find(|(kind, _)| vertex.id.starts_with(kind));
    json!({
        "canonical_id": vertex.id,
        "display_name": short_name(vertex),
        "visibility": if vertex.details.private == Some(true) { "private" } else { "public" },
        "latest_version": atlas.latest_version(number).unwrap_or_default(),
        "latest_commit_date": maybe(atlas.latest_commit(number)),
        "repo_url": url.map(|(_, host)| format!("{host}{}", vertex.details.name)),
        "project_id": vertex.project.map(|project| atlas.project_number(project)),
        "pony_factor": scores.pony_factor,
        "criticality_score": scores.criticality,
        "adoption_downloads": vertex.details.downloads,
        "adoption_stars": vertex.details.stars,
        "adoption_forks": vertex.details.forks,
        "updated_at": maybe(atlas.recorded_at),
    })
}

pub(super) fn repo_detail(atlas: &Resident, number: u32) -> Value {
    let vertices = &atlas.graph().vertices;
    let releases = atlas.releases(number).iter().map(|release| {
        let date = release.released.map(time).unwrap_or_default();
        json!({"purl": release.purl, "version": release.version, "release_date": date})
    });
    let counts = |ends: &[u32]| {
        let repos = ends.iter().filter(|end| vertices[**end as usize].repo).count();
        json!({"repos": repos, "external_repos": ends.len() - repos})
    };
    let people = atlas.people();
    let contributors = people.of_repo(number).iter().map(|held| contributor_summary(people.person(held.person)));
    let outgoing: Vec<u32> = atlas.dependencies(number).map(|(end, _)| end).collect();
    let incoming: Vec<u32> = atlas.dependents(number).map(|(end, _)| end).collect();
    let further = json!({
        "releases": releases.collect::<Vec<_>>(),
        "parent_project": vertices[number as usize].project.map(|project| project_summary(atlas, project)),
        "contributors": contributors.collect::<Vec<_>>(),
        "outgoing_dep_counts": counts(&outgoing),
        "incoming_dep_counts": counts(&incoming),
        "active_contributors_30d": people.active([number], WINDOWS.0),
        "active_contributors_90d": people.active([number], WINDOWS.1),
    });
    with(repo_summary(atlas, number), further)
}

pub(super) fn repo_edge(atlas: &Resident, end: u32, claim: &crate::service::ask::resident::EdgeClaim) -> Value {
    let vertex = &atlas.graph().vertices[end as usize];
    json!({
        "canonical_id": vertex.id,
        "display_name": short_name(vertex),
        "vertex_type": if vertex.repo { "repo" } else { "external-repo" },
        "version_range": claim.version,
        "confidence": claim.confidence.name().replace('_', "-"),
    })
}

pub(super) fn contributor_summary(person: &Committer) -> Value {
    json!({"id": person.id, "name": person.shown(), "email_hash": person.pseudonym.to_string()})
}

pub(super) fn repo_contributor(atlas: &Resident, held: Contribution) -> Value {
    let further = json!({
        "number_of_commits": held.total.commits,
        "first_commit_date": time(held.total.first),
        "last_commit_date": time(held.total.last),
    });
    with(contributor_summary(atlas.people().person(held.person)), further)
}

pub(super) fn project_contributor(atlas: &Resident, held: Contribution) -> Value {
    let further = json!({"total_commits_in_project": held.total.commits});
    with(contributor_summary(atlas.people().person(held.person)), further)
}

pub(super) fn contributor_detail(atlas: &Resident, person: &Committer) -> Value {
    let totals = || person.repos.iter().map(|(_, total)| total);
    let repos = person.repos.iter().map(|(repo, total)| {
        let vertex = &atlas.graph().vertices[*repo as usize];
        json!({
            "repo_canonical_id": vertex.id,
            "repo_display_name": short_name(vertex),
            "project_canonical_id": vertex.project.map(|project| &atlas.graph().projects[project as usize].id),
            "number_of_commits": total.commits,
            "first_commit_date": time(total.first),
            "last_commit_date": time(total.last),
        })
    });
    let further = json!({
        "total_repos": person.repos.len(),
        "total_commits": totals().map(|total| total.commits).sum::<u64>(),
        "first_contribution": maybe(totals().map(|total| total.first).min()),
        "last_contribution": maybe(totals().map(|total| total.last).max()),
        "repos": repos.collect::<Vec<_>>(),
    });
    with(contributor_summary(person), further)
}

fn is_folded(atlas: &Resident, kept: &KeptDocument) -> bool {
    kept.position.is_some_and(|position| position <= atlas.position)
}

/// A document. `content`: what its content is told by. `raw` is its text, where it was asked for.
pub(super) fn kept(
    atlas: &Resident,
    kind: DocumentKind,
    kept: &KeptDocument,
    content: Option<Digest>,
    raw: Option<Option<String>>,
) -> Value {
    match kind {
        DocumentKind::Sbom => sbom(atlas, kept, content, raw),
        DocumentKind::GitLog => git_log(atlas, kept, raw),
    }
}

/// What bills of materials and git logs have in common: `raw` is the document, where it was asked for.
fn document(atlas: &Resident, submission: &KeptDocument, raw: Option<Option<String>>) -> Value {
    let folded = is_folded(atlas, submission);
    let status = match &submission.refused {
        Some(_) => "failed",
        None if folded => "processed",
        None => "pending",
    };
    let common = json!({
        "id": submission.number,
        "status": status,
        "error_detail": submission.refused,
        "submitted_at": time(submission.recorded_at),
        "processed_at": folded.then(|| time(submission.recorded_at)),
    });
    match raw {
        Some(text) => with(common, json!({ "raw_artifact": text })),
        None => common,
    }
}

fn artifact_path(submission: &KeptDocument) -> Option<String> {
    submission.digest.map(|digest| format!("sha256/{digest}"))
}

fn sbom(atlas: &Resident, submission: &KeptDocument, content: Option<Digest>, raw: Option<Option<String>>) -> Value {
    let claim = submission.claim.as_deref();
    let further = json!({
        "repository_claim": claim.unwrap_or(submission.repo.strip_prefix(GITHUB).unwrap_or(&submission.repo)),
        "actor_claim": submission.actor,
        "artifact_path": artifact_path(submission).unwrap_or_default(),
        "sbom_content_hash": content.map(|content| content.to_string()).unwrap_or_default(),
    });
    with(document(atlas, submission, raw), further)
}

fn git_log(atlas: &Resident, submission: &KeptDocument, raw: Option<Option<String>>) -> Value {
    let number = atlas.repo_given(&submission.repo);
    let name = number.map(|number| short_name(&atlas.graph().vertices[number as usize]));
    let further = json!({
        "repo_id": number.map(|number| atlas.vertex_number(number)),
        "repo_canonical_id": submission.repo,
        "repo_display_name": name.unwrap_or(&submission.repo),
        "artifact_path": artifact_path(submission),
        "since_months": 0,
    });
    with(document(atlas, submission, raw), further)
}
