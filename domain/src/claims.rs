//! From the facts of one bill of materials to the edges it claims, on canonical ids.
//!
//! Both edge policies are kept, flagged, so that a formula can choose: *flat* (the subject depends on every package of
//! its document) and *nested* (root edges plus package-to-package edges as declared).

use std::borrow::Cow;
use std::collections::BTreeSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::facts::sbom::{Package, SbomSubmitted};
use crate::number::fit;
use crate::purl;
use crate::version::VersionText;

/// What one document says about dependencies; its texts are those of the facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentGraph<'f> {
    /// Canonical ids of the document, the subject's included, sorted bytewise.
    pub ids: Vec<Cow<'f, str>>,
    /// Index of the subject.
    pub subject: u32,
    /// Edges, sorted by (from, to), without self edges. Where the document declares a dependency on another version
    /// than the one it lists, the same pair stands twice: once flat, once declared.
    pub edges: Vec<DocumentEdge<'f>>,
    /// The package that the root purl says is published from the subject.
    pub publication: Option<String>,
    /// A root purl that names another repository: no identity, a warning.
    pub foreign_root: Option<String>,
    /// Self edges dropped, of relations as declared.
    pub self_edges: usize,
}

/// A claimed edge, dependent to dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentEdge<'f> {
    /// Index of the dependent.
    pub from: u32,
    /// Index of the dependency.
    pub to: u32,
    /// The subject depends on it directly.
    pub root: bool,
    /// Declared between two packages.
    pub nested: bool,
    /// The subject's document lists it.
    pub flat: bool,
    /// Version of the dependency; the greatest where the document says several.
    pub version: Option<&'f str>,
}

impl<'f> DocumentEdge<'f> {
    fn new(from: u32, to: u32, version: Option<&'f str>) -> Self {
        Self { from, to, root: false, nested: false, flat: false, version }
    }

    /// Takes in what another edge of the same pair says of policies.
    fn join(&mut self, other: &Self) {
        self.root |= other.root;
        self.nested |= other.nested;
        self.flat |= other.flat;
    }
}

impl<'f> DocumentGraph<'f> {
    /// Edges under the nested policy.
    pub fn nested_edges(&self) -> impl Iterator<Item = &DocumentEdge<'f>> {
        self.edges.iter().filter(|edge| edge.root || edge.nested)
    }

    /// Derives the claims of a document.
    #[must_use]
    pub fn of(facts: &'f SbomSubmitted) -> Self {
        let subject_id = facts.subject.id.as_str();
        let root = match facts.described.as_slice() {
            [one] => facts.packages.get(*one as usize),
            _ => None,
        };
        let root_id = root.map(|package| package_id(subject_id, package));
        let id_of = |package: &'f Package| {
            let id = package_id(subject_id, package);
            if root_id.as_ref() == Some(&id) { Cow::Borrowed(subject_id) } else { id }
        };
        let package_ids: Vec<Cow<'f, str>> = facts.packages.iter().map(id_of).collect();
        let mut ids = package_ids.clone();
        ids.push(Cow::Borrowed(subject_id));
        ids.sort_unstable();
        ids.dedup();
        let index = |id: &str| {
            let found = ids.binary_search_by(|known| (**known).cmp(id));
            fit::<u32>(found.expect("every id is among the distinct ones"), "ids of a document")
        };
        let subject = index(subject_id);
        let package_index: Vec<u32> = package_ids.iter().map(|id| index(id)).collect();
        drop(package_ids);

        let mut edges = Edges { subject, found: Vec::with_capacity(facts.packages.len() + facts.relations.len()) };
        for (package, to) in facts.packages.iter().zip(&package_index) {
            edges.add(DocumentEdge { flat: true, ..DocumentEdge::new(subject, *to, package.version.as_deref()) });
        }
        let mut self_edges = 0;
        for (from, to) in &facts.relations {
            let (Some(from), Some(target), Some(to)) =
                (package_index.get(*from as usize), facts.packages.get(*to as usize), package_index.get(*to as usize))
            else {
                continue;
            };
            if from == to {
                self_edges += 1;
            }
            let root = *from == subject;
            edges.add(DocumentEdge { root, nested: !root, ..DocumentEdge::new(*from, *to, target.version.as_deref()) });
        }
        edges.add_roots(facts, &package_index, ids.len());

        let repository = root_id.as_ref().filter(|id| purl::is_hosted(id) && ***id != *subject_id);
        let named = root.and_then(|package| package.purl.as_ref());
        Self {
            subject,
            publication: named
                .filter(|id| !purl::is_hosted(id) && !purl::is_private_to_another(id, subject_id))
                .cloned(),
            foreign_root: repository.map(|id| id.clone().into_owned()),
            edges: edges.joined(),
            ids,
            self_edges,
        }
    }
}

