//! What a survey row says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DOCUMENT_AND_SPELLING, DocumentRef, Lift, Payload, Repetition, Subject};
use crate::checked::{Invalid, again, normalised_name};
use crate::stream::{StreamError, StreamId, StreamKind};
use crate::time::Timestamp;

/// A project answered the impact survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurveyAnswered {
    /// Project id as given; a row has this, a name, or both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Project name as given; the fold binds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The answer.
    pub status: SurveyStatus,
    /// When it was given; a date stands for its first moment.
    pub answered_at: Timestamp,
    /// The raw file.
    pub document: DocumentRef,
}

impl Payload for SurveyAnswered {
    const CLASS: Class = Class::Fact;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = DOCUMENT_AND_SPELLING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        match (&self.project_id, &self.project_name) {
            (Some(id), _) => StreamId::new(StreamKind::Project, id),
            (None, name) => StreamId::new(StreamKind::Survey, normalised_name(name.as_deref().unwrap_or(""))),
        }
    }

    fn source(&self) -> String {
        format!("survey/{}", self.answered_at)
    }

    fn document(&self) -> Option<&DocumentRef> {
        Some(&self.document)
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        self.project_id.as_deref().map_or(Ok(()), again::project)?;
        again::shed("project_name", self.project_name.as_deref())
    }
}

/// What a project can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SurveyStatus {
    /// In use.
    Live,
    /// Being built.
    InDev,
    /// Given up.
    Discontinued,
}
