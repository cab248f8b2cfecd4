//! Questions: what an atlas answers without changing anything. Each answer is of one state of the database.

#[cfg(feature = "ingest")]
pub mod artifact;
pub mod audit;
#[cfg(feature = "ingest")]
pub mod doctor;
pub mod edges;
pub mod events;
pub mod export;
pub mod formula;
pub mod history;
pub mod lag;
pub mod point;
pub mod replay;
pub mod scores;
pub mod status;
pub mod triage;

pub use projections::metrics::Level;
pub use projections::tables::Projection;

use domain::purl::Purl;

/// An id as somebody gives it: a package URL in canonical form, as ids are kept, and anything else as it is.
pub(crate) fn canonical_id(text: &str) -> String {
    Purl::parse(text).map_or_else(|_| text.to_owned(), |purl| purl.id)
}
