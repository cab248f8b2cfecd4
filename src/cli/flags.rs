//! Subcommands and flags, nothing else.

use std::path::PathBuf;

use clap::{Args, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::service::ask::Projection;
use crate::service::ask::edges::Ends;
use crate::service::ask::point::PointQuery;

#[cfg(feature = "ingest")]
mod add;
#[cfg(feature = "serve")]
mod alerts;
#[cfg(feature = "ingest")]
mod artifact;
mod audit;
#[cfg(feature = "ingest")]
mod backup;
mod bench;
mod common;
#[cfg(feature = "ingest")]
mod curate;
#[cfg(feature = "ingest")]
pub(crate) mod demo;
#[cfg(feature = "ingest")]
mod erase;
mod export;
mod formula;
#[cfg(feature = "ingest")]
mod ingest;
#[cfg(feature = "ingest")]
mod key;
mod scores;
#[cfg(feature = "serve")]
pub(crate) mod serve;
#[cfg(feature = "ingest")]
mod tenant;
mod value;

#[cfg(feature = "ingest")]
pub(crate) use self::add::Add;
#[cfg(feature = "serve")]
pub(crate) use self::alerts::AlertsCommand;
#[cfg(feature = "ingest")]
pub(crate) use self::artifact::ArtifactCommand;
pub(crate) use self::audit::{Audit, TrustArgs};
#[cfg(feature = "ingest")]
pub(crate) use self::backup::BackupCommand;
pub(crate) use self::bench::{Bench, CriticalityArgs, SeedsArg};
pub(crate) use self::common::Common;
use self::common::without_empty_variables;
#[cfg(feature = "ingest")]
pub(crate) use self::curate::{Curate, ResolutionArgs, WhoAndWhy};
#[cfg(feature = "ingest")]
pub(crate) use self::erase::Erase;
pub(crate) use self::export::{ExportCommand, GraphFormat, ScoreFormat};
pub(crate) use self::formula::FormulaCommand;
#[cfg(feature = "ingest")]
pub(crate) use self::ingest::{Ingest, IngestOptions, SubjectOptions};
#[cfg(feature = "ingest")]
pub(crate) use self::key::KeyCommand;
pub(crate) use self::scores::ScoresArgs;
#[cfg(feature = "ingest")]
pub(crate) use self::tenant::TenantCommand;

/// Which public goods of an open-source ecosystem matter, which are at risk, and the proof of it
#[derive(Debug, Parser)]
#[command(name = "pg-atlas", version, propagate_version = true, max_term_width = 80)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// What the process was started with, by this description of the command line. A variable of the environment that
    /// is set to nothing is not set.
    pub(crate) fn started(command: clap::Command) -> clap::error::Result<Self> {
        Self::from_arg_matches(&without_empty_variables(command).try_get_matches()?)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The whole pipeline on real documents, from raw files to a published score that a replay proves; in a folder of
    /// its own, unless --data-dir or --database-url names a place
    #[cfg(feature = "ingest")]
    Demo(demo::DemoArgs),
    /// Make a folder to begin in: a commented configuration file and example documents; overwrites nothing
    #[cfg(feature = "ingest")]
    Init {
        /// The folder
        dir: PathBuf,
    },
    /// Add a repository in one go: its history, a bill of materials, its project and what that answers
    #[cfg(feature = "ingest")]
    Add(Add),
    /// Append facts: bills of materials, survey answers, and more
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Ingest(Ingest),
    /// Bring the projections to the head of the log
    Project {
        /// Keep following until interrupted
        #[arg(long)]
        follow: bool,
    },
    /// Answer over HTTP, and keep the projections at the head of the log
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    /// Keys of clients that hand documents in over HTTP
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Key(KeyCommand),
    /// Head of the log, builds and their lag, sizes
    Status,
    /// Scores: live, or replayed at a position or under another formula
    Scores(ScoresArgs),
    /// Why a value is what it is, or what changed it, in sentences; what is missing with the command that gives it
    Why {
        /// The project, repository or package
        id: String,
        /// Only this value, for example `criticality_score`; without it all that the formula has
        metric: Option<String>,
        /// What changed since this position or time
        #[arg(long, value_name = "POSITION|TIME")]
        from: Option<String>,
        /// Position (17) or time (2026-01-31T12:00:00Z; a date is its first moment) to look at; default: where the live
        /// tables stand
        #[arg(long, value_name = "POSITION|TIME")]
        as_of: Option<String>,
    },
    /// Resolved dependencies, dependent first
    Edges {
        /// Only those with this end
        #[arg(long)]
        of: Option<String>,
        /// `repo` for repositories and packages, `project` for projects
        #[arg(long, default_value = "repo")]
        level: EdgeLevel,
        /// Why the edge from A to B stands: every claim with its event
        #[arg(long, num_args = 2, value_names = ["A", "B"])]
        why: Option<Vec<String>>,
        /// Position (17) or time (2026-01-31T12:00:00Z; a date is its first moment) to look at
        #[arg(long, value_name = "POSITION|TIME")]
        as_of: Option<String>,
    },
    /// The log in order: a line each, with everything as JSON where it is piped
    Events {
        /// First position
        #[arg(long, value_parser = value::position)]
        from: Option<u64>,
        /// Last position
        #[arg(long, value_parser = value::position)]
        to: Option<u64>,
        /// Only this stream, for example `repo:pkg:github/o/r`
        #[arg(long)]
        stream: Option<String>,
        /// So many at most
        #[arg(long, value_name = "N")]
        limit: Option<u64>,
    },
    /// Fold the log in memory; with --verify compare with what is live or was published
    Replay {
        #[command(flatten)]
        at: AsOf,
        /// Compare with the live build, or with --label
        #[arg(long)]
        verify: bool,
        /// Compare with this publication
        #[arg(long, requires = "verify", conflicts_with_all = ["as_of", "formula"])]
        label: Option<String>,
    },
    /// Publish the scores at the head under a label
    #[cfg(feature = "ingest")]
    Publish {
        /// The label; used once
        #[arg(long, value_parser = value::label)]
        label: String,
        /// Who publishes
        #[arg(long, value_parser = value::actor)]
        actor: Option<String>,
    },
    /// Build beside the live tables, compare, and with --promote switch
    Rebuild {
        /// Only this projection
        #[arg(long, value_parser = value::projection())]
        projection: Option<Projection>,
        /// Under this formula, as `formula list` prints it: rebuilds metrics and history
        #[arg(long, value_name = "NAME")]
        formula: Option<String>,
        /// Switch to the new builds
        #[arg(long)]
        promote: bool,
        /// Drop what interrupted or running rebuilds have made so far, instead of building
        #[arg(long, conflicts_with_all = ["projection", "formula", "promote"])]
        cancel: bool,
        /// Who promotes
        #[arg(long, value_parser = value::actor)]
        actor: Option<String>,
    },
    /// Make the former builds live again
    Rollback {
        /// Only this projection
        #[arg(long, value_parser = value::projection())]
        projection: Option<Projection>,
        /// Who decides
        #[arg(long, value_parser = value::actor)]
        actor: Option<String>,
    },
    /// How the values of one vertex changed over time
    History {
        /// The project, repository or package
        id: String,
        /// Only this value, for example `criticality_score`
        #[arg(long)]
        metric: Option<String>,
    },
    /// Write the graph or the scores for other tools
    #[command(subcommand)]
    Export(ExportCommand),
    /// Formulas as data
    #[command(subcommand)]
    Formula(FormulaCommand),
    /// Open questions for a maintainer
    #[command(subcommand)]
    Triage(TriageCommand),
    /// What sources contradict each other about
    Conflicts,
    /// Correct what the sources say
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Curate(Curate),
    /// Let every fold pass over an event, or no longer
    #[cfg(feature = "ingest")]
    Quarantine {
        /// Position of the event
        #[arg(value_parser = value::position)]
        position: u64,
        /// Why
        #[arg(long, value_parser = value::reason)]
        reason: String,
        /// Take an earlier quarantine back
        #[arg(long)]
        lift: bool,
        /// Who decides
        #[arg(long, value_parser = value::actor)]
        actor: Option<String>,
    },
    /// Forget what the law demands
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Erase(Erase),
    /// Raw documents
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Artifact(ArtifactCommand),
    /// Proofs: that the log is the one that was vouched for, and that scores follow from it
    #[command(subcommand)]
    Audit(Audit),
    /// All that cannot be made again, kept elsewhere and put back
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Check the set-up and say what to mend
    #[cfg(feature = "ingest")]
    Doctor,
    /// What is beyond its bound: slow or failed answers, lag, disks, pools, writes
    #[cfg(feature = "serve")]
    #[command(subcommand)]
    Alerts(AlertsCommand),
    /// Bring the schema of the database up to date
    #[cfg(feature = "ingest")]
    Migrate {
        /// Create the database roles as well
        #[arg(long)]
        roles: bool,
    },
    /// Tenants: logs of their own in this database
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// What a shell needs to complete commands and flags
    #[cfg(feature = "ingest")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages, one a command
    #[cfg(feature = "ingest")]
    Man {
        /// The folder to write them into; made if it is missing
        dir: PathBuf,
    },
    /// What things cost, against a reference in the same run
    #[command(subcommand)]
    Bench(Bench),
    /// Run the embedded server of a data folder until its last user has left
    #[command(hide = true)]
    Supervise {
        /// The data folder
        dir: PathBuf,
        /// Make a server to measure on, where there is none
        #[arg(long)]
        measure: bool,
    },
    /// Start or join the embedded server and report on it
    #[command(hide = true)]
    EmbeddedPing(PingArgs),
}

/// A point of the log and a formula.
#[derive(Args, Clone, Debug)]
pub(crate) struct AsOf {
    /// Position (17) or time (2026-01-31T12:00:00Z; a date is its first moment) to look at
    #[arg(long, value_name = "POSITION|TIME")]
    pub(crate) as_of: Option<String>,
    /// Formula by name, as `formula list` prints it
    #[arg(long, value_name = "NAME")]
    pub(crate) formula: Option<String>,
}

impl From<AsOf> for PointQuery {
    fn from(AsOf { as_of, formula }: AsOf) -> Self {
        Self { as_of, formula }
    }
}

/// What edges run between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EdgeLevel {
    /// Repositories and packages
    Repo,
    /// Projects
    Project,
}

impl From<EdgeLevel> for Ends {
    fn from(level: EdgeLevel) -> Self {
        match level {
            EdgeLevel::Repo => Self::Repos,
            EdgeLevel::Project => Self::Projects,
        }
    }
}

/// What can be done with open questions.
#[derive(Debug, Subcommand)]
pub(crate) enum TriageCommand {
    /// Every open question
    List,
    /// Settle an open question by the correction that fits it
    #[cfg(feature = "ingest")]
    Resolve {
        /// The question, as `triage list` prints it
        id: String,
        #[command(flatten)]
        resolution: ResolutionArgs,
        #[command(flatten)]
        by: WhoAndWhy,
    },
}

/// What to ping and how long to stay.
#[derive(Debug, clap::Args)]
pub(crate) struct PingArgs {
    /// Folder of the data
    #[arg(long, env = "PG_ATLAS_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Remain a user of the server until standard input ends
    #[arg(long)]
    pub(crate) hold: bool,
}
