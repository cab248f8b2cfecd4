//! Which of the scored vertices are wanted: those of some projects, those of some statuses.

use domain::status::ActivityStatus;
use projections::graph::Graph;
use projections::metrics::Level;
use projections::store::query::ScoreLine;
use projections::store::{Build, few, query};
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

    /// Refuses to choose among packages, which belong to no project and have no status, and of one vertex.
    ///
    /// # Errors
    /// [`Error::Invalid`].
    pub(crate) fn fits(&self, level: Level, id: Option<&str>) -> Result<()> {
        if self.is_open() {
            return Ok(());
        }
        if id.is_some() {
            return Err(Error::invalid("id", "one vertex, or those of a project or a status: not both"));
        }
        if level != Level::External {
            return Ok(());
        }
        let by = if self.projects.is_empty() { "status" } else { "project" };
        Err(Error::invalid(by, format!("{by}: a package has none; projects and repositories do")))
    }

    /// Refuses a project that the live builds do not have.
    ///
    /// # Errors
    /// [`Error::NotFound`], with those that are near.
    pub(crate) async fn of_live(&self, conn: &mut PgConnection, live: &[Build]) -> Result<()> {
        for id in &self.projects {
            if live.is_empty() || few::score(conn, live, Level::Project, id).await?.is_none() {
                let known =
                    if live.is_empty() { Vec::new() } else { query::scores(conn, live, Level::Project).await? };
                return Err(no_project(id, &known.into_iter().map(|project| project.id).collect::<Vec<_>>()));
            }
        }
        Ok(())
    }

    /// Refuses a project that a graph does not have.
    ///
    /// # Errors
    /// [`Error::NotFound`], with those that are near.
    pub(crate) fn of_graph(&self, graph: &Graph) -> Result<()> {
        let has = |id: &String| graph.projects.iter().any(|project| *project.id == **id);
        match self.projects.iter().find(|id| !has(id)) {
            Some(id) => {
                Err(no_project(id, &graph.projects.iter().map(|project| project.id.to_string()).collect::<Vec<_>>()))
            }
            None => Ok(()),
        }
    }

    /// The names of the statuses.
    pub(crate) fn status_names(&self) -> Vec<&'static str> {
        self.statuses.iter().map(|status| status.name()).collect()
    }

    /// Whether a vertex of a level is wanted.
    pub(crate) fn takes(&self, level: Level, line: &ScoreLine) -> bool {
        self.wants(level, &line.id, line.project_id.as_ref(), line.activity_status.as_deref())
    }

    /// The same, by what decides it.
    pub(crate) fn wants(&self, level: Level, id: &String, project: Option<&String>, status: Option<&str>) -> bool {
        let project = if level == Level::Project { Some(id) } else { project };
        let is_of = self.projects.is_empty() || project.is_some_and(|id| self.projects.contains(id));
        let has = || status.and_then(ActivityStatus::from_name);
        is_of && (self.statuses.is_empty() || has().is_some_and(|status| self.statuses.contains(&status)))
    }
}

fn no_project(id: &str, projects: &[String]) -> Error {
    known::nothing("project", id, &format!("no project has the id `{id}`"), projects)
}
