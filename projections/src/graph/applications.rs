//! Grant applications: which one counts, and whose grants are complete.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::grant::ApplicationRecord;
use domain::grants;
use domain::recorded::Rank;

use super::state::GraphState;

/// The latest application (greatest round, then greatest id) of every project that has any.
pub(super) fn latest(state: &GraphState) -> BTreeMap<&str, &ApplicationRecord> {
    let each = state.applications.values().map(|application| &application.value);
    let mut all: Vec<(&str, &ApplicationRecord)> = each.map(|one| (one.project_id.as_str(), one)).collect();
    // Ids of applications often begin with the project's, so this is next to sorted.
    all.sort_by_key(|(project, _)| *project);
    let of_project = all.chunk_by(|a, b| a.0 == b.0);
    of_project.filter_map(|same| Some((same[0].0, grants::latest(same.iter().map(|(_, one)| *one))?))).collect()
}

/// By project the name in the newest of its applications that have one. What is called the project's name may be the
/// title of the submission; the funder's name is not.
pub(super) fn names(state: &GraphState) -> BTreeMap<&str, (Rank, &str)> {
    let mut names = BTreeMap::new();
    for application in state.applications.values() {
        let record = &application.value;
        if let Some(name) = record.project.as_ref().or(record.project_name.as_ref()) {
            let said = (application.rank, name.as_str());
            names.entry(record.project_id.as_str()).and_modify(|held| *held = said.max(*held)).or_insert(said);
        }
    }
    names
}

/// The projects whose grants are complete. Unknown counts as incomplete.
///
/// The latest application decides; where it states no completion, paid against awarded of the project record does.
pub(super) fn completed<'a>(state: &'a GraphState, latest: &BTreeMap<&str, &ApplicationRecord>) -> BTreeSet<&'a str> {
    let complete = |id: &&str| {
        let percent = latest.get(id).and_then(|application| application.completion_percent.as_ref());
        let record = state.projects.get(*id).and_then(|facts| facts.record.as_ref()).map(|record| &record.value);
        let paid = record.and_then(|record| record.paid_usd.as_ref());
        grants::completion(percent, paid, record.and_then(|record| record.awarded_usd.as_ref()))
    };
    state.projects.keys().map(String::as_str).filter(complete).collect()
}
