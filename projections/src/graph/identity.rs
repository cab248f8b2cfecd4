//! Late-bound identity: which repository an id means, from evidence. Nothing is destroyed; another fact, another
//! answer.

use std::collections::{BTreeMap, BTreeSet};

use domain::facts::curation::Correction;
use domain::recorded::Rank;

use super::model::Finding;
use super::names::Name;
use super::rows::StateView;

/// How ids of repositories on GitLab begin.
const GITLAB: &str = "pkg:gitlab/";

/// What ids mean.
#[derive(Debug, Default)]
pub(super) struct Identity {
    /// By number: the id it means.
    means: Vec<Name>,
    /// By number of a package: the repository it is published from.
    published: Vec<Option<Name>>,
}

impl Identity {
    /// The id that `id` means: a repository's present name, the repository a package is published from, or itself.
    pub(super) fn resolve(&self, id: Name) -> Name {
        self.means[id as usize]
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
        let renamed = renames(known);
        let live = known.live(|subject| renamed[subject as usize]).into_iter();
        let mut said: Vec<(Name, Name)> =
            live.filter_map(|live| Some((live.said.publication?, live.subject))).collect();
        said.sort_unstable();
        said.dedup();
        let mut linked: Vec<Option<Name>> = vec![None; names.len()];
        for package in known.packages() {
            linked[package.name as usize] = package.repository.map(|link| renamed[link as usize]);
        }
        // Where the registry's link leads to a Repo, it decides; a claim decides where there is no link.
        let mut published: Vec<Option<Name>> =
            linked.iter().map(|link| link.filter(|link| repos[*link as usize])).collect();
        for claims in said.chunk_by(|a, b| a.0 == b.0) {
            let package = claims[0].0;
            let link = linked[package as usize].map(|link| names.text(link));
            match (link, claims) {
                _ if published[package as usize].is_some() => {}
                (None, [(_, only)]) => published[package as usize] = Some(*only),
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
        for curated in known.state.curations.values() {
            if let Correction::Publication { package, repo } = &curated.value.correction {
                findings.retain(|finding| !finding.is("publication", package));
                let Some(package) = names.find(package) else { continue };
                let repo = repo.as_ref().and_then(|repo| names.find(repo));
                published[package as usize] = repo.map(|repo| renamed[repo as usize]);
            }
        }
        let mut means = renamed.clone();
        for (means, repo) in means.iter_mut().zip(&published) {
            *means = repo.map_or(*means, |repo| renamed[repo as usize]);
        }
        Self { means, published }
    }
}

/// By number the present name, from the newest evidence; evidence that would close a circle is older news and is passed
/// over.
fn renames(known: StateView<'_>) -> Vec<Name> {
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
    for (_, from, name) in evidence {
        if end_of(&to, name) != from {
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
    renamed
}

/// GitLab ignores case, and ids are lower case; but an earlier program kept them there as written. Where no fact is
/// about the id in lower case, it means the one that a fact spelled otherwise: links and claims go on finding it.
fn kept_otherwise(known: StateView<'_>) -> Vec<(Name, Name)> {
    let names = known.names;
    let subjects = || known.repos().map(|repo| repo.name).filter(|name| names.text(*name).starts_with(GITLAB));
    let loud = subjects().filter(|name| names.text(*name).bytes().any(|byte| byte.is_ascii_uppercase()));
    let pairs = loud.filter_map(|name| Some((names.find(&names.text(name).to_lowercase())?, name)));
    let mut pairs: Vec<(Name, Name)> = pairs.collect();
    if !pairs.is_empty() {
        let canonical: BTreeSet<Name> = subjects().collect();
        pairs.retain(|(id, _)| !canonical.contains(id));
    }
    pairs
}
