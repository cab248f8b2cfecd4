//! What is said of projects: who they are, by which name, what curations replace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::facts::curation::{Correction, ProjectField};
use domain::recorded::Rank;

use super::membership::{CURATION, Membership};
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

/// The ids of the projects that are there: named by the newest fact of some source, or by a curation that may create
/// one. What an owner's curation says of a project that nobody else names makes none.
fn there<'a>(
    known: StateView<'a>,
    members: &[Option<Membership<'a>>],
    corrected: &BTreeMap<(&'a str, ProjectField), &str>,
    applied: impl Iterator<Item = &'a str>,
) -> BTreeSet<&'a str> {
    let state = known.state;
    let recorded = state.projects.iter().filter(|(_, facts)| facts.record.is_some()).map(|(id, _)| id.as_str());
    let mut ids: BTreeSet<&str> = recorded.chain(applied).collect();
    ids.extend(state.answers.keys().filter_map(|key| key.strip_prefix("id/")));
    ids.extend(known.repos().flat_map(|repo| repo.flags.iter().map(|(_, project)| &**project)));
    let curated = members.iter().flatten().filter(|member| member.evidence == CURATION);
    ids.extend(curated.filter_map(|member| member.project));
    ids.extend(corrected.keys().map(|(project, _)| *project));
    ids.extend(state.curations.values().filter_map(|curation| match &curation.value.correction {
        Correction::SurveyName { project, .. } => Some(project.as_str()),
        _ => None,
    }));
    ids
}

/// By project the name that its applications and survey rows give it: the newer of both.
pub(super) fn given_names(state: &GraphState) -> BTreeMap<&str, (Rank, &str)> {
    let mut names = applications::names(state);
    for (project, said) in survey::names(state) {
        names.entry(project).and_modify(|held| *held = said.max(*held)).or_insert(said);
    }
    names
}

/// Every project, by id. Those that were there before, as `held` has them, go on sharing their ids.
pub(super) fn projects(
    known: StateView<'_>,
    members: &[Option<Membership<'_>>],
    held: &[Project],
    findings: &mut Vec<Finding>,
) -> Vec<Project> {
    let state = known.state;
    let corrected = corrections(state);
    let latest = applications::latest(state);
    let ids = there(known, members, &corrected, latest.keys().copied());
    let given = given_names(state);
    let name_of = |id: &str| {
        let recorded = state.projects.get(id).and_then(|facts| facts.record.as_ref()?.value.name.as_deref());
        let corrected = corrected.get(&(id, ProjectField::Name)).copied();
        corrected.or(recorded).or(given.get(id).map(|said| said.1)).unwrap_or(id).to_owned()
    };
    let names: BTreeMap<String, String> = ids.iter().map(|id| ((*id).to_owned(), name_of(id))).collect();
    let answers = survey::bind(state, &names, findings);
    let completion = applications::completed(state, &latest);
    let shared = |id: &str| match held.binary_search_by(|project| (*project.id).cmp(id)) {
        Ok(place) => Arc::clone(&held[place].id),
        Err(_) => id.into(),
    };
    ids.iter()
        .map(|id| {
            let facts = state.projects.get(*id);
            let record = facts.and_then(|facts| facts.record.as_ref()).map(|newest| &newest.value);
            let answered = state.answers.contains_key(&format!("id/{id}"));
            let described = record.is_some() || latest.contains_key(*id) || answered;
            if !described && !corrected.contains_key(&(*id, ProjectField::Name)) {
                let reason = "no grants record and no survey row describes it".to_owned();
                findings.push(Finding::new("project", id, reason));
            }
            let corrected = |field| corrected.get(&(*id, field)).map(|value| (*value).to_owned());
            Project {
                id: shared(id),
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
