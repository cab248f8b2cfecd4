//! Why a command did not succeed, and the exit code that says so.

use std::fmt;

use crate::service;

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

    /// Wrong usage, configuration or connection.
    pub(crate) fn environment(error: impl Into<anyhow::Error>) -> Self {
        Self { code: ENVIRONMENT, error: error.into() }
    }

    /// A conflict.
    #[cfg(feature = "ingest")]
    pub(crate) fn conflict(error: impl Into<anyhow::Error>) -> Self {
        Self { code: CONFLICT, error: error.into() }
    }
}

impl AsRef<dyn std::error::Error + 'static> for Failure {
    fn as_ref(&self) -> &(dyn std::error::Error + 'static) {
        self.error.as_ref()
    }
}

impl fmt::Display for Failure {
    /// The whole chain on one line; a cause that its effect already quotes is not repeated.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.error.to_string();
        write!(f, "{said}")?;
        for cause in self.error.chain().skip(1) {
            let cause = cause.to_string();
            if !said.contains(&cause) {
                write!(f, ": {cause}")?;
                said = cause;
            }
        }
        Ok(())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::environment(error)
    }
}

/// A value that no front takes is wrong usage.
impl From<domain::checked::Invalid> for Failure {
    fn from(error: domain::checked::Invalid) -> Self {
        Self::environment(error)
    }
}

impl From<replay::ReplayError> for Failure {
    fn from(error: replay::ReplayError) -> Self {
        if error.is_environment() { Self::environment(error) } else { Self::refused(error) }
    }
}

impl replay::snapshot::OfDatabase for Failure {
    fn database(&self) -> Option<&sqlx::Error> {
        self.error.chain().find_map(|cause| cause.downcast_ref())
    }
}

impl From<projections::store::StoreError> for Failure {
    fn from(error: projections::store::StoreError) -> Self {
        replay::ReplayError::from(error).into()
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::error::AppendError> for Failure {
    fn from(error: ingest::error::AppendError) -> Self {
        use ingest::error::AppendError;
        match &error {
            _ if error.is_conflict() => Self::conflict(error),
            AppendError::Database(_) | AppendError::Unplaced(_) | AppendError::Refused(ingest::Refusal::Invalid(_)) => {
                Self::environment(error)
            }
            AppendError::Refused(_) | AppendError::Conflict { .. } | AppendError::Corrupt(_) => Self::refused(error),
        }
    }
}

#[cfg(feature = "ingest")]
impl From<ingest::bench::BenchError> for Failure {
    fn from(error: ingest::bench::BenchError) -> Self {
        use ingest::bench::BenchError;
        match error {
            BenchError::Append(error) => error.into(),
            BenchError::NotEmpty { .. } | BenchError::Wrong(_) => Self::refused(error),
            BenchError::Database(_) | BenchError::Migrate(_) | BenchError::Worker(_) => Self::environment(error),
        }
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
        Self { code, error: anyhow::Error::new(error) }
    }
}
