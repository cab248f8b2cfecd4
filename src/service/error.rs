//! Why a use case did not come to its answer: in words that every front can turn into its own (an exit code, a status).

use std::error::Error as Source;
use std::fmt;
use std::time::Duration;

use domain::recorded::Position;
use replay::snapshot::OfDatabase;

use super::nearest::did_you_mean;

/// What lies beneath an error.
pub type Cause = Box<dyn Source + Send + Sync + 'static>;

/// What use cases answer with.
pub type Result<T> = std::result::Result<T, Error>;

/// Why not. It says the whole chain, on one line.
#[derive(Debug, thiserror::Error)]
#[error("{}", Chain(self.cause()))]
pub enum Error {
    /// There is no such thing.
    NotFound {
        /// What was looked for: `project`, `event`, ...
        what: &'static str,
        /// Its id, as asked for.
        id: String,
        /// What there is to say of it.
        #[source]
        cause: Cause,
    },
    /// The rules of the log, of a source or of a projection say no. Asking again gives the same answer.
    Refused(#[source] Cause),
    /// The question itself is wrong.
    Invalid {
        /// Which part of it; empty where it is the whole.
        field: &'static str,
        /// What is allowed.
        #[source]
        cause: Cause,
    },
    /// Somebody else's write, key or label is in the way.
    Conflict(#[source] Cause),
    /// It was there and was erased.
    Gone(#[source] Cause),
    /// Configuration or connection: not now.
    Unavailable {
        /// When it is worth trying again, where that is known.
        retry_after: Option<Duration>,
        /// What is missing.
        #[source]
        cause: Cause,
    },
    /// The log holds what it cannot hold.
    Corrupt {
        /// Where.
        position: Position,
        /// What does not fit.
        #[source]
        cause: Cause,
    },
    /// Somebody asked for the work to end before it was done.
    Interrupted(#[source] Cause),
}

impl Error {
    /// There is no such thing.
    pub fn not_found(what: &'static str, id: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self::NotFound { what, id: id.into(), cause: cause.into() }
    }

    /// The rules say no.
    pub fn refused(cause: impl Into<Cause>) -> Self {
        Self::Refused(cause.into())
    }

    /// The question is wrong in this field.
    pub fn invalid(field: &'static str, cause: impl Into<Cause>) -> Self {
        Self::Invalid { field, cause: cause.into() }
    }

    /// Somebody else is in the way.
    pub fn conflict(cause: impl Into<Cause>) -> Self {
        Self::Conflict(cause.into())
    }

    /// Configuration or connection.
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        Self::Unavailable { retry_after: None, cause: cause.into() }
    }

    /// Not now, and in a moment: there is too much to do.
    pub fn busy(cause: impl Into<Cause>) -> Self {
        Self::Unavailable { retry_after: Some(Duration::from_secs(1)), cause: cause.into() }
    }

    /// What lies beneath.
    #[must_use]
    pub fn cause(&self) -> &(dyn Source + Send + Sync + 'static) {
        match self {
            Self::NotFound { cause, .. }
            | Self::Refused(cause)
            | Self::Invalid { cause, .. }
            | Self::Conflict(cause)
            | Self::Gone(cause)
            | Self::Unavailable { cause, .. }
            | Self::Corrupt { cause, .. }
            | Self::Interrupted(cause) => cause.as_ref(),
        }
    }

    /// The same kind of error, said of something in particular: `context: cause`.
    #[must_use]
    pub fn of(self, context: impl fmt::Display) -> Self {
        let said = |cause: Cause| -> Cause { Box::new(Of { context: context.to_string(), cause }) };
        match self {
            Self::NotFound { what, id, cause } => Self::NotFound { what, id, cause: said(cause) },
            Self::Refused(cause) => Self::Refused(said(cause)),
            Self::Invalid { field, cause } => Self::Invalid { field, cause: said(cause) },
            Self::Conflict(cause) => Self::Conflict(said(cause)),
            Self::Gone(cause) => Self::Gone(said(cause)),
            Self::Unavailable { retry_after, cause } => Self::Unavailable { retry_after, cause: said(cause) },
            Self::Corrupt { position, cause } => Self::Corrupt { position, cause: said(cause) },
            Self::Interrupted(cause) => Self::Interrupted(said(cause)),
        }
    }

    /// What the database said where this login lacks a right.
    #[must_use]
    pub fn denied(&self) -> Option<&str> {
        const INSUFFICIENT_PRIVILEGE: &str = "42501";
        let said = self.database()?.as_database_error()?;
        (said.code()? == INSUFFICIENT_PRIVILEGE).then(|| said.message())
    }

    /// What the database, or the way to it, said, where that is the cause.
    #[must_use]
    pub fn database(&self) -> Option<&sqlx::Error> {
        find(self.cause())
    }
}

/// The first of this type among an error and what lies beneath it.
pub(crate) fn find<'a, T: Source + 'static>(error: &'a (dyn Source + 'static)) -> Option<&'a T> {
    std::iter::successors(Some(error), |error| (*error).source()).find_map(|error| error.downcast_ref())
}

/// Writes an error and all that lies beneath it on one line; a cause that its effect already quotes is not repeated.
pub(crate) fn write_chain(f: &mut fmt::Formatter<'_>, error: &(dyn Source + 'static)) -> fmt::Result {
    let mut said = error.to_string();
    f.write_str(&said)?;
    for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
        let text = cause.to_string();
        if !said.contains(&text) {
            write!(f, ": {text}")?;
            said = text;
        }
    }
    Ok(())
}

