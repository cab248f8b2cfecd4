//! The rows of a state in numbers.
//!
//! To read a row is to hash its texts, and at a look most rows are far away in memory. So what scores need of them is
//! kept from one look to the next, and only rows that were touched are read again.

use domain::facts::registry::RegistryCrawled;
use domain::recorded::Rank;
use domain::repository_link::{is_link, repository_of};

use super::answers::AnswerRows;
use super::curations::{Curations, NamedTexts};
use super::funding::Fundings;
use super::names::{InternedIds, InternedTexts, Name};
use super::news::News;
use super::row_map::{RowsByName, to_read};
use super::snapshot::{DocumentClaims, Snapshots};
use super::state::{GraphState, RepoFacts};
use crate::changes::Changes;
use crate::newest::Newest;

/// A repository that an ingestion is about.
#[derive(Clone, Debug)]
pub(super) struct RepoRow {
    pub(super) name: Name,
    /// What the host says.
    pub(super) host: Option<Host>,
    /// The numbers of the projects named at ingestion, by the newest fact of each source.
    pub(super) flags: Vec<(Rank, Name)>,
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

/// All rows that name ids.
#[derive(Clone, Debug, Default)]
pub(super) struct InternedRows {
    pub(super) names: InternedIds,
    /// The ids of projects.
    projects: InternedTexts,
    /// The names of projects that answers go by, and curations of those, normalised.
    answered_names: InternedTexts,
    repos: RowsByName<RepoRow>,
    documents: RowsByName<Documents>,
    packages: RowsByName<PackageRow>,
    fundings: Fundings,
    answers: AnswerRows,
    curations: Curations,
}

impl InternedRows {
    /// Reads the rows of a state that were touched since the last look, or all. Says what those brought that were
    /// touched.
    pub(super) fn learn(&mut self, state: &GraphState, touched: Option<&Changes>) -> News {
        let Self { names, projects, answered_names, repos, documents, packages, fundings, answers, curations } = self;
        let mut news = News::default();
        let rows = to_read(&state.repos, "repo", touched);
        let read = |names: &mut InternedIds, name, facts: &RepoFacts, held: Option<&RepoRow>| {
            RepoRow::of(names, projects, name, facts, held)
        };
        repos.take_in(names, rows, read, |held, new| news.of_repo(held, new));
        let rows = to_read(&state.sboms, "sbom", touched);
        documents.take_in(names, rows, Documents::of, |held, new| news.of_documents(held, new));
        let rows = to_read(&state.packages, "package", touched);
        packages.take_in(names, rows, PackageRow::of, |held, new| news.of_package(held, new));
        fundings.learn(state, touched, (names, projects), &mut news);
        answers.learn(state, touched, (projects, answered_names), &mut news);
        curations.learn(state, touched, NamedTexts { names, projects, answered: answered_names }, &mut news);
        names.sort();
        projects.sort();
        news
    }
}

impl News {
    fn of_repo(&mut self, held: Option<&RepoRow>, new: &RepoRow) {
        let Some(held) = held else {
            (self.identity, self.projects) = (true, true);
            self.signals.push(new.name);
            return;
        };
        let renamed = |row: &RepoRow| row.host.and_then(|host| host.renamed);
        self.identity |= renamed(held) != renamed(new);
        self.renames_again |= renamed(new).is_some();
        let project = |row: &RepoRow| {
            let (_, first) = row.flags.first()?;
            row.flags.iter().all(|(_, project)| project == first).then_some(*first)
        };
        if held.flags != new.flags {
            self.projects |= project(held).is_none() || project(held) != project(new);
            self.flagged_again.push(new.name);
        }
        let signals = |row: &RepoRow| row.host.map(|host| (host.rank, host.stars, host.forks));
        if signals(held) != signals(new) {
            self.signals.push(new.name);
        }
    }

    fn of_package(&mut self, held: Option<&PackageRow>, new: &PackageRow) {
        let link = |row: &PackageRow| (row.repository, row.linked_elsewhere.clone());
        // An answer without a link decides nothing that none decided.
        self.identity |= held.map(link).unwrap_or_default() != link(new);
        if held.and_then(|row| row.downloads) != new.downloads {
            self.signals.push(new.name);
        }
    }

