//! Edges with their texts, patched where claims came or went.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::recorded::Position;
use domain::version::VersionText;

use crate::graph::claimant::{ClaimOwner, Claimant};
use crate::graph::link_index::DecidingClaims;
use crate::graph::model::{Confidence, EdgeClaim, ResolvedEdge};
use crate::graph::names::Name;
use crate::graph::resolve_cache::LastLook;
use crate::graph::snapshot::{FLAT, NESTED, ROOT};
use crate::table::insert;

/// By what edges differ from those before.
#[derive(Debug, Default)]
pub(crate) struct EdgePatch {
    /// Those that are there no more: dependent, dependency, and what was.
    pub(crate) gone: Vec<(Arc<str>, Arc<str>, ResolvedEdge)>,
    /// The places of those that are new or have changed.
    pub(crate) changed: Vec<usize>,
}

/// The places of the ends of an edge: dependent, dependency.
type EdgePlaces = (u32, u32);

/// Patches the edges with these ends. `former` are the vertices that all of them are between; `owners` says whose
/// claims were said at a position.
pub(super) fn patch_edges(
    edges: &mut Vec<ResolvedEdge>,
    look: &LastLook<'_>,
    former: &[Name],
    ends: &BTreeSet<(Name, Name)>,
    owners: &BTreeMap<Position, ClaimOwner>,
) -> EdgePatch {
    let id = |name: Name| look.known.names.shared(name);
    let mut patch = EdgePatch::default();
    if former != look.ids {
        renumber(edges, look, former, &mut patch);
    }
    let (mut changed, mut new, mut removed) = (Vec::new(), Vec::new(), Vec::new());
    for (ends, edge) in resolved(look, ends, owners) {
        match (edges.binary_search_by_key(&ends, ends_of), edge) {
            (Ok(place), Some(edge)) if edges[place] != edge => {
                edges[place] = edge;
                changed.push(ends);
            }
            (Err(place), Some(edge)) => {
                new.push((place, edge));
                changed.push(ends);
            }
            (Ok(_), None) => removed.push(ends),
            _ => {}
        }
    }
    insert(edges, new);
    if !removed.is_empty() {
        let gone = edges.extract_if(.., |edge| removed.binary_search(&ends_of(edge)).is_ok());
        patch.gone.extend(gone.map(|edge| (id(look.ids[edge.from as usize]), id(look.ids[edge.to as usize]), edge)));
    }
    patch.changed = changed.iter().filter_map(|ends| edges.binary_search_by_key(ends, ends_of).ok()).collect();
    patch
}

fn ends_of(edge: &ResolvedEdge) -> EdgePlaces {
    (edge.from, edge.to)
}

/// Gives edges the places that their ends have now. The order of places stays that of ids; where an end is no vertex
/// any more its edges go.
fn renumber(edges: &mut Vec<ResolvedEdge>, look: &LastLook<'_>, former: &[Name], patch: &mut EdgePatch) {
    let id = |place: u32| look.known.names.shared(former[place as usize]);
    let now: Vec<u32> = former.iter().map(|id| look.places[*id as usize]).collect();
    edges.retain_mut(|edge| {
        let (from, to) = (now[edge.from as usize], now[edge.to as usize]);
        let stays = from != u32::MAX && to != u32::MAX;
        if stays {
            (edge.from, edge.to) = (from, to);
        } else {
            patch.gone.push((id(edge.from), id(edge.to), edge.clone()));
        }
        stays
    });
}

/// The edges with these ends as they are now, in the order of places.
fn resolved(
    look: &LastLook<'_>,
    ends: &BTreeSet<(Name, Name)>,
    owners: &BTreeMap<Position, ClaimOwner>,
) -> Vec<(EdgePlaces, Option<ResolvedEdge>)> {
    let LastLook { known, meanings, places, .. } = *look;
    let each = ends.iter().map(|(from, to)| ((*from, *to), look.links.deciding(*from, *to, known)));
    let decided: BTreeMap<(Name, Name), Option<DecidingClaims>> = each.collect();
    let deciding = decided.values().flatten().flat_map(|claims| [claims.flat, claims.nested]);
    let sources: BTreeSet<Position> = deciding.flatten().map(|(_, position)| position).collect();
    // Where the deciding source states no version, there is none; where it states several, the greatest is shown.
    let mut versions: BTreeMap<(Name, Name), [Option<VersionText<'_>>; 2]> = BTreeMap::new();
    for position in sources {
        let claimant = Claimant::at(owners[&position], position, known, meanings);
        let claimant = claimant.expect("who was taken in is there until he leaves");
        let texts = claimant.versions(known);
        claimant.claims(known, meanings, |from, to, flags, version| {
            let Some(Some(claims)) = decided.get(&(from, to)) else { return };
            let text = texts.and_then(|texts| texts.text(version)).map(VersionText);
            let held = versions.entry((from, to)).or_default();
            for (held, (wanted, by)) in held.iter_mut().zip([(FLAT, claims.flat), (ROOT | NESTED, claims.nested)]) {
                if flags & wanted != 0 && by.is_some_and(|(_, by)| by == position) {
                    *held = (*held).max(text);
                }
            }
        });
    }
    let claim = |by: Option<(Confidence, Position)>, version: Option<VersionText<'_>>| {
        by.map(|(confidence, _)| EdgeClaim { version: version.map(|text| text.0.into()), confidence })
    };
    let edge = |((from, to), claims): ((Name, Name), Option<DecidingClaims>)| {
        let [flat, nested] = versions.get(&(from, to)).copied().unwrap_or_default();
        let (from, to) = (places[from as usize], places[to as usize]);
        let edge = claims.map(|DecidingClaims { root, flat: by_flat, nested: by_nested }| ResolvedEdge {
            from,
            to,
            root,
            flat: claim(by_flat, flat),
            nested: claim(by_nested, nested),
        });
        ((from, to), edge)
    };
    let mut edges: Vec<(EdgePlaces, Option<ResolvedEdge>)> = decided.into_iter().map(edge).collect();
    edges.sort_unstable_by_key(|(ends, _)| *ends);
    edges
}
