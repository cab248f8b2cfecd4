//! Sources: bytes from the outside become facts. Parsers here know no log and no database.

use thiserror::Error;

pub mod gitlog;
pub mod grants;
mod quoted;
pub mod registry;
pub mod repo;
pub mod sbom;
pub mod survey;

mod clean;
mod read;

/// A document that is refused as a whole: nothing of it is kept.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{reason}", .place.as_deref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct Refused {
    /// Where: a line, a field path, a purl.
    pub place: Option<String>,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl Refused {
    /// A refusal of the whole document.
    pub fn whole(reason: impl Into<String>) -> Self {
        Self { place: None, reason: reason.into() }
    }

    /// A refusal that can name its place.
    pub fn at(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: Some(place.into()), reason: reason.into() }
    }
}