/// The canonical id of a package of a document about `subject_id`.
#[must_use]
pub(crate) fn package_id<'f>(subject_id: &str, package: &'f Package) -> Cow<'f, str> {
    match &package.purl {
        Some(id) => Cow::Borrowed(id),
        None => purl::grouped_id(subject_id, package.group.as_deref().unwrap_or_default(), &package.name).into(),
    }
}

/// Edges as they are met, each listed (flat) or declared (root or nested).
struct Edges<'f> {
    subject: u32,
    found: Vec<DocumentEdge<'f>>,
}

impl<'f> Edges<'f> {
    fn add(&mut self, edge: DocumentEdge<'f>) {
        if edge.from != edge.to {
            self.found.push(edge);
        }
    }

    /// Root edges where the document does not declare them itself.
    fn add_roots(&mut self, facts: &'f SbomSubmitted, package_index: &[u32], ids: usize) {
        let subject = self.subject;
        let entry = |n: &u32| {
            let (package, to) = (facts.packages.get(*n as usize)?, package_index.get(*n as usize)?);
            Some((*to, package.version.as_deref()))
        };
        let entries =
            || facts.packages.iter().zip(package_index).map(|(package, to)| (*to, package.version.as_deref()));
        // Several described packages alone are the roots, whether relations are declared or not.
        let targets: Vec<(u32, Option<&'f str>)> = if facts.described.len() > 1 {
            facts.described.iter().filter_map(entry).collect()
        } else if facts.relations.is_empty() {
            entries().collect()
        } else if !self.found.iter().any(|edge| edge.root) {
            let sources = self.sources(ids);
            entries().filter(|(to, _)| sources.contains(to)).collect()
        } else {
            Vec::new()
        };
        for (to, version) in targets {
            self.add(DocumentEdge { root: true, ..DocumentEdge::new(subject, to, version) });
        }
    }

