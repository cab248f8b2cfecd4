//! Ids as numbers: every text is hashed and compared once, when an event first names it.
//!
//! What an event names never changes, so the numbers are kept by its position and serve every later look at the same
//! log.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::facts::curation::Correction;
use domain::facts::registry::RegistryCrawled;
use domain::facts::repo::RepoObserved;
use domain::grants::{GitUrl, classify_git_url, owner_of};
use domain::recorded::Position;
use domain::repository_link::repository_of;

use super::numbers::ByNumber;
use super::snapshot::{Snapshot, Snapshots};
use super::state::{GraphState, RepoFacts};
use crate::newest::Newest;

/// A number of an id. Numbers follow the order of first mention; they mean nothing outside.
pub(super) type Name = u32;

/// What one event names.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// The ids of a document, the dependencies of a package, the repositories of a grants record.
    pub(super) ids: Vec<Name>,
    /// The package that a document publishes, the repository that a registry links, the name that a host answers with.
    pub(super) link: Option<Name>,
    /// Owners that a grants record names.
    pub(super) owners: Vec<Name>,
    /// The look that used it last.
    look: u64,
}

/// Every id seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
    /// By number: whose repository it is.
    owner_of: Vec<Option<Name>>,
    owners: HashMap<(String, String), Name>,
    owner_texts: Vec<(String, String)>,
    /// Numbers in the order of their texts.
    sorted: Vec<Name>,
    said: ByNumber<Position, Said>,
    /// Numbers of the keys of repositories, documents and packages, as they stood at the last look.
    keys: [Vec<Name>; 3],
    look: u64,
    /// Events that this look has heard of.
    heard: usize,
}

/// The rows of a state beside the numbers of their keys.
#[derive(Debug, Default)]
pub(super) struct Keyed<'a> {
    /// With the name that the host answers with, where that is another.
    pub(super) repos: Vec<(Name, &'a str, &'a RepoFacts, Option<Name>)>,
    pub(super) sboms: Vec<(Name, &'a Snapshots)>,
    pub(super) packages: Vec<(Name, &'a str, &'a Newest<RegistryCrawled>)>,
}

