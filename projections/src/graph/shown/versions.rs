//! By vertex the version that the newest document names which names any.

use std::collections::{BTreeMap, BTreeSet};

use domain::recorded::{Position, Rank};
use domain::version::VersionText;

use crate::graph::claimant::{ClaimOwner, Claimant};
use crate::graph::names::Name;
use crate::graph::resolve_cache::LastLook;

/// A version, and by whom it is named.
type SaidVersion<'a> = (Rank, VersionText<'a>);

/// What documents name, by number of what is meant.
#[derive(Clone, Debug, Default)]
pub(super) struct SaidVersions(Vec<Option<(Rank, Box<str>)>>);

impl SaidVersions {
    /// The version of a vertex.
    pub(super) fn of(&self, vertex: Name) -> Option<&str> {
        self.0[vertex as usize].as_ref().map(|(_, version)| &**version)
    }

    /// Takes in that sources came and went, which mention these ids, and that vertices are meant by other ids.
    pub(super) fn follow(
        &mut self,
        look: &LastLook<'_>,
        entered: &[(ClaimOwner, Position)],
        left: &BTreeSet<Position>,
        mentioned: &BTreeSet<Name>,
        meant: &BTreeSet<Name>,
    ) {
        let LastLook { known, meanings, .. } = *look;
        self.0.resize(known.names.len(), None);
        let mut news: BTreeMap<Name, SaidVersion<'_>> = BTreeMap::new();
        for (owner, position) in entered {
            if let Some(document @ Claimant::Document(_)) = Claimant::at(*owner, *position, known, meanings) {
                named(look, document, |vertex, said| {
                    news.entry(vertex).and_modify(|held| *held = said.max(*held)).or_insert(said);
                });
            }
        }
        let vertices: BTreeSet<Name> = mentioned.iter().map(|id| meanings.identity.resolve(*id)).collect();
        for vertex in vertices.difference(meant) {
            let (held, new) = (&mut self.0[*vertex as usize], news.get(vertex).copied());
            let has_left = held.as_ref().is_some_and(|(rank, _)| left.contains(&rank.position));
            let is_newer = new.is_some_and(|new| held.as_ref().is_none_or(|held| new.0 >= held.0));
            if is_newer {
                *held = owned(new);
            } else if has_left {
                *held = owned(newest(look, *vertex));
            }
        }
        meant.iter().for_each(|vertex| self.0[*vertex as usize] = owned(newest(look, *vertex)));
    }
}

fn owned(said: Option<SaidVersion<'_>>) -> Option<(Rank, Box<str>)> {
    said.map(|(rank, version)| (rank, version.0.into()))
}

/// The versions that a document names, by what is meant.
fn named<'a>(look: &LastLook<'a>, document: Claimant<'a>, mut each: impl FnMut(Name, SaidVersion<'a>)) {
    let texts = document.versions(look.known);
    document.claims(look.known, look.meanings, |_, to, _, version| {
        let text = texts.and_then(|texts| texts.text(version));
        text.into_iter().for_each(|text| each(to, (document.rank(), VersionText(text))));
    });
}

/// The greatest version of the newest document that names one, among all that mention a vertex.
fn newest<'a>(look: &LastLook<'a>, vertex: Name) -> Option<SaidVersion<'a>> {
    let names = look.meanings.names_of(vertex);
    let owners: BTreeSet<ClaimOwner> = names.flat_map(|id| look.links.mentioning(id)).copied().collect();
    let all = owners.into_iter().flat_map(|owner| Claimant::all(owner, look.known, look.meanings));
    let mut documents: Vec<Claimant<'_>> = all.filter(|claimant| matches!(claimant, Claimant::Document(_))).collect();
    documents.sort_unstable_by_key(|document| std::cmp::Reverse(document.rank()));
    documents.into_iter().find_map(|document| {
        let mut greatest = None;
        named(look, document, |named, said| {
            if named == vertex {
                greatest = greatest.max(Some(said));
            }
        });
        greatest
    })
}
