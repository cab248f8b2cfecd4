//! Terms between projects, and how much of a project is seen at all.

use std::collections::BTreeSet;

use domain::number::fit;

use super::Values;
use crate::metrics::basis::Basis;
use crate::metrics::exact::half_up;
use crate::metrics::network;
use crate::metrics::value::TermValue::{Count, Hundredths};

/// Edges of the formula between projects: (from, to), each once, none to itself.
fn edges<'a>(basis: &'a Basis<'_>) -> impl Iterator<Item = (usize, usize, u32, u32)> + 'a {
    let vertices = &basis.graph.vertices;
    let known = basis.graph.links.iter().filter(|edge| network::weight(edge, basis.formula).is_some());
    known.filter_map(move |edge| {
        let (from, to) = (vertices[edge.from as usize].project?, vertices[edge.to as usize].project?);
        (from != to).then_some((from as usize, to as usize, edge.from, edge.to))
    })
}

/// Distinct other projects at the far end of direct edges; for a vertex without project 0 unless others point at it.
fn count(basis: &Basis<'_>, dependents: bool) -> Values {
    let mut projects: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); basis.graph.projects.len()];
    let mut vertices: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); basis.graph.vertices.len()];
    for (from, to, source, target) in edges(basis) {
        let (near, far, vertex) = if dependents { (to, from, target) } else { (from, to, source) };
        projects[near].insert(far);
        vertices[vertex as usize].insert(far);
    }
    let size = |set: &BTreeSet<usize>| Count(set.len() as u64);
    let each = basis.members.iter().zip(&projects);
    Values {
        projects: each.map(|(repos, set)| (!repos.is_empty()).then(|| size(set))).collect(),
        vertices: basis.graph.vertices.iter().zip(&vertices).map(|(v, set)| v.project.map(|_| size(set))).collect(),
    }
}

/// Other projects with a Repo that depends directly on one of its Repos; null without project, and without Repos.
/// Source: upstream's project dependency lists.
pub(super) fn dependents(basis: &Basis<'_>) -> Values {
    count(basis, true)
}

/// Other projects that one of its Repos depends on directly; null without project, and without Repos.
pub(super) fn dependencies(basis: &Basis<'_>) -> Values {
    count(basis, false)
}

/// Share of a project's Repos whose dependencies a bill of materials or a registry lists, in percent, half up to 2
/// decimals; a Repo has 100 or 0, an ExternalRepo null. What is not covered has no edges because nobody looked.
pub(super) fn coverage(basis: &Basis<'_>) -> Values {
    let mut listed = vec![false; basis.graph.vertices.len()];
    for edge in &basis.graph.links {
        listed[edge.from as usize] |= network::weight(edge, basis.formula).is_some();
    }
    let percent = |part: usize, whole: usize| {
        Hundredths(fit(half_up(10_000 * part as u128, whole as u128), "hundredths of a percentage"))
    };
    let project = |repos: &[u32]| {
        let seen = repos.iter().filter(|repo| listed[**repo as usize]).count();
        Some(percent(seen, repos.len()))
    };
    let vertices = basis.graph.vertices.iter().zip(&listed);
    Values {
        projects: super::per_project(basis, project),
        vertices: vertices.map(|(vertex, seen)| vertex.repo.then(|| percent(usize::from(*seen), 1))).collect(),
    }
}
