//! Words that clients know as types of their own.

use schemars::JsonSchema;
use serde::Serialize;

use crate::service::ask::resident::Confidence;

/// Whether a project is funded by the community or a root of the ecosystem.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum ProjectType {
    PublicGood,
    ScfProject,
}

/// Who may read a repository on its host.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum Visibility {
    Public,
    Private,
}

/// What stands at the other end of an edge.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum RepoVertexType {
    Repo,
    ExternalRepo,
}

/// How sure an edge is.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum EdgeConfidence {
    VerifiedSbom,
    InferredShadow,
}

impl From<Confidence> for EdgeConfidence {
    fn from(confidence: Confidence) -> Self {
        match confidence {
            Confidence::VerifiedSbom => Self::VerifiedSbom,
            Confidence::InferredShadow => Self::InferredShadow,
        }
    }
}

/// What became of a document that was handed in.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(in crate::http) enum SubmissionStatus {
    Pending,
    Processed,
    Failed,
}
