//! Which vertex a repository means.

use std::sync::Arc;

/// Repository ids as given, in order, each with the vertex it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoOf(Arc<Vec<(Arc<str>, u32)>>);

impl RepoOf {
    /// Takes ids in order.
    pub(super) fn sorted(entries: impl Iterator<Item = (Arc<str>, u32)>) -> Self {
        Self(Arc::new(entries.collect()))
    }

    /// The vertex that an id means.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&u32> {
        self.0.binary_search_by(|(held, _)| (**held).cmp(id)).ok().map(|n| &self.0[n].1)
    }

    /// Whether it is this very one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(id, vertex)| (&**id, *vertex))
    }
}
