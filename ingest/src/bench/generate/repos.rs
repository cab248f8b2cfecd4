//! What is said of one repository over time: bills of materials, git logs, host facts.

use std::collections::{BTreeMap, BTreeSet};

use domain::Event;
use domain::digest::Digest;
use domain::facts::gitlog::{Author, AuthorDay, GitLogObserved};
use domain::facts::registry::Release;
use domain::facts::repo::RepoObserved;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::number::fit;
use domain::time::{Day, Timestamp};

use super::cast::Cast;
use super::random::{Random, mix};
use super::{Moment, document};
use crate::source::gitlog;

/// Days of history that a first git log tells.
const HISTORY_DAYS: u64 = 700;
/// A library in so many depends on a younger one: cycles are rare, but there are some.
const BACKWARD_ONCE_IN: u64 = 500;
/// Draws for a dependency that is not there yet.
const TRIES: u32 = 8;

/// A repository as far as the log has told of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Repo {
    /// Packages it depends on.
    pub(super) dependencies: BTreeSet<u64>,
    documents: u64,
    logs: u64,
    observations: u64,
    /// Last day of the latest git log.
    logged_to: Option<Day>,
}

impl Repo {
    /// The next bill of materials: newer versions, now and then another dependency. `wanted` is their number.
    pub(super) fn sbom(&mut self, n: u64, wanted: u64, cast: &Cast, at: Moment, random: &mut Random) -> Event {
        if self.documents == 0 {
            for _ in 0..wanted {
                self.depend(n, cast, random);
            }
        } else if random.once_in(2) {
            let place = fit::<usize>(random.below(wanted), "place");
            if let Some(dropped) = self.dependencies.iter().nth(place).copied() {
                self.dependencies.remove(&dropped);
                self.depend(n, cast, random);
            }
        }
        self.documents += 1;
        let root = Package {
            purl: cast.published(n).map(|package| cast.package(package)),
            group: None,
            name: cast.path(n),
            version: Some(format!("0.{}.0", self.documents)),
        };
        let mut packages: Vec<(Package, Option<u64>)> = vec![(root, None)];
        packages.extend(self.dependencies.iter().map(|&package| {
            let version = Some(Cast::version(package, at.day));
            let (purl, name) = (Some(cast.package(package)), cast.package_name(package));
            (Package { purl, group: None, name, version }, Some(package))
        }));
        packages.sort_unstable();
        let index = |wanted: Option<u64>| {
            let place = packages.iter().position(|(_, package)| *package == wanted).unwrap_or(0);
            fit::<u32>(place, "place")
        };
        let relations: BTreeSet<(u32, u32)> =
            self.relations(n).into_iter().map(|(from, to)| (index(from), index(Some(to)))).collect();
        SbomSubmitted {
            subject: cast.subject(n),
            document: document(at, "CycloneDX-JSON", "sbom/1"),
            complete: true,
            described: vec![index(None)],
            relations: relations.into_iter().collect(),
            packages: packages.into_iter().map(|(package, _)| package).collect(),
            publishes: Vec::new(),
        }
        .into()
    }

    /// A third of the dependencies come in by another, younger one; `None` is the repository itself.
    fn relations(&self, n: u64) -> Vec<(Option<u64>, u64)> {
        let all: Vec<u64> = self.dependencies.iter().copied().collect();
        let parent = |k: usize| {
            let package = all[k];
            let younger = all.get(k + 1..).filter(|rest| !rest.is_empty() && (package + n).is_multiple_of(3))?;
            let place = mix(package ^ (n << 24)) % younger.len() as u64;
            younger.get(fit::<usize>(place, "place")).copied()
        };
        (0..all.len()).map(|k| (parent(k), all[k])).collect()
    }

    /// Takes in one more dependency: a library depends on older packages, almost always.
    fn depend(&mut self, n: u64, cast: &Cast, random: &mut Random) {
        let own = cast.published(n);
        for _ in 0..TRIES {
            let bound = own.filter(|_| !random.once_in(BACKWARD_ONCE_IN)).unwrap_or(cast.packages);
            let package = random.skewed(bound);
            if bound > 0 && own != Some(package) && self.dependencies.insert(package) {
                return;
            }
        }
    }

