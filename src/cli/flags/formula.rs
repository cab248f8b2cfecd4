//! What `formula` takes.

use std::path::PathBuf;

use clap::Subcommand;

/// What can be done with formulas.
#[derive(Debug, Subcommand)]
pub(crate) enum FormulaCommand {
    /// Every formula of the program and of the log
    List,
    /// One formula's document
    Show {
        /// Its name, or a TOML file
        name: String,
    },
    /// What moves between two formulas, and why
    Diff {
        /// The first formula: a name or a TOML file
        before: String,
        /// The second formula
        after: String,
        /// Position (17) or time (2026-01-31 or 2026-01-31T12:00:00Z) to look at
        #[arg(long, value_name = "POSITION|TIME")]
        as_of: Option<String>,
    },
    /// Check a document
    Check {
        /// The TOML file
        file: PathBuf,
    },
    /// Take a document into the log
    #[cfg(feature = "ingest")]
    Adopt {
        /// The TOML file
        file: PathBuf,
        /// Who adopts
        #[arg(long, value_parser = super::value::actor)]
        actor: Option<String>,
    },
}
