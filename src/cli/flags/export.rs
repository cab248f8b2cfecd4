//! What `export` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::AsOf;

/// What can be exported.
#[derive(Debug, Subcommand)]
pub(crate) enum ExportCommand {
    /// Projects, vertices and dependencies
    Graph {
        /// Format of the file
        #[arg(id = "as", long = "as")]
        format: GraphFormat,
        #[command(flatten)]
        to: ExportTo,
    },
    /// The scores of every project, repository and package
    Scores {
        /// Format of the file
        #[arg(id = "as", long = "as")]
        format: ScoreFormat,
        #[command(flatten)]
        to: ExportTo,
    },
}

/// Where an export goes, and of which moment it is.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExportTo {
    /// File to write; without it, or with `-`, stdout
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

/// Formats of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// GraphML, as Gephi, yEd, NetworkX and others read it
    Graphml,
    /// The edges, comma-separated
    Csv,
    /// Nodes and edges
    Json,
}

/// Formats of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoreFormat {
    /// Comma-separated
    Csv,
    /// An array of objects
    Json,
}
