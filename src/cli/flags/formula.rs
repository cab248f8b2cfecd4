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
        /// Position or time to look at
        #[arg(long)]
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
        #[arg(long, value_parser = super::value::name)]
        actor: Option<String>,
    },
}
