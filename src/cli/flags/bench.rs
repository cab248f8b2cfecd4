//! What `bench` can measure.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[cfg(feature = "ingest")]
use crate::service::bench::generate::Size;
#[cfg(feature = "serve")]
use crate::service::bench::serve::LoadPlan;

/// Benchmarks, each against a reference in the same run, in databases of their own.
#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Batch appends, against plain rows of the same bytes
    #[cfg(feature = "ingest")]
    Append,
    /// Appends of one event over 16 connections, against the same without order
    #[cfg(feature = "ingest")]
    AppendSingle,
    /// All projections from a generated log, against reading and decoding it
    #[cfg(feature = "ingest")]
    Rebuild(LogSize),
    /// The fold in memory of a generated log, against reading and decoding it
    #[cfg(feature = "ingest")]
    Replay(LogSize),
    /// From an append's answer to the row that a following process writes
    #[cfg(feature = "ingest")]
    Lag(Lag),
    /// Mixed reads over HTTP, at a rate, of a process that serves a generated log
    #[cfg(feature = "serve")]
    Serve(ServeLoad),
    /// From leaf hashes to the root of the log, against SHA-256 of the same bytes
    Root,
    /// Put a generated log into an empty database, to try things by hand
    #[cfg(feature = "ingest")]
    Generate(LogSize),
    /// The metric engine alone, on a graph from files
    Criticality(CriticalityArgs),
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

/// How the service is loaded.
#[cfg(feature = "serve")]
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct ServeLoad {
    /// Requests a second
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// For how long, in seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seconds: u32,
    /// Connections that the requests go by
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) connections: u32,
    /// Events appended a second meanwhile
    #[arg(long, default_value_t = 0)]
    pub(crate) ingest_rate: u32,
    /// Repositories of the log
    #[arg(long, default_value_t = 10_000)]
    pub(crate) repos: u32,
    /// Its edges, about
    #[arg(long, default_value_t = 100_000)]
    pub(crate) edges: u32,
    /// Its events
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: u64,
    /// Where the drawing begins
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[cfg(feature = "serve")]
impl From<ServeLoad> for LoadPlan {
    fn from(ServeLoad { rate, seconds, connections, ingest_rate, repos, edges, events, seed }: ServeLoad) -> Self {
        Self { rate, seconds, connections, ingest_rate, size: Size { repos, edges, events, seed } }
    }
}

/// How the lag is measured.
#[cfg(feature = "ingest")]
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Lag {
    /// Appends
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) appends: u32,
    /// Repositories of the log that is there before
    #[arg(long, default_value_t = 1_000)]
    pub(crate) repos: u32,
    /// Its edges, about
    #[arg(long, default_value_t = 10_000)]
    pub(crate) edges: u32,
    /// Its events
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: u64,
    /// Where the drawing begins
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[cfg(feature = "ingest")]
impl From<LogSize> for Size {
    fn from(LogSize { repos, edges, events, seed }: LogSize) -> Self {
        Self { repos, edges, events, seed }
    }
}

#[cfg(feature = "ingest")]
impl From<Lag> for Size {
    fn from(Lag { appends: _, repos, edges, events, seed }: Lag) -> Self {
        Self { repos, edges, events, seed }
    }
}

/// A graph from files, and how to measure it.
#[derive(Args, Debug)]
pub(crate) struct CriticalityArgs {
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
