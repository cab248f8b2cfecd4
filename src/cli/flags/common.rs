//! Flags that every command takes.

use std::env::var_os;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::{Arg, Args};
use domain::TenantName;

use super::value;
use crate::cli::output::{OutputFormat, Show};
use crate::service::Configuration;

/// A command whose arguments pass over variables that are set to nothing.
pub(super) fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| arg.get_env().is_some_and(|name| var_os(name).is_some_and(|value| value.is_empty()));
    let command = command.mut_args(|arg| if is_empty(&arg) { arg.env(Resettable::Reset) } else { arg });
    command.mut_subcommands(without_empty_variables)
}

/// What every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "General options")]
pub(crate) struct Common {
    /// Database to use instead of the embedded one: postgres://USER@HOST/NAME
    #[arg(long, global = true, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    /// Folder of the embedded database, the artifacts and the keys
    #[arg(long, global = true, value_name = "DIR", env = "PG_ATLAS_DATA_DIR", hide_env_values = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Whose log: a tenant of this database; default `public`
    #[arg(long, global = true, value_name = "NAME", env = "PG_ATLAS_TENANT", hide_env_values = true)]
    #[arg(value_parser = value::tenant)]
    pub(crate) tenant: Option<TenantName>,
    /// Configuration file; default `pg-atlas.toml` of the current folder, if there is one
    #[arg(long, global = true, value_name = "FILE", env = "PG_ATLAS_CONFIG", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// What it says, once it is read.
    #[arg(skip)]
    pub(crate) configuration: Configuration,
    /// Format of results: table, json, ndjson or csv; default table on a terminal, json otherwise
    #[arg(long, global = true, hide_possible_values = true)]
    pub(crate) format: Option<OutputFormat>,
    #[command(flatten)]
    pub(crate) show: Show,
    /// No progress, no warnings
    #[arg(long, global = true)]
    pub(crate) quiet: bool,
    /// Say more; twice: say everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print help; -h is short, --help has examples
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, global = true, action = clap::ArgAction::Version)]
    version: Option<bool>,
}
