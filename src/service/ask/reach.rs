//! Blast radius: who falls if something stops, by how many steps it is away.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::Serialize;

use super::page::{PageQuery, RowsPage};
use super::resident::Resident;
use crate::service::Result;

/// Who falls with a vertex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BlastRadius {
    /// What stops.
    pub id: String,
    /// Repositories among those that fall.
    pub repos: usize,
    /// Packages that are published from no repository here.
    pub external: usize,
    /// Projects of the repositories that fall, that of what stops left out.
    pub projects: Vec<FallenProject>,
    /// How many are how many steps away.
    pub distances: Vec<DistanceCount>,
    /// The vertices that fall, the nearest first, then by id.
    pub fallen: RowsPage<FallenVertex>,
}

/// A project that falls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FallenProject {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Steps to its nearest repository.
    pub distance: u32,
    /// How many of its repositories fall.
    pub repos: usize,
}

/// How many vertices are so many steps away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DistanceCount {
    /// Steps.
    pub distance: u32,
    /// Vertices.
    pub vertices: usize,
}

/// A vertex that falls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FallenVertex {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `repo` or `external`.
    pub level: &'static str,
    /// Steps to what stops.
    pub distance: u32,
    /// Its project.
    pub project_id: Option<String>,
}

/// Who falls with a vertex, by its number.
///
/// # Errors
/// As [`PageQuery::cut`].
pub fn blast_radius(atlas: &Resident, vertex: u32, page: &PageQuery) -> Result<BlastRadius> {
    let graph = atlas.graph();
    let mut seen = BTreeSet::from([vertex]);
    let mut waiting = VecDeque::from([(0_u32, vertex)]);
    let mut fallen: Vec<(u32, u32)> = Vec::new();
    while let Some((distance, reached)) = waiting.pop_front() {
        for (dependent, _) in atlas.dependents(reached) {
            if seen.insert(dependent) {
                fallen.push((distance + 1, dependent));
                waiting.push_back((distance + 1, dependent));
            }
        }
    }
    // Vertices are numbered in the order of their ids.
    fallen.sort_unstable();
    let repos = fallen.iter().filter(|(_, reached)| graph.vertices[*reached as usize].repo).count();
    let own = graph.vertices[vertex as usize].project;
    let mut projects: BTreeMap<u32, (u32, usize)> = BTreeMap::new();
    let mut distances: BTreeMap<u32, usize> = BTreeMap::new();
    for (distance, reached) in &fallen {
        *distances.entry(*distance).or_default() += 1;
        if let Some(project) = graph.vertices[*reached as usize].project.filter(|project| Some(*project) != own) {
            let (nearest, count) = projects.entry(project).or_insert((*distance, 0));
            (*nearest, *count) = ((*nearest).min(*distance), *count + 1);
        }
    }
    let mut projects: Vec<FallenProject> = projects
        .into_iter()
        .map(|(project, (distance, repos))| {
            let project = &graph.projects[project as usize];
            FallenProject { id: project.id.to_string(), name: project.name.clone(), distance, repos }
        })
        .collect();
    projects.sort_by(|a, b| (a.distance, &a.id).cmp(&(b.distance, &b.id)));
    let shape = |(distance, reached): &(u32, u32)| {
        let vertex = &graph.vertices[*reached as usize];
        FallenVertex {
            id: vertex.id.to_string(),
            name: vertex.details.name.clone(),
            level: if vertex.repo { "repo" } else { "external" },
            distance: *distance,
            project_id: vertex.project.map(|project| graph.projects[project as usize].id.to_string()),
        }
    };
    let key = |(distance, reached): &(u32, u32)| (*distance, graph.vertices[*reached as usize].id.clone());
    Ok(BlastRadius {
        id: graph.vertices[vertex as usize].id.to_string(),
        repos,
        external: fallen.len() - repos,
        projects,
        distances: distances.into_iter().map(|(distance, vertices)| DistanceCount { distance, vertices }).collect(),
        fallen: page.cut(&fallen, key, shape)?,
    })
}
