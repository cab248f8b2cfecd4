//! Late-bound identity: which repository an id means, from evidence. Nothing is destroyed; another fact, another
//! answer.

use std::collections::{BTreeMap, BTreeSet};

use domain::recorded::Rank;

use super::curations::CuratedRow;
use super::model::Finding;
use super::names::Name;
use super::rows::{Live, StateView};

/// What ids mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// By number: the id it means.
    means: Vec<Name>,
    /// By number of a package: the repository it is published from.
    published: Vec<Option<Name>>,
    /// Packages that a single repository claims to publish and no registry's link confirms, with it.
    unconfirmed: Vec<(Name, Name)>,
    /// Whether any evidence was passed over because it would close a circle: then it matters which of it is newer.
    pub(super) circular: bool,
}

impl Identity {
    /// The id that `id` means: a repository's present name, the repository a package is published from, or itself.
    pub(super) fn resolve(&self, id: Name) -> Name {
        self.means[id as usize]
    }

    /// Takes in ids up to this number, of which nothing is known: they mean themselves.
    pub(super) fn extend(&mut self, count: usize) {
        self.means.extend((0..).take(count).skip(self.means.len()));
        self.published.resize(count, None);
    }

    /// By number: the id it means.
    pub(super) fn means(&self) -> &[Name] {
        &self.means
    }

    /// The packages published from repositories, with these.
    pub(super) fn publications(&self) -> impl Iterator<Item = (Name, Name)> {
        (0..).zip(&self.published).filter_map(|(package, repo)| Some((package, self.resolve((*repo)?))))
    }

    /// Weighs the evidence. `repos` tells which ids are Repos before publications are known.
    pub(super) fn weigh(known: StateView<'_>, repos: &[bool], findings: &mut Vec<Finding>) -> Self {
        let names = known.names;
        let (renamed, circular) = renames(known);
        let mut said = known.publications(|subject| renamed[subject as usize]);
        said.sort_unstable();
        said.dedup();
        let mut linked: Vec<Option<Name>> = vec![None; names.len()];
        let mut elsewhere: BTreeMap<Name, &str> = BTreeMap::new();
        for package in known.packages() {
            linked[package.name as usize] = package.repository.map(|link| renamed[link as usize]);
            elsewhere.extend(package.linked_elsewhere.as_deref().map(|link| (package.name, link)));
        }
        // Where the registry's link leads to a Repo, it decides; a claim decides where there is no link.
        let mut published: Vec<Option<Name>> =
            linked.iter().map(|link| link.filter(|link| repos[*link as usize])).collect();
        let mut unconfirmed = Vec::new();
        for claims in said.chunk_by(|a, b| a.0 == b.0) {
            let package = claims[0].0;
            let link = linked[package as usize].map(|link| names.text(link));
            let link = link.or_else(|| elsewhere.get(&package).copied());
            match (link, claims) {
                _ if published[package as usize].is_some() => {}
                (None, [(_, only)]) => {
                    published[package as usize] = Some(*only);
                    unconfirmed.push((package, *only));
                }
                _ => {
                    let mut claimed: Vec<&str> = claims.iter().map(|(_, repo)| names.text(*repo)).collect();
                    claimed.sort_unstable();
                    let claimed = claimed.join(", ");
                    let reason = match link {
                        Some(link) => format!("{claimed} claims to publish it; its registry links {link}"),
                        None => format!("claimed by {claimed}; no registry link decides"),
                    };
                    findings.push(Finding::new("publication", names.text(package), reason));
                }
            }
        }
        for (_, row) in known.curations().iter() {
            if let CuratedRow::Publication { package, repo } = row {
                findings.retain(|finding| !finding.is("publication", names.text(*package)));
                unconfirmed.retain(|(unconfirmed, _)| unconfirmed != package);
                published[*package as usize] = repo.map(|repo| renamed[repo as usize]);
            }
        }
        let mut means = renamed.clone();
        for (means, repo) in means.iter_mut().zip(&published) {
            *means = repo.map_or(*means, |repo| renamed[repo as usize]);
        }
        ask_about_renames(known, findings);
        Self { means, published, unconfirmed, circular }
    }

    /// The packages published from repositories, with the vertices that show them.
    pub(super) fn published_from(&self) -> impl Iterator<Item = (Name, Name)> {
        self.publications().map(|(package, repo)| (package, self.resolve(repo)))
    }

    /// What ids mean that meant something else before, when there were as many or fewer, and what they meant; likewise
    /// where packages are published from. An id that was not there means itself.
    pub(super) fn moved_since(&self, before: &Self) -> BTreeSet<Name> {
        let mut moved = BTreeSet::new();
        let shows = |identity: &Self, package: usize| {
            let repo = identity.published.get(package).copied().flatten()?;
            Some(identity.resolve(identity.resolve(repo)))
        };
        for (id, meant) in (0..).zip(&self.means) {
            let former = before.means.get(id as usize).copied().unwrap_or(id);
            moved.extend((former != *meant).then_some([former, *meant]).into_iter().flatten());
            let [former, now] = [before, self].map(|identity| shows(identity, id as usize));
            moved.extend((former != now).then_some([former, now]).into_iter().flatten().flatten());
        }
        moved
    }

