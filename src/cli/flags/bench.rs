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
    Rebuild(ReadLogSize),
    /// The fold in memory of a generated log, against reading and decoding it
    #[cfg(feature = "ingest")]
    Replay(ReadLogSize),
    /// From an append's answer to the row that a following process writes
    #[cfg(feature = "ingest")]
    Lag(Lag),
    /// What the projector spends on a bill of materials that was handed in again
    #[cfg(feature = "ingest")]
    Page(LogSize<10_000, 100_000, 20_000>),
    /// Mixed reads over HTTP, at a rate, of a process that serves a generated log
    #[cfg(feature = "serve")]
    Serve(ServeLoad),
    /// From leaf hashes to the root of the log, against SHA-256 of the same bytes
    Root,
    /// Put a generated log into an empty database, to try things by hand
    #[cfg(feature = "ingest")]
    Generate(ReadLogSize),
    /// The metric engine alone, on a graph from files
    Criticality(CriticalityArgs),
}

/// How large a generated log is, and how large where nobody says.
#[cfg(feature = "ingest")]
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct LogSize<const REPOS: u32, const EDGES: u32, const EVENTS: u64> {
    /// Repositories of the log
    #[arg(long, default_value_t = REPOS)]
    pub(crate) repos: u32,
    /// Its edges from repositories to packages, about
    #[arg(long, default_value_t = EDGES)]
    pub(crate) edges: u32,
    /// Its events
    #[arg(long, default_value_t = EVENTS)]
    pub(crate) events: u64,
    /// Where the drawing begins
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

#[cfg(feature = "ingest")]
impl<const REPOS: u32, const EDGES: u32, const EVENTS: u64> From<LogSize<REPOS, EDGES, EVENTS>> for Size {
    fn from(LogSize { repos, edges, events, seed }: LogSize<REPOS, EDGES, EVENTS>) -> Self {
        Self { repos, edges, events, seed }
    }
}

/// A log to read.
#[cfg(feature = "ingest")]
pub(crate) type ReadLogSize = LogSize<10_000, 100_000, 200_000>;

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
    /// Bills of materials of 100 packages handed in a second meanwhile: counted by answer, each looked for in the log,
    /// and timed until it is in the graph that answers come from
    #[arg(long, default_value_t = 0)]
    pub(crate) ingest_rate: u32,
    /// Connections that those go by
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=3_000))]
    pub(crate) ingest_connections: u32,
    #[command(flatten)]
    pub(crate) log: LogSize<10_000, 100_000, 20_000>,
}

#[cfg(feature = "serve")]
impl From<ServeLoad> for LoadPlan {
    fn from(ServeLoad { rate, seconds, connections, ingest_rate, ingest_connections, log }: ServeLoad) -> Self {
        Self { rate, seconds, connections, ingest_rate, ingest_connections, size: log.into() }
    }
}

/// How the lag is measured.
#[cfg(feature = "ingest")]
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Lag {
    /// Appends
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) appends: u32,
    #[command(flatten)]
    pub(crate) log: LogSize<1_000, 10_000, 20_000>,
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
