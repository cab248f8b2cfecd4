//! Why an edge stands: every live claim behind it, with the event that makes it.

use domain::recorded::Position;

use super::identity::{Identity, live_snapshots};
use super::membership::GrantLinks;
use super::names::Names;
use super::resolve::known_repositories;
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
    let mut names = Names::default();
    let keyed = names.learn(state);
    let known = known_repositories(state, &keyed, &names, &GrantLinks::of(state, &names));
    let identity = Identity::weigh(state, &keyed, &names, &known, &mut Vec::new());
    let mut found = Vec::new();
    // What no source names has no edges.
    let (Some(from), Some(to)) = (names.find(from), names.find(to)) else { return found };
    let (from, to) = (identity.resolve(from), identity.resolve(to));
    for (subject, snapshot) in live_snapshots(&keyed, |id| identity.resolve(id)) {
        let ids = &names.said(snapshot.rank.position).ids;
        for &(a, b, flags, version) in &snapshot.claims {
            let (a, b) = (a as usize, b as usize);
            if identity.resolve(ids[a]) == from && identity.resolve(ids[b]) == to {
                let kinds = [(ROOT, "root"), (NESTED, "nested"), (FLAT, "flat")];
                let kinds: Vec<&str> =
                    kinds.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, name)| *name).collect();
                found.push(Evidence {
                    position: snapshot.rank.position,
                    source: "bill of materials",
                    subject: names.text(subject).to_owned(),
                    from: snapshot.ids[a].clone(),
                    to: snapshot.ids[b].clone(),
                    version: snapshot.version(version).map(str::to_owned),
                    kind: kinds.join("+"),
                });
            }
        }
    }
    for (package, spelled, crawl) in &keyed.packages {
        if identity.resolve(*package) != from {
            continue;
        }
        let declared = names.said(crawl.rank.position).ids.iter().zip(&crawl.value.dependencies);
        let declared = declared.filter(|(id, _)| identity.resolve(**id) == to);
        found.extend(declared.map(|(_, dependency)| Evidence {
            position: crawl.rank.position,
            source: "registry record",
            subject: (*spelled).to_owned(),
            from: (*spelled).to_owned(),
            to: dependency.purl.clone(),
            version: dependency.requirement.clone(),
            kind: "declared".to_owned(),
        }));
    }
    found.sort_by(|a, b| (a.position, &a.from, &a.to).cmp(&(b.position, &b.from, &b.to)));
    found
}
