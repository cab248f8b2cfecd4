//! Checked values: what people give to be kept in the log for ever. Every front makes them, so that one rule stands for
//! a text wherever it comes from; the log's door asks again ([`Event::check`](crate::Event::check)).
//!
//! Checked is what is made, never what is read: an event of an earlier program is taken as it is.

use thiserror::Error;

use crate::purl::{Purl, is_hosted};

mod actor;
pub(crate) mod again;
mod compared;
mod label;
mod origin;
mod project;
mod reason;

pub use actor::{Actor, Tool};
pub(crate) use actor::{MAX_ACTOR_BYTES, MAX_TOOL_BYTES, looks_like_address};
pub use compared::normalised_name;
pub use label::Label;
pub use origin::Origin;
pub use project::{ProjectId, project_name};
pub use reason::StatedReason;

/// The canonical id of a package that a registry could know.
///
/// # Errors
/// When the text is no package URL, or one of something on a code host.
pub fn package(text: &str) -> Result<String, Invalid> {
    let purl = Purl::parse(text).map_err(|error| Invalid::new("package", error.to_string()))?;
    if is_hosted(&purl.id) {
        let reason = format!("{} is on a code host: expected a package of a registry, such as pkg:npm/name", purl.id);
        return Err(Invalid::new("package", reason));
    }
    Ok(purl.id)
}

/// A value that cannot be kept: which, and what is allowed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field, as every front calls it.
    pub field: &'static str,
    /// What is allowed, and what was met where that helps.
    pub reason: String,
}

impl Invalid {
    pub(crate) fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}