    fn of_documents(&mut self, held: Option<&Documents>, new: &Documents) {
        self.identity |= !held.into_iter().flat_map(Documents::publications).eq(new.publications());
        self.subjects.push(new.subject);
    }
}

impl RepoRow {
    fn of(
        names: &mut InternedIds,
        projects: &mut InternedTexts,
        name: Name,
        facts: &RepoFacts,
        held: Option<&Self>,
    ) -> Self {
        let host = facts.host.as_ref().map(|host| {
            // Most answer with the name that they are asked by.
            let before = held.and_then(|held| held.host?.renamed).unwrap_or(name);
            let renamed = host.value.full_name.as_ref().map(|renamed| names.number_like(renamed, Some(before)));
            let renamed = renamed.filter(|renamed| *renamed != name);
            Host { rank: host.rank, renamed, stars: host.value.stars, forks: host.value.forks }
        });
        let flags = facts.flags.values().filter_map(|flag| Some((flag.rank, projects.number(flag.value.as_deref()?))));
        Self { name, host, flags: flags.collect() }
    }
}

impl DocumentRow {
    fn of(names: &mut InternedIds, snapshot: &DocumentClaims, held: Option<&Self>) -> Self {
        let numbers = |names: &mut InternedIds, ids: &mut dyn Iterator<Item = &String>, before: &[Name]| {
            let mut before = before.iter().copied();
            ids.map(|id| names.number_like(id, before.next())).collect()
        };
        let (ids, publications) = held.map_or_else(Default::default, |held| (&held.ids[..], &held.publications[..]));
        Self {
            rank: snapshot.rank,
            publications: numbers(names, &mut snapshot.publications(), publications),
            ids: numbers(names, &mut snapshot.ids.iter(), ids),
        }
    }
}

impl Documents {
    fn of(names: &mut InternedIds, subject: Name, snapshots: &Snapshots, held: Option<&Self>) -> Self {
        let complete = held.and_then(|held| held.complete.as_ref());
        let newest = held.and_then(|held| held.partial.last()).or(complete);
        Self {
            subject,
            complete: snapshots.complete.as_ref().map(|snapshot| DocumentRow::of(names, snapshot, complete)),
            partial: snapshots.partial.iter().map(|snapshot| DocumentRow::of(names, snapshot, newest)).collect(),
        }
    }

