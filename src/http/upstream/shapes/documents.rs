//! Documents that came in.

use domain::digest::Digest;
use schemars::JsonSchema;
use serde::Serialize;

use super::super::{GITHUB, PageOf};
use super::time;
use super::words::SubmissionStatus;
use crate::service::ask::resident::{Resident, short_name};
use crate::service::ask::submissions::KeptDocument;

/// What became of a document.
#[derive(Serialize, JsonSchema)]
struct DocumentFate {
    id: u64,
    status: SubmissionStatus,
    error_detail: Option<String>,
    submitted_at: String,
    processed_at: Option<String>,
}

impl DocumentFate {
    fn of(atlas: &Resident, kept: &KeptDocument) -> Self {
        let folded = kept.position.is_some_and(|position| position <= atlas.position);
        let status = match &kept.refused {
            Some(_) => SubmissionStatus::Failed,
            None if folded => SubmissionStatus::Processed,
            None => SubmissionStatus::Pending,
        };
        Self {
            id: kept.number,
            status,
            error_detail: kept.refused.clone(),
            submitted_at: time(kept.recorded_at),
            processed_at: folded.then(|| time(kept.recorded_at)),
        }
    }
}

fn artifact_path(kept: &KeptDocument) -> Option<String> {
    kept.digest.map(|digest| format!("sha256/{digest}"))
}

/// A bill of materials that came in.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct SbomSubmissionResponse {
    #[serde(flatten)]
    fate: DocumentFate,
    repository_claim: String,
    actor_claim: String,
    sbom_content_hash: String,
    artifact_path: String,
}

impl SbomSubmissionResponse {
    /// `content`: what its content is told by.
    pub(in crate::http::upstream) fn of(atlas: &Resident, kept: &KeptDocument, content: Option<Digest>) -> Self {
        let claim = kept.claim.as_deref();
        Self {
            fate: DocumentFate::of(atlas, kept),
            repository_claim: claim.unwrap_or(kept.repo.strip_prefix(GITHUB).unwrap_or(&kept.repo)).to_owned(),
            actor_claim: kept.actor.clone(),
            sbom_content_hash: content.map(|content| content.to_string()).unwrap_or_default(),
            artifact_path: artifact_path(kept).unwrap_or_default(),
        }
    }
}

/// A page of the bills of materials that came in.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct SbomSubmissionListResponse {
    #[serde(flatten)]
    pub(in crate::http::upstream) page: PageOf<SbomSubmissionResponse>,
}

/// The same with its document.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct SbomSubmissionDetailResponse {
    #[serde(flatten)]
    pub(in crate::http::upstream) summary: SbomSubmissionResponse,
    pub(in crate::http::upstream) raw_artifact: Option<String>,
}

/// A git log that came in.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct GitLogArtifactSummary {
    #[serde(flatten)]
    fate: DocumentFate,
    repo_id: Option<u64>,
    repo_canonical_id: String,
    repo_display_name: String,
    artifact_path: Option<String>,
    since_months: u32,
}

impl GitLogArtifactSummary {
    pub(in crate::http::upstream) fn of(atlas: &Resident, kept: &KeptDocument) -> Self {
        let number = atlas.repo_given(&kept.repo);
        let name = number.map(|number| short_name(&atlas.graph().vertices[number as usize]));
        Self {
            fate: DocumentFate::of(atlas, kept),
            repo_id: number.map(|number| atlas.vertex_number(number)),
            repo_canonical_id: kept.repo.clone(),
            repo_display_name: name.unwrap_or(&kept.repo).to_owned(),
            artifact_path: artifact_path(kept),
            since_months: 0,
        }
    }
}

/// The same with its document.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct GitLogArtifactDetailResponse {
    #[serde(flatten)]
    pub(in crate::http::upstream) summary: GitLogArtifactSummary,
    pub(in crate::http::upstream) raw_artifact: Option<String>,
}
