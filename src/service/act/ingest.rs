//! One way in: documents of every kind become events by the same steps, whoever brings them.
//!
//! | module | what it does |
//! |---|---|
//! | [`submission`] | documents of one kind: read, and taken in |
//! | [`git_log`] | a history of a repository, read by git; its export |
//! | [`registry`] | packages from their registries |
//! | [`batch`] | many documents, one a line |
//! | [`desk`] | documents that other programs hand in |
//! | [`destination`] | where it all goes: a log, or nowhere |
//! | `intake` | the steps: foresee, keep the documents, append, remember the people |
//!
//! What a kind of document is, and how it is read, stands in its file of `ingest::source`.

use std::path::Path;
use std::sync::Arc;

use domain::checked::Actor;
use domain::identity::PseudonymKey;
use domain::{Timestamp, redact};
#[cfg(feature = "serve")]
use ingest::AppendError;
use ingest::append::{is_key, part_key};
use ingest::{Refusal, input, pseudonym_key};

#[cfg(feature = "serve")]
use super::key::BATCH;
use super::key::{KeyHolder, KeyScope};
#[cfg(feature = "serve")]
use crate::service::error::find;
use crate::service::{Error, Result, environment};

pub mod batch;
#[cfg(feature = "serve")]
pub mod desk;
pub mod destination;
#[cfg(feature = "serve")]
pub mod failures;
pub mod git_log;
pub(crate) mod intake;
mod many;
pub(super) mod one;
#[cfg(feature = "serve")]
mod queue;
mod reason;
pub mod registry;
pub mod submission;

pub use self::destination::Destination;
pub use self::many::{ManyIngested, RefusedRecord};
pub use self::one::OneIngested;
pub use self::submission::{DocumentSubject, Ingested, Submission};
#[cfg(feature = "serve")]
pub(crate) use ingest::append::MAX_KEY_BYTES;
pub use ingest::source::{ALL as KINDS, NamedDocument, SourceKind, gitlog, grants, repo, sbom, survey};

/// What the key of the pseudonyms is for.
const PSEUDONYMS: &str =
    "it turns addresses into pseudonyms; back it up: under another key every contributor counts as somebody else";

/// When, by whom and under which key something is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    pub(super) observed_at: Option<Timestamp>,
    pub(super) actor: Option<String>,
    pub(super) key: Option<String>,
    /// What may be told by whoever tells; everything where nobody says.
    pub(super) scope: Option<Arc<KeyScope>>,
}

impl Circumstances {
    /// As they are given. `observed_at`: when the facts were seen, else when they are appended. `actor`: who tells,
    /// else the user logged in. `key`: an idempotency key, which stands for all of what is told.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what is no time, no actor or no key.
    pub fn new(observed_at: Option<&str>, actor: Option<&str>, key: Option<&str>) -> Result<Self> {
        let time = |text: &str| {
            let expected = "expected a time (2026-01-31T12:00:00Z) or a date (2026-01-31) from 1970 to 9999";
            let reason = || format!("observed-at: `{}`: {expected}", redact::emails(text));
            Timestamp::parse_time_or_date(text).map_err(|_| Error::invalid("observed_at", reason()))
        };
        if let Some(actor) = actor {
            Actor::new(actor)?;
        }
        Ok(Self {
            observed_at: observed_at.map(time).transpose()?,
            actor: actor.map(str::to_owned),
            key: key.map(self::key).transpose()?,
            scope: None,
        })
    }

    /// The same, told by the holder of a key.
    #[must_use]
    pub fn by(self, holder: &KeyHolder) -> Self {
        Self { actor: Some(holder.name.clone()), scope: Some(Arc::new(holder.scope.clone())), ..self }
    }
}

/// A text as an idempotency key.
///
/// # Errors
/// [`Error::Invalid`] when it can be none.
pub fn key(text: &str) -> Result<String> {
    if is_key(text) { Ok(text.to_owned()) } else { Err(Error::invalid("idempotency_key", Refusal::Key)) }
}

/// Reads a document from a file, or from standard input where the name is `-`: bounded, unpacked.
///
/// # Errors
/// [`Error::Refused`] when it cannot be read, is damaged or too large.
pub fn document(name: &str) -> Result<NamedDocument> {
    Ok((name.to_owned(), input::read(Path::new(name)).map_err(Error::refused)?))
}

/// The key of a record: one key stands for the whole call, the first record has it as it is and the others add their
/// number, so that a file meets what was told under its key before, whether that was one record or many.
fn row_key(key: &str, n: usize) -> String {
    if n == 0 { key.to_owned() } else { part_key(key, &n.to_string()) }
}

/// Whether documents of a kind of this name can be handed in, one or many.
#[cfg(feature = "serve")]
pub(crate) fn is_taken(kind: &str) -> bool {
    kind == BATCH || ingest::source::named(kind).is_some()
}

/// Whether the key of what is told stands for something else.
#[cfg(feature = "serve")]
pub(super) fn is_key_reused(error: &Error) -> bool {
    matches!(find(error.cause()), Some(AppendError::Refused(Refusal::KeyReused(_))))
}

/// This machine's clock.
pub(super) fn now() -> Result<Timestamp> {
    let now = Timestamp::from_datetime(chrono::Utc::now());
    now.ok_or_else(|| Error::unavailable("the clock of this machine is out of range"))
}

/// The deployment's key of pseudonyms; none is made for documents that bring their own.
fn existing_key(data_dir: &Path) -> Result<Option<PseudonymKey>> {
    let environment = environment::variable(pseudonym_key::ENV_NAME)?;
    pseudonym_key::existing(environment.as_deref(), data_dir).map_err(Error::unavailable)
}
