//! Which project a survey answer belongs to.

use std::collections::BTreeMap;

use domain::facts::curation::Correction;
use domain::source::normalised_name;

use super::resolve::Finding;
use super::state::{Answer, GraphState};

/// The newest answer of every project that has one. `names` are the display names by project id.
pub fn bind<'a>(
    state: &'a GraphState,
    names: &'a BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'a str, &'a Answer> {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (id, name) in names {
        by_name.entry(normalised_name(name)).or_default().push(id);
    }
    let curated: BTreeMap<&str, &str> = state
        .curations
        .values()
        .filter_map(|curation| match &curation.value.correction {
            Correction::SurveyName { name, project } => Some((name.as_str(), project.as_str())),
            _ => None,
        })
        .collect();
    let mut bound: BTreeMap<&str, &Answer> = BTreeMap::new();
    for (key, answer) in &state.answers {
        let project = if let Some(id) = key.strip_prefix("id/") {
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
        let Some(project) = project else { continue };
        let slot = bound.entry(project).or_insert(answer);
        if (slot.answered_at, slot.rank) < (answer.answered_at, answer.rank) {
            *slot = answer;
        }
    }
    bound
}
