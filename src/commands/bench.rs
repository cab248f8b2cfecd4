//! `bench`: what things cost, against a reference in the same run.

mod criticality;
#[cfg(feature = "ingest")]
mod generate;

use crate::cli::{Bench, Common};
use crate::failure::Result;
use crate::output::Output;

/// `bench`.
pub(crate) async fn run(common: &Common, what: Bench) -> Result<Output> {
    match what {
        #[cfg(feature = "ingest")]
        Bench::Generate(size) => generate::run(common, size).await,
        Bench::Criticality(options) => criticality::run(&options),
    }
}
