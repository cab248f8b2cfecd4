//! Events to append: one of every kind, and small ones that differ by a number.

use std::collections::BTreeSet;

use domain::decimal::Decimal;
use domain::digest::Digest;
use domain::facts::curation::{Correction, Curated, ProjectField};
use domain::facts::formula::{FormulaAdopted, FormulaPromoted};
use domain::facts::gitlog::{Author, AuthorDay, GitLogObserved};
use domain::facts::grant::{Amount, ApplicationRecord, GrantObserved, GrantRecord, Link, PoolRecord, ProjectRecord};
use domain::facts::log::{EventQuarantined, PayloadErased, ScoresPublished};
use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::facts::repo::RepoObserved;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::facts::{DocumentRef, Subject};
use domain::{Day, Event, EventType, Timestamp, codec};

/// A moment.
pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn document(format: &str) -> DocumentRef {
    DocumentRef {
        sha256: Digest::of(format.as_bytes()),
        bytes: 1234,
        format: format.to_owned(),
        format_version: None,
        parser: "test/1".to_owned(),
    }
}

fn subject(name: &str) -> Subject {
    Subject { id: format!("pkg:github/{name}"), spelled: name.to_owned(), project: None }
}

/// Host facts of `name`; two with different `stars` differ.
pub(crate) fn repo(name: &str, stars: u64) -> Event {
    repo_of(&format!("pkg:github/{name}"), name, stars)
}

/// The same of any id.
pub(crate) fn repo_of(id: &str, spelled: &str, stars: u64) -> Event {
    RepoObserved {
        subject: Subject { id: id.to_owned(), spelled: spelled.to_owned(), project: None },
        document: document("GitHub-JSON"),
        full_name: None,
        stars: Some(stars),
        forks: None,
        private: None,
        archived: None,
        fork: None,
        parent: None,
        default_branch: Some("main".to_owned()),
        license: None,
        pushed_at: None,
        latest_version: None,
        releases: Vec::new(),
        description: Some("größer als \u{1F600} \u{2028} \"quoted\"\n".to_owned()),
    }
    .into()
}

/// A registry's answer about a package.
pub(crate) fn crawl(purl: &str, spelled: &str) -> Event {
    RegistryCrawled {
        purl: purl.to_owned(),
        spelled: spelled.to_owned(),
        document: document("registry"),
        latest_version: None,
        releases: Vec::new(),
        dependencies: Vec::new(),
        repository: None,
        license: None,
        downloads: None,
        description: None,
        homepage: None,
    }
    .into()
}

/// A bill of materials of `name` with these packages.
pub(crate) fn sbom(name: &str, packages: &[&str]) -> Event {
    SbomSubmitted {
        subject: subject(name),
        document: DocumentRef { format_version: Some("SPDX-2.3".to_owned()), ..document("SPDX-JSON") },
        complete: true,
        packages: packages
            .iter()
            .map(|package| Package {
                purl: Some(format!("pkg:npm/{package}")),
                group: None,
                name: (*package).to_owned(),
                version: Some("1.0.0".to_owned()),
            })
            .collect(),
        described: vec![],
        relations: packages.len().checked_sub(2).map(|_| (0, 1)).into_iter().collect(),
        publishes: Vec::new(),
    }
    .into()
}

/// The publication of scores under a label.
pub(crate) fn published(label: &str, position: u64) -> Event {
    ScoresPublished {
        label: label.to_owned(),
        position,
        root: Digest::of(b"root"),
        formula: "seed".to_owned(),
        formula_hash: Digest::of(b"seed"),
        digest: Digest::of(b"scores"),
        state_digest: Digest::of(b"state"),
        quarantine_digest: Digest::of(b""),
        families: projections::families::published(),
    }
    .into()
}

/// The promotion of a formula.
pub(crate) fn promoted(position: u64) -> Event {
    FormulaPromoted {
        formula: "seed".to_owned(),
        hash: Digest::of(b"seed"),
        projections: vec!["history".to_owned(), "metrics".to_owned()],
        digest: Digest::of(b"scores"),
        position,
    }
    .into()
}

fn gitlog(name: &str) -> Event {
    GitLogObserved {
        subject: subject(name),
        document: document("git-log"),
        from: Some(Day::parse("2025-01-01").unwrap()),
        to: Day::parse("2026-01-01").unwrap(),
        latest: None,
        pseudonym_key: "demo".to_owned(),
        authors: vec![Author {
            pseudonym: Digest::of(b"somebody"),
            bot: false,
            first: time("2025-03-01T10:00:00Z"),
            last: time("2025-12-24T18:30:00.5Z"),
        }],
        days: vec![AuthorDay { author: 0, day: Day::parse("2025-03-01").unwrap(), commits: 3, merges: 1 }],
        unsigned: Vec::new(),
    }
    .into()
}

