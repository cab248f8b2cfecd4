//! Flags of `scores`.

use clap::{Args, ValueEnum};
use domain::status::ActivityStatus;

use super::{AsOf, value};
use crate::service::ask::Level;
use crate::service::ask::filter::ScoresFilter;

/// Which scores.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScoresArgs {
    /// Which vertices
    #[arg(long, default_value = "project")]
    pub(crate) level: LevelArg,
    /// Only this one
    #[arg(long, conflicts_with_all = ["project", "status"])]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Field to sort by, with `:desc` for descending, nulls last: criticality, pony, adoption, name, id, status or any
    /// field of the JSON; without it by id, and in a table the most critical first
    #[arg(long, value_name = "FIELD[:desc]")]
    pub(crate) sort: Option<String>,
    /// So many at most
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,
    #[command(flatten)]
    pub(crate) at: AsOf,
}

/// Which of the scored vertices.
#[derive(Args, Clone, Debug)]
pub(crate) struct FilterArgs {
    /// Only this project, for example daoip-5:scf:project:NAME, or with `--level repo` its repositories; may be given
    /// more than once
    #[arg(long, value_name = "ID")]
    project: Vec<String>,
    /// Only what has this status, or with `--level repo` the repositories of such projects; may be given more than once
    #[arg(long, value_name = "STATUS", value_parser = value::status())]
    status: Vec<ActivityStatus>,
}

impl From<FilterArgs> for ScoresFilter {
    fn from(FilterArgs { project, status }: FilterArgs) -> Self {
        Self { projects: project, statuses: status }
    }
}

/// Kinds of scored vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LevelArg {
    /// Projects
    Project,
    /// Repositories of the ecosystem
    Repo,
    /// Everything else that is depended upon
    External,
}

impl From<LevelArg> for Level {
    fn from(level: LevelArg) -> Self {
        match level {
            LevelArg::Project => Self::Project,
            LevelArg::Repo => Self::Repo,
            LevelArg::External => Self::External,
        }
    }
}
