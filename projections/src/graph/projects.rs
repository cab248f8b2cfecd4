//! What is said of projects: who they are, by which name, what curations replace.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::curation::{Correction, ProjectField};

use super::membership::Membership;
use super::model::{Finding, Project};
use super::rows::StateView;
use super::state::GraphState;
use super::{applications, survey};

/// The data of projects that curations replace.
pub(super) fn corrections(state: &GraphState) -> BTreeMap<(&str, ProjectField), &str> {
    let each = state.curations.values().filter_map(|curation| match &curation.value.correction {
        Correction::Project { project, field, value: Some(value) } => {
            Some(((project.as_str(), *field), value.as_str()))
        }
        _ => None,
    });
    each.collect()
}

/// The projects that the newest fact of some source names: a record, an application, an answer, or what was told about
/// a repository. What an older one named is gone with it.
fn named(known: StateView<'_>) -> BTreeSet<&str> {
    let state = known.state;
    let records = state.projects.iter().filter(|(_, facts)| facts.record.is_some()).map(|(id, _)| id.as_str());
    let applications = state.applications.values().map(|application| application.value.project_id.as_str());
    let answers = state.answers.keys().filter_map(|key| key.strip_prefix("id/"));
    let told = known.repos().flat_map(|repo| repo.named.iter().map(|project| &**project));
    records.chain(applications).chain(answers).chain(told).collect()
}

/// Every project that there is, by id.
pub(super) fn projects(
    known: StateView<'_>,
    members: &[Option<Membership<'_>>],
    findings: &mut Vec<Finding>,
) -> Vec<Project> {
    let state = known.state;
    let corrected = corrections(state);
    let mut ids = named(known);
    ids.extend(members.iter().flatten().filter_map(|member| member.project));
    ids.extend(corrected.keys().map(|(project, _)| *project));
    ids.extend(state.curations.values().filter_map(|curation| match &curation.value.correction {
        Correction::SurveyName { project, .. } => Some(project.as_str()),
        _ => None,
    }));
    let name_of = |id: &str| {
        let facts = state.projects.get(id);
        let recorded = facts.and_then(|facts| facts.record.as_ref()?.value.name.as_deref());
        let named = facts.and_then(|facts| facts.named.as_ref()).map(|named| named.value.as_str());
        let corrected = corrected.get(&(id, ProjectField::Name)).copied();
        corrected.or(recorded).or(named).unwrap_or(id).to_owned()
    };
    let names: BTreeMap<String, String> = ids.iter().map(|id| ((*id).to_owned(), name_of(id))).collect();
    let answers = survey::bind(state, &names, findings);
    let latest = applications::latest(state);
    let completion = applications::completed(state, &latest);
    ids.iter()
        .map(|id| {
            let facts = state.projects.get(*id);
            let record = facts.and_then(|facts| facts.record.as_ref()).map(|newest| &newest.value);
            let described = facts.is_some_and(|facts| facts.record.is_some() || facts.named.is_some());
            let described = described || latest.contains_key(*id) || state.answers.contains_key(&format!("id/{id}"));
            if !described && !corrected.contains_key(&(*id, ProjectField::Name)) {
                let reason = "no grants record and no survey row describes it".to_owned();
                findings.push(Finding::new("project", id, reason));
            }
            let corrected = |field| corrected.get(&(*id, field)).map(|value| (*value).to_owned());
            Project {
                id: (*id).to_owned(),
                name: names[*id].clone(),
                kind: match corrected(ProjectField::Type).as_deref() {
                    Some("pg_root") => "pg_root",
                    _ => "scf_project",
                },
                category: corrected(ProjectField::Category).or_else(|| record.and_then(|r| r.category.clone())),
                git_url: record.and_then(|record| record.git_urls.first().cloned()),
                website: corrected(ProjectField::Website).or_else(|| record.and_then(|r| r.website.clone())),
                answer: answers.get(*id).map(|answer| (*answer).clone()),
                integration_status: record.and_then(|record| record.integration_status.clone()),
                recorded: record.is_some(),
                applied: latest.contains_key(*id),
                complete: completion.contains(id),
                first_seen: facts.and_then(|facts| facts.first_seen),
            }
        })
        .collect()
}
