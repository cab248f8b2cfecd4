//! Why an edge stands: every live claim behind it, with the event that makes it, and what binds the names that the
//! claims use to the vertices that they mean.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::curation::Correction;
use domain::recorded::{Position, Rank};
use domain::repository_link::repository_of;

use super::meaning::Meaning;
use super::snapshot::{FLAT, NESTED, ROOT};
use super::state::GraphState;

/// A claim behind an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Position of the event.
    pub position: Position,
    /// `bill of materials` or `registry record`.
    pub source: &'static str,
    /// What the source is about.
    pub subject: String,
    /// The dependent as claimed.
    pub from: String,
    /// The dependency as claimed.
    pub to: String,
    /// Version as claimed.
    pub version: Option<String>,
    /// `root`, `nested`, `flat`, joined by `+`; `declared` for a registry.
    pub kind: String,
}

/// The claims behind the edge between two vertices, by position.
#[must_use]
pub fn of(state: &GraphState, from: &str, to: &str) -> Vec<Evidence> {
    let meaning = Meaning::of(state);
    let (from, to) = (meaning.resolve(from), meaning.resolve(to));
    let mut found = Vec::new();
    for (subject, snapshot) in meaning.live() {
        for &(a, b, flags, version) in &snapshot.claims {
            let (a, b) = (&snapshot.ids[a as usize], &snapshot.ids[b as usize]);
            if meaning.resolve(a) == from && meaning.resolve(b) == to {
                let kinds = [(ROOT, "root"), (NESTED, "nested"), (FLAT, "flat")];
                let kinds: Vec<&str> =
                    kinds.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
                found.push(Evidence {
                    position: snapshot.rank.position,
                    source: "bill of materials",
                    subject: subject.to_owned(),
                    from: a.clone(),
                    to: b.clone(),
                    version: snapshot.version(version).map(str::to_owned),
                    kind: kinds.join("+"),
                });
            }
        }
    }
    for (package, crawl) in state.packages.iter().filter(|(package, _)| meaning.resolve(package) == from) {
        let declared = crawl.value.dependencies.iter().filter(|dependency| meaning.resolve(&dependency.purl) == to);
        found.extend(declared.map(|dependency| Evidence {
            position: crawl.rank.position,
            source: "registry record",
            subject: package.clone(),
            from: package.clone(),
            to: dependency.purl.clone(),
            version: dependency.requirement.clone(),
            kind: "declared".to_owned(),
        }));
    }
    found.sort_by(|a, b| (a.position, &a.from, &a.to).cmp(&(b.position, &b.from, &b.to)));
    found
}

/// A fact by which one id means another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Binding {
    /// Position of the event.
    pub position: Position,
    /// The id that does not stand for itself.
    pub id: String,
    /// What the fact binds it to.
    pub to: String,
    /// `rename` or `publication`.
    pub kind: &'static str,
    /// Who says so: `host facts`, `registry record`, `bill of materials` or `curation`.
    pub source: &'static str,
}

/// What binds ids to the vertices that they mean, step by step, by position. Facts that were outweighed are left out.
#[must_use]
pub fn bindings<'a>(state: &GraphState, ids: impl Iterator<Item = &'a str>) -> Vec<Binding> {
    let meaning = Meaning::of(state);
    let live: BTreeSet<Rank> = meaning.live().map(|(_, snapshot)| snapshot.rank).collect();
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut open: Vec<String> = ids.map(str::to_owned).collect();
    while let Some(id) = open.pop() {
        let end = meaning.resolve(&id);
        if end == id || !seen.insert(id.clone()) {
            continue;
        }
        let mut bind = |position, to: &str, kind, source| {
            if to != id && meaning.resolve(to) == end {
                open.push(to.to_owned());
                found.insert(Binding { position, id: id.clone(), to: to.to_owned(), kind, source });
            }
        };
        if let Some(host) = state.repos.get(&id).and_then(|facts| facts.host.as_ref())
            && let Some(name) = &host.value.full_name
        {
            bind(host.rank.position, name, "rename", "host facts");
        }
        if let Some(crawl) = state.packages.get(&id)
            && let Some(repo) = crawl.value.repository.as_deref().and_then(repository_of)
        {
            bind(crawl.rank.position, &repo, "publication", "registry record");
        }
        for (subject, snapshots) in &state.sboms {
            let said = snapshots.complete.iter().chain(&snapshots.partial);
            for said in
                said.filter(|said| said.publications().any(|package| *package == id) && live.contains(&said.rank))
            {
                bind(said.rank.position, subject, "publication", "bill of materials");
            }
        }
        for curation in state.curations.values() {
            if let Correction::Publication { package, repo: Some(repo) } = &curation.value.correction
                && *package == id
            {
                bind(curation.rank.position, repo, "publication", "curation");
            }
        }
    }
    let mut found: Vec<Binding> = found.into_iter().collect();
    found.sort_by(|a, b| (a.position, &a.id).cmp(&(b.position, &b.id)));
    found
}

/// The events behind the edges out of every vertex that has any, by the vertex' id.
#[must_use]
pub fn speakers(state: &GraphState) -> BTreeMap<String, BTreeSet<Position>> {
    let meaning = Meaning::of(state);
    let mut speakers: BTreeMap<String, BTreeSet<Position>> = BTreeMap::new();
    for (_, snapshot) in meaning.live() {
        let from: BTreeSet<u32> = snapshot.claims.iter().map(|claim| claim.0).collect();
        for dependent in from {
            let id = meaning.resolve(&snapshot.ids[dependent as usize]);
            speakers.entry(id.to_owned()).or_default().insert(snapshot.rank.position);
        }
    }
    for (package, crawl) in state.packages.iter().filter(|(_, crawl)| !crawl.value.dependencies.is_empty()) {
        speakers.entry(meaning.resolve(package).to_owned()).or_default().insert(crawl.rank.position);
    }
    speakers
}
