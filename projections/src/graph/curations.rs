//! What maintainers correct, in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::facts::curation::{Correction, ProjectField};
use domain::recorded::Rank;

use super::names::{InternedIds, InternedTexts, Name};
use super::news::News;
use super::row_map::to_read;
use super::state::GraphState;
use crate::changes::Changes;
use crate::placed::PlacedRows;

/// A correction.
#[derive(Clone, Debug)]
pub(super) enum CuratedRow {
    /// A repository belongs to this project, or to none.
    Membership { repo: Name, project: Option<Name> },
    /// A package is published from this repository, or from none.
    Publication { package: Name, repo: Option<Name> },
    /// What is an owner's belongs to this project, or to none.
    Owner { owner: Name, project: Option<Name> },
    /// Answers under this name are this project's.
    SurveyName { name: Name, project: Name },
    /// A project's data.
    Project { project: Name, field: ProjectField, value: Option<Arc<str>> },
}

/// Texts that rows name, by kind.
pub(super) struct NamedTexts<'a> {
    pub(super) names: &'a mut InternedIds,
    pub(super) projects: &'a mut InternedTexts,
    pub(super) answered: &'a mut InternedTexts,
}

impl CuratedRow {
    fn of(texts: &mut NamedTexts<'_>, correction: &Correction) -> Self {
        let NamedTexts { names, projects, answered } = texts;
        let mut number = |project: &String| projects.number(project);
        match correction {
            Correction::Membership { repo, project } => {
                Self::Membership { repo: names.number(repo), project: project.as_ref().map(number) }
            }
            Correction::Publication { package, repo } => {
                let package = names.number(package);
                Self::Publication { package, repo: repo.as_ref().map(|repo| names.number(repo)) }
            }
            Correction::Owner { host, owner, project } => {
                Self::Owner { owner: names.owner_number(host, owner), project: project.as_ref().map(number) }
            }
            Correction::SurveyName { name, project } => {
                Self::SurveyName { name: answered.number(name), project: number(project) }
            }
            Correction::Project { project, field, value } => {
                Self::Project { project: number(project), field: *field, value: value.as_deref().map(Into::into) }
            }
        }
    }
}

/// The newest correction of everything that was corrected.
#[derive(Clone, Debug, Default)]
pub(super) struct Curations(PlacedRows<(Rank, CuratedRow)>);

impl Curations {
    /// Reads what was touched since the last look, or all.
    pub(super) fn learn(
        &mut self,
        state: &GraphState,
        touched: Option<&Changes>,
        mut texts: NamedTexts<'_>,
        news: &mut News,
    ) {
        for (key, curation) in to_read(&state.curations, "curation", touched) {
            let row = CuratedRow::of(&mut texts, &curation.value.correction);
            news.projects = true;
            match &row {
                CuratedRow::Membership { repo, .. } => news.named.push(*repo),
                CuratedRow::Publication { .. } => news.identity = true,
                CuratedRow::Project { project, .. } => news.touched.push(*project),
                CuratedRow::Owner { .. } | CuratedRow::SurveyName { .. } => {}
            }
            self.0.insert(key.to_owned(), (curation.rank, row));
        }
    }

    /// Every correction that stands, one of everything that was corrected, each with the event that says it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Rank, &CuratedRow)> {
        self.0.iter().map(|(_, (rank, row))| (*rank, row))
    }

    /// The data of projects that are replaced.
    pub(super) fn data(&self) -> BTreeMap<(Name, ProjectField), &str> {
        let each = self.iter().filter_map(|(_, row)| match row {
            CuratedRow::Project { project, field, value: Some(value) } => Some(((*project, *field), &**value)),
            _ => None,
        });
        each.collect()
    }
}
