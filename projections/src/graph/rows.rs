//! The rows of a state in numbers.
//!
//! To read a row is to hash its texts, and at a look most rows are far away in memory. So what scores need of them is
//! kept from one look to the next, and only rows that were touched are read again.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::facts::curation::{Correction, Curated};
use domain::facts::registry::RegistryCrawled;
use domain::grants::{GitUrl, classify_git_url};
use domain::recorded::Rank;
use domain::repository_link::{is_link, repository_of};

use super::names::{InternedIds, Name};
use super::snapshot::{DocumentClaims, Snapshots};
use super::state::{GraphState, RepoFacts};
use crate::changes::Changes;
use crate::newest::Newest;
use crate::table::insert;

/// A repository that an ingestion is about.
#[derive(Clone, Debug)]
pub(super) struct RepoRow {
    pub(super) name: Name,
    /// What the host says.
    pub(super) host: Option<Host>,
    /// The projects named at ingestion, by the newest fact of each source.
    pub(super) flags: Vec<(Rank, Arc<str>)>,
}

/// What a host says of a repository.
#[derive(Clone, Copy, Debug)]
pub(super) struct Host {
    pub(super) rank: Rank,
    /// The name that it answers with, where that is another.
    pub(super) renamed: Option<Name>,
    pub(super) stars: Option<u64>,
    pub(super) forks: Option<u64>,
}

/// One document.
#[derive(Clone, Debug)]
pub(super) struct DocumentRow {
    pub(super) rank: Rank,
    /// Its ids, in their order.
    pub(super) ids: Vec<Name>,
    /// The packages that it says are published from its subject.
    pub(super) publications: Vec<Name>,
}

/// The documents of one subject, as [`Snapshots`] has them.
#[derive(Clone, Debug)]
pub(super) struct Documents {
    pub(super) subject: Name,
    pub(super) complete: Option<DocumentRow>,
    pub(super) partial: Vec<DocumentRow>,
}

/// A registry's answer about a package.
#[derive(Clone, Debug)]
pub(super) struct PackageRow {
    pub(super) name: Name,
    pub(super) rank: Rank,
    /// Its dependencies, in their order.
    pub(super) ids: Vec<Name>,
    /// The repository that it links.
    pub(super) repository: Option<Name>,
    /// Its link, where that leads to something that is none on the hosts that we know.
    pub(super) linked_elsewhere: Option<Box<str>>,
    pub(super) downloads: Option<u64>,
}

/// What a grants record names of a project.
#[derive(Clone, Debug)]
pub(super) struct Grants {
    pub(super) project: Arc<str>,
    pub(super) rank: Rank,
    pub(super) repositories: Vec<Name>,
    pub(super) owners: Vec<Name>,
}

/// Rows of one kind, by key.
#[derive(Clone, Debug)]
struct RowsByKey<R>(Vec<(Box<str>, R)>);

impl<R> Default for RowsByKey<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R> RowsByKey<R> {
    /// Reads the touched rows of a map, or all. `met` is shown each that was touched, with what it was.
    fn read<V>(
        &mut self,
        map: &BTreeMap<String, V>,
        touched: Option<impl Iterator<Item = impl AsRef<str>>>,
        mut read: impl FnMut(&str, &V) -> R,
        mut met: impl FnMut(Option<&R>, &R),
    ) {
        let Some(touched) = touched else {
            self.0 = map.iter().map(|(key, value)| (key.as_str().into(), read(key, value))).collect();
            return;
        };
        let mut new = Vec::new();
        for key in touched {
            let key = key.as_ref();
            let Some(value) = map.get(key) else { continue };
            let row = read(key, value);
            match self.place(key) {
                Ok(place) => {
                    met(Some(&self.0[place].1), &row);
                    self.0[place].1 = row;
                }
                Err(place) => {
                    met(None, &row);
                    new.push((place, (key.into(), row)));
                }
            }
        }
        insert(&mut self.0, new);
    }

    fn place(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(held, _)| (**held).cmp(key))
    }

    fn get(&self, key: &str) -> Option<&R> {
        self.place(key).ok().map(|place| &self.0[place].1)
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.iter().map(|(_, row)| row)
    }
}

/// What came with rows that were touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Evidence of what ids mean, and of which are repositories.
    pub(super) identity: bool,
    /// What is said of projects, and whose repositories are.
    pub(super) projects: bool,
    /// Signals of adoption.
    pub(super) signals: bool,
    /// The subjects of documents.
    pub(super) subjects: Vec<Name>,
}

/// All rows that name ids.
#[derive(Clone, Debug, Default)]
pub(super) struct InternedRows {
    pub(super) names: InternedIds,
    repos: RowsByKey<RepoRow>,
    documents: RowsByKey<Documents>,
    packages: RowsByKey<PackageRow>,
    records: RowsByKey<Option<Grants>>,
    applications: RowsByKey<Option<Grants>>,
}

