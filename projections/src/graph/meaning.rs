//! What ids mean, asked by text: for whoever explains what was resolved.

use super::identity::Identity;
use super::resolve::known_repositories;
use super::rows::{InternedRows, StateView};
use super::snapshot::DocumentClaims;
use super::state::GraphState;

/// The identities of a state.
#[derive(Debug)]
pub(super) struct Meaning<'a> {
    state: &'a GraphState,
    rows: InternedRows,
    identity: Identity,
}

impl<'a> Meaning<'a> {
    pub(super) fn of(state: &'a GraphState) -> Self {
        let mut rows = InternedRows::default();
        rows.learn(state, None);
        let known = StateView::of(state, &rows);
        let repositories = known_repositories(known);
        let identity = Identity::weigh(known, &repositories, &mut Vec::new());
        Self { state, rows, identity }
    }

    /// The id that `id` means.
    pub(super) fn resolve<'b>(&'b self, id: &'b str) -> &'b str {
        let names = &self.rows.names;
        names.find(id).map_or(id, |name| names.text(self.identity.resolve(name)))
    }

    /// The state beside its rows in numbers.
    pub(super) fn known(&self) -> StateView<'_> {
        StateView::of(self.state, &self.rows)
    }

    /// The live documents, each with what its subject means.
    pub(super) fn live(&self) -> impl Iterator<Item = (&str, &DocumentClaims)> {
        let known = self.known();
        let live = known.live(|id| self.identity.resolve(id)).into_iter();
        live.filter_map(move |live| Some((known.names.text(live.subject), known.snapshot(&live)?)))
    }
}
