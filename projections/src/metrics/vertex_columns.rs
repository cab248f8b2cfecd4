//! What an evaluation reads of every vertex, side by side, and where it is another than at the last look. A vertex is
//! many times as large, so all of them are walked over once.

use std::sync::Arc;

use domain::number::fit;

use super::signals::{Signals, signals_of};
use crate::graph::Graph;
use crate::table::by_id;
use crate::table::difference::side_by_side;

/// All lists have one entry a vertex.
#[derive(Clone, Debug, Default)]
pub(super) struct VertexColumns {
    ids: Vec<Arc<str>>,
    /// Whether it is a Repo.
    pub(super) repos: Vec<bool>,
    /// Its project.
    pub(super) groups: Vec<Option<u32>>,
    /// What adoption rests on.
    pub(super) signals: Vec<Signals>,
    pub(super) news: VertexNews,
}

/// What the last look brought.
#[derive(Clone, Debug, Default)]
pub(super) struct VertexNews {
    /// Whether vertices came or went, or changed their kind: scores have other rows.
    pub(super) placed: bool,
    /// Where vertices came or went: by former place the one now, in the same order, and `None` of those that are gone.
    pub(super) moves: Option<Vec<Option<u32>>>,
    /// Whether one belongs to another project than before.
    pub(super) grouped: bool,
    /// By signal the vertices, as they are placed now, of which another value is known than before.
    pub(super) signals: [Vec<u32>; 3],
}

impl VertexColumns {
    /// Takes in the vertices of the next look.
    pub(super) fn follow(&mut self, graph: &Graph) {
        let vertices = &graph.vertices;
        let are_placed = self.ids.len() == vertices.len()
            && self.ids.iter().zip(vertices).all(|(id, vertex)| by_id(id, &vertex.id).is_eq());
        let moves = (!are_placed).then(|| self.place(graph));
        let Self { repos, groups, signals, news, .. } = self;
        (news.placed, news.grouped, news.moves) = (!are_placed, false, moves);
        news.signals.iter_mut().for_each(Vec::clear);
        for (n, vertex) in (0..).zip(vertices) {
            let place = n as usize;
            news.placed |= repos[place] != vertex.repo;
            repos[place] = vertex.repo;
            news.grouped |= groups[place] != vertex.project;
            groups[place] = vertex.project;
            let now = signals_of(vertex);
            for ((held, now), moved) in signals[place].iter_mut().zip(now).zip(&mut news.signals) {
                if *held != now {
                    *held = now;
                    moved.push(n);
                }
            }
        }
    }

    /// Gives every vertex its place; of one that is new nothing is known. Answers the places now by those before.
    fn place(&mut self, graph: &Graph) -> Vec<Option<u32>> {
        // Ids are handed on, not shared anew: to count who shares them would be to visit every one.
        let Self { ids, repos, groups, signals, .. } = std::mem::take(self);
        let mut moves = Vec::with_capacity(ids.len());
        side_by_side(
            ids.into_iter().zip(repos).zip(groups.into_iter().zip(signals)),
            graph.vertices.iter(),
            |((id, _), _), vertex| by_id(id, &vertex.id),
            |held, vertex| {
                if held.is_some() {
                    moves.push(vertex.map(|_| fit(self.ids.len(), "vertices")));
                }
                let Some(vertex) = vertex else { return };
                let new = || ((Arc::clone(&vertex.id), false), (None, [None; 3]));
                let ((id, repo), (group, signals)) = held.unwrap_or_else(new);
                self.ids.push(id);
                self.repos.push(repo);
                self.groups.push(group);
                self.signals.push(signals);
            },
        );
        moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Vertex;

    #[test]
    fn news_are_what_differs_wherever_vertices_come_and_go() {
        let vertex = |id: &str, project, stars| {
            let mut vertex = Vertex { id: id.into(), repo: true, project, ..Vertex::default() };
            vertex.stars = stars;
            vertex
        };
        let mut columns = VertexColumns::default();
        let mut look = |vertices: Vec<Vertex>| {
            columns.follow(&Graph { vertices, ..Graph::default() });
            let VertexNews { placed, moves, grouped, signals } = &columns.news;
            (*placed, moves.clone(), *grouped, signals[1].clone())
        };
        let first = vec![vertex("b", None, Some(1)), vertex("c", Some(0), None), vertex("d", None, Some(3))];
        assert_eq!(look(first.clone()), (true, Some(vec![]), true, vec![0, 2]));
        assert_eq!(look(first), (false, None, false, vec![]));
        let next = vec![vertex("a", None, Some(9)), vertex("b", None, Some(1)), vertex("d", None, Some(4))];
        assert_eq!(look(next.clone()), (true, Some(vec![Some(1), None, Some(2)]), false, vec![0, 2]));
        let other = next.into_iter().map(|vertex| Vertex { repo: false, ..vertex }).collect();
        assert_eq!(look(other), (true, None, false, vec![0, 1, 2]));
    }
}