impl InternedRows {
    /// Reads the rows of a state that were touched since the last look, or all. Says what those brought that were
    /// touched.
    pub(super) fn learn(&mut self, state: &GraphState, touched: Option<&Changes>) -> News {
        let Self { names, repos, documents, packages, records, applications } = self;
        let of = |kind| touched.map(|touched| touched.of(kind));
        let mut news = News::default();
        repos.read(&state.repos, of("repo"), |key, facts| repo(names, key, facts), |held, new| news.of_repo(held, new));
        let documents_of = |names: &mut InternedIds, key: &str, snapshots: &Snapshots| Documents {
            subject: names.number(key),
            complete: snapshots.complete.as_ref().map(|snapshot| document(names, snapshot)),
            partial: snapshots.partial.iter().map(|snapshot| document(names, snapshot)).collect(),
        };
        documents.read(
            &state.sboms,
            of("sbom"),
            |key, snapshots| documents_of(names, key, snapshots),
            |held, new| {
                news.identity |= !held.map_or_else(Vec::new, Documents::publications).eq(&new.publications());
                news.subjects.push(new.subject);
            },
        );
        packages.read(
            &state.packages,
            of("package"),
            |key, crawl| package(names, key, crawl),
            |held, new| news.of_package(held, new),
        );
        let mut granted = |held: Option<&Option<Grants>>, new: &Option<Grants>| {
            let named = |said: Option<&Grants>| said.map_or_else(Vec::new, |said| said.repositories.clone());
            news.identity |= named(held.and_then(Option::as_ref)) != named(new.as_ref());
        };
        records.read(
            &state.projects,
            of("project"),
            |key, facts| facts.record.as_ref().map(|record| grants(names, key, record.rank, &record.value.git_urls)),
            &mut granted,
        );
        applications.read(
            &state.applications,
            of("application"),
            |_, application| {
                Some(grants(names, &application.value.project_id, application.rank, &application.value.git_urls))
            },
            granted,
        );
        let is_told = |kind| of(kind).is_some_and(|mut keys| keys.next().is_some());
        news.projects |= ["project", "application", "answer", "curation"].into_iter().any(is_told);
        news.identity |= is_told("curation");
        // Corrections are read where they are needed; here their ids get numbers.
        let curated = |_: &str, curated: &Newest<Curated>| match &curated.value.correction {
            Correction::Membership { repo, .. } => _ = names.number(repo),
            Correction::Publication { package, repo } => {
                names.number(package);
                repo.as_ref().map(|repo| names.number(repo));
            }
            Correction::Owner { host, owner, .. } => _ = names.owner_number(host, owner),
            Correction::SurveyName { .. } | Correction::Project { .. } => {}
        };
        RowsByKey::default().read(&state.curations, of("curation"), curated, |_, _| {});
        names.sort();
        news
    }
}

impl News {
    fn of_repo(&mut self, held: Option<&RepoRow>, new: &RepoRow) {
        let Some(held) = held else {
            (self.identity, self.projects, self.signals) = (true, true, true);
            return;
        };
        let renamed = |row: &RepoRow| row.host.and_then(|host| Some((host.renamed?, host.rank)));
        let signals = |row: &RepoRow| row.host.map(|host| (host.rank, host.stars, host.forks));
        self.identity |= renamed(held) != renamed(new);
        self.projects |= held.flags != new.flags;
        self.signals |= signals(held) != signals(new);
    }

    fn of_package(&mut self, held: Option<&PackageRow>, new: &PackageRow) {
        let is_linked_alike =
            |held: &PackageRow| (held.repository, &held.linked_elsewhere) == (new.repository, &new.linked_elsewhere);
        self.identity |= !held.is_some_and(is_linked_alike);
        self.signals |= held.and_then(|row| row.downloads) != new.downloads;
    }
}

impl Documents {
    /// The packages that each says are published from the subject.
    fn publications(&self) -> Vec<Name> {
        self.complete.iter().chain(&self.partial).flat_map(|said| &said.publications).copied().collect()
    }
}

fn repo(names: &mut InternedIds, key: &str, facts: &RepoFacts) -> RepoRow {
    let name = names.number(key);
    let host = facts.host.as_ref().map(|host| {
        let renamed = host.value.full_name.as_ref().map(|renamed| names.number(renamed));
        let renamed = renamed.filter(|renamed| *renamed != name);
        Host { rank: host.rank, renamed, stars: host.value.stars, forks: host.value.forks }
    });
    let flags = facts.flags.values().filter_map(|flag| Some((flag.rank, flag.value.as_deref()?.into())));
    RepoRow { name, host, flags: flags.collect() }
}

fn document(names: &mut InternedIds, snapshot: &DocumentClaims) -> DocumentRow {
    let publications = snapshot.publications().map(|package| names.number(package)).collect();
    let ids = snapshot.ids.iter().map(|id| names.number(id)).collect();
    DocumentRow { rank: snapshot.rank, ids, publications }
}

