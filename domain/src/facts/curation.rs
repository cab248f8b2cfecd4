//! A maintainer's corrections.

mod made;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Class, DocumentRef, Lift, NOTHING, Payload, Repetition, Subject};
use crate::checked::{Invalid, again};
use crate::stream::{StreamError, StreamId, StreamKind};

pub use made::curated;

/// A maintainer corrected something, with a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Curated {
    /// What is corrected.
    pub correction: Correction,
    /// Who decided.
    pub author: String,
    /// Why.
    pub reason: String,
}

impl Payload for Curated {
    const CLASS: Class = Class::Correction;
    const LIFTS: &'static [Lift] = &[];
    const RETOLD: &'static [&'static [&'static str]] = NOTHING;
    const REPETITION: Repetition = Repetition::Duplicate;
    const TICKS: bool = false;

    fn stream(&self) -> Result<StreamId, StreamError> {
        match &self.correction {
            Correction::Membership { repo, .. } => StreamId::new(StreamKind::Repo, repo),
            Correction::Publication { package, .. } => StreamId::new(StreamKind::Package, package),
            // An owner has no stream of its own, and its project may change: one stream keeps their order.
            Correction::Owner { .. } => Ok(StreamId::atlas()),
            Correction::SurveyName { name, .. } => StreamId::new(StreamKind::Survey, name),
            Correction::Project { project, .. } => StreamId::new(StreamKind::Project, project),
        }
    }

    fn source(&self) -> String {
        match &self.correction {
            Correction::Membership { .. } => "curated/membership".to_owned(),
            Correction::Publication { .. } => "curated/publication".to_owned(),
            Correction::Owner { host, owner, .. } => format!("curated/owner/{host}/{owner}"),
            Correction::SurveyName { .. } => "curated/survey-name".to_owned(),
            Correction::Project { field, .. } => format!("curated/{field:?}").to_lowercase(),
        }
    }

    fn document(&self) -> Option<&DocumentRef> {
        None
    }

    fn subject(&self) -> Option<&Subject> {
        None
    }

    fn check(&self) -> Result<(), Invalid> {
        again::author(&self.author)?;
        again::reason(&self.reason)?;
        if self.correction.again()? == self.correction { Ok(()) } else { Err(again::otherwise("correction")) }
    }
}

/// What a maintainer can correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Correction {
    /// A repository belongs to this project, or to none.
    Membership {
        /// Canonical purl of the repository.
        repo: String,
        /// The project, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// A package is published from this repository, or from none.
    Publication {
        /// Canonical purl of the package.
        package: String,
        /// Canonical purl of the repository, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repo: Option<String>,
    },
    /// What the grants records say of an owner's repositories means this project, or none. It stands where those
    /// records would, so a repository that is claimed by itself stays where it is.
    Owner {
        /// The code host, as in a purl's type: `github`, `gitlab`.
        host: String,
        /// The owner, in canonical spelling.
        owner: String,
        /// The project, or none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        project: Option<String>,
    },
    /// Survey answers under this name are this project's.
    SurveyName {
        /// Normalised project name.
        name: String,
        /// The project.
        project: String,
    },
    /// A project's data.
    Project {
        /// The project.
        project: String,
        /// Which datum.
        field: ProjectField,
        /// Its value; absent: back to what the sources say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<String>,
    },
}

/// Data of a project that can be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectField {
    /// Display name.
    Name,
    /// Category.
    Category,
    /// Web site.
    Website,
    /// `pg_root` or `scf_project`.
    Type,
}
