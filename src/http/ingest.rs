//! What is handed in: who may is asked first, then the body arrives, then one use case takes it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use domain::number::fit;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::answer::{Complaint, HttpAnswer, as_json};
use super::asked::Asked;
use super::auth::{Bearer, bearer};
use super::body::{self, TenantBudget};
use crate::service::act::ingest::desk::{Desk, MAX_DOCUMENT_BYTES, Submitter};
use crate::service::act::ingest::{Circumstances, DocumentSubject, Ingested};
use crate::service::act::key::{BATCH, KeyHolder};
use crate::service::act::submission::{self, REFUSED, Submitted};
use crate::service::places::HeldPlaces;
use crate::service::{Deps, Error};

/// The header that names a request, whatever becomes of its answer.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The kind of document that runs of a code host hand in.
pub(super) const SBOM: &str = "sbom";

/// A bill of materials that was taken.
#[derive(Serialize, JsonSchema)]
pub(super) struct SbomAcceptedResponse {
    message: &'static str,
    repository: String,
    /// -1 where it was there before.
    package_count: i64,
}

/// Where a request to write goes.
pub(super) struct Reception<'a> {
    /// None where there is no database.
    pub(super) deps: Option<&'a Deps>,
    /// None where nothing is taken.
    pub(super) desk: Option<&'a Desk>,
    pub(super) budget: TenantBudget,
}

impl<'a> Reception<'a> {
    /// Where the one goes that is asked.
    pub(super) fn of(asked: &'a Asked<'_>) -> Self {
        Self { deps: Some(&asked.atlas.deps), desk: asked.atlas.desk.as_ref(), budget: asked.budget.clone() }
    }

    /// Takes a request to write a document of this kind, or many.
    pub(super) async fn take(&self, kind: &str, head: &Parts, body: Body) -> Result<HttpAnswer, Complaint> {
        let closed = || Complaint::new(StatusCode::SERVICE_UNAVAILABLE, "This server takes no documents.");
        let desk = self.desk.ok_or_else(closed)?;
        match bearer(&head.headers, desk, self.deps).await? {
            Bearer::Run(submitter) if kind == SBOM => self.submit(desk, submitter, &head.headers, body).await,
            Bearer::Run(_) => {
                let complaint = "A token of a run is for bills of materials; a key is for the rest.";
                Err(Complaint::new(StatusCode::FORBIDDEN, complaint))
            }
            Bearer::Client(holder) => Request::of(kind, head, &holder)?.take(self, desk, &head.headers, body).await,
        }
    }

    /// A whole document, unpacked, and what is held of the budget for it.
    async fn document(&self, desk: &Desk, headers: &HeaderMap, body: Body) -> Result<(Vec<u8>, HeldPlaces), Complaint> {
        body::known_encoding(headers)?;
        let (packed, mut share) = body::whole(body, MAX_DOCUMENT_BYTES, &self.budget.documents).await?;
        let document = desk.unpacked(packed).await.map_err(of_body)?;
        body::hold(&mut share, document.len())?;
        Ok((document, share))
    }

    async fn submit(
        &self,
        desk: &Desk,
        submitter: Submitter,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<HttpAnswer, Complaint> {
        let (document, _share) = self.document(desk, headers, body).await?;
        let repository = submitter.repository.clone();
        let submitted = match self.deps {
            Some(_) => submission::submit(desk, submitter, document).await?,
            None => submission::look(desk, &submitter, document).await?,
        };
        let accepted = |message, package_count| {
            Ok(as_json(StatusCode::ACCEPTED, &SbomAcceptedResponse { message, repository, package_count }))
        };
        match submitted {
            Submitted::Queued { packages } => accepted("queued", fit(packages, "packages")),
            Submitted::Duplicate => accepted("duplicate skipped", -1),
            Submitted::Refused(messages) => {
                let detail = json!({"error": REFUSED, "messages": messages});
                Err(Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, detail))
            }
            Submitted::TokenReused => {
                let detail = "OIDC token validation failed: This token was used for another document";
                Err(Complaint::new(StatusCode::FORBIDDEN, detail))
            }
        }
    }
}

/// A body that cannot be a document.
fn of_body(error: Error) -> Complaint {
    match error {
        Error::Invalid { field: "body", .. } => Complaint::new(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()),
        error => error.into(),
    }
}

/// Nothing was taken of many.
fn all_refused(taken: &impl Serialize) -> Complaint {
    Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, "Nothing was taken: all of it is refused.").beside(taken)
}

/// A request by the holder of a key: what it says beside the body.
struct Request<'a> {
    kind: &'a str,
    about: DocumentSubject,
    circumstances: Circumstances,
    rehearsal: bool,
}

impl<'a> Request<'a> {
    fn of(kind: &'a str, head: &Parts, holder: &KeyHolder) -> Result<Self, Complaint> {
        let (mut about, mut observed_at, mut rehearsal) = (DocumentSubject::default(), None, false);
        let said = form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        said.into_owned().try_for_each(|(name, value)| {
            match name.as_str() {
                "repo" => about.repo = Some(value),
                "project" => about.project = Some(value),
                "purl" => about.purl = Some(value),
                "package" => about.packages.push(value),
                "observed_at" => observed_at = Some(value),
                "dry-run" => {
                    rehearsal = match value.as_str() {
                        "" | "true" | "1" => true,
                        "false" | "0" => false,
                        _ => {
                            let complaint = "dry-run: expected true or false";
                            return Err(Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, complaint));
                        }
                    }
                }
                _ => {
                    let known = "there are repo, project, purl, package, observed_at and dry-run";
                    let complaint = format!("`{}` is no parameter; {known}", name.chars().take(40).collect::<String>());
                    return Err(Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, complaint));
                }
            }
            Ok(())
        })?;
        // Of many, each says by itself what it is about.
        if let Some(lack) = holder.scope.lacks(kind, about.named()).filter(|_| kind != BATCH) {
            return Err(Complaint::new(StatusCode::FORBIDDEN, lack));
        }
        let key = head.headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str());
        let key = key
            .transpose()
            .map_err(|_| Complaint::new(StatusCode::UNPROCESSABLE_ENTITY, "Idempotency-Key: no text"))?;
        let circumstances = Circumstances::new(observed_at.as_deref(), None, key)?.by(holder);
        Ok(Self { kind, about, circumstances, rehearsal })
    }

    async fn take(
        self,
        reception: &Reception<'_>,
        desk: &Desk,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<HttpAnswer, Complaint> {
        let status = if self.rehearsal { StatusCode::OK } else { StatusCode::ACCEPTED };
        // Where nothing is taken of many, that is a refusal, which says of each why.
        let nothing = |taken: u64, refused: usize| taken == 0 && refused > 0 && !self.rehearsal;
        if self.kind == BATCH {
            body::known_encoding(headers)?;
            let lines = body::stream(body, &reception.budget).await?;
            let taken = desk.batch(lines, &self.circumstances, self.rehearsal).await?;
            if nothing(taken.appended + taken.duplicates, taken.refused.len()) {
                return Err(all_refused(&taken));
            }
            return Ok(as_json(status, &taken));
        }
        let (document, _share) = reception.document(desk, headers, body).await?;
        let taken = desk.take(self.kind, &self.about, self.circumstances.clone(), document, self.rehearsal).await?;
        if let Ingested::Many(many) = &taken
            && nothing(many.appended + many.duplicates, many.refused.len())
        {
            return Err(all_refused(&taken));
        }
        Ok(as_json(status, &taken))
    }
}
