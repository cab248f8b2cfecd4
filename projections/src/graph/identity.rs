//! Late-bound identity: which repository an id means, from evidence. Nothing is destroyed; another fact, another
//! answer.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::facts::curation::Correction;
use domain::recorded::Rank;
use domain::repository_link::repository_of;

use super::resolve::Finding;
use super::snapshot::Snapshots;
use super::state::GraphState;

/// What ids mean.
#[derive(Debug, Default)]
pub struct Identity {
    renamed: HashMap<String, String>,
    published: HashMap<String, String>,
}

impl Identity {
    /// The id that `id` means: a repository's present name, the repository a package is published from, or itself.
    #[must_use]
    pub fn resolve<'a>(&'a self, id: &'a str) -> &'a str {
        let id = self.published.get(id).map_or(id, String::as_str);
        self.renamed.get(id).map_or(id, String::as_str)
    }

    /// The packages published from repositories, sorted.
    #[must_use]
    pub fn publications(&self) -> BTreeMap<&str, &str> {
        self.published.iter().map(|(package, repo)| (package.as_str(), self.resolve(repo))).collect()
    }

    /// Weighs the evidence. `is_repo` tells which ids are Repos before publications are known.
    pub fn weigh(state: &GraphState, repos: &BTreeSet<String>, findings: &mut Vec<Finding>) -> Self {
        let mut identity = Self { renamed: renames(state), published: HashMap::new() };
        let mut said: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        let mut by_subject: BTreeMap<&str, Vec<&Snapshots>> = BTreeMap::new();
        for (subject, snapshots) in &state.sboms {
            by_subject.entry(identity.resolve(subject)).or_default().push(snapshots);
        }
        for (subject, parts) in &by_subject {
            for snapshot in Snapshots::live(parts) {
                if let Some(package) = &snapshot.publication {
                    said.entry(package.as_str()).or_default().insert((*subject).to_owned());
                }
            }
        }
        let linked: HashMap<&str, String> = state
            .packages
            .iter()
            .filter_map(|(package, crawl)| {
                let repository = repository_of(crawl.value.repository.as_deref()?)?;
                Some((package.as_str(), identity.resolve(&repository).to_owned()))
            })
            .collect();
        let packages: BTreeSet<&str> = said.keys().chain(linked.keys()).copied().collect();
        let mut published = HashMap::new();
        for package in packages {
            let claimants = said.get(package);
            let link = linked.get(package);
            let decided = match (link, claimants) {
                (Some(link), _) if repos.contains(link) => Some(link.clone()),
                (Some(_), None) => None,
                (None, Some(repos)) if repos.len() == 1 => repos.first().cloned(),
                (link, Some(repos)) => {
                    let claimed = repos.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                    let reason = match link {
                        Some(link) => format!("{claimed} claims to publish it; its registry links {link}"),
                        None => format!("claimed by {claimed}; no registry link decides"),
                    };
                    findings.push(Finding::new("publication", package, reason));
                    None
                }
                (None, None) => None,
            };
            if let Some(repo) = decided {
                published.insert(package.to_owned(), repo);
            }
        }
        for curated in state.curations.values() {
            if let Correction::Publication { package, repo } = &curated.value.correction {
                findings.retain(|finding| !finding.is("publication", package));
                match repo {
                    Some(repo) => published.insert(package.clone(), identity.resolve(repo).to_owned()),
                    None => published.remove(package),
                };
            }
        }
        identity.published = published;
        identity
    }
}

/// Renames, newest evidence first; evidence that would close a circle is older news and is passed over.
fn renames(state: &GraphState) -> HashMap<String, String> {
    let mut evidence: Vec<(Rank, &str, &str)> = state
        .repos
        .iter()
        .filter_map(|(subject, facts)| {
            let host = facts.host.as_ref()?;
            let name = host.value.full_name.as_deref()?;
            (name != subject).then_some((host.rank, subject.as_str(), name))
        })
        .collect();
    evidence.sort_unstable_by(|a, b| b.cmp(a));
    let mut to: HashMap<&str, &str> = HashMap::new();
    for (_, from, name) in evidence {
        let mut end = name;
        while let Some(next) = to.get(end) {
            end = next;
        }
        if end != from {
            to.insert(from, name);
        }
    }
    to.keys()
        .map(|from| {
            let mut end = *from;
            while let Some(next) = to.get(end) {
                end = next;
            }
            ((*from).to_owned(), end.to_owned())
        })
        .collect()
}
