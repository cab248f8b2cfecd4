//! Open questions, asked anew where what they rest on is other than before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::graph::claimant::ClaimOwner;
use crate::graph::identity::claimed_alone;
use crate::graph::model::Finding;
use crate::graph::names::Name;
use crate::graph::resolve_cache::LastLook;

/// What was asked at the last page.
#[derive(Clone, Debug, Default)]
pub(super) struct AskedQuestions {
    /// By package that a single repository claims that repository, and how many others depend on it.
    claimed: BTreeMap<Name, (Name, usize)>,
    /// What is unclear of identity, and of members and projects.
    unclear: Option<[Arc<Vec<Finding>>; 2]>,
}

impl AskedQuestions {
    /// All questions, where they may be others: others mention these ids, or packages are claimed otherwise.
    pub(super) fn follow(
        &mut self,
        look: &LastLook<'_>,
        are_claimed_otherwise: bool,
        mentioned: &BTreeSet<Name>,
    ) -> Option<Vec<Finding>> {
        let unclear = [&look.meanings.findings, look.findings].map(Arc::clone);
        let held = self.unclear.replace(unclear.clone());
        let mut moved = held.is_none_or(|held| !held.iter().zip(&unclear).all(|(a, b)| Arc::ptr_eq(a, b)));
        if are_claimed_otherwise {
            let each = look.meanings.identity.unconfirmed();
            self.claimed = each.map(|(package, repo)| (package, (repo, dependents(look, package, repo)))).collect();
            moved = true;
        } else {
            for package in mentioned {
                if let Some((repo, count)) = self.claimed.get_mut(package) {
                    let now = dependents(look, *package, *repo);
                    moved |= *count != now;
                    *count = now;
                }
            }
        }
        moved.then(|| {
            let asked = self.claimed.iter().filter(|(_, (_, count))| *count > 0);
            let asked = asked.map(|(package, (repo, count))| claimed_alone(look.known, *package, *repo, *count));
            let mut findings: Vec<Finding> = unclear.iter().flat_map(|all| all.iter().cloned()).chain(asked).collect();
            findings.sort_unstable();
            findings.dedup();
            findings
        })
    }
}

/// How many others than a repository depend on a package, as given.
fn dependents(look: &LastLook<'_>, package: Name, repo: Name) -> usize {
    let dependent = |owner: &ClaimOwner| match *owner {
        ClaimOwner::Documents(subject) => Some(subject),
        // Its answer mentions the package that it is about.
        ClaimOwner::Registry(answered) => {
            let names = || look.known.package(answered).is_some_and(|answer| answer.ids.contains(&package));
            (answered != package || names()).then(|| look.meanings.identity.resolve(answered))
        }
    };
    let all: BTreeSet<Name> = look.links.mentioning(package).iter().filter_map(dependent).collect();
    all.iter().filter(|dependent| **dependent != repo).count()
}
