//! A maintainer's corrections.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
