//! Which of the scored vertices are wanted: those of some projects, those of some statuses.

use domain::status::ActivityStatus;
use projections::graph::Graph;
use projections::metrics::Level;
use projections::store::query::ScoreLine;
use projections::store::{Build, query};
use sqlx::PgConnection;

use super::known;
use crate::service::{Error, Result};

/// Which vertices; without anything named all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoresFilter {
    /// Only these projects, and what belongs to one of them.
    pub projects: Vec<String>,
    /// Only what has one of these statuses.
    pub statuses: Vec<ActivityStatus>,
}

impl ScoresFilter {
    /// Whether everything is wanted.
    pub(crate) fn is_open(&self) -> bool {
        self.projects.is_empty() && self.statuses.is_empty()
    }

    /// Refuses to choose among packages: they belong to no project, and have no status.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub(crate) fn fits(&self, level: Level) -> Result<()> {
        if level != Level::External || self.is_open() {
            return Ok(());
        }
        let by = if self.projects.is_empty() { "status" } else { "project" };
        Err(Error::invalid(by, format!("{by}: a package has none; projects and repositories do")))
    }

    /// The projects of the live builds, where any is named.
    pub(crate) async fn live_projects(&self, conn: &mut PgConnection, live: &[Build]) -> Result<Vec<String>> {
        if self.projects.is_empty() || live.is_empty() {
            return Ok(Vec::new());
        }
        let projects = query::scores(conn, live, Level::Project).await?;
        Ok(projects.into_iter().map(|project| project.id).collect())
    }

    /// The projects of a graph, where any is named.
    pub(crate) fn projects_of(&self, graph: &Graph) -> Vec<String> {
        if self.projects.is_empty() {
            return Vec::new();
        }
        graph.projects.iter().map(|project| project.id.clone()).collect()
    }

    /// Refuses a project that is none of these, with those that are near.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub(crate) fn refuse_unknown(&self, projects: &[String]) -> Result<()> {
        match self.projects.iter().find(|id| !projects.contains(id)) {
            Some(id) => Err(known::nothing("project", id, &format!("no project has the id `{id}`"), projects)),
            None => Ok(()),
        }
    }

    /// The names of the statuses.
    pub(crate) fn status_names(&self) -> Vec<&'static str> {
        self.statuses.iter().map(|status| status.name()).collect()
    }

    /// Whether a vertex of a level is wanted.
    pub(crate) fn takes(&self, level: Level, line: &ScoreLine) -> bool {
        let project = if level == Level::Project { Some(&line.id) } else { line.project_id.as_ref() };
        let is_of = self.projects.is_empty() || project.is_some_and(|id| self.projects.contains(id));
        let has = || line.activity_status.as_deref().and_then(ActivityStatus::from_name);
        is_of && (self.statuses.is_empty() || has().is_some_and(|status| self.statuses.contains(&status)))
    }
}
