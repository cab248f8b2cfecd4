//! What nobody has said yet, and would change a value.

use std::fmt;

/// What is missing, and of what. A front says how it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// No survey answer for this project.
    Survey(String),
    /// No grants record of this project.
    Grants(String),
    /// No repository belongs to this project.
    Repositories(String),
    /// This repository belongs to no project.
    Project(String),
    /// No git log of this repository.
    GitLog(String),
    /// No stars and forks of this repository.
    HostFacts(String),
    /// No package is known to be published from this repository.
    Publication(String),
    /// Nothing is known that depends on this.
    Dependents(String),
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Survey(project) => write!(f, "a survey answer for {project}: live, in-dev or discontinued"),
            Self::Grants(project) => write!(f, "a grants record of {project}"),
            Self::Repositories(project) => write!(f, "a repository of {project}"),
            Self::Project(repo) => write!(f, "the project of {repo}"),
            Self::GitLog(repo) => write!(f, "a git log of {repo}"),
            Self::HostFacts(repo) => write!(f, "stars and forks of {repo}"),
            Self::Publication(repo) => write!(f, "which package is published from {repo}"),
            Self::Dependents(id) => write!(f, "a bill of materials of whoever uses {id}"),
        }
    }
}
