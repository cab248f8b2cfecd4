//! `bench`: what things cost, against a reference in the same run.

#[cfg(feature = "ingest")]
mod append;
mod criticality;
#[cfg(feature = "ingest")]
mod generate;
#[cfg(feature = "ingest")]
mod lag;
mod measure;
#[cfg(feature = "ingest")]
mod readers;
mod root;

use crate::cli::failure::Result;
use crate::cli::flags::{Bench, Common};
use crate::cli::output::Output;
#[cfg(feature = "ingest")]
use crate::cli::session::Session;

/// `bench`.
pub(crate) async fn run(common: &Common, what: Bench) -> Result<Output> {
    #[cfg(feature = "ingest")]
    let open = || Session::open(common);
    #[cfg(not(feature = "ingest"))]
    let _ = common;
    match what {
        #[cfg(feature = "ingest")]
        Bench::Append => append::batch(&open()?).await,
        #[cfg(feature = "ingest")]
        Bench::AppendSingle => append::single(&open()?).await,
        #[cfg(feature = "ingest")]
        Bench::Rebuild(size) => readers::rebuild(&open()?, size).await,
        #[cfg(feature = "ingest")]
        Bench::Replay(size) => readers::replay(&open()?, size).await,
        #[cfg(feature = "ingest")]
        Bench::Lag(options) => lag::run(&open()?, options).await,
        #[cfg(feature = "ingest")]
        Bench::Generate(size) => generate::run(&open()?, size).await,
        Bench::Root => root::run().await,
        Bench::Criticality(options) => criticality::run(&options),
    }
}
