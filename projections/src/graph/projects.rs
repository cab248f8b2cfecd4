//! What is said of projects: who they are, by which name, what curations replace.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use domain::facts::curation::{Correction, ProjectField};
use domain::recorded::Rank;

use super::membership::{CURATION, Membership};
use super::model::{Finding, Project};
use super::rows::StateView;
use super::state::{GraphState, SurveyAnswer};
use super::survey;

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
) -> BTreeSet<&'a str> {
    let state = known.state;
    let recorded = state.projects.iter().filter(|(_, facts)| facts.record.is_some()).map(|(id, _)| id.as_str());
    let mut ids: BTreeSet<&str> = recorded.collect();
    ids.extend(known.fundings().iter().filter(|(_, funding)| funding.applied).map(|(id, _)| &**id));
    ids.extend(state.answers.keys().filter_map(|key| survey::of_id(key)));
    // Many repositories are of few projects.
    let flagged: HashSet<&str> =
        known.repos().flat_map(|repo| repo.flags.iter().map(|(_, project)| &**project)).collect();
    ids.extend(flagged);
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
pub(super) fn given_names(known: StateView<'_>) -> BTreeMap<&str, (Rank, &str)> {
    let of_grants = known.fundings().iter();
    let named = of_grants.filter_map(|(project, funding)| Some((&**project, funding.name.as_ref()?)));
    let mut names: BTreeMap<&str, (Rank, &str)> =
        named.map(|(project, (rank, name))| (project, (*rank, name.as_str()))).collect();
    for (project, said) in survey::names(known.state) {
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
    let given = given_names(known);
    let shared = |id: &str| match held.binary_search_by(|project| (*project.id).cmp(id)) {
        Ok(place) => Arc::clone(&held[place].id),
        Err(_) => id.into(),
    };
    let project = |id: &str| {
        let funding = known.fundings().get(id);
        let record = funding.and_then(|funding| funding.record.as_ref());
        let applied = funding.is_some_and(|funding| funding.applied);
        let corrected = |field| corrected.get(&(id, field)).map(|value| (*value).to_owned());
        let name = corrected(ProjectField::Name);
        if record.is_none() && !applied && !survey::is_answered(state, id) && name.is_none() {
            let reason = "no grants record and no survey row describes it".to_owned();
            findings.push(Finding::new("project", id, reason));
        }
        let name = name.or_else(|| record?.name.clone());
        Project {
            id: shared(id),
            name: name.unwrap_or_else(|| given.get(id).map_or(id, |said| said.1).to_owned()),
            kind: match corrected(ProjectField::Type).as_deref() {
                Some("pg_root") => "pg_root",
                _ => "scf_project",
            },
            category: corrected(ProjectField::Category).or_else(|| record?.category.clone()),
            git_url: record.and_then(|record| record.git_url.clone()),
            website: corrected(ProjectField::Website).or_else(|| record?.website.clone()),
            answer: None,
            integration_status: record.and_then(|record| record.integration_status.clone()),
            recorded: record.is_some(),
            applied,
            complete: funding.is_some_and(|funding| funding.complete),
            first_seen: funding.and_then(|funding| funding.first_seen),
        }
    };
    let mut projects: Vec<Project> = there(known, members, &corrected).into_iter().map(project).collect();
    bind_answers(state, &mut projects, findings);
    projects
}

/// Gives every project its newest answer.
pub(super) fn bind_answers(state: &GraphState, projects: &mut [Project], findings: &mut Vec<Finding>) {
    let names = projects.iter().map(|project| (&*project.id, project.name.as_str()));
    let bound = survey::bind(state, names, findings);
    let answers: Vec<Option<SurveyAnswer>> =
        projects.iter().map(|project| bound.get(&*project.id).map(|answer| (*answer).clone())).collect();
    for (project, answer) in projects.iter_mut().zip(answers) {
        project.answer = answer;
    }
}