    /// The packages that each says are published from the subject.
    fn publications(&self) -> impl Iterator<Item = Name> {
        self.complete.iter().chain(&self.partial).flat_map(|said| &said.publications).copied()
    }
}

impl PackageRow {
    fn of(names: &mut InternedIds, name: Name, crawl: &Newest<RegistryCrawled>, held: Option<&Self>) -> Self {
        let facts = &crawl.value;
        let repository = facts.repository.as_deref().and_then(repository_of);
        let mut before = held.map_or(&[][..], |held| &held.ids).iter().copied();
        let needed = facts.dependencies.iter();
        Self {
            name,
            rank: crawl.rank,
            ids: needed.map(|dependency| names.number_like(&dependency.purl, before.next())).collect(),
            linked_elsewhere: facts
                .repository
                .as_deref()
                .filter(|link| repository.is_none() && is_link(link))
                .map(Into::into),
            repository: repository.map(|link| names.number_like(&link, held.and_then(|held| held.repository))),
            downloads: facts.downloads_30d(),
        }
    }
}

/// A state beside its rows in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct StateView<'a> {
    pub(super) state: &'a GraphState,
    pub(super) names: &'a InternedIds,
    /// The ids of projects.
    pub(super) projects: &'a InternedTexts,
    /// The names of projects that answers go by, and curations of those, normalised.
    pub(super) answered_names: &'a InternedTexts,
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
        Self { state, names: &rows.names, projects: &rows.projects, answered_names: &rows.answered_names, rows }
    }

    /// Repositories that ingestions are about, in no order that means anything.
    pub(super) fn repos(self) -> impl Iterator<Item = &'a RepoRow> {
        self.rows.repos.iter()
    }

    /// What ingestions say of a repository, as given.
    pub(super) fn repo(self, name: Name) -> Option<&'a RepoRow> {
        self.rows.repos.get(name)
    }

    /// The registry's answer about a package.
    pub(super) fn package(self, name: Name) -> Option<&'a PackageRow> {
        self.rows.packages.get(name)
    }

    /// Whether documents are about it, as given.
    pub(super) fn is_subject(self, id: Name) -> bool {
        self.rows.documents.get(id).is_some()
    }

    /// The subjects of documents.
    pub(super) fn subjects(self) -> impl Iterator<Item = Name> {
        self.rows.documents.iter().map(|documents| documents.subject)
    }

    /// Packages that registries answered about, in no order that means anything.
    pub(super) fn packages(self) -> impl Iterator<Item = &'a PackageRow> {
        self.rows.packages.iter()
    }

    /// The same, each with the answer whole, by id.
    pub(super) fn crawls(self) -> impl Iterator<Item = (&'a Newest<RegistryCrawled>, &'a PackageRow)> {
        let row = move |id: &str| self.rows.packages.get(self.names.find(id)?);
        self.state.packages.iter().filter_map(move |(id, crawl)| Some((crawl, row(id)?)))
    }

    /// What grants say, by project.
    pub(super) fn fundings(self) -> &'a Fundings {
        &self.rows.fundings
    }

    /// Of which projects there are answers to the survey.
    pub(super) fn answers(self) -> &'a AnswerRows {
        &self.rows.answers
    }

    /// What maintainers correct.
    pub(super) fn curations(self) -> &'a Curations {
        &self.rows.curations
    }

    /// A live document whole.
    pub(super) fn snapshot(self, live: &Live<'_>) -> Option<&'a DocumentClaims> {
        let Snapshots { complete, partial } = self.state.sboms.get(self.names.text(live.documents.subject))?;
        complete.iter().chain(partial).find(|snapshot| snapshot.rank == live.said.rank)
    }

    /// The live documents of every subject, by what the subject means.
    pub(super) fn live(self, means: impl Fn(Name) -> Name) -> Vec<Live<'a>> {
        live_of_all(self.rows.documents.iter().map(|documents| (means(documents.subject), documents)).collect())
    }

    /// The packages that live documents say are published from what their subjects mean, with that.
    pub(super) fn publications(self, means: impl Fn(Name) -> Name) -> Vec<(Name, Name)> {
        let mut publish = vec![false; self.names.len()];
        for documents in self.rows.documents.iter() {
            publish[means(documents.subject) as usize] |= documents.publications().next().is_some();
        }
        let all = self.rows.documents.iter().map(|documents| (means(documents.subject), documents));
        let live = live_of_all(all.filter(|(subject, _)| publish[*subject as usize]).collect()).into_iter();
        live.flat_map(|live| live.said.publications.iter().map(move |package| (*package, live.subject))).collect()
    }

    /// The live documents of a subject that goes by these names.
    pub(super) fn live_among(self, subject: Name, names: impl Iterator<Item = Name>) -> Vec<Live<'a>> {
        let documents = names.filter_map(|name| self.rows.documents.get(name));
        let mut live = Vec::new();
        live_of(subject, &documents.map(|documents| (subject, documents)).collect::<Vec<_>>(), &mut live);
        live
    }
}

/// The live ones of documents, each with what its subject means.
fn live_of_all(mut all: Vec<(Name, &Documents)>) -> Vec<Live<'_>> {
    all.sort_by_key(|(subject, _)| *subject);
    let mut live = Vec::with_capacity(all.len());
    all.chunk_by(|a, b| a.0 == b.0).for_each(|same| live_of(same[0].0, same, &mut live));
    live
}

/// The live ones of a subject's documents. Where several subjects turned out to be one, the newest complete document of
/// any is that of all.
fn live_of<'a>(subject: Name, all: &[(Name, &'a Documents)], live: &mut Vec<Live<'a>>) {
    let each = |of: fn(&'a Documents) -> &'a [DocumentRow]| {
        let documents = all.iter().map(|(_, documents)| *documents);
        documents.flat_map(move |documents| of(documents).iter().map(move |said| Live { subject, said, documents }))
    };
    let complete = each(|documents| documents.complete.as_slice()).max_by_key(|live| live.said.rank);
    let newer = |live: &Live<'_>| complete.is_none_or(|complete| live.said.rank > complete.said.rank);
    let first = live.len();
    live.extend(complete.into_iter().chain(each(|documents| &documents.partial).filter(newer)));
    live[first..].sort_unstable_by_key(|live| live.said.rank);
}