    /// The packages that a single repository claims to publish and no registry's link confirms, with it.
    pub(super) fn unconfirmed(&self) -> impl Iterator<Item = (Name, Name)> {
        self.unconfirmed.iter().map(|(package, repo)| (*package, self.resolve(*repo)))
    }

    /// What rests on one word alone: a package that others depend on, claimed by a single repository, of which no
    /// registry knows where it comes from. A curation of the publication settles it.
    pub(super) fn ask_about_claims(&self, known: StateView<'_>, live: &[Live<'_>], findings: &mut Vec<Finding>) {
        let mut dependents: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
        let claimed: BTreeMap<Name, Name> = self.unconfirmed().collect();
        if !claimed.is_empty() {
            let documents = live.iter().map(|live| (live.subject, &live.said.ids));
            let crawls = known.packages().map(|package| (self.resolve(package.name), &package.ids));
            for (dependent, ids) in documents.chain(crawls) {
                for package in ids.iter().filter(|id| claimed.get(*id).is_some_and(|repo| *repo != dependent)) {
                    dependents.entry(*package).or_default().insert(dependent);
                }
            }
        }
        let asked = dependents.into_iter();
        findings.extend(asked.map(|(package, all)| claimed_alone(known, package, claimed[&package], all.len())));
    }
}

/// A package that so many others depend on, claimed by a repository alone.
pub(super) fn claimed_alone(known: StateView<'_>, package: Name, repo: Name, dependents: usize) -> Finding {
    let repo = known.names.text(repo);
    let reason = format!("claimed by {repo} alone; no registry confirms it, and others depend on it: {dependents}");
    Finding::new("publication", known.names.text(package), reason)
}

/// A rename that takes a repository to another owner rests on one word alone. A curation of the membership settles it.
fn ask_about_renames(known: StateView<'_>, findings: &mut Vec<Finding>) {
    let names = known.names;
    let curated = known.curations().iter().filter_map(|(_, row)| match row {
        CuratedRow::Membership { repo, .. } => Some(*repo),
        _ => None,
    });
    let curated: BTreeSet<Name> = curated.collect();
    for repo in known.repos() {
        let Some(renamed) = repo.host.and_then(|host| host.renamed) else { continue };
        let settled = curated.contains(&repo.name) || curated.contains(&renamed);
        if !settled && names.owner(repo.name) != names.owner(renamed) {
            let reason = format!("its host calls it {}, of another owner", names.text(renamed));
            findings.push(Finding::new("rename", names.text(repo.name), reason));
        }
    }
}

/// By number the present name, from the newest evidence; evidence that would close a circle is older news and is passed
/// over. Says, too, whether there was any.
fn renames(known: StateView<'_>) -> (Vec<Name>, bool) {
    let said = known.repos().filter_map(|repo| Some((repo.host?.rank, repo.name, repo.host?.renamed?)));
    let mut evidence: Vec<(Rank, Name, Name)> = said.collect();
    // Every rank is another event's, so this is an order.
    evidence.sort_unstable_by(|a, b| b.cmp(a));
    let mut to: BTreeMap<Name, Name> = BTreeMap::new();
    let end_of = |to: &BTreeMap<Name, Name>, from: Name| {
        let mut end = from;
        while let Some(next) = to.get(&end) {
            end = *next;
        }
        end
    };
    let mut circular = false;
    for (_, from, name) in evidence {
        if end_of(&to, name) == from {
            circular = true;
        } else {
            to.insert(from, name);
        }
    }
    for (canonical, kept) in kept_otherwise(known) {
        if end_of(&to, kept) != canonical {
            to.entry(canonical).or_insert(kept);
        }
    }
    let mut renamed: Vec<Name> = (0..).take(known.names.len()).collect();
    for from in to.keys() {
        renamed[*from as usize] = end_of(&to, *from);
    }
    (renamed, circular)
}

/// Whether one of the ids from this number on, of which nothing was known before, means one that is kept otherwise.
pub(super) fn are_kept_otherwise(known: StateView<'_>, from: usize) -> bool {
    from < known.names.len() && kept_otherwise(known).iter().any(|(id, _)| *id as usize >= from)
}

/// GitLab ignores case, and ids are lower case; but an earlier program kept them there as written. Where no fact is
/// about the id in lower case, it means the one that a fact spelled otherwise: links and claims go on finding it.
fn kept_otherwise(known: StateView<'_>) -> Vec<(Name, Name)> {
    let names = known.names;
    let loud = names.loud().filter(|name| known.repo(*name).is_some());
    let pairs = loud.filter_map(|name| Some((names.find(&names.text(name).to_lowercase())?, name)));
    let mut pairs: Vec<(Name, Name)> = pairs.collect();
    // Of several spellings the first bytewise is meant.
    pairs.sort_by_key(|(_, loud)| names.text(*loud));
    pairs.retain(|(id, _)| known.repo(*id).is_none());
    pairs
}
