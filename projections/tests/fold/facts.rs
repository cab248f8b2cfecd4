//! Facts and logs of them, as short as a test can say them.

use std::sync::Arc;

use domain::digest::Digest;
use domain::facts::curation::{Correction, Curated};
use domain::facts::gitlog::{Author, AuthorDay, GitLogObserved};
use domain::facts::grant::{ApplicationRecord, GrantObserved, GrantRecord, ProjectRecord};
use domain::facts::registry::{Dependency, Downloads, RegistryCrawled};
use domain::facts::repo::RepoObserved;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::facts::{DocumentRef, Subject};
use domain::formula::Formula;
use domain::purl;
use domain::{Day, Envelope, Event, Position, Recorded, Timestamp};
use projections::fold::{Fold, World};
use projections::graph::Graph;
use projections::metrics::{Level, ScoreRow, Scores};

/// The shipped formulas.
pub(crate) const FORMULAS: [&str; 3] = ["seed", "upstream-0.6", "atlas-1"];

/// A time or a date.
pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse_time_or_date(text).unwrap()
}

/// A date.
pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub(crate) fn document(format: &str) -> DocumentRef {
    DocumentRef {
        sha256: Digest::of(format.as_bytes()),
        bytes: 1,
        format: format.to_owned(),
        format_version: None,
        parser: "test/1".to_owned(),
    }
}

/// The subject of an ingestion; `project` is what `--project` says.
pub(crate) fn subject(id: &str, project: Option<&str>) -> Subject {
    Subject { id: id.to_owned(), spelled: purl::full_name(id), project: project.map(str::to_owned) }
}

/// A complete bill of materials whose packages are these purls, nothing described: the root's relations have to be
/// inferred.
pub(crate) fn sbom(repo: &str, packages: &[&str], relations: &[(u32, u32)]) -> SbomSubmitted {
    let package =
        |id: &&str| Package { purl: Some((*id).to_owned()), group: None, name: purl::short_name(id), version: None };
    SbomSubmitted {
        subject: subject(repo, None),
        document: document("SPDX-JSON"),
        complete: true,
        packages: packages.iter().map(package).collect(),
        described: vec![],
        relations: relations.to_vec(),
        publishes: Vec::new(),
    }
}

/// The same, of the project named at ingestion.
pub(crate) fn sbom_for(repo: &str, project: &str, packages: &[&str]) -> SbomSubmitted {
    SbomSubmitted { subject: subject(repo, Some(project)), ..sbom(repo, packages, &[]) }
}

/// A git log of the days `from..=to`; commits are (author, day, commits, merges), and names in `-bot` are bots.
pub(crate) fn git_log(repo: &str, from: Option<&str>, to: &str, commits: &[(&str, &str, u32, u32)]) -> GitLogObserved {
    let names: std::collections::BTreeMap<Digest, &str> =
        commits.iter().map(|(name, ..)| (Digest::of(name.as_bytes()), *name)).collect();
    let authors: Vec<Author> = names
        .iter()
        .map(|(pseudonym, name)| {
            let days = commits.iter().filter(|(author, ..)| author == name).map(|(_, on, ..)| day(on).start());
            let (first, last) = (days.clone().min().unwrap(), days.max().unwrap());
            Author { pseudonym: *pseudonym, bot: name.ends_with("-bot"), first, last }
        })
        .collect();
    let place = |name: &str| authors.iter().position(|author| author.pseudonym == Digest::of(name.as_bytes()));
    let mut days: Vec<AuthorDay> = commits
        .iter()
        .map(|(name, on, commits, merges)| AuthorDay {
            author: u32::try_from(place(name).unwrap()).unwrap(),
            day: day(on),
            commits: *commits,
            merges: *merges,
        })
        .collect();
    days.sort_unstable();
    GitLogObserved {
        subject: subject(repo, None),
        document: document("git-log"),
        pseudonym_key: "0123456789abcdef".to_owned(),
        from: from.map(day),
        to: day(to),
        latest: authors.iter().map(|author| author.last).max(),
        authors,
        days,
        unsigned: Vec::new(),
    }
}

/// Host facts without any signal.
pub(crate) fn host(repo: &str) -> RepoObserved {
    RepoObserved {
        subject: subject(repo, None),
        document: document("GitHub-JSON"),
        full_name: None,
        stars: None,
        forks: None,
        private: None,
        archived: None,
        fork: None,
        parent: None,
        default_branch: None,
        license: None,
        description: None,
        pushed_at: None,
        latest_version: None,
        releases: vec![],
    }
}

/// A package as its registry knows it.
pub(crate) fn crawl(purl: &str, repository: Option<&str>, downloads: Option<u64>, on: &[&str]) -> RegistryCrawled {
    RegistryCrawled {
        purl: purl.to_owned(),
        spelled: purl::full_name(purl),
        document: document("registry"),
        latest_version: Some("1.0.0".to_owned()),
        releases: vec![],
        dependencies: on
            .iter()
            .map(|id| Dependency { purl: (*id).to_owned(), requirement: Some("^1".to_owned()) })
            .collect(),
        repository: repository.map(str::to_owned),
        license: None,
        downloads: downloads.map(|count| Downloads { count, days: 30 }),
        description: None,
        homepage: None,
    }
}

