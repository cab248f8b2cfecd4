//! Who claims edges: the live documents of a subject, a registry's answer.

use domain::recorded::{Position, Rank};

use super::edges::VersionTexts;
use super::identity::Identity;
use super::identity_cache::Meanings;
use super::model::Confidence;
use super::names::Name;
use super::rows::{Live, PackageRow, StateView};
use super::snapshot::{FLAT, NESTED, ROOT};

/// Whose claims they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ClaimOwner {
    /// The live documents of the subjects that mean this.
    Documents(Name),
    /// A registry's answer about this package.
    Registry(Name),
}

impl ClaimOwner {
    /// Where its sources are kept.
    pub(super) fn place(self) -> (usize, usize) {
        match self {
            Self::Documents(subject) => (0, subject as usize),
            Self::Registry(package) => (1, package as usize),
        }
    }
}

/// Whoever claims edges.
#[derive(Clone, Copy)]
pub(super) enum Claimant<'a> {
    Document(Live<'a>),
    Registry(&'a PackageRow),
}

impl<'a> Claimant<'a> {
    pub(super) fn all(owner: ClaimOwner, known: StateView<'a>, meanings: &Meanings) -> Vec<Self> {
        match owner {
            ClaimOwner::Documents(subject) => {
                let names = meanings.names_of(subject);
                known.live_among(subject, names).into_iter().map(Self::Document).collect()
            }
            ClaimOwner::Registry(package) => known.package(package).map(Self::Registry).into_iter().collect(),
        }
    }

    /// The one of an owner that said something at a position.
    pub(super) fn at(owner: ClaimOwner, position: Position, known: StateView<'a>, meanings: &Meanings) -> Option<Self> {
        Self::all(owner, known, meanings).into_iter().find(|claimant| claimant.rank().position == position)
    }

    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Document(live) => live.said.rank,
            Self::Registry(package) => package.rank,
        }
    }

    pub(super) fn confidence(self) -> Confidence {
        match self {
            Self::Document(_) => Confidence::VerifiedSbom,
            Self::Registry(_) => Confidence::InferredShadow,
        }
    }

    /// The texts of the versions that it claims.
    pub(super) fn versions(self, known: StateView<'a>) -> Option<VersionTexts<'a>> {
        match self {
            Self::Document(live) => known.snapshot(&live).map(VersionTexts::Document),
            Self::Registry(package) => {
                let crawl = known.state.packages.get(known.names.text(package.name))?;
                Some(VersionTexts::Registry(&crawl.value))
            }
        }
    }

    /// Every claim: dependent and dependency as they are meant, flags, number of the version.
    pub(super) fn claims(self, known: StateView<'_>, meanings: &Meanings, mut each: impl FnMut(Name, Name, u8, u32)) {
        let Meanings { identity, repos, .. } = meanings;
        match self {
            Self::Document(live) => {
                let ids = resolved(&live.said.ids, identity);
                for &(from, to, flags, version) in known.snapshot(&live).iter().flat_map(|snapshot| &snapshot.claims) {
                    each(ids[from as usize], ids[to as usize], flags, version);
                }
            }
            Self::Registry(package) => {
                let from = identity.resolve(package.name);
                // The flat policy knows no edge out of an ExternalRepo.
                let flags = if repos[from as usize] { ROOT | FLAT } else { NESTED };
                let needed = resolved(&package.ids, identity);
                (1..).zip(needed).for_each(|(version, to)| each(from, to, flags, version));
            }
        }
    }

    /// The ids that it mentions.
    pub(super) fn mentions(self) -> impl Iterator<Item = Name> + 'a {
        let (own, ids) = match self {
            Self::Document(live) => (None, &live.said.ids),
            Self::Registry(package) => (Some(package.name), &package.ids),
        };
        own.into_iter().chain(ids.iter().copied())
    }
}

fn resolved(ids: &[Name], identity: &Identity) -> Vec<Name> {
    ids.iter().map(|id| identity.resolve(*id)).collect()
}
