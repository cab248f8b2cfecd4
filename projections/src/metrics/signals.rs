//! Signals of adoption.

use crate::graph::Vertex;

/// One value per signal, in the order of [`domain::formula::Signal::ALL`].
pub type Signals = [Option<u64>; 3];

/// The signals of a Repo as its vertex states them.
#[must_use]
pub fn signals_of(vertex: &Vertex) -> Signals {
    if vertex.repo { [vertex.downloads, vertex.stars, vertex.forks] } else { [None; 3] }
}
