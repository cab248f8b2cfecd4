//! Why a command did not succeed, and the exit code that says so.

use std::fmt;

use crate::embedded::EmbeddedError;
use crate::service;
#[cfg(feature = "ingest")]
use crate::service::act::add::Unnamed;
#[cfg(feature = "ingest")]
use crate::service::act::backup::NotEmpty;
#[cfg(feature = "ingest")]
use crate::service::act::curate::{SettledBy, Unfit};
#[cfg(feature = "ingest")]
use crate::service::act::demo::OtherEvents;
use crate::service::deps::OtherSchema;

/// Exit code of a refusal, a divergence, something not found.
pub(crate) const REFUSED: u8 = 1;
/// Exit code of wrong usage, configuration or connection.
pub(crate) const ENVIRONMENT: u8 = 2;
/// Exit code of a conflict with somebody else's write, key or label.
pub(crate) const CONFLICT: u8 = 3;

/// A failure with its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: u8,
    /// What happened.
    pub(crate) error: anyhow::Error,
}

/// What commands answer with.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A refusal.
    pub(crate) fn refused(error: impl Into<anyhow::Error>) -> Self {
        Self { code: REFUSED, error: error.into() }
    }

    /// What the database said where a right is missing.
    pub(crate) fn denied(&self) -> Option<&str> {
        self.error.downcast_ref::<service::Error>()?.denied()
    }

    /// Wrong usage, configuration or connection.
    pub(crate) fn environment(error: impl Into<anyhow::Error>) -> Self {
        Self { code: ENVIRONMENT, error: error.into() }
    }
}

impl fmt::Display for Failure {
    /// The whole chain on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        service::error::write_chain(f, self.error.as_ref())
    }
}

impl From<service::Error> for Failure {
    fn from(error: service::Error) -> Self {
        use service::Error;
        let code = match &error {
            Error::NotFound { .. } | Error::Refused(_) | Error::Gone(_) | Error::Corrupt { .. } => REFUSED,
            Error::Invalid { .. } | Error::Unavailable { .. } | Error::Interrupted(_) => ENVIRONMENT,
            Error::Conflict(_) => CONFLICT,
        };
        let error = worded(&error).map_or_else(|| anyhow::Error::new(error), anyhow::Error::msg);
        Self { code, error }
    }
}

/// What a person at a command line is told besides, or in its words.
fn worded(error: &service::Error) -> Option<String> {
    if let Some(other) = service::error::find::<OtherSchema>(error.cause()) {
        let advice = if other.is_older() { "run `pg-atlas migrate`" } else { "use a newer program" };
        return Some(format!("{error}: {advice}"));
    }
    #[cfg(feature = "ingest")]
    if let Some(Unfit { kind, by }) = service::error::find(error.cause()) {
        let flags = match by {
            SettledBy::ProjectOrNone => "--project or --none",
            SettledBy::RepoOrNone => "--repo or --none",
            SettledBy::Project => "--project",
            SettledBy::Name => "--value, the project's name",
        };
        return Some(format!("a {kind} question is settled by {flags}"));
    }
    #[cfg(feature = "ingest")]
    if service::error::find::<OtherEvents>(error.cause()).is_some() {
        return Some(format!("{error}; give the demo a folder of its own with --data-dir"));
    }
    #[cfg(feature = "ingest")]
    if service::error::find::<Unnamed>(error.cause()).is_some() {
        return Some(format!("{error}; --repo names it"));
    }
    #[cfg(feature = "ingest")]
    if service::error::find::<NotEmpty>(error.cause()).is_some() {
        return Some(format!("{error}: name one with --data-dir or --database-url"));
    }
    if service::error::find::<EmbeddedError>(error.cause()).is_some_and(EmbeddedError::wants_other_folder) {
        return Some(format!("{error}; --data-dir names the folder"));
    }
    // The flag has the name of the field.
    matches!(error, service::Error::Invalid { field: "key" | "observed_at" | "quorum" | "witness", .. })
        .then(|| format!("--{error}"))
}
