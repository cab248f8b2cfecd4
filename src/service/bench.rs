//! What things cost, each against a reference in the same run, in databases of their own; never in a log.

#[cfg(feature = "ingest")]
pub mod append;
#[cfg(feature = "ingest")]
pub mod generate;
#[cfg(feature = "ingest")]
pub mod lag;
mod measure;
#[cfg(feature = "ingest")]
pub mod page;
#[cfg(feature = "ingest")]
pub mod private;
#[cfg(feature = "ingest")]
pub mod processor;
#[cfg(feature = "ingest")]
pub mod readers;
pub mod root;
#[cfg(feature = "serve")]
pub mod serve;

pub use measure::Figures;
/// The metric engine alone, on a graph from files.
pub use projections::engine::bench as criticality;
