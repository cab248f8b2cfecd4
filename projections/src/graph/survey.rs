//! Which project a survey answer belongs to.

use std::collections::BTreeMap;

use super::answers::AnswersTo;
use super::curations::CuratedRow;
use super::model::Finding;
use super::names::Name;
use super::rows::StateView;
use super::state::{GraphState, SurveyAnswer};

/// By number of a project the newest answer whose day has come. `called` are all projects in the order of ids, each
/// with the number of its name, where answers or curations tell of that.
pub(super) fn bind<'a>(
    known: StateView<'a>,
    called: &[(Name, Option<Name>)],
    findings: &mut Vec<Finding>,
) -> Vec<Option<&'a SurveyAnswer>> {
    let mut candidates: Vec<(usize, Name)> = vec![(0, 0); known.answered_names.len()];
    for (project, name) in called.iter().filter_map(|(project, name)| Some((*project, (*name)?))) {
        let (count, candidate) = &mut candidates[name as usize];
        (*count, *candidate) = (*count + 1, project);
    }
    let curated = known.curations().iter().filter_map(|(_, row)| match row {
        CuratedRow::SurveyName { name, project } => Some((*name, *project)),
        _ => None,
    });
    let curated: BTreeMap<Name, Name> = curated.collect();
    let today = known.state.today();
    // Made where a name is that of several, once.
    let mut same_names: Option<BTreeMap<Name, Vec<&str>>> = None;
    let mut bound: Vec<Option<&SurveyAnswer>> = vec![None; known.projects.len()];
    for (to, answers) in known.answers().iter().zip(known.state.answers.values()) {
        let project = match to {
            AnswersTo::Project(project) => Some(project),
            AnswersTo::Named(name) => {
                let (count, candidate) = candidates[name as usize];
                let project = curated.get(&name).copied().or((count == 1).then_some(candidate));
                if project.is_none() {
                    let reason = if count == 0 {
                        "no project has this name".to_owned()
                    } else {
                        let same = same_names.get_or_insert_with(|| by_name(known, called));
                        format!("the name of {}", same[&name].join(", "))
                    };
                    findings.push(Finding::new("survey-name", known.answered_names.text(name), reason));
                }
                project
            }
        };
        let (Some(project), Some(answer)) = (project, answers.on(today)) else { continue };
        let slot = &mut bound[project as usize];
        if slot.is_none_or(|held| held.order() < answer.order()) {
            *slot = Some(answer);
        }
    }
    bound
}

/// By name the projects that are called so, in the order of ids.
fn by_name<'a>(known: StateView<'a>, called: &[(Name, Option<Name>)]) -> BTreeMap<Name, Vec<&'a str>> {
    let mut all: BTreeMap<Name, Vec<&str>> = BTreeMap::new();
    for (project, name) in called.iter().filter_map(|(project, name)| Some((*project, (*name)?))) {
        all.entry(name).or_default().push(known.projects.text(project));
    }
    all
}

/// The newest answer of any survey row whose day has come.
pub fn newest(state: &GraphState) -> Option<&SurveyAnswer> {
    let today = state.today();
    state.answers.values().filter_map(|answers| answers.on(today)).max_by_key(|answer| answer.order())
}
