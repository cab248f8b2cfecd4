//! What a graph is: vertices, projects, edges, open questions.

use std::sync::Arc;

use domain::formula::EdgePolicy;
use domain::number::fit;
use domain::recorded::Position;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::repo_of::RepoOf;
use super::state::SurveyAnswer;

/// The resolved graph. Vertices and projects are sorted by id, edges and links by (dependent, dependency); all of them
/// bytewise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Repos and ExternalRepos together.
    pub vertices: Vec<Vertex>,
    /// Projects.
    pub projects: Vec<Project>,
    /// Edges of every policy; none where only scores are asked for.
    pub edges: Vec<ResolvedEdge>,
    /// The same edges as scores see them.
    pub links: Vec<ResolvedLink>,
    /// Open questions, sorted.
    pub findings: Vec<Finding>,
    /// Repository ids as given, to the vertex they mean.
    pub repo_of: RepoOf,
    /// World time.
    pub world_time: Option<Timestamp>,
    /// Newest `answered_at` of any survey row, as far as the day has come.
    pub newest_answer: Option<Timestamp>,
}

impl Graph {
    /// The index of a vertex.
    #[must_use]
    pub fn vertex(&self, id: &str) -> Option<u32> {
        self.vertices.binary_search_by(|vertex| (*vertex.id).cmp(id)).ok().map(|n| fit(n, "vertices"))
    }
}

/// A Repo or ExternalRepo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vertex {
    /// Canonical id, shared by every look at one log.
    pub id: Arc<str>,
    /// True for a Repo, false for an ExternalRepo.
    pub repo: bool,
    /// Index of its project.
    pub project: Option<u32>,
    /// Where the membership comes from: kind of evidence and position.
    pub evidence: Option<(&'static str, Position)>,
    /// Stars on the host. With forks and downloads a signal of adoption, on which scores rest.
    pub stars: Option<u64>,
    /// Forks on the host.
    pub forks: Option<u64>,
    /// Downloads in 30 days, summed over the packages published from it.
    pub downloads: Option<u64>,
    /// What is shown besides, shared by every copy.
    pub details: Arc<Details>,
}

/// Facts kept with a vertex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What a person calls it.
    pub name: String,
    /// Latest version known.
    pub latest_version: Option<String>,
    /// Releases: (version, released), newest first, at most [`MAX_RELEASES`].
    pub releases: Vec<(String, Option<Timestamp>)>,
    /// True when the host says it is private; `None` when unknown.
    pub private: Option<bool>,
    /// Licence expression.
    pub license: Option<String>,
    /// Canonical id of the repository it was forked from.
    pub parent: Option<String>,
    /// Packages published from it, sorted.
    pub packages: Vec<String>,
}

/// Releases kept per vertex.
pub const MAX_RELEASES: usize = 500;

impl Details {
    /// Details of which only the name is known.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Adds downloads to those of other packages. The counts are what registries say, in a log for ever: a sum beyond all
/// bounds must not end every fold, so it stays at the bound.
#[must_use]
pub fn add_downloads(sum: Option<u64>, more: u64) -> Option<u64> {
    Some(sum.unwrap_or(0).saturating_add(more))
}

/// A funded project or recognised public good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// Id as given, shared by every look at one log.
    pub id: Arc<str>,
    /// Display name.
    pub name: String,
    /// `pg_root` when one of its repos publishes a package, else `scf_project`.
    pub kind: &'static str,
    /// Newest grants record, for what is shown.
    pub category: Option<String>,
    /// Owner or repository URL of the newest grants record.
    pub git_url: Option<String>,
    /// Web site.
    pub website: Option<String>,
    /// The newest survey answer bound to it.
    pub answer: Option<SurveyAnswer>,
    /// The funder's status word.
    pub integration_status: Option<String>,
    /// Whether a grants record describes it.
    pub recorded: bool,
    /// Whether an application names it.
    pub applied: bool,
    /// Whether its grants are known to be complete.
    pub complete: bool,
    /// Least `observed_at` of the facts that name it.
    pub first_seen: Option<Timestamp>,
}

/// How sure an edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Claimed by a registry or another indirect source.
    InferredShadow,
    /// Claimed by a bill of materials, lock file or go.mod.
    VerifiedSbom,
}

impl Confidence {
    /// The stored and printed name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InferredShadow => "inferred_shadow",
            Self::VerifiedSbom => "verified_sbom",
        }
    }

    /// The confidence with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::InferredShadow, Self::VerifiedSbom].into_iter().find(|confidence| confidence.name() == name)
    }
}

/// The claim that decides an edge under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeClaim {
    /// Version or requirement, as stated; shared by every copy of the edge.
    pub version: Option<Arc<str>>,
    /// How sure.
    pub confidence: Confidence,
}

/// A resolved edge between vertex indices, dependent to dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedEdge {
    /// The dependent.
    pub from: u32,
    /// The dependency.
    pub to: u32,
    /// Whether a subject claims it directly.
    pub root: bool,
    /// Under the flat policy.
    pub flat: Option<EdgeClaim>,
    /// Under the nested policy.
    pub nested: Option<EdgeClaim>,
}

impl ResolvedEdge {
    /// The claim that decides this edge under a policy; `None` when the policy does not know the edge.
    #[must_use]
    pub fn under(&self, policy: EdgePolicy) -> Option<&EdgeClaim> {
        match policy {
            EdgePolicy::Flat => self.flat.as_ref(),
            EdgePolicy::Nested => self.nested.as_ref(),
        }
    }
}

/// An edge as scores see it: between vertex indices, dependent to dependency, and how sure each policy is of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedLink {
    /// The dependent.
    pub from: u32,
    /// The dependency.
    pub to: u32,
    /// How sure the flat policy is.
    pub(super) flat: Option<Confidence>,
    /// How sure the nested policy is.
    pub(super) nested: Option<Confidence>,
}

impl ResolvedLink {
    /// What scores see of an edge.
    pub(super) fn of(edge: &ResolvedEdge) -> Self {
        let sure = |policy| edge.under(policy).map(|claim| claim.confidence);
        Self { from: edge.from, to: edge.to, flat: sure(EdgePolicy::Flat), nested: sure(EdgePolicy::Nested) }
    }

    /// How sure the claim is that decides under a policy; `None` when the policy does not know the edge.
    #[must_use]
    pub fn under(&self, policy: EdgePolicy) -> Option<Confidence> {
        match policy {
            EdgePolicy::Flat => self.flat,
            EdgePolicy::Nested => self.nested,
        }
    }
}

/// An open question for a maintainer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// `membership`, `owner`, `publication`, `rename`, `survey-name` or `project`.
    pub kind: &'static str,
    /// What it is about.
    pub id: String,
    /// What is unclear.
    pub reason: String,
}

impl Finding {
    pub(super) fn new(kind: &'static str, id: &str, reason: String) -> Self {
        Self { kind, id: id.to_owned(), reason }
    }

    pub(super) fn is(&self, kind: &str, id: &str) -> bool {
        self.kind == kind && self.id == id
    }
}
