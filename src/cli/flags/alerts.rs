//! Flags of `alerts`.

use clap::Subcommand;

/// What can be done with alerts.
#[derive(Debug, Subcommand)]
pub(crate) enum AlertsCommand {
    /// Look once; exit code 1 where something is beyond its bound, 2 where something that was asked did not answer
    Check {
        /// Where a server tells what it counts, as its --metrics-listen; once for each server
        #[arg(long, value_name = "URL")]
        metrics: Vec<String>,
        /// How long its answers are counted; 0 counts those since it began
        #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(0..=3_600))]
        seconds: u64,
    },
}
