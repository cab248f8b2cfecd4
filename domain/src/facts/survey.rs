//! What a survey row says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DocumentRef;
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
