//! The repository that an ingestion is about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::checked::{Invalid, ProjectId, again};
use crate::purl::Purl;

/// The repository an ingestion is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Canonical purl.
    pub id: String,
    /// Owner and name in the caller's spelling, for display.
    pub spelled: String,
    /// The project the caller says it belongs to (`--project`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

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
    /// Whether what the caller gave of it is as the checked values make it.
    pub(crate) fn check(&self) -> Result<(), Invalid> {
        self.project.as_deref().map_or(Ok(()), again::project)
    }
}