/// An error and all that lies beneath it, as [`write_chain`] has it.
struct Chain<'a>(&'a (dyn Source + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_chain(f, self.0)
    }
}

/// A cause in its context.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
struct Of {
    context: String,
    #[source]
    cause: Cause,
}

impl AsRef<dyn Source + 'static> for Error {
    fn as_ref(&self) -> &(dyn Source + 'static) {
        self
    }
}

impl OfDatabase for Error {
    fn database(&self) -> Option<&sqlx::Error> {
        Self::database(self)
    }
}

/// A value that no front takes.
impl From<domain::checked::Invalid> for Error {
    fn from(error: domain::checked::Invalid) -> Self {
        Self::invalid(error.field, error)
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(error)
    }
}

impl From<replay::ReplayError> for Error {
    fn from(error: replay::ReplayError) -> Self {
        use replay::ReplayError;
        match error {
            error if error.is_environment() => Self::unavailable(error),
            ReplayError::Corrupt { position, .. } => Self::Corrupt { position, cause: error.into() },
            ReplayError::Erased { .. } | ReplayError::Unprovable { .. } => Self::Gone(error.into()),
            ReplayError::NoPublication(ref label) => Self::not_found("publication", label.clone(), error),
            ReplayError::NoVertex { ref id, ref known } => {
                let near = did_you_mean(id, known.iter().map(String::as_str));
                Self::not_found("vertex", id.clone(), format!("{error}{near}"))
            }
            ReplayError::NoMetric(ref name) => Self::not_found("metric", name.clone(), error),
            error => Self::refused(error),
        }
    }
}

impl From<projections::store::StoreError> for Error {
    fn from(error: projections::store::StoreError) -> Self {
        replay::ReplayError::from(error).into()
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::error::AppendError> for Error {
    fn from(error: ingest::error::AppendError) -> Self {
        use ingest::error::AppendError;
        match &error {
            _ if error.is_conflict() => Self::conflict(error),
            AppendError::Refused(ingest::Refusal::Invalid(_)) => Self::invalid("", error),
            AppendError::Database(_) | AppendError::Unplaced(_) => Self::unavailable(error),
            AppendError::Refused(_) | AppendError::Conflict { .. } | AppendError::Corrupt(_) => Self::refused(error),
        }
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::artifact::ArtifactError> for Error {
    fn from(error: ingest::artifact::ArtifactError) -> Self {
        use ingest::artifact::ArtifactError;
        match error {
            ArtifactError::NotFound(ref digest) => Self::not_found("document", digest.to_string(), error),
            ArtifactError::Damaged { .. } | ArtifactError::TooLarge(_) => Self::refused(error),
            ArtifactError::Place(error) => error.into(),
            ArtifactError::Store { .. } => Self::unavailable(error),
        }
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::place::PlaceError> for Error {
    fn from(error: ingest::place::PlaceError) -> Self {
        use ingest::place::PlaceError;
        match error {
            PlaceError::Scheme(_) => Self::invalid("to", error),
            PlaceError::TooLarge { .. } => Self::refused(error),
            PlaceError::Folder { .. } | PlaceError::File { .. } | PlaceError::Store { .. } => Self::unavailable(error),
        }
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::bench::BenchError> for Error {
    fn from(error: ingest::bench::BenchError) -> Self {
        use ingest::bench::BenchError;
        match error {
            BenchError::Append(error) => error.into(),
            BenchError::NotEmpty { .. } | BenchError::Wrong(_) => Self::refused(error),
            BenchError::Database(_) | BenchError::Migrate(_) | BenchError::Worker(_) => Self::unavailable(error),
        }
    }
}
