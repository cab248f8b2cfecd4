//! Contributors and what they did, by repository. Bots are none of them.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::number::fit;
use domain::time::Timestamp;
use projections::people::{AuthorTotal, Contributions};
use projections::table::surrogate;

/// Names of people by pseudonym, as they are known beside the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownNames {
    /// The names.
    pub by_pseudonym: BTreeMap<Digest, String>,
    /// Digest of all of them.
    pub digest: Digest,
}

impl KnownNames {
    pub(crate) fn of(by_pseudonym: BTreeMap<Digest, String>) -> Self {
        let parts = by_pseudonym.iter().flat_map(|(person, name)| [&person.0[..], name.as_bytes(), b"\n"]);
        Self { digest: Digest::of_parts(&parts.collect::<Vec<_>>()), by_pseudonym }
    }

    /// Whether a name that was known is another one by now, or none.
    pub(crate) fn has_lost(&self, newer: &BTreeMap<Digest, String>) -> bool {
        self.by_pseudonym.iter().any(|(person, name)| newer.get(person) != Some(name))
    }
}

/// Somebody who commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committer {
    /// The number that stands for the pseudonym outside.
    pub id: u64,
    /// Keyed hash of the address.
    pub pseudonym: Digest,
    /// The name, where it is known and not erased.
    pub name: Option<String>,
    /// Lower-cased, what is shown.
    pub folded: String,
    /// By Repo what was done.
    pub repos: Vec<(u32, AuthorTotal)>,
}

impl Committer {
    /// What is shown: the name, else a word and the beginning of the pseudonym.
    #[must_use]
    pub fn shown(&self) -> String {
        shown(self.name.as_deref(), &self.pseudonym)
    }
}

fn shown(name: Option<&str>, pseudonym: &Digest) -> String {
    name.map_or_else(|| format!("anonymous-{}", &pseudonym.to_string()[..8]), str::to_owned)
}

/// What somebody did, in one Repo or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Number of the person among all.
    pub person: u32,
    /// Commits that are no merges, and when the first and the last were made.
    pub total: AuthorTotal,
}

/// All contributors, by number outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct People {
    all: Vec<Committer>,
    /// By Repo, most commits first, then by number outside.
    by_repo: BTreeMap<u32, Vec<Contribution>>,
    /// The newest commit of all.
    newest: Option<Timestamp>,
    edges: usize,
}

impl People {
    pub(super) fn of(contributions: &Contributions<'_>, names: &BTreeMap<Digest, String>) -> Self {
        let mut people: BTreeMap<(u64, Digest), Vec<(u32, AuthorTotal)>> = BTreeMap::new();
        for (repo, commits) in contributions.iter() {
            for (pseudonym, total) in commits.totals() {
                if !total.bot && total.commits > 0 {
                    let id = surrogate("contributor", &pseudonym.to_string());
                    people.entry((id, pseudonym)).or_default().push((repo, total));
                }
            }
        }
        let all = people.into_iter().map(|((id, pseudonym), repos)| {
            let name = names.get(&pseudonym).cloned();
            let folded = shown(name.as_deref(), &pseudonym).to_lowercase();
            Committer { id, pseudonym, name, folded, repos }
        });
        let all: Vec<Committer> = all.collect();
        let mut by_repo: BTreeMap<u32, Vec<Contribution>> = BTreeMap::new();
        for (number, person) in all.iter().enumerate() {
            for (repo, total) in &person.repos {
                let person = fit(number, "people");
                by_repo.entry(*repo).or_default().push(Contribution { person, total: *total });
            }
        }
        by_repo.values_mut().for_each(|held| sort(held));
        let totals = || by_repo.values().flatten();
        let (newest, edges) = (totals().map(|held| held.total.last).max(), totals().count());
        Self { all, by_repo, newest, edges }
    }

    /// Everybody, by number outside.
    #[must_use]
    pub fn all(&self) -> &[Committer] {
        &self.all
    }

    /// Somebody, by number among all.
    #[must_use]
    pub fn person(&self, number: u32) -> &Committer {
        &self.all[number as usize]
    }

    /// Somebody, by number outside.
    #[must_use]
    pub fn by_id(&self, id: u64) -> Option<&Committer> {
        self.all.binary_search_by_key(&id, |person| person.id).ok().map(|number| &self.all[number])
    }

    /// Who contributed to a Repo, most commits first.
    #[must_use]
    pub fn of_repo(&self, repo: u32) -> &[Contribution] {
        self.by_repo.get(&repo).map_or(&[], Vec::as_slice)
    }

    /// Who contributed to any of these Repos, all of it together, most commits first.
    #[must_use]
    pub fn of_repos(&self, repos: &[u32]) -> Vec<Contribution> {
        let mut sums: BTreeMap<u32, AuthorTotal> = BTreeMap::new();
        for held in repos.iter().flat_map(|repo| self.of_repo(*repo)) {
            let sum = sums.entry(held.person).or_insert(AuthorTotal { commits: 0, merges: 0, ..held.total });
            sum.commits += held.total.commits;
            sum.merges += held.total.merges;
            (sum.first, sum.last) = (sum.first.min(held.total.first), sum.last.max(held.total.last));
        }
        let mut all: Vec<Contribution> =
            sums.into_iter().map(|(person, total)| Contribution { person, total }).collect();
        sort(&mut all);
        all
    }

    /// How many pairs of contributor and Repo there are.
    #[must_use]
    pub fn edges(&self) -> usize {
        self.edges
    }

    /// The newest commit of all, from which windows of activity count back.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.newest
    }

    /// Whether a time lies within so many days before the newest commit of all.
    #[must_use]
    pub fn is_recent(&self, time: Timestamp, days: u16) -> bool {
        self.newest.is_some_and(|newest| time >= newest.days_before(days))
    }

    /// How many people contributed to anything within so many days before the newest commit of all.
    #[must_use]
    pub fn all_active(&self, days: u16) -> usize {
        let is_active = |person: &&Committer| person.repos.iter().any(|(_, total)| self.is_recent(total.last, days));
        self.all.iter().filter(is_active).count()
    }

    /// How many people contributed to any of these Repos within so many days before the newest commit of all.
    #[must_use]
    pub fn active(&self, repos: impl IntoIterator<Item = u32>, days: u16) -> usize {
        let held = repos.into_iter().flat_map(|repo| self.of_repo(repo));
        let recent = held.filter(|held| self.is_recent(held.total.last, days)).map(|held| held.person);
        recent.collect::<BTreeSet<u32>>().len()
    }
}

fn sort(held: &mut [Contribution]) {
    // People are numbered by their numbers outside.
    held.sort_unstable_by_key(|held| (std::cmp::Reverse(held.total.commits), held.person));
}
