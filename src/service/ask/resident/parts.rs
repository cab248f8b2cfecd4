//! What of a snapshot follows neither from edges nor from scores. Most looks bring a few documents and leave all of it
//! as it was: so each part is shared with the snapshot before, unless something that it follows from has moved.

use std::collections::HashSet;
use std::sync::Arc;

use domain::digest::Digest;
use domain::time::{Day, Timestamp};
use projections::changes::Changes;
use projections::fold::View;
use projections::graph::model::Details;
use projections::graph::{Graph, GraphState, Vertex};

use super::packages::PackageList;
use super::people::{KnownNames, People};
use super::projects::{self, ProjectMetadata, RepoVersions};
use super::{Resident, short_name};

/// The snapshot before, of the same fold, and which rows were touched since.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Former<'a> {
    /// The snapshot.
    pub(crate) resident: &'a Resident,
    /// The rows.
    pub(crate) touched: &'a Changes,
}

impl Former<'_> {
    fn has_touched(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.touched.of(kind).next().is_some())
    }
}

/// The parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ResidentParts {
    /// The UTC day of world time.
    today: Day,
    /// Digest of the names that people are known by.
    names: Digest,
    pub(super) people: Arc<People>,
    /// By vertex the time of its latest commit.
    pub(super) latest: Arc<Vec<Option<Timestamp>>>,
    /// By vertex what is told of the versions of a Repo.
    pub(super) versions: Vec<Option<Arc<RepoVersions>>>,
    pub(super) metadata: Arc<Vec<ProjectMetadata>>,
    /// Lower-cased names, by project and by vertex.
    pub(super) project_names: Arc<Vec<String>>,
    pub(super) vertex_names: Arc<Vec<String>>,
    pub(super) packages: Arc<PackageList>,
}

impl ResidentParts {
    /// Those of a view.
    pub(super) fn of(view: &View<'_>, names: &KnownNames, former: Option<Former<'_>>) -> Self {
        let (state, graph) = (&view.world().graph, &view.graph);
        let today = view.today();
        // Numbers of vertices mean the same in both.
        let former_of_vertices = former.filter(|former| are_numbered_alike(&former.resident.graph, graph));
        let former_of_logs =
            former.filter(|former| former.resident.graph.repo_of == graph.repo_of && !former.has_touched(&["log"]));
        let former_of_projects = former.filter(|former| {
            let before = former.resident.graph.projects.iter().map(|project| &project.id);
            before.eq(graph.projects.iter().map(|project| &project.id))
        });
        let kept_people = former_of_logs.filter(|former| former.resident.parts.names == names.digest);
        let kept_latest = former_of_logs.filter(|former| former.resident.parts.today == today);
        let kept_latest = kept_latest.and(former_of_vertices);
        let kept_metadata = former_of_projects.filter(|former| !former.has_touched(&["application", "project"]));
        let kept_project_names = former_of_projects.filter(|former| {
            let before = former.resident.graph.projects.iter().map(|project| &project.name);
            before.eq(graph.projects.iter().map(|project| &project.name))
        });
        let kept_vertex_names = former_of_vertices
            .filter(|former| each_told_alike(&former.resident.graph, graph, |before, now| before.name == now.name));
        let kept_packages = former_of_vertices.filter(|former| {
            !former.has_touched(&["package"])
                && each_told_alike(&former.resident.graph, graph, |before, now| before.packages == now.packages)
        });
        let vertex_name = |vertex: &Vertex| short_name(vertex).to_lowercase();
        Self {
            today,
            names: names.digest,
            people: part(kept_people, |parts| &parts.people, || People::of(&view.contributions, &names.by_pseudonym)),
            latest: part(kept_latest, |parts| &parts.latest, || view.latest_commits()),
            versions: versions(state, graph, former_of_vertices),
            metadata: part(kept_metadata, |parts| &parts.metadata, || projects::metadata(state, graph)),
            project_names: part(
                kept_project_names,
                |parts| &parts.project_names,
                || graph.projects.iter().map(|project| project.name.to_lowercase()).collect(),
            ),
            vertex_names: part(
                kept_vertex_names,
                |parts| &parts.vertex_names,
                || graph.vertices.iter().map(vertex_name).collect(),
            ),
            packages: part(kept_packages, |parts| &parts.packages, || PackageList::of(state, graph)),
        }
    }
}

/// A part as it was, or made anew.
fn part<T>(kept: Option<Former<'_>>, of: impl Fn(&ResidentParts) -> &Arc<T>, make: impl FnOnce() -> T) -> Arc<T> {
    kept.map_or_else(|| Arc::new(make()), |former| Arc::clone(of(&former.resident.parts)))
}

