//! The repository that an ingestion is about.

use super::{Invalid, ProjectId};
use crate::facts::Subject;
use crate::purl::Purl;

impl Subject {
    /// The repository, and the project it is said to belong to. What is dropped of the project's id is said in
    /// `warnings`.
    ///
    /// # Errors
    /// When `repo` names no repository or `project` is no id.
    pub fn new(repo: &str, project: Option<&str>, warnings: &mut Vec<String>) -> Result<Self, Invalid> {
        let purl = Purl::parse_repository(repo).map_err(|error| Invalid::new("repo", error.to_string()))?;
        let project = project.map(|id| ProjectId::new(id, warnings)).transpose()?;
        Ok(Self { id: purl.id, spelled: purl.spelled, project: project.map(ProjectId::into_string) })
    }
}
