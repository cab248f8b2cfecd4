//! Flags of `curate` and `triage resolve`.

use clap::{Args, Subcommand, ValueEnum};
use domain::checked::Actor;
use domain::facts::curation::ProjectField;

/// Who corrects, and why.
#[derive(Args, Clone, Debug)]
pub(crate) struct WhoAndWhy {
    /// Who decided: a name or handle, no e-mail address
    #[arg(long, alias = "author", value_name = "NAME", value_parser = super::value::author)]
    pub(crate) actor: Actor,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = super::value::reason)]
    pub(crate) reason: String,
}

/// A project, or none.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ProjectOrNone {
    /// The project, for example daoip-5:scf:project:NAME
    #[arg(long, value_name = "ID", value_parser = super::value::project)]
    pub(crate) project: Option<String>,
    /// No project
    #[arg(long)]
    pub(crate) none: bool,
}

/// What settles an open question: which of these fits depends on its kind.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ResolutionArgs {
    /// The project, for example daoip-5:scf:project:NAME: of membership, owner and survey-name questions
    #[arg(long, value_name = "ID", value_parser = super::value::project)]
    pub(crate) project: Option<String>,
    /// The repository, for example pkg:github/stellar/js-stellar-sdk: of publication questions
    #[arg(long, value_name = "PURL")]
    pub(crate) repo: Option<String>,
    /// The project's name, of project questions
    #[arg(long)]
    pub(crate) value: Option<String>,
    /// No project, or no repository
    #[arg(long)]
    pub(crate) none: bool,
}

/// What can be corrected.
#[derive(Debug, Subcommand)]
pub(crate) enum Curate {
    /// A repository belongs to this project, or to none
    Membership {
        /// The repository, for example pkg:github/stellar/js-stellar-sdk
        #[arg(long, value_name = "PURL")]
        repo: String,
        #[command(flatten)]
        decision: ProjectOrNone,
        #[command(flatten)]
        by: WhoAndWhy,
    },
    /// The repositories of an owner, as far as nothing else claims them, belong to this project, or to none
    Owner {
        /// The owner, for example pkg:github/stellar
        #[arg(long, value_name = "PURL")]
        owner: String,
        #[command(flatten)]
        decision: ProjectOrNone,
        #[command(flatten)]
        by: WhoAndWhy,
    },
    /// A package is published from this repository, or from none
    Publication {
        /// The package, for example pkg:npm/name
        #[arg(long, value_name = "PURL")]
        package: String,
        /// The repository, for example pkg:github/stellar/js-stellar-sdk
        #[arg(long, value_name = "PURL", required_unless_present = "none", conflicts_with = "none")]
        repo: Option<String>,
        /// No repository
        #[arg(long)]
        none: bool,
        #[command(flatten)]
        by: WhoAndWhy,
    },
    /// Survey answers under this name are this project's
    SurveyName {
        /// The name, as answered
        #[arg(long)]
        name: String,
        /// The project, for example daoip-5:scf:project:NAME
        #[arg(long, value_name = "ID", value_parser = super::value::project)]
        project: String,
        #[command(flatten)]
        by: WhoAndWhy,
    },
    /// A project's data
    Project {
        /// The project, for example daoip-5:scf:project:NAME
        #[arg(long, value_name = "ID", value_parser = super::value::project)]
        project: String,
        /// Which datum
        #[arg(long)]
        field: Field,
        /// Its value
        #[arg(long, required_unless_present = "clear", conflicts_with = "clear")]
        value: Option<String>,
        /// Back to what the sources say
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        by: WhoAndWhy,
    },
}

/// Data of a project that can be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Field {
    /// Display name
    Name,
    /// Category
    Category,
    /// Web site
    Website,
    /// pg_root or scf_project
    Type,
}

impl From<Field> for ProjectField {
    fn from(field: Field) -> Self {
        match field {
            Field::Name => Self::Name,
            Field::Category => Self::Category,
            Field::Website => Self::Website,
            Field::Type => Self::Type,
        }
    }
}
