//! What earlier looks at one log have learnt: a shortcut, and nothing else. A look without it sees the same; it only
//! takes longer.

use super::link_index::LinkIndex;
use super::model::{Graph, Vertex};
use super::names::{InternedIds, Name};
use super::rows::InternedRows;
use crate::changes::Changes;

/// What serves every look at the states of one log.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResolveCache {
    pub(super) rows: InternedRows,
    /// Rows touched since the last look; `None` before the first, which reads them all.
    pub(super) touched: Option<Changes>,
    pub(super) link_index: LinkIndex,
    pub(super) former: Former,
}

impl ResolveCache {
    /// Hears which rows were touched.
    pub(crate) fn hear(&mut self, touched: &Changes) {
        if let Some(held) = &mut self.touched {
            held.append(touched.clone());
        }
    }

    /// The rows touched since the last look, where there was one.
    pub(crate) fn touched(&self) -> Option<&Changes> {
        self.touched.as_ref()
    }

    /// Takes back the graph of the last look.
    pub(crate) fn take_back(&mut self, graph: Graph) {
        self.former.vertices = graph.vertices;
    }
}

/// The vertices of the last graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Former {
    ids: Vec<Name>,
    /// None while the graph is in use.
    vertices: Vec<Vertex>,
}

impl Former {
    /// Vertices with these ids; all else of them is to be written.
    pub(super) fn vertices(&mut self, ids: &[Name], names: &InternedIds) -> Vec<Vertex> {
        let held = std::mem::take(&mut self.vertices);
        if held.len() == ids.len() && self.ids == ids {
            return held;
        }
        self.ids = ids.to_vec();
        ids.iter().map(|id| Vertex { id: names.text(*id).to_owned(), ..Vertex::default() }).collect()
    }
}
