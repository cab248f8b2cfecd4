//! What ids mean, asked by text: for whoever explains what was resolved.

use super::identity::{Identity, live_snapshots};
use super::membership::GrantLinks;
use super::names::{Keyed, Names};
use super::resolve::known_repositories;
use super::snapshot::Snapshot;
use super::state::GraphState;

/// The identities of a state.
#[derive(Debug)]
pub(super) struct Meaning<'a> {
    names: Names,
    keyed: Keyed<'a>,
    identity: Identity,
}

impl<'a> Meaning<'a> {
    pub(super) fn of(state: &'a GraphState) -> Self {
        let mut names = Names::default();
        let keyed = names.learn(state);
        let known = known_repositories(state, &keyed, &names, &GrantLinks::of(state, &names));
        let identity = Identity::weigh(state, &keyed, &names, &known, &mut Vec::new());
        Self { names, keyed, identity }
    }

    /// The id that `id` means.
    pub(super) fn resolve<'b>(&'b self, id: &'b str) -> &'b str {
        self.names.find(id).map_or(id, |name| self.names.text(self.identity.resolve(name)))
    }

    /// The live documents, each with what its subject means.
    pub(super) fn live(&self) -> impl Iterator<Item = (&str, &'a Snapshot)> {
        let live = live_snapshots(&self.keyed, |id| self.identity.resolve(id));
        live.into_iter().map(|(subject, snapshot)| (self.names.text(subject), snapshot))
    }
}