/// The whole history of `name` up to the beginning of 2026-02: commits of people on days.
pub(crate) fn git_days(name: &str, commits: &[(&str, &str, u32)]) -> Event {
    let day = |text: &str| Day::parse(text).unwrap();
    let mut authors: Vec<Author> = commits
        .iter()
        .map(|(person, on, _)| Author {
            pseudonym: Digest::of(person.as_bytes()),
            bot: false,
            first: day(on).start(),
            last: day(on).start(),
        })
        .collect();
    authors.sort_unstable();
    authors.dedup_by_key(|author| author.pseudonym);
    let place = |person: &str| authors.iter().position(|author| author.pseudonym == Digest::of(person.as_bytes()));
    let mut days: Vec<AuthorDay> = commits
        .iter()
        .map(|(person, on, commits)| AuthorDay {
            author: place(person).unwrap() as u32,
            day: day(on),
            commits: *commits,
            merges: 0,
        })
        .collect();
    days.sort_unstable();
    GitLogObserved {
        subject: subject(name),
        document: document("git-log"),
        from: None,
        to: day("2026-02-01"),
        latest: None,
        pseudonym_key: "demo".to_owned(),
        authors,
        days,
        unsigned: Vec::new(),
    }
    .into()
}

fn registry(purl: &str) -> Event {
    RegistryCrawled {
        purl: purl.to_owned(),
        spelled: "@Stellar/SDK".to_owned(),
        document: document("npm-JSON"),
        latest_version: Some("2.0.0".to_owned()),
        releases: vec![Release { released: Some(time("2025-05-05T05:05:05Z")), version: "2.0.0".to_owned() }],
        dependencies: vec![Dependency { purl: "pkg:npm/axios".to_owned(), requirement: Some("^1".to_owned()) }],
        repository: Some("https://github.com/stellar/js-stellar-sdk".to_owned()),
        license: Some("Apache-2.0".to_owned()),
        downloads: Some(Downloads { count: 9_007_199_254_740_991, days: 30 }),
        description: None,
        homepage: None,
    }
    .into()
}

fn survey(id: Option<&str>, name: Option<&str>, status: SurveyStatus) -> Event {
    SurveyAnswered {
        project_id: id.map(str::to_owned),
        project_name: name.map(str::to_owned),
        status,
        answered_at: time("2026-02-03T00:00:00Z"),
        document: document("CSV"),
    }
    .into()
}

fn grant(record: GrantRecord) -> Event {
    GrantObserved { record, document: document("DAOIP-5") }.into()
}

fn curated(correction: Correction) -> Event {
    Curated { correction, author: "ann".to_owned(), reason: "wrong in the source".to_owned() }.into()
}

/// At least one event of every type, every record and every correction; together they touch every kind of stream. Of
/// types that no story needs more of, the frozen samples.
pub(crate) fn every_kind() -> Vec<Event> {
    let mut all = told();
    let told: BTreeSet<EventType> = all.iter().map(Event::event_type).collect();
    let missing = EventType::ALL.iter().filter(|kind| !told.contains(kind));
    all.extend(missing.flat_map(|kind| frozen(*kind)));
    all
}

/// The samples of a type in its present shape.
fn frozen(kind: EventType) -> Vec<Event> {
    let start = format!("{}.{}.", kind.name(), kind.current_version());
    let entries = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let samples = paths.iter().filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&start));
    samples
        .map(|path| {
            codec::decode(kind.name(), kind.current_version(), std::fs::read(path).unwrap().trim_ascii()).unwrap()
        })
        .collect()
}

fn told() -> Vec<Event> {
    let project = "daoip-5:scf:project:wellspring".to_owned();
    vec![
        sbom("stellar/js-xdr", &["a", "b", "c"]),
        gitlog("stellar/js-xdr"),
        repo("stellar/js-xdr", 7),
        registry("pkg:npm/%40stellar/stellar-sdk"),
        survey(Some(&project), Some("Wellspring"), SurveyStatus::Live),
        survey(None, Some("  Well  Spring "), SurveyStatus::InDev),
        survey(None, Some("Gone"), SurveyStatus::Discontinued),
        grant(GrantRecord::from(ProjectRecord {
            id: project.clone(),
            name: Some("Wellspring".to_owned()),
            git_urls: vec!["https://github.com/a/b".to_owned()],
            links: vec![Link { name: "site".to_owned(), url: "https://example.org".to_owned() }],
            awarded_usd: Decimal::parse("12345.67"),
            ..ProjectRecord::default()
        })),
        grant(GrantRecord::from(PoolRecord {
            id: "daoip-5:scf:grantPool:34".to_owned(),
            is_open: Some(false),
            amounts: vec![Amount { amount: Decimal::from(1_000_000), denomination: "USD".to_owned() }],
            ..PoolRecord::default()
        })),
        grant(GrantRecord::from(ApplicationRecord {
            id: "daoip-5:scf:application:1".to_owned(),
            project_id: project.clone(),
            round: Some("SCF #34 ".to_owned()),
            ..ApplicationRecord::default()
        })),
        curated(Correction::Membership { repo: "pkg:github/a/b".to_owned(), project: Some(project.clone()) }),
        curated(Correction::Publication { package: "pkg:npm/x".to_owned(), repo: None }),
        curated(Correction::Owner { host: "github".to_owned(), owner: "a".to_owned(), project: Some(project.clone()) }),
        curated(Correction::SurveyName { name: "gone".to_owned(), project: project.clone() }),
        curated(Correction::Project { project, field: ProjectField::Category, value: Some("infra".to_owned()) }),
        FormulaAdopted { name: "own".to_owned(), hash: Digest::of(b"seed"), document: "semantics = 1\n".to_owned() }
            .into(),
        promoted(1),
        published("first", 17),
        EventQuarantined { position: 3, reason: "does not fold".to_owned(), lifted: false }.into(),
        PayloadErased { position: 2, payload_sha256: Digest::of(b"gone"), reason: "the law".to_owned() }.into(),
    ]
}
