//! Which vertex a repository means.

use std::sync::Arc;

/// Repository ids as given, in order, each with the vertex it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepoOf {
    ids: Arc<Vec<Arc<str>>>,
    vertices: Arc<Vec<u32>>,
}

impl RepoOf {
    /// Takes ids in order.
    pub(super) fn sorted(ids: Vec<Arc<str>>, vertices: Vec<u32>) -> Self {
        Self { ids: Arc::new(ids), vertices: Arc::new(vertices) }
    }

    /// Takes what the same ids mean now.
    pub(super) fn mean(&mut self, vertices: Vec<u32>) {
        if *self.vertices != vertices {
            self.vertices = Arc::new(vertices);
        }
    }

    /// The vertex that an id means.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&u32> {
        self.place(id).map(|n| &self.vertices[n])
    }

    /// The place of an id among all.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.ids.binary_search_by(|held| (**held).cmp(id)).ok()
    }

    /// Whether it is this very one.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.ids, &other.ids) && Arc::ptr_eq(&self.vertices, &other.vertices)
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.ids.iter().zip(self.vertices.iter()).map(|(id, vertex)| (&**id, *vertex))
    }
}
