//! Further terms: what a formula may compute beside the scores. Null where nothing is known, zero where it is known to
//! be nothing.

use domain::formula::{Term, TermsPolicy};

use super::basis::Basis;
use super::network::Network;
use super::value::TermValue;

mod people;
mod projects;
mod reach;
mod structure;

/// The values of one term.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Values {
    /// By project index.
    pub(super) projects: Vec<Option<TermValue>>,
    /// By vertex index.
    pub(super) vertices: Vec<Option<TermValue>>,
}

/// Computes a term for every project and vertex.
pub(super) fn compute(term: Term, basis: &Basis<'_>, network: &Network, policy: &TermsPolicy) -> Values {
    match term {
        Term::Contributors => people::contributors(basis),
        Term::Hhi => people::hhi(basis),
        Term::Shannon => people::shannon(basis),
        Term::Top10Share => people::top10_share(basis),
        Term::TenureDays => people::tenure_days(basis),
        Term::FirstCommit => people::first_commit(basis),
        Term::LastCommit => people::last_commit(basis),
        Term::BlastRadius => reach::blast_radius(basis, network),
        Term::DecayCriticality => reach::decay_criticality(basis, network, policy.decay_days),
        Term::WeightedDependents => reach::weighted_dependents(basis, network),
        Term::KCore => structure::k_core(basis, network),
        Term::Bridges => structure::bridges(basis, network),
        Term::ProjectDependents => projects::dependents(basis),
        Term::ProjectDependencies => projects::dependencies(basis),
        Term::Coverage => projects::coverage(basis),
    }
}

/// A value per project from those of its vertices; `None` for a project without Repos.
fn per_project(basis: &Basis<'_>, join: impl Fn(&[u32]) -> Option<TermValue>) -> Vec<Option<TermValue>> {
    basis.members.iter().map(|repos| if repos.is_empty() { None } else { join(repos) }).collect()
}
