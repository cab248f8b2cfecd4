//! What claims are read on while a state is resolved.

use super::identity::Identity;
use super::names::{InternedIds, Name};
use super::rows::{Live, StateView};

/// What claims are read on.
#[derive(Clone, Copy)]
pub(super) struct ResolveInput<'a, 'b> {
    pub(super) known: StateView<'a>,
    /// The live documents.
    pub(super) live: &'b [Live<'a>],
    pub(super) vertices: &'b Vertices<'b>,
    /// By number.
    pub(super) repos: &'b [bool],
}

/// The vertices of a graph under resolution.
pub(super) struct Vertices<'a> {
    /// The ids, in order.
    pub(super) ids: &'a [Name],
    pub(super) identity: &'a Identity,
    /// By number, where that id is a vertex.
    pub(super) places: &'a [u32],
}

impl Vertices<'_> {
    /// By number the places of ids.
    pub(super) fn places_of(ids: &[Name], names: &InternedIds) -> Vec<u32> {
        let mut places = vec![u32::MAX; names.len()];
        for (n, id) in (0..).zip(ids) {
            places[*id as usize] = n;
        }
        places
    }

    /// The vertex that an id means.
    pub(super) fn of(&self, id: Name) -> u32 {
        self.at(self.identity.resolve(id))
    }

    /// The vertex of an id that means itself.
    pub(super) fn at(&self, id: Name) -> u32 {
        self.places[id as usize]
    }
}
