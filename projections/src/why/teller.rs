//! What a teller looks at, and the words that several sentences share.

use std::cell::OnceCell;

use domain::recorded::Position;
use domain::time::Day;

use crate::engine::DependencyGraph;
use crate::fold::{View, World};
use crate::graph::{Graph, Vertex};
use crate::metrics::basis::Basis;
use crate::metrics::{Evaluation, Level, ScoreRow};
use crate::people::RepoContributions;

/// What is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldAbout {
    /// A project, by its index.
    Project(usize),
    /// A Repo or ExternalRepo, by its index.
    Vertex(u32),
}

/// An evaluation and the state behind it.
pub(super) struct Teller<'a> {
    pub(super) world: &'a World,
    pub(super) view: &'a View<'a>,
    pub(super) evaluation: &'a Evaluation<'a>,
    above: OnceCell<DependencyGraph>,
}

impl<'a> Teller<'a> {
    pub(super) fn of(world: &'a World, view: &'a View<'a>, evaluation: &'a Evaluation<'a>) -> Self {
        Self { world, view, evaluation, above: OnceCell::new() }
    }

    /// The edges of the network, each turned round.
    pub(super) fn above(&self) -> &DependencyGraph {
        self.above.get_or_init(|| self.evaluation.network.edges.reversed())
    }

    pub(super) fn subject(&self, row: &ScoreRow) -> Option<ToldAbout> {
        match row.level {
            Level::Project => {
                let found = self.graph().projects.binary_search_by(|project| project.id.as_ref().cmp(&row.id));
                found.ok().map(ToldAbout::Project)
            }
            _ => self.graph().vertex(&row.id).map(ToldAbout::Vertex),
        }
    }

    pub(super) fn graph(&self) -> &'a Graph {
        &self.view.graph
    }

    pub(super) fn basis(&self) -> &'a Basis<'a> {
        &self.evaluation.basis
    }

    pub(super) fn vertex(&self, vertex: u32) -> &'a Vertex {
        &self.graph().vertices[vertex as usize]
    }

    /// The Repos that a subject is made of.
    pub(super) fn repos(&self, subject: ToldAbout) -> Vec<u32> {
        match subject {
            ToldAbout::Project(project) => self.basis().members[project].clone(),
            ToldAbout::Vertex(vertex) => vec![vertex],
        }
    }

    /// The commits of a Repo, where a git log of it was read.
    pub(super) fn commits(&self, repo: u32) -> Option<RepoContributions<'a>> {
        self.view.contributions.get(repo)
    }

    /// The last day on which somebody who counts committed, and where.
    pub(super) fn last_commit(&self, repos: &[u32]) -> Option<(Day, u32)> {
        repos.iter().filter_map(|repo| Some((self.basis().windows.last_commit(*repo)?, *repo))).max()
    }

    /// The newest grants record of a project.
    pub(super) fn record(&self, project: &str) -> Option<Position> {
        self.world.graph.projects.get(project)?.record.as_ref().map(|record| record.rank.position)
    }
}
