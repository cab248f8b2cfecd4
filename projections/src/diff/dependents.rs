//! Which dependents count under one formula and not under the other, for every vertex and project at once.
//!
//! One walk a source and formula, along dependencies: as many steps as there are pairs of a dependent and what it
//! reaches, which is the sum of all criticalities.

use super::reason::{Direction, MAX_REASONS};
use crate::metrics::evaluation::Evaluation;
use crate::metrics::network::Hindrance;

/// A dependent that counts on one side only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) dependent: u32,
    pub(super) direction: Direction,
    pub(super) by: &'static str,
}

/// The dependents that moved, of one vertex or project; at most [`MAX_REASONS`] of them, and how many there are beyond.
#[derive(Clone, Debug, Default)]
pub(super) struct Dependents {
    pub(super) moved: Vec<Moved>,
    pub(super) beyond: u64,
}

impl Dependents {
    fn push(&mut self, moved: Moved) {
        if self.moved.len() < MAX_REASONS {
            self.moved.push(moved);
        } else {
            self.beyond += 1;
        }
    }
}

/// By vertex, and by project for the distinct count.
#[derive(Debug, Default)]
pub(super) struct AllDependents {
    pub(super) vertices: Vec<Dependents>,
    pub(super) projects: Vec<Dependents>,
}

/// One side's walk from one source.
struct Walk<'a> {
    side: &'a Evaluation<'a>,
    stamp: Vec<u32>,
    reached: Vec<u32>,
}

impl<'a> Walk<'a> {
    fn of(side: &'a Evaluation<'a>) -> Self {
        Self { side, stamp: vec![u32::MAX; side.network.active.len()], reached: Vec::new() }
    }

    /// Walks from a source, whether it counts or not.
    fn from(&mut self, source: u32) {
        self.reached.clear();
        self.stamp[source as usize] = source;
        let mut next = 0;
        let mut node = source;
        loop {
            for &dependency in self.side.network.edges.dependencies(node) {
                if std::mem::replace(&mut self.stamp[dependency as usize], source) != source {
                    self.reached.push(dependency);
                }
            }
            let Some(&following) = self.reached.get(next) else { return };
            node = following;
            next += 1;
        }
    }

    fn reaches(&self, source: u32, target: u32) -> bool {
        self.stamp[target as usize] == source
    }

    fn siblings(&self, source: u32, target: u32) -> bool {
        let groups = &self.side.network.groups;
        groups[source as usize].is_some() && groups[source as usize] == groups[target as usize]
    }

    fn is_active(&self, source: u32) -> bool {
        self.side.network.active[source as usize]
    }

    fn is_dependent(&self, source: u32) -> bool {
        self.is_active(source) && self.side.network.counts[source as usize]
    }

    fn hindrance(&self, source: u32, target: u32) -> Option<Hindrance> {
        let network = &self.side.network;
        network.hindrance(source, network.groups[target as usize], self.side.basis.formula.criticality.siblings)
    }

    fn counts(&self, source: u32, target: u32) -> bool {
        self.reaches(source, target) && self.hindrance(source, target).is_none()
    }

    /// What keeps a source from counting for a target on this side.
    fn obstacle(&self, source: u32, target: u32) -> &'static str {
        if !self.reaches(source, target) {
            return "reach";
        }
        match self.hindrance(source, target) {
            Some(Hindrance::Inactive) => "active",
            Some(Hindrance::NoRepo) => "counting",
            Some(Hindrance::Sibling) => "sibling",
            None => unreachable!("what counts is asked about"),
        }
    }
}

/// Compares who counts for whom.
pub(super) fn moved(a: &Evaluation<'_>, b: &Evaluation<'_>) -> AllDependents {
    let count = a.basis.graph.vertices.len();
    let mut all = AllDependents {
        vertices: vec![Dependents::default(); count],
        projects: vec![Dependents::default(); a.basis.members.len()],
    };
    let (mut left, mut right) = (Walk::of(a), Walk::of(b));
    let mut projects: Vec<(usize, bool, bool)> = Vec::new();
    for source in (0u32..).take(count) {
        if !left.is_dependent(source) && !right.is_dependent(source) {
            continue;
        }
        left.from(source);
        right.from(source);
        projects.clear();
        let fresh = right.reached.iter().filter(|target| !left.reaches(source, **target));
        for &target in left.reached.iter().chain(fresh) {
            let (before, after) = (left.counts(source, target), right.counts(source, target));
            if before != after {
                let (direction, by) = if after {
                    (Direction::Joined, left.obstacle(source, target))
                } else {
                    (Direction::Left, right.obstacle(source, target))
                };
                all.vertices[target as usize].push(Moved { dependent: source, direction, by });
            }
            let vertex = &a.basis.graph.vertices[target as usize];
            if let Some(project) = vertex.project.filter(|_| vertex.repo && !left.siblings(source, target)) {
                let reach = |walk: &Walk<'_>| walk.is_dependent(source) && walk.reaches(source, target);
                projects.push((project as usize, reach(&left), reach(&right)));
            }
        }
        projects.sort_unstable();
        for same in projects.chunk_by(|a, b| a.0 == b.0) {
            let (before, after) = (same.iter().any(|one| one.1), same.iter().any(|one| one.2));
            if before != after {
                let (direction, other) = if after { (Direction::Joined, &left) } else { (Direction::Left, &right) };
                let by = if other.is_active(source) { "reach" } else { "active" };
                all.projects[same[0].0].push(Moved { dependent: source, direction, by });
            }
        }
    }
    all
}
