//! What ids meant at the last look, so that a look tells which mean something else now.

use std::sync::Arc;

use super::identity::Identity;
use super::model::Finding;
use super::names::Name;
use super::resolve::{known_repositories, meant_by};
use super::rows::StateView;

/// What ids meant at the last look.
#[derive(Clone, Debug, Default)]
pub(super) struct Meanings {
    pub(super) identity: Identity,
    /// By number, as given: whether it is a repository.
    pub(super) repositories: Vec<bool>,
    /// By number, as meant: whether it is a Repo.
    pub(super) repos: Vec<bool>,
    /// The ids that mean another, with that one first, sorted.
    aliases: Vec<(Name, Name)>,
    /// What is unclear of it.
    pub(super) findings: Arc<Vec<Finding>>,
}

impl Meanings {
    /// All ids that mean this one.
    pub(super) fn names_of(&self, id: Name) -> impl Iterator<Item = Name> {
        let first = self.aliases.partition_point(|(meant, _)| *meant < id);
        let others = self.aliases[first..].iter().take_while(move |(meant, _)| *meant == id);
        let own = (self.identity.resolve(id) == id).then_some(id);
        own.into_iter().chain(others.map(|(_, other)| *other))
    }

    /// All ids that mean what this one means, which may be new.
    pub(super) fn names_beside(&self, id: Name) -> impl Iterator<Item = Name> {
        let meant = self.identity.means().get(id as usize).copied();
        meant.into_iter().flat_map(|meant| self.names_of(meant))
    }

    /// Weighs the evidence anew.
    pub(super) fn weigh(&mut self, known: StateView<'_>) -> MovedIds {
        let repositories = known_repositories(known);
        let mut findings = Vec::new();
        let identity = Identity::weigh(known, &repositories, &mut findings);
        let repos = meant_by(&repositories, &identity);
        let means = |meanings: &Identity, repos: &[bool], id: usize| {
            let meant = meanings.means()[id];
            (meant, repos[meant as usize])
        };
        let mut moved = MovedIds { by_number: vec![false; self.repos.len()], owners: Vec::new() };
        for (id, is_moved) in moved.by_number.iter_mut().enumerate() {
            let (before, after) = (means(&self.identity, &self.repos, id), means(&identity, &repos, id));
            *is_moved = before != after;
            // A subject that means something else takes its documents from one owner to another.
            moved.owners.extend(is_moved.then_some([before.0, after.0]).into_iter().flatten());
        }
        let pairs = identity.means().iter().zip(0..).filter(|(meant, id)| *meant != id);
        let mut aliases: Vec<(Name, Name)> = pairs.map(|(meant, id)| (*meant, id)).collect();
        aliases.sort_unstable();
        *self = Self { identity, repositories, repos, aliases, findings: findings.into() };
        moved
    }

    /// Takes in ids of which nothing is known but that they are mentioned.
    pub(super) fn extend(&mut self, count: usize) {
        self.identity.extend(count);
        self.repositories.resize(count, false);
        self.repos.resize(count, false);
    }
}

/// Which of the ids that were there mean something else now, or mean a Repo where they meant none, or the other way
/// round.
#[derive(Debug, Default)]
pub(super) struct MovedIds {
    pub(super) by_number: Vec<bool>,
    /// What they meant, and what they mean.
    pub(super) owners: Vec<Name>,
}
