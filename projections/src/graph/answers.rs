//! Of which projects there are answers to the survey: the keys of the state's rows in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::recorded::Rank;

use super::names::{InternedTexts, Name};
use super::news::News;
use super::row_map::to_read;
use super::state::GraphState;
use crate::changes::Changes;

/// How the keys of answers begin that name a project by its id.
const OF_ID: &str = "id/";

/// How those begin that name it by its name.
const OF_NAME: &str = "name/";

/// Of which project answers are.
#[derive(Clone, Copy, Debug)]
pub(super) enum AnswersTo {
    /// Of this one.
    Project(Name),
    /// Of the one with this name, normalised.
    Named(Name),
}

/// Of which projects there are answers.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerRows {
    /// As the state has them.
    by_key: BTreeMap<Arc<str>, AnswersTo>,
    /// By number of a project, where any names it by its id, the name in the newest of those that has one.
    answered: Vec<Option<GivenName>>,
}

/// What rows of the id of a project call it, and the newest that does; none where none has a name.
type GivenName = Option<(Rank, Arc<str>)>;

impl AnswerRows {
    /// Reads what was touched since the last look, or all.
    pub(super) fn learn(
        &mut self,
        state: &GraphState,
        touched: Option<&Changes>,
        (projects, names): (&mut InternedTexts, &mut InternedTexts),
        news: &mut News,
    ) {
        for (key, answers) in to_read(&state.answers, "answer", touched) {
            news.answers = true;
            let to = if let Some(id) = key.strip_prefix(OF_ID) {
                let project = projects.number(id);
                self.answered.resize(projects.len(), None);
                let held = &mut self.answered[project as usize];
                let given = answers.name();
                // The first makes the project, and a name in one may be its name. Rows that go by a name give none.
                if held.as_ref().map(|held| held.as_ref().map(|(rank, name)| (*rank, &**name))) != Some(given) {
                    (news.projects, *held) = (true, Some(given.map(|(rank, name)| (rank, name.into()))));
                    news.touched.push(project);
                }
                AnswersTo::Project(project)
            } else {
                AnswersTo::Named(names.number(key.strip_prefix(OF_NAME).unwrap_or(key)))
            };
            if !self.by_key.contains_key(key) {
                self.by_key.insert(key.into(), to);
            }
        }
    }

    /// Of which project each of the state's rows is, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = AnswersTo> {
        self.by_key.values().copied()
    }

    /// Whether there are rows of the id of a project.
    pub(super) fn is_answered(&self, project: Name) -> bool {
        self.answered.get(project as usize).is_some_and(Option::is_some)
    }

    /// The name in the newest row of the id of a project that has one.
    pub(super) fn name(&self, project: Name) -> Option<(Rank, &str)> {
        let (rank, name) = self.answered.get(project as usize)?.as_ref()?.as_ref()?;
        Some((*rank, name))
    }

    /// The projects of whose ids there are rows.
    pub(super) fn projects(&self) -> impl Iterator<Item = Name> {
        (0..).zip(&self.answered).filter(|(_, answered)| answered.is_some()).map(|(project, _)| project)
    }
}