fn are_numbered_alike(before: &Graph, now: &Graph) -> bool {
    before.vertices.len() == now.vertices.len()
        && each_alike(before, now, |before, now| before.id == now.id && before.repo == now.repo)
}

fn each_alike(before: &Graph, now: &Graph, alike: impl Fn(&Vertex, &Vertex) -> bool) -> bool {
    before.vertices.iter().zip(&now.vertices).all(|(before, now)| alike(before, now))
}

/// The same of what is shown of each, which is most often the very same.
fn each_told_alike(before: &Graph, now: &Graph, alike: impl Fn(&Details, &Details) -> bool) -> bool {
    each_alike(before, now, |before, now| {
        Arc::ptr_eq(&before.details, &now.details) || alike(&before.details, &now.details)
    })
}

/// By vertex the versions of Repos. Those follow from a Repo's own row and those of its packages, and from what is
/// shown of it.
fn versions(state: &GraphState, graph: &Graph, former: Option<Former<'_>>) -> Vec<Option<Arc<RepoVersions>>> {
    let touched = |kind: &str| former.iter().flat_map(|former| former.touched.of(kind)).collect::<HashSet<&str>>();
    let (repos, packages) = (touched("repo"), touched("package"));
    let kept = |number: usize, vertex: &Vertex| {
        let former = former?;
        let before = &former.resident.graph.vertices[number].details;
        let details = &vertex.details;
        let is_told_otherwise = repos.contains(&*vertex.id)
            || details.packages.iter().any(|purl| packages.contains(purl.as_str()))
            || (&before.packages, &before.latest_version) != (&details.packages, &details.latest_version);
        if is_told_otherwise { None } else { former.resident.parts.versions[number].clone() }
    };
    let of = |(number, vertex): (usize, &Vertex)| {
        let fresh = || kept(number, vertex).unwrap_or_else(|| Arc::new(RepoVersions::of(state, vertex)));
        vertex.repo.then(fresh)
    };
    graph.vertices.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::formula::Formula;
    use domain::recorded::{Envelope, Recorded};
    use ingest::bench::generate::{Generator, Size};
    use projections::fold::{Fold, World};

    use super::*;

    /// A generated log, as a reader gives it.
    fn log(size: Size) -> impl Iterator<Item = Recorded> {
        (1..).zip(Generator::new(size)).map(|(position, append)| {
            let observed_at = append.observed_at.unwrap();
            let envelope = Envelope {
                stream: append.event.stream().unwrap(),
                sequence: position,
                event_type: append.event.event_type().name().to_owned(),
                version: 1,
                observed_at,
                recorded_at: observed_at,
                metadata: Default::default(),
                payload_sha256: Digest::default(),
            };
            Recorded {
                position,
                append: Default::default(),
                index: 0,
                envelope: Arc::new(envelope),
                leaf_hash: Digest::default(),
                event: append.event,
            }
        })
    }

    #[test]
    fn what_is_shared_with_the_snapshot_before_is_what_would_be_made_anew() {
        let formula = Formula::shipped("atlas-1").unwrap();
        let names = KnownNames::default();
        let mut fold = Fold::new(World::default(), formula.clone(), BTreeSet::new(), None);
        let mut last: Option<Resident> = None;
        let mut shared = [0_u32; 5];
        for event in log(Size { repos: 30, edges: 120, events: 1_500, seed: 7 }) {
            fold.apply(&event).unwrap();
            // Looks that are close to each other, and such that are not.
            if event.position % 40 > 3 {
                continue;
            }
            let now = fold.read(|view, scores, touched| {
                let former = last.as_ref().zip(touched).map(|(resident, touched)| Former { resident, touched });
                Resident::of(view, scores.clone(), &formula, Digest::default(), &names, former)
            });
            let view = fold.world.view();
            let fresh = Resident::of(&view, view.scores(&formula), &formula, Digest::default(), &names, None);
            assert_eq!(now.parts, fresh.parts, "position {}", event.position);
            assert_eq!(now.graph, fresh.graph);
            if let Some(last) = &last {
                let (before, now) = (&last.parts, &now.parts);
                shared[0] += u32::from(Arc::ptr_eq(&before.people, &now.people));
                shared[1] += u32::from(Arc::ptr_eq(&before.latest, &now.latest));
                shared[2] += u32::from(Arc::ptr_eq(&before.metadata, &now.metadata));
                shared[3] += u32::from(Arc::ptr_eq(&before.packages, &now.packages));
                let both = before.versions.iter().flatten().zip(now.versions.iter().flatten());
                shared[4] += u32::from(both.filter(|(before, now)| Arc::ptr_eq(before, now)).count() > 0);
            }
            last = Some(now);
        }
        assert!(shared.iter().all(|times| *times > 20), "each part is shared at times: {shared:?}");
    }
}
