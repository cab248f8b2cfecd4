//! Bills of materials that runs of a code host hand in, under its token: what becomes of each is listed, with whoever
//! set the run going, beside the log.

use domain::digest::Digest;
use domain::number::fit;
use domain::recorded::Position;
use ingest::AppendContext;
use ingest::source::sbom::contract::{self, HandedDocument};
use ingest::token::Submitter;

use super::ingest::desk::Desk;
use super::ingest::{Circumstances, DocumentSubject, OneIngested, Submission, is_key_reused};
use crate::service::deps::TOOL;
use crate::service::{Deps, Result};

/// Who appends what comes in so: the run itself is told by where it comes from.
const ACTOR: &str = "github-actions";
/// The kind of these documents.
const KIND: &str = "sbom";
/// Most submissions that are listed beside those that became events.
const MOST_LISTED: i64 = 10_000;
/// One in so many of these looks whether there are more.
const LOOKED_AT: i64 = 64;
/// Longest reason that is listed, in bytes.
const MAX_REASON_BYTES: usize = 2_000;
/// What is said of a document that is refused, before the reasons.
pub const REFUSED: &str = "Invalid SPDX 2.3 document.";

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is taken.
    Queued {
        /// How many packages it lists.
        packages: u64,
    },
    /// It was taken before.
    Duplicate,
    /// It is no document of the kind, for these reasons.
    Refused(Vec<String>),
    /// Its token was used before, for something else.
    TokenReused,
}

/// A document that is good, as far as can be told without a log.
pub(crate) struct ReadSubmission {
    reading: ingest::source::Reading,
    content_hash: Digest,
    packages: u64,
}

/// Reads what a run hands in; the reasons where it is refused.
fn read(submitter: &Submitter, body: &[u8]) -> Result<std::result::Result<ReadSubmission, Vec<String>>> {
    let HandedDocument { document, content_hash } = match contract::handed(body) {
        Ok(handed) => handed,
        Err(reasons) => return Ok(Err(reasons)),
    };
    let about = DocumentSubject { repo: Some(submitter.id()), ..DocumentSubject::default() };
    let submission = Submission::of_kind(KIND, &about)?;
    match submission.read(vec![("document".to_owned(), document)], None, || Ok(None)) {
        Ok(reading) => {
            let packages = reading.summary.get("packages").and_then(serde_json::Value::as_u64).unwrap_or_default();
            Ok(Ok(ReadSubmission { reading, content_hash, packages }))
        }
        Err(error) => Ok(Err(vec![error.to_string()])),
    }
}

/// Looks at what a run hands in, and takes nothing: where there is no database.
///
/// # Errors
/// When there is no way to read it.
pub async fn look(desk: &Desk, submitter: &Submitter, body: Vec<u8>) -> Result<Submitted> {
    let submitter = submitter.clone();
    let read = desk.reading(move || read(&submitter, &body)).await?;
    Ok(match read {
        Ok(read) => Submitted::Queued { packages: read.packages },
        Err(reasons) => Submitted::Refused(reasons),
    })
}

/// Takes in what a run hands in, and lists what became of it.
///
/// # Errors
/// When it cannot be taken in now: told again, it is there once.
pub async fn submit(desk: &Desk, submitter: Submitter, body: Vec<u8>) -> Result<Submitted> {
    let (deps, whole) = (desk.deps()?.clone(), submitter.clone());
    let read = desk
        .reading(move || {
            // What is no text is no submission, and not listed as one.
            let raw = std::str::from_utf8(&body).ok().map(|_| Digest::of(&body));
            Ok((read(&whole, &body)?, raw))
        })
        .await?;
    let (read, raw) = read;
    let ReadSubmission { reading, content_hash, packages } = match read {
        Ok(read) => read,
        Err(reasons) => {
            if let Some(raw) = raw {
                SubmissionNote::failed(&submitter, raw, &reasons).keep(&deps).await;
            }
            return Ok(Submitted::Refused(reasons));
        }
    };
    // The token stands for one submission: what it said first, it says again.
    let key = Some(format!("token:{}", submitter.id));
    let context = AppendContext { actor: ACTOR.to_owned(), tool: TOOL.to_owned(), origin: submitter.origin.clone() };
    let circumstances = Circumstances { key, ..Circumstances::default() };
    let ingested = match desk.append(reading, &circumstances, context).await {
        Ok(ingested) => ingested,
        Err(error) if is_key_reused(&error) => return Ok(Submitted::TokenReused),
        Err(error) => return Err(error),
    };
    let note = SubmissionNote::of(&submitter, content_hash, &ingested);
    let again = note.is_told_again(&deps).await?;
    note.keep(&deps).await;
    Ok(if again { Submitted::Duplicate } else { Submitted::Queued { packages } })
}

/// What is listed of a submission.
struct SubmissionNote<'a> {
    submitter: &'a Submitter,
    outcome: &'static str,
    position: Option<Position>,
    content_hash: Digest,
    reason: Option<String>,
}

impl<'a> SubmissionNote<'a> {
    fn of(submitter: &'a Submitter, content_hash: Digest, ingested: &OneIngested) -> Self {
        let outcome = if ingested.outcome == "appended" { "appended" } else { "duplicate" };
        Self { submitter, outcome, position: ingested.position, content_hash, reason: None }
    }

    /// What a private repository's document says is not quoted.
    fn failed(submitter: &'a Submitter, content_hash: Digest, reasons: &[String]) -> Self {
        let quoted = if submitter.public == Some(false) { &[] } else { reasons };
        let whole = [REFUSED].into_iter().chain(quoted.iter().map(String::as_str)).collect::<Vec<_>>().join("\n");
        let whole = domain::redact::emails(&whole).replace('\0', " ");
        let end = (0..=MAX_REASON_BYTES.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let reason = Some(domain::redact::emails(&whole[..end]).into_owned());
        Self { submitter, outcome: "failed", position: None, content_hash, reason }
    }

    /// Whether the repository has told the same before, as clients tell it: by the content of documents, whatever came
    /// between. The log goes by facts: it takes what was told before and is new again, and of two documents with the
    /// same facts it takes one.
    async fn is_told_again(&self, deps: &Deps) -> Result<bool> {
        let log = deps.log().await?;
        let position = self.position.map(|position| fit::<i64>(position, "position"));
        let (repository, content) = (&self.submitter.repository, &self.content_hash.0[..]);
        let told =
            sqlx::query_file!("sql/seen_content.sql", repository, content, position).fetch_one(log.pool()).await?;
        Ok(told.seen || (self.outcome == "duplicate" && !told.known))
    }

    /// Keeps it beside the log. What is in the log is there, whether it is listed so or not.
    async fn keep(self, deps: &Deps) {
        if let Err(error) = self.kept(deps).await {
            tracing::warn!(%error, "a submission is not listed with whoever sent it");
        }
    }

    async fn kept(self, deps: &Deps) -> Result<()> {
        let Self { submitter, outcome, position, content_hash, reason } = self;
        let log = deps.log().await?;
        let position = position.map(|position| fit::<i64>(position, "position"));
        let id = sqlx::query_file_scalar!(
            "sql/keep_submission.sql",
            outcome,
            position,
            submitter.repository,
            submitter.public,
            submitter.actor,
            &content_hash.0[..],
            reason
        );
        let id = id.fetch_optional(log.pool()).await?;
        if outcome != "appended" && id.is_some_and(|id| id % LOOKED_AT == 0) {
            sqlx::query_file!("sql/drop_submissions.sql", MOST_LISTED).execute(log.pool()).await?;
        }
        Ok(())
    }
}