    /// The next git log: all history first, then the days since.
    pub(super) fn git_log(&mut self, n: u64, cast: &Cast, at: Moment, random: &mut Random) -> Event {
        let today = at.observed_at.day();
        let from = self.logged_to.map(|last| last.min(today));
        let (span, rows_each) = match from {
            None => (HISTORY_DAYS, 6),
            Some(from) => (fit::<u64>(today.number() - from.number(), "days") + 1, 1),
        };
        self.logs += 1;
        self.logged_to = self.logged_to.max(Some(today));
        let mut authors: BTreeMap<Digest, bool> = BTreeMap::new();
        let mut days: BTreeMap<(Digest, Day), (u32, u32)> = BTreeMap::new();
        for (k, (author, bot)) in cast.crew(n).enumerate() {
            if k > 0 && from.is_some() && random.once_in(2) {
                continue;
            }
            authors.insert(author, bot);
            for _ in 0..rows_each {
                let back = fit::<i32>(random.below(span), "days");
                let commits = fit::<u32>(1 + (self.logs + 20 / (k as u64 + 1)) % 60, "commits");
                days.insert((author, Day::from_number(today.number() - back)), (commits, commits / 8));
            }
        }
        let noon = |day: Day| Timestamp::from_micros(day.start().micros() + 43_200_000_000).unwrap_or_default();
        let authors: Vec<Author> = authors
            .into_iter()
            .map(|(pseudonym, bot)| {
                let mut own = days.keys().filter(|(author, _)| *author == pseudonym).map(|(_, day)| noon(*day));
                let first = own.next().unwrap_or_default();
                Author { pseudonym, bot, first, last: own.next_back().unwrap_or(first) }
            })
            .collect();
        let place = |pseudonym: Digest| authors.iter().position(|author| author.pseudonym == pseudonym).unwrap_or(0);
        GitLogObserved {
            subject: cast.subject(n),
            document: document(at, "git-log", gitlog::PARSER),
            pseudonym_key: "bench".to_owned(),
            from,
            to: today,
            latest: authors.iter().map(|author| author.last).max(),
            days: days
                .iter()
                .map(|(&(author, day), &(commits, merges))| AuthorDay {
                    author: fit::<u32>(place(author), "author"),
                    day,
                    commits,
                    merges,
                })
                .collect(),
            authors,
            unsigned: Vec::new(),
        }
        .into()
    }

    /// The next answer of the code host: another push, more stars, and for a few a new name.
    pub(super) fn host(&mut self, n: u64, cast: &Cast, at: Moment) -> Event {
        self.observations += 1;
        // Most have few stars, and those rarely get another.
        let popularity = 20_000 / (1 + mix(n) % 5_000);
        let stars = popularity + popularity * self.observations / 50;
        let name = cast.renamed(n).filter(|_| self.observations > 2).unwrap_or_else(|| cast.repo(n));
        let library = cast.published(n);
        let releases = library.map_or(0, |_| self.observations.min(8));
        let release =
            |k: u64| Release { released: Some(at.earlier(30 * (releases - k))), version: format!("v0.{k}.0") };
        RepoObserved {
            subject: cast.subject(n),
            document: document(at, "GitHub-JSON", "repo/1"),
            full_name: Some(name),
            stars: Some(stars),
            forks: Some(stars / 10),
            private: Some(n % 97 == 96),
            archived: Some(n % 53 == 52 && self.observations > 3),
            fork: Some(n % 41 == 40),
            parent: (n % 41 == 40).then(|| cast.repo(n / 2)),
            default_branch: Some("main".to_owned()),
            license: Some(if n.is_multiple_of(3) { "MIT" } else { "Apache-2.0" }.to_owned()),
            description: Some(format!("Tools of repository {n} for people who build on public goods")),
            pushed_at: Some(at.observed_at),
            latest_version: library.map(|_| format!("v0.{}.0", releases.saturating_sub(1))),
            releases: (0..releases).map(release).collect(),
        }
        .into()
    }
}