/// Kept events that nobody looks at any more may be as many as those in use, and so many.
const SPARE: usize = 10_000;

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, name: Name) -> &str {
        &self.texts[name as usize]
    }

    /// The text of a number, to be kept.
    pub(super) fn shared(&self, name: Name) -> Arc<str> {
        Arc::clone(&self.texts[name as usize])
    }

    /// The number of a text that was learnt.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// All numbers in the order of their texts.
    pub(super) fn sorted(&self) -> &[Name] {
        &self.sorted
    }

    /// The owner of a repository.
    pub(super) fn owner(&self, name: Name) -> Option<Name> {
        self.owner_of[name as usize]
    }

    /// The number of an owner that was learnt.
    pub(super) fn find_owner(&self, host: &str, owner: &str) -> Option<Name> {
        self.owners.get(&(host.to_owned(), owner.to_owned())).copied()
    }

    /// Host and owner.
    pub(super) fn owner_text(&self, owner: Name) -> (&str, &str) {
        let (host, owner) = &self.owner_texts[owner as usize];
        (host, owner)
    }

    /// What the event at a position names.
    ///
    /// # Panics
    /// When it was not learnt.
    pub(super) fn said(&self, position: Position) -> &Said {
        &self.said[&position]
    }

    /// Learns every id of a state.
    pub(super) fn learn<'a>(&mut self, state: &'a GraphState) -> Keyed<'a> {
        self.look += 1;
        self.heard = 0;
        let known = self.texts.len();
        let mut keyed = Keyed::default();
        let [repos, sboms, packages] = std::mem::take(&mut self.keys);
        let repos = self.keys_of(repos, &state.repos);
        let sboms = self.keys_of(sboms, &state.sboms);
        let packages = self.keys_of(packages, &state.packages);
        for (number, (subject, facts)) in repos.iter().zip(&state.repos) {
            let renamed = facts.host.as_ref().and_then(|host| {
                self.hear(host.rank.position, |names| names.host(&host.value)).filter(|name| name != number)
            });
            keyed.repos.push((*number, subject, facts, renamed));
        }
        for (number, snapshots) in sboms.iter().zip(state.sboms.values()) {
            keyed.sboms.push((*number, snapshots));
            for snapshot in snapshots.complete.iter().chain(&snapshots.partial) {
                self.hear(snapshot.rank.position, |names| names.document(snapshot));
            }
        }
        for (number, (package, crawl)) in packages.iter().zip(&state.packages) {
            keyed.packages.push((*number, package, crawl));
            self.hear(crawl.rank.position, |names| names.crawl(&crawl.value));
        }
        self.keys = [repos, sboms, packages];
        for record in state.projects.values().filter_map(|facts| facts.record.as_ref()) {
            self.hear(record.rank.position, |names| names.git_urls(&record.value.git_urls));
        }
        for application in state.applications.values() {
            self.hear(application.rank.position, |names| names.git_urls(&application.value.git_urls));
        }
        for curation in state.curations.values() {
            match &curation.value.correction {
                Correction::Membership { repo, .. } => _ = self.number(repo),
                Correction::Publication { package, repo } => {
                    self.number(package);
                    repo.as_ref().map(|repo| self.number(repo));
                }
                Correction::Owner { host, owner, .. } => _ = self.owner_number(host, owner),
                Correction::SurveyName { .. } | Correction::Project { .. } => {}
            }
        }
        self.sort_from(known);
        if self.said.len() > 2 * self.heard + SPARE {
            let look = self.look;
            self.said.retain(|_, said| said.look == look);
        }
        keyed
    }

    /// The numbers of a map's keys, of which some are known. A state forgets none, so where there are as many they are
    /// the same.
    fn keys_of<T>(&mut self, known: Vec<Name>, rows: &BTreeMap<String, T>) -> Vec<Name> {
        if known.len() == rows.len() {
            return known;
        }
        let mut known = known.into_iter().peekable();
        let number = |key: &String| known.next_if(|name| self.text(*name) == key).unwrap_or_else(|| self.number(key));
        rows.keys().map(number).collect()
    }

    /// Reads what an event names, where this is the first time. Returns its link.
    fn hear(&mut self, position: Position, read: impl FnOnce(&mut Self) -> Said) -> Option<Name> {
        let look = self.look;
        self.heard += 1;
        if let Some(said) = self.said.get_mut(&position) {
            said.look = look;
            return said.link;
        }
        let said = Said { look, ..read(self) };
        let link = said.link;
        self.said.insert(position, said);
        link
    }

    fn host(&mut self, facts: &RepoObserved) -> Said {
        Said { link: facts.full_name.as_ref().map(|name| self.number(name)), ..Said::default() }
    }

    fn document(&mut self, snapshot: &Snapshot) -> Said {
        let link = snapshot.publication.as_ref().map(|package| self.number(package));
        Said { ids: snapshot.ids.iter().map(|id| self.number(id)).collect(), link, ..Said::default() }
    }

    fn crawl(&mut self, facts: &RegistryCrawled) -> Said {
        let repository = facts.repository.as_deref().and_then(repository_of);
        let link = repository.map(|repository| self.number(&repository));
        let ids = facts.dependencies.iter().map(|dependency| self.number(&dependency.purl)).collect();
        Said { ids, link, ..Said::default() }
    }

    fn git_urls(&mut self, urls: &[String]) -> Said {
        let mut said = Said::default();
        for url in urls {
            match classify_git_url(url) {
                GitUrl::Repo { id } => said.ids.push(self.number(&id)),
                GitUrl::Owner { host, owner } => said.owners.push(self.owner_number(&host, &owner)),
                GitUrl::Other => {}
            }
        }
        said
    }

    fn number(&mut self, text: &str) -> Name {
        if let Some(name) = self.find(text) {
            return name;
        }
        let name = next(self.texts.len());
        let owned: Arc<str> = text.into();
        self.texts.push(Arc::clone(&owned));
        self.numbers.insert(owned, name);
        let owner = owner_of(text).map(|(host, owner)| self.owner_number(host, owner));
        self.owner_of.push(owner);
        name
    }

    fn owner_number(&mut self, host: &str, owner: &str) -> Name {
        let key = (host.to_owned(), owner.to_owned());
        let owner = next(self.owner_texts.len());
        let texts = &mut self.owner_texts;
        *self.owners.entry(key).or_insert_with_key(|key| {
            texts.push(key.clone());
            owner
        })
    }

    /// Takes the numbers from `known` on into the order of texts.
    fn sort_from(&mut self, known: usize) {
        if known == self.texts.len() {
            return;
        }
        let texts = &self.texts;
        let mut new: Vec<Name> = (next(known)..next(texts.len())).collect();
        new.sort_unstable_by(|a, b| texts[*a as usize].cmp(&texts[*b as usize]));
        let old = std::mem::take(&mut self.sorted);
        let mut merged = Vec::with_capacity(texts.len());
        let (mut old, mut new) = (old.into_iter().peekable(), new.into_iter().peekable());
        while let (Some(a), Some(b)) = (old.peek(), new.peek()) {
            let first = texts[*a as usize].cmp(&texts[*b as usize]) == Ordering::Less;
            merged.extend(if first { old.next() } else { new.next() });
        }
        merged.extend(old.chain(new));
        self.sorted = merged;
    }
}

fn next(length: usize) -> Name {
    u32::try_from(length).unwrap_or(Name::MAX)
}
