//! What earlier looks at one log have learnt: a shortcut, and nothing else. A look without it sees the same; it only
//! takes longer.

use super::ledger::Ledger;
use super::names::{Name, Names};
use super::resolve::{Graph, Vertex};

/// What serves every look at the states of one log.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pub(super) names: Names,
    pub(super) ledger: Ledger,
    /// The ids of the last graph's vertices.
    ids: Vec<Name>,
    /// Those vertices, where they are not needed any more.
    vertices: Vec<Vertex>,
}

impl Memory {
    /// Takes back the graph of the last look.
    pub(crate) fn take_back(&mut self, graph: Graph) {
        self.vertices = graph.vertices;
    }

    /// Vertices with these ids; all else of them is to be written.
    pub(super) fn vertices(&mut self, ids: &[Name]) -> Vec<Vertex> {
        let held = std::mem::take(&mut self.vertices);
        if held.len() == ids.len() && self.ids == ids {
            return held;
        }
        self.ids = ids.to_vec();
        ids.iter().map(|id| Vertex { id: self.names.text(*id).to_owned(), ..Vertex::default() }).collect()
    }
}
