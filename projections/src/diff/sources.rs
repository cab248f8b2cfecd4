//! Where in the log the facts behind a vertex are.

use std::collections::{BTreeMap, BTreeSet};

use domain::recorded::Position;

use super::reason::ChangeReason;
use crate::fold::World;
use crate::graph::evidence::speakers;
use crate::graph::{Graph, Project};

/// The events behind vertices and projects.
pub(super) struct Sources<'a> {
    world: &'a World,
    /// The events that claim dependencies of a vertex, by its id.
    claims: BTreeMap<String, BTreeSet<Position>>,
    /// The newest host facts, by vertex.
    hosts: BTreeMap<u32, Position>,
    /// Applications, by project.
    applications: BTreeMap<&'a str, BTreeSet<Position>>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(world: &'a World, graph: &Graph) -> Self {
        let mut hosts: BTreeMap<u32, domain::recorded::Rank> = BTreeMap::new();
        for (repo, facts) in &world.graph.repos {
            if let (Some(vertex), Some(host)) = (graph.repo_of.get(repo), &facts.host) {
                let newest = hosts.entry(*vertex).or_insert(host.rank);
                *newest = host.rank.max(*newest);
            }
        }
        let mut applications: BTreeMap<&str, BTreeSet<Position>> = BTreeMap::new();
        for application in world.graph.applications.values() {
            let of = applications.entry(&application.value.project_id).or_default();
            of.insert(application.rank.position);
        }
        let hosts = hosts.into_iter().map(|(vertex, rank)| (vertex, rank.position)).collect();
        Self { world, claims: speakers(&world.graph), hosts, applications }
    }

    /// The events that claim dependencies of a vertex.
    pub(super) fn claims(&self, id: &str) -> Vec<Position> {
        self.claims.get(id).into_iter().flatten().copied().collect()
    }

    /// Host facts of a vertex.
    pub(super) fn host(&self, vertex: u32) -> Vec<Position> {
        self.hosts.get(&vertex).copied().into_iter().collect()
    }

    /// Registry answers about the packages published from a vertex, or about itself.
    pub(super) fn registry(&self, graph: &Graph, vertex: u32) -> Vec<Position> {
        let vertex = &graph.vertices[vertex as usize];
        let names = vertex.details.packages.iter().map(String::as_str).chain([&*vertex.id]);
        names.filter_map(|name| self.world.graph.packages.get(name)).map(|crawl| crawl.rank.position).collect()
    }

    /// The events that decide the status of a project.
    pub(super) fn status(&self, project: &Project) -> Vec<ChangeReason> {
        let mut events = Vec::new();
        if let Some(answer) = &project.answer {
            let says = format!("survey answer of {}", answer.answered_at);
            events.push(ChangeReason::Event { says, position: answer.rank.position });
        }
        let record = self.world.graph.projects.get(&*project.id).and_then(|facts| facts.record.as_ref());
        if let Some(record) = record {
            let status = project.integration_status.as_deref().unwrap_or("nothing");
            let says = format!("the funder's record says {status}");
            events.push(ChangeReason::Event { says, position: record.rank.position });
        }
        for position in self.applications.get(project.id.as_ref()).into_iter().flatten() {
            events.push(ChangeReason::Event { says: "grant application".to_owned(), position: *position });
        }
        events
    }
}