fn package(names: &mut InternedIds, key: &str, crawl: &Newest<RegistryCrawled>) -> PackageRow {
    let facts = &crawl.value;
    let repository = facts.repository.as_deref().and_then(repository_of);
    PackageRow {
        name: names.number(key),
        rank: crawl.rank,
        ids: facts.dependencies.iter().map(|dependency| names.number(&dependency.purl)).collect(),
        linked_elsewhere: facts
            .repository
            .as_deref()
            .filter(|link| repository.is_none() && is_link(link))
            .map(Into::into),
        repository: repository.map(|repository| names.number(&repository)),
        downloads: facts.downloads_30d(),
    }
}

fn grants(names: &mut InternedIds, project: &str, rank: Rank, urls: &[String]) -> Grants {
    let mut said = Grants { project: project.into(), rank, repositories: Vec::new(), owners: Vec::new() };
    for url in urls {
        match classify_git_url(url) {
            GitUrl::Repo { id } => said.repositories.push(names.number(&id)),
            GitUrl::Owner { host, owner } => said.owners.push(names.owner_number(&host, &owner)),
            GitUrl::Other => {}
        }
    }
    said
}

/// A state beside its rows in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateView<'a> {
    pub(super) state: &'a GraphState,
    pub(super) names: &'a InternedIds,
    rows: &'a InternedRows,
}

/// A live document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live<'a> {
    /// What its subject means.
    pub(super) subject: Name,
    pub(super) said: &'a DocumentRow,
    documents: &'a Documents,
}

impl<'a> StateView<'a> {
    /// The rows of a state that were learnt last.
    pub(super) fn of(state: &'a GraphState, rows: &'a InternedRows) -> Self {
        Self { state, names: &rows.names, rows }
    }

    /// In the order of the state's.
    pub(super) fn repos(self) -> impl Iterator<Item = &'a RepoRow> {
        self.rows.repos.iter()
    }

    /// The registry's answer about a package.
    pub(super) fn package(self, name: Name) -> Option<&'a PackageRow> {
        self.rows.packages.get(self.names.text(name))
    }

    /// Whether documents are about it, as given.
    pub(super) fn is_subject(self, id: Name) -> bool {
        self.rows.documents.get(self.names.text(id)).is_some()
    }

    /// The subjects of documents.
    pub(super) fn subjects(self) -> impl Iterator<Item = Name> {
        self.rows.documents.iter().map(|documents| documents.subject)
    }

    /// In the order of the state's.
    pub(super) fn packages(self) -> impl Iterator<Item = &'a PackageRow> {
        self.rows.packages.iter()
    }

    /// Every newest grants record.
    pub(super) fn grants(self) -> impl Iterator<Item = &'a Grants> {
        self.rows.records.iter().chain(self.rows.applications.iter()).flatten()
    }

    /// A live document whole.
    pub(super) fn snapshot(self, live: &Live<'_>) -> Option<&'a DocumentClaims> {
        let Snapshots { complete, partial } = self.state.sboms.get(self.names.text(live.documents.subject))?;
        complete.iter().chain(partial).find(|snapshot| snapshot.rank == live.said.rank)
    }

    /// The live documents of every subject, by what the subject means.
    pub(super) fn live(self, means: impl Fn(Name) -> Name) -> Vec<Live<'a>> {
        let all = self.rows.documents.iter();
        let mut parts: Vec<(Name, &Documents)> = all.map(|documents| (means(documents.subject), documents)).collect();
        parts.sort_by_key(|(subject, _)| *subject);
        let mut live = Vec::with_capacity(parts.len());
        for same in parts.chunk_by(|a, b| a.0 == b.0) {
            let documents: Vec<&Documents> = same.iter().map(|(_, documents)| *documents).collect();
            live.extend(live_of(same[0].0, &documents));
        }
        live
    }

    /// The live documents of a subject that goes by these names.
    pub(super) fn live_among(self, subject: Name, names: impl Iterator<Item = Name>) -> Vec<Live<'a>> {
        let documents = names.filter_map(|name| self.rows.documents.get(self.names.text(name)));
        live_of(subject, &documents.collect::<Vec<_>>())
    }
}

/// The live ones of a subject's documents. Where several subjects turned out to be one, the newest complete document of
/// any is that of all.
fn live_of<'a>(subject: Name, all: &[&'a Documents]) -> Vec<Live<'a>> {
    let each = |of: fn(&'a Documents) -> &'a [DocumentRow]| {
        let documents = all.iter().copied();
        documents.flat_map(move |documents| of(documents).iter().map(move |said| Live { subject, said, documents }))
    };
    let complete = each(|documents| documents.complete.as_slice()).max_by_key(|live| live.said.rank);
    let newer = |live: &Live<'_>| complete.is_none_or(|complete| live.said.rank > complete.said.rank);
    let mut live: Vec<Live<'_>> =
        complete.into_iter().chain(each(|documents| &documents.partial).filter(newer)).collect();
    live.sort_unstable_by_key(|live| live.said.rank);
    live
}
