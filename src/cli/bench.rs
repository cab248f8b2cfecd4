//! What `bench` can measure.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Benchmarks, each against a reference in the same run, in databases of their own.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Put a generated log into an empty database, to try things by hand
    #[cfg(feature = "ingest")]
    #[command(hide = true)]
    Generate(LogSize),
    /// The metric engine alone, on a graph from files
    Criticality(Criticality),
}

/// How large a generated log is.
#[cfg(feature = "ingest")]
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LogSize {
    /// Repositories
    #[arg(long, default_value_t = 10_000)]
    pub(crate) repos: u32,
    /// Edges from repositories to packages, about
    #[arg(long, default_value_t = 100_000)]
    pub(crate) edges: u32,
    /// Events
    #[arg(long, default_value_t = 200_000)]
    pub(crate) events: u64,
    /// Where the drawing begins
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// A graph from files, and how to measure it.
#[derive(Args, Debug)]
pub(crate) struct Criticality {
    /// Edges, one a line: `dependent,dependency` or tab-separated, plain or gzip
    #[arg(long)]
    pub(crate) edges: PathBuf,
    /// Nodes with the header `id,type,status`; without it every node is an active repository
    #[arg(long)]
    pub(crate) nodes: Option<PathBuf>,
    /// Where the active set starts
    #[arg(long, value_enum, default_value = "leaves")]
    pub(crate) seeds: SeedsArg,
    /// Threads that count
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: u16,
    /// How often the computation is repeated; the median counts
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) repeat: u16,
}

/// The nodes at which the active set starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeedsArg {
    /// Active repositories that nothing depends on
    Leaves,
    /// Every node
    All,
}