    /// The edges in order: of each pair one that is listed and one that is declared, or one for both where they say the
    /// same version.
    fn joined(self) -> Vec<DocumentEdge<'f>> {
        let key = |edge: &DocumentEdge<'f>| (edge.from, edge.to, !edge.flat);
        let mut joined = self.found;
        joined.sort_unstable_by_key(key);
        joined.dedup_by(|edge, kept| {
            let same = key(edge) == key(kept);
            if same {
                kept.join(edge);
                kept.version =
                    kept.version.map(VersionText).max(edge.version.map(VersionText)).map(|VersionText(text)| text);
            }
            same
        });
        joined.dedup_by(|edge, kept| {
            let same = (edge.from, edge.to, edge.version) == (kept.from, kept.to, kept.version);
            if same {
                kept.join(edge);
            }
            same
        });
        joined
    }

    /// Packages that nothing else depends on, and the bytewise first member of each cycle that nothing outside reaches.
    fn sources(&self, ids: usize) -> BTreeSet<u32> {
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = (0..ids).map(|_| graph.add_node(())).collect();
        for edge in self.found.iter().filter(|edge| edge.nested) {
            graph.add_edge(nodes[edge.from as usize], nodes[edge.to as usize], ());
        }
        // Not Tarjan's: petgraph's is recursive, and a long chain of packages would overflow the stack.
        let components = kosaraju_scc(&graph);
        let mut component_of = vec![0usize; ids];
        for (number, members) in components.iter().enumerate() {
            for member in members {
                component_of[member.index()] = number;
            }
        }
        let mut reached = vec![false; components.len()];
        for edge in self.found.iter().filter(|edge| edge.nested) {
            let (from, to) = (component_of[edge.from as usize], component_of[edge.to as usize]);
            if from != to {
                reached[to] = true;
            }
        }
        components
            .iter()
            .zip(&reached)
            .filter(|(_, reached)| !**reached)
            .filter_map(|(members, _)| members.iter().map(|node| node.index()).min())
            .map(|node| fit(node, "ids of a document"))
            .filter(|node| *node != self.subject)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::facts::{DocumentRef, Subject};

    fn document(names: &[&str], described: &[u32], relations: &[(u32, u32)]) -> SbomSubmitted {
        SbomSubmitted {
            subject: Subject { id: "pkg:github/o/r".to_owned(), spelled: "o/r".to_owned(), project: None },
            document: DocumentRef {
                sha256: Digest::default(),
                bytes: 0,
                format: "SPDX-JSON".to_owned(),
                format_version: None,
                parser: "sbom/1".to_owned(),
            },
            complete: true,
            packages: names
                .iter()
                .map(|name| Package {
                    purl: Some(format!("pkg:npm/{name}")),
                    group: None,
                    name: (*name).to_owned(),
                    version: None,
                })
                .collect(),
            described: described.to_vec(),
            relations: relations.to_vec(),
            publishes: Vec::new(),
        }
    }

    fn nested<'g>(graph: &'g DocumentGraph<'_>) -> Vec<(&'g str, &'g str)> {
        graph.nested_edges().map(|edge| (&*graph.ids[edge.from as usize], &*graph.ids[edge.to as usize])).collect()
    }

    #[test]
    fn the_described_package_is_the_subject() {
        let facts = document(&["a", "b", "root"], &[2], &[(0, 1), (2, 0)]);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a"), ("pkg:npm/a", "pkg:npm/b")]);
        assert_eq!(graph.edges.iter().filter(|edge| edge.flat).count(), 2);
        assert_eq!(graph.publication.as_deref(), Some("pkg:npm/root"));
        assert_eq!(graph.ids.len(), 3);
    }

    #[test]
    fn without_relations_every_package_is_a_root_dependency() {
        let facts = document(&["a", "b"], &[], &[]);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a"), ("pkg:github/o/r", "pkg:npm/b")]);
    }

    #[test]
    fn several_described_packages_are_root_dependencies() {
        let facts = document(&["a", "b", "c"], &[0, 1], &[(0, 2)]);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(
            nested(&graph),
            [("pkg:github/o/r", "pkg:npm/a"), ("pkg:github/o/r", "pkg:npm/b"), ("pkg:npm/a", "pkg:npm/c")]
        );
        assert_eq!(graph.publication, None);
        // The document declares nothing; it lists c, which nobody needs but by the flat policy.
        let facts = document(&["a", "b", "c"], &[0, 1], &[]);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a"), ("pkg:github/o/r", "pkg:npm/b")]);
        assert_eq!(graph.edges.iter().filter(|edge| edge.flat).count(), 3);
    }

    #[test]
    fn without_root_relations_the_tops_and_closed_cycles_hang_on_the_subject() {
        // a -> b; c <-> d reached by nothing; e alone
        let facts = document(&["a", "b", "c", "d", "e"], &[], &[(0, 1), (2, 3), (3, 2)]);
        let graph = DocumentGraph::of(&facts);
        let roots: Vec<&str> = graph.edges.iter().filter(|e| e.root).map(|e| &*graph.ids[e.to as usize]).collect();
        assert_eq!(roots, ["pkg:npm/a", "pkg:npm/c", "pkg:npm/e"]);
    }

    #[test]
    fn a_chain_may_be_as_long_as_a_document() {
        let names: Vec<String> = (0..200_000).map(|n| format!("p{n:06}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let chain: Vec<(u32, u32)> = (1..200_000).map(|n| (n - 1, n)).collect();
        let facts = document(&names, &[], &chain);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(graph.edges.iter().filter(|edge| edge.root).count(), 1);
    }

    #[test]
    fn a_declared_dependency_has_the_version_it_declares() {
        // root -> a@1 -> b; the document lists a@2 as well
        let mut facts = document(&["a", "a", "b", "root"], &[3], &[(0, 2), (3, 0)]);
        facts.packages[0].version = Some("1".to_owned());
        facts.packages[1].version = Some("2".to_owned());
        let graph = DocumentGraph::of(&facts);
        let versions = |kept: fn(&DocumentEdge<'_>) -> bool| -> Vec<_> {
            let found = graph.edges.iter().filter(|edge| kept(edge) && graph.ids[edge.to as usize] == "pkg:npm/a");
            found.map(|edge| edge.version).collect()
        };
        assert_eq!(versions(|edge| edge.flat), [Some("2")]);
        assert_eq!(versions(|edge| edge.root || edge.nested), [Some("1")]);
        // Where both say the same, one edge says it.
        facts.packages.remove(1);
        facts.relations = vec![(0, 1), (2, 0)];
        facts.described = vec![2];
        assert_eq!(DocumentGraph::of(&facts).edges.len(), 3);
    }

    #[test]
    fn self_edges_are_dropped_and_counted() {
        let facts = document(&["a", "b"], &[], &[(0, 0), (0, 1)]);
        let graph = DocumentGraph::of(&facts);
        assert_eq!(graph.self_edges, 1);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a"), ("pkg:npm/a", "pkg:npm/b")]);
    }

    #[test]
    fn packages_without_purl_are_told_apart_by_their_groups() {
        let mut facts = document(&["x", "x", "x"], &[], &[]);
        for (package, group) in facts.packages.iter_mut().zip([None, Some("@a"), Some("b/c")]) {
            package.purl = None;
            package.group = group.map(str::to_owned);
        }
        let graph = DocumentGraph::of(&facts);
        let private = ["pkg:generic/o/r/%40a/x", "pkg:generic/o/r/b/c/x", "pkg:generic/o/r/x"];
        assert_eq!(graph.ids, [&private[..], &["pkg:github/o/r"]].concat());
    }

    #[test]
    fn the_subject_may_be_listed_by_its_own_id() {
        // Nothing is described; the repository itself depends on a, and a on b.
        let mut facts = document(&["a", "b", "c"], &[], &[(0, 1), (3, 0)]);
        facts.packages.push(Package {
            purl: Some("pkg:github/o/r".to_owned()),
            group: None,
            name: "r".to_owned(),
            version: None,
        });
        let graph = DocumentGraph::of(&facts);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a"), ("pkg:npm/a", "pkg:npm/b")]);
        assert_eq!(graph.edges.iter().filter(|edge| edge.flat).count(), 3);
        assert_eq!((graph.publication, graph.foreign_root), (None, None));
    }

    #[test]
    fn a_root_that_names_another_repository_is_no_identity() {
        let mut facts = document(&["a", "x"], &[1], &[(1, 0)]);
        facts.packages[1].purl = Some("pkg:github/other/repo".to_owned());
        let graph = DocumentGraph::of(&facts);
        assert_eq!(graph.foreign_root.as_deref(), Some("pkg:github/other/repo"));
        assert_eq!(graph.publication, None);
        assert_eq!(nested(&graph), [("pkg:github/o/r", "pkg:npm/a")]);
    }
}
