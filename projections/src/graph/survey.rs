//! Which project a survey answer belongs to.

use std::collections::BTreeMap;

use domain::checked::normalised_name;
use domain::facts::curation::Correction;
use domain::recorded::Rank;
use domain::time::Day;

use super::model::Finding;
use super::state::{GraphState, SurveyAnswer};

/// How the keys of answers begin that name a project by its id.
const OF_ID: &str = "id/";

/// The newest answer of every project that has one whose day has come. `names` are all projects by id, each with its
/// display name.
pub(super) fn bind<'a, 'n: 'a>(
    state: &'a GraphState,
    names: impl Iterator<Item = (&'n str, &'n str)>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'a str, &'a SurveyAnswer> {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    // Most rows go by id.
    if state.answers.keys().any(|key| !key.starts_with(OF_ID)) {
        for (id, name) in names {
            by_name.entry(normalised_name(name)).or_default().push(id);
        }
    }
    let curated: BTreeMap<&str, &str> = state
        .curations
        .values()
        .filter_map(|curation| match &curation.value.correction {
            Correction::SurveyName { name, project } => Some((name.as_str(), project.as_str())),
            _ => None,
        })
        .collect();
    let today = state.today();
    let mut bound: BTreeMap<&str, &SurveyAnswer> = BTreeMap::new();
    for (key, answers) in &state.answers {
        let project = if let Some(id) = of_id(key) {
            Some(id)
        } else {
            let name = key.strip_prefix("name/").unwrap_or(key);
            let candidates = by_name.get(name).map_or(&[] as &[&str], Vec::as_slice);
            let project = curated.get(name).copied().or(match candidates {
                [one] => Some(*one),
                _ => None,
            });
            if project.is_none() {
                let reason = if candidates.is_empty() {
                    "no project has this name".to_owned()
                } else {
                    format!("the name of {}", candidates.join(", "))
                };
                findings.push(Finding::new("survey-name", name, reason));
            }
            project
        };
        let (Some(project), Some(answer)) = (project, answers.on(today)) else { continue };
        let slot = bound.entry(project).or_insert(answer);
        if slot.order() < answer.order() {
            *slot = answer;
        }
    }
    bound
}

/// The project whose id a key of answers names.
pub(super) fn of_id(key: &str) -> Option<&str> {
    key.strip_prefix(OF_ID)
}

/// Whether there are rows of the id of a project.
pub(super) fn is_answered(state: &GraphState, project: &str) -> bool {
    state.answers.contains_key(&format!("{OF_ID}{project}"))
}

/// By project the name in the newest row of its id that has one.
pub(super) fn names(state: &GraphState) -> impl Iterator<Item = (&str, (Rank, &str))> {
    let of_ids = state.answers.iter().filter_map(|(key, answers)| Some((of_id(key)?, answers)));
    of_ids.filter_map(|(project, answers)| Some((project, answers.name()?)))
}

/// Whether somebody's answer is another by now, for its day came after this one.
pub(super) fn speaks_since(state: &GraphState, then: Day) -> bool {
    let today = state.today();
    let order = |answer: Option<&SurveyAnswer>| answer.map(SurveyAnswer::order);
    state.answers.values().any(|answers| order(answers.on(then)) != order(answers.on(today)))
}

/// The newest answer of any survey row whose day has come.
pub fn newest(state: &GraphState) -> Option<&SurveyAnswer> {
    let today = state.today();
    state.answers.values().filter_map(|answers| answers.on(today)).max_by_key(|answer| answer.order())
}