/// A survey row.
pub(crate) fn answer(id: Option<&str>, name: Option<&str>, status: SurveyStatus, at: &str) -> SurveyAnswered {
    SurveyAnswered {
        project_id: id.map(str::to_owned),
        project_name: name.map(str::to_owned),
        status,
        answered_at: time(at),
        document: document("CSV"),
    }
}

/// A grants record.
pub(crate) fn grant(record: impl Into<GrantRecord>) -> GrantObserved {
    GrantObserved { record: record.into(), document: document("DAOIP-5") }
}

/// A project record that claims these git URLs.
pub(crate) fn project(id: &str, name: &str, git_urls: &[&str]) -> ProjectRecord {
    ProjectRecord {
        id: id.to_owned(),
        name: Some(name.to_owned()),
        git_urls: git_urls.iter().map(|url| (*url).to_owned()).collect(),
        ..ProjectRecord::default()
    }
}

/// An application of a project to a round.
pub(crate) fn application(id: &str, project: &str, round: &str, percent: Option<u32>) -> ApplicationRecord {
    ApplicationRecord {
        id: id.to_owned(),
        project_id: project.to_owned(),
        round: Some(round.to_owned()),
        completion_percent: percent.map(domain::decimal::Decimal::from),
        ..ApplicationRecord::default()
    }
}

/// A correction.
pub(crate) fn curated(correction: Correction) -> Curated {
    Curated { correction, author: "ann".to_owned(), reason: "the source is wrong".to_owned() }
}

/// A repository belongs to a project, says a maintainer.
pub(crate) fn belongs(repo: &str, project: Option<&str>) -> Curated {
    curated(Correction::Membership { repo: repo.to_owned(), project: project.map(str::to_owned) })
}

/// An event at its place. Log time runs a second an event.
pub(crate) fn recorded(position: Position, observed_at: Timestamp, event: Event) -> Recorded {
    let recorded_at = Timestamp::from_micros(1_800_000_000_000_000 + i64::try_from(position).unwrap() * 1_000_000);
    Recorded {
        position,
        append: Default::default(),
        index: 0,
        envelope: Arc::new(Envelope {
            stream: event.stream().unwrap(),
            sequence: position,
            event_type: event.event_type().name().to_owned(),
            version: 1,
            observed_at,
            recorded_at: recorded_at.unwrap(),
            metadata: Default::default(),
            payload_sha256: Digest::default(),
        }),
        leaf_hash: Digest::default(),
        event,
    }
}

/// A shipped formula.
pub(crate) fn formula(name: &str) -> Formula {
    Formula::shipped(name).unwrap()
}

/// The fold of a whole log, without history.
pub(crate) fn fold(log: &[Recorded], formula: &str) -> Fold {
    let mut fold = Fold::new(World::default(), self::formula(formula), Default::default(), None);
    for event in log {
        fold.apply(event).unwrap();
    }
    fold
}

/// A log under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: Vec<Recorded>,
}

impl Log {
    /// The next event of the log, observed at a time or on a date.
    pub(crate) fn then(mut self, observed_at: &str, event: impl Into<Event>) -> Self {
        let position = self.events.len() as u64 + 1;
        self.events.push(recorded(position, time(observed_at), event.into()));
        self
    }

    pub(crate) fn world(&self) -> World {
        fold(&self.events, "seed").world
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::of(&self.world().graph)
    }

    pub(crate) fn scores(&self, formula: &str) -> Scores {
        fold(&self.events, formula).scores()
    }

    /// The row of a project.
    pub(crate) fn project(&self, formula: &str, id: &str) -> ScoreRow {
        self.scores(formula).get(Level::Project, id).unwrap_or_else(|| panic!("project {id}")).clone()
    }

    /// The row of a Repo.
    pub(crate) fn repo(&self, formula: &str, id: &str) -> ScoreRow {
        self.scores(formula).get(Level::Repo, id).unwrap_or_else(|| panic!("repo {id}")).clone()
    }

    /// Criticality of a Repo or ExternalRepo.
    pub(crate) fn criticality(&self, formula: &str, id: &str) -> u64 {
        let scores = self.scores(formula);
        let row = scores.get(Level::Repo, id).or_else(|| scores.get(Level::External, id));
        row.unwrap_or_else(|| panic!("vertex {id}")).criticality.unwrap()
    }

    /// What is open, as (kind, id).
    pub(crate) fn findings(&self) -> Vec<(&'static str, String)> {
        self.graph().findings.into_iter().map(|finding| (finding.kind, finding.id)).collect()
    }

    /// The project of a Repo.
    pub(crate) fn project_of(&self, repo: &str) -> Option<String> {
        let graph = self.graph();
        let vertex = &graph.vertices[graph.vertex(repo).unwrap_or_else(|| panic!("vertex {repo}")) as usize];
        vertex.project.map(|project| graph.projects[project as usize].id.to_string())
    }

    /// Edges under the formula's policy, as (dependent, dependency).
    pub(crate) fn edges(&self, formula: &str) -> Vec<(String, String)> {
        let (graph, policy) = (self.graph(), self::formula(formula).graph.edges);
        let id = |vertex: u32| graph.vertices[vertex as usize].id.to_string();
        graph.edges.iter().filter(|e| e.under(policy).is_some()).map(|e| (id(e.from), id(e.to))).collect()
    }
}
