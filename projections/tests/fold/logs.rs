//! Random logs over facts of every kind. Ids come from small pools, so that everything meets everything.

use domain::decimal::Decimal;
use domain::digest::Digest;
use domain::facts::curation::{Correction, ProjectField};
use domain::facts::formula::FormulaPromoted;
use domain::facts::gitlog::{Author, AuthorDay, GitLogObserved, UnsignedDay};
use domain::facts::grant::{ApplicationRecord, GrantRecord, PoolRecord, ProjectRecord};
use domain::facts::log::ScoresPublished;
use domain::facts::registry::RegistryCrawled;
use domain::facts::repo::RepoObserved;
use domain::facts::sbom::{Package, SbomSubmitted};
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::{Day, Event, Recorded, Timestamp};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::facts::{FORMULAS, crawl, curated, document, formula, grant, host, recorded, subject};

/// The last two are one, as an earlier program spelled it and as it is spelled now.
const REPOS: [&str; 8] = [
    "pkg:github/o/a",
    "pkg:github/o/b",
    "pkg:github/o/c",
    "pkg:github/p/a",
    "pkg:github/p/b",
    "pkg:gitlab/o/a",
    "pkg:gitlab/O/b",
    "pkg:gitlab/o/b",
];
const PACKAGES: [&str; 5] = ["pkg:cargo/x", "pkg:npm/%40s/y", "pkg:npm/x", "pkg:npm/y", "pkg:pypi/z"];
const PROJECTS: [&str; 4] = ["d:1", "d:2", "d:3", "d:4"];
const NAMES: [&str; 5] = ["Alpha", "  alpha ", "Beta \u{e9}", "beta e\u{301}", "d:3"];
const LINKS: [&str; 5] =
    ["https://github.com/o/a", "git+https://github.com/p/b.git", "o/b", "https://example.org/x", "gitlab:o/a"];
const GIT_URLS: [&str; 7] = [
    "https://github.com/o",
    "https://github.com/O/",
    "https://github.com/o/a",
    "http://github.com/p/b.git",
    "https://github.com/p",
    "https://gitlab.com/o/a",
    "https://example.org/o/a",
];
const INTEGRATION: [&str; 5] = ["Mainnet", "Testnet", "Abandoned", "Unknown", "other"];
const VERSIONS: [&str; 8] = ["0.10.7", "0.9.0", "1.01", "1.1", "1.1-rc", "2.0.0", "v10", "v9"];
const REQUIREMENTS: [&str; 4] = ["*", "^0.10", "^0.9", ">=1"];
const AUTHORS: [&str; 4] = ["ann", "bob", "cy", "dee"];

/// 2021-01-01: everything lies in the past of whoever runs this.
const FIRST_DAY: i32 = 18_628;
/// Days over which the observations of a log spread. All days are counted in tens, so that many fall on one another.
const DAYS: i32 = 900;
const DAY_MICROS: i64 = 86_400_000_000;

fn text(pool: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(pool).prop_map(str::to_owned)
}

fn maybe(pool: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(text(pool))
}

/// Ids that a document may list: packages, repositories, and none.
fn package() -> impl Strategy<Value = Package> {
    let id = prop_oneof![5 => maybe(&PACKAGES), 2 => maybe(&REPOS), 1 => Just(None)];
    let group = prop::option::weighted(0.2, text(&["@s", "g/h"]));
    (id, group, select(&["x", "y z"]), maybe(&VERSIONS)).prop_map(|(purl, group, name, version)| Package {
        purl,
        group,
        name: name.to_owned(),
        version,
    })
}

fn sbom() -> impl Strategy<Value = Event> {
    let packages = prop::collection::btree_set(package(), 0..8).prop_map(Vec::from_iter);
    packages.prop_flat_map(|packages| {
        let all: Vec<u32> = (0..u32::try_from(packages.len()).unwrap()).collect();
        let index = 0..all.len().max(1);
        let relations = prop::collection::btree_set((index.clone(), index), 0..10);
        let described = subsequence(all.clone(), 0..=all.len().min(2));
        let publishes = prop::option::weighted(0.2, subsequence(&PACKAGES, 1..=2)).prop_map(Option::unwrap_or_default);
        let told = (text(&REPOS), maybe(&PROJECTS), publishes);
        (told, prop::bool::weighted(0.75), Just(packages), described, relations).prop_map(
            |((repo, project, publishes), complete, packages, described, relations)| {
                let number = |n: usize| u32::try_from(n).unwrap();
                let known = packages.len();
                let relations = relations.into_iter().filter(|(a, b)| *a < known && *b < known);
                SbomSubmitted {
                    subject: subject(&repo, project.as_deref()),
                    document: document("SPDX-JSON"),
                    complete,
                    described,
                    relations: relations.map(|(a, b)| (number(a), number(b))).collect(),
                    packages,
                    publishes: publishes.into_iter().map(str::to_owned).collect(),
                }
                .into()
            },
        )
    })
}

fn git_log() -> impl Strategy<Value = Event> {
    let tens = |days: std::ops::Range<i32>| (days.start / 10..days.end / 10).prop_map(|n| 10 * n);
    let cover = (prop::option::weighted(0.7, tens(-800..DAYS)), tens(0..400), tens(-800..DAYS));
    let commits = prop::collection::btree_map((0..AUTHORS.len(), tens(0..1000)), (1..6u32, 0..4u32), 0..12);
    let bots = prop::collection::vec(prop::bool::weighted(0.2), AUTHORS.len());
    let nobody = prop::collection::btree_map(tens(0..1000), (1..6u32, 0..4u32), 0..3);
    let nobody = prop::option::weighted(0.3, nobody).prop_map(Option::unwrap_or_default);
    (text(&REPOS), maybe(&PROJECTS), cover, (commits, nobody), bots, prop::option::of(0..2000i32)).prop_map(
        |(repo, project, (from, length, to), (commits, nobody), bots, latest)| {
            let to = from.map_or(to, |from| from + length);
            let on = |before: i32| Day::from_number(FIRST_DAY + to - before);
            let mut authors: Vec<Author> = (0..AUTHORS.len())
                .filter_map(|n| {
                    let days = commits.keys().filter(|(author, _)| *author == n).map(|(_, before)| on(*before).start());
                    let pseudonym = Digest::of(AUTHORS[n].as_bytes());
                    Some(Author { pseudonym, bot: bots[n], first: days.clone().min()?, last: days.max()? })
                })
                .collect();
            authors.sort_unstable();
            let place = |n: usize| authors.iter().position(|a| a.pseudonym == Digest::of(AUTHORS[n].as_bytes()));
            let covered = |before: i32| from.is_none_or(|from| to - before >= from);
            let mut days: Vec<AuthorDay> = commits
                .iter()
                .filter(|((_, before), _)| covered(*before))
                .map(|((author, before), (commits, merges))| AuthorDay {
                    author: u32::try_from(place(*author).unwrap()).unwrap(),
                    day: on(*before),
                    commits: *commits,
                    merges: *merges.min(commits),
                })
                .collect();
            days.sort_unstable();
            let nobody = nobody.iter().filter(|(before, _)| covered(**before));
            let mut unsigned: Vec<UnsignedDay> = nobody
                .map(|(before, (commits, merges))| UnsignedDay {
                    day: on(*before),
                    commits: *commits,
                    merges: *merges.min(commits),
                })
                .collect();
            unsigned.sort_unstable();
            GitLogObserved {
                subject: subject(&repo, project.as_deref()),
                document: document("git-log"),
                pseudonym_key: "0123456789abcdef".to_owned(),
                from: from.map(|from| Day::from_number(FIRST_DAY + from)),
                to: Day::from_number(FIRST_DAY + to),
                latest: latest.map(|before| on(before).start()),
                authors,
                days,
                unsigned,
            }
            .into()
        },
    )
}

fn host_facts() -> impl Strategy<Value = Event> {
    let signals = (prop::option::of(0..4u64), prop::option::of(0..4u64), prop::option::of(any::<bool>()));
    (text(&REPOS), maybe(&PROJECTS), maybe(&REPOS), signals, maybe(&VERSIONS)).prop_map(
        |(repo, project, full_name, (stars, forks, private), latest_version)| {
            RepoObserved {
                subject: subject(&repo, project.as_deref()),
                full_name,
                stars,
                forks,
                private,
                latest_version,
                ..host(&repo)
            }
            .into()
        },
    )
}

fn registry() -> impl Strategy<Value = Event> {
    let on = prop::collection::btree_set(prop_oneof![3 => select(&PACKAGES), 1 => select(&REPOS)], 0..4);
    let link = prop::option::weighted(0.7, select(&LINKS));
    let words = (maybe(&["What it is"]), maybe(&["https://example.org/"]));
    let requirements = prop::collection::vec(maybe(&REQUIREMENTS), 4);
    (select(&PACKAGES), link, prop::option::of(0..5u64), on, words, requirements).prop_map(
        |(purl, link, downloads, on, (description, homepage), requirements)| {
            let mut facts = crawl(purl, link, downloads, &on.into_iter().collect::<Vec<_>>());
            for (dependency, requirement) in facts.dependencies.iter_mut().zip(requirements) {
                dependency.requirement = requirement;
            }
            RegistryCrawled { description, homepage, ..facts }.into()
        },
    )
}

fn survey() -> impl Strategy<Value = Event> {
    let who = prop_oneof![
        (text(&PROJECTS), maybe(&NAMES)).prop_map(|(id, name)| (Some(id), name)),
        text(&NAMES).prop_map(|name| (None, Some(name))),
    ];
    let status = select(&[SurveyStatus::Live, SurveyStatus::InDev, SurveyStatus::Discontinued]);
    (who, status, 0..4i32).prop_map(|((project_id, project_name), status, quarter)| {
        let answered_at = Day::from_number(FIRST_DAY + quarter * 200).start();
        SurveyAnswered { project_id, project_name, status, answered_at, document: document("CSV") }.into()
    })
}

fn amount(pool: &'static [u32]) -> impl Strategy<Value = Option<Decimal>> {
    prop::option::of(select(pool).prop_map(Decimal::from))
}

fn grants() -> impl Strategy<Value = Event> {
    let urls = || subsequence(&GIT_URLS, 0..3).prop_map(|urls| urls.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let project = (text(&PROJECTS), maybe(&NAMES), maybe(&INTEGRATION), urls(), amount(&[0, 10]), amount(&[0, 5, 10]))
        .prop_map(|(id, name, integration_status, git_urls, awarded_usd, paid_usd)| {
            let record =
                ProjectRecord { id, name, integration_status, git_urls, awarded_usd, paid_usd, ..Default::default() };
            GrantRecord::from(record)
        });
    let rounds = prop::option::of(select(&["SCF #9", "SCF #34 ", "round ten"]).prop_map(str::to_owned));
    let application = (
        text(&["app:1", "app:2", "app:3", "app:4"]),
        text(&PROJECTS),
        (maybe(&NAMES), maybe(&NAMES)),
        rounds,
        maybe(&["scf_10", "liquidity"]),
        urls(),
        amount(&[0, 50, 100, 120]),
    )
        .prop_map(|(id, project_id, (project, project_name), round, pool_id, git_urls, completion_percent)| {
            GrantRecord::from(ApplicationRecord {
                id,
                project_id,
                project,
                project_name,
                round,
                pool_id,
                git_urls,
                completion_percent,
                ..Default::default()
            })
        });
    let pool = maybe(&["SCF #9"])
        .prop_map(|name| GrantRecord::from(PoolRecord { id: "scf_9".to_owned(), name, ..Default::default() }));
    prop_oneof![4 => project, 4 => application, 1 => pool].prop_map(|record| grant(record).into())
}

fn curation() -> impl Strategy<Value = Event> {
    let fields = select(&[ProjectField::Name, ProjectField::Category, ProjectField::Website, ProjectField::Type]);
    let values = maybe(&["Alpha", "Gamma", "pg_root"]);
    prop_oneof![
        (text(&REPOS), maybe(&PROJECTS)).prop_map(|(repo, project)| Correction::Membership { repo, project }),
        (text(&PACKAGES), maybe(&REPOS)).prop_map(|(package, repo)| Correction::Publication { package, repo }),
        (text(&["o", "p"]), maybe(&["d:1", "d:4", "d:6"])).prop_map(|(owner, project)| Correction::Owner {
            host: "github".to_owned(),
            owner,
            project
        }),
        (text(&["alpha", "beta \u{e9}"]), text(&["d:1", "d:5"]))
            .prop_map(|(name, project)| Correction::SurveyName { name, project }),
        (text(&PROJECTS), fields, values).prop_map(|(project, field, value)| Correction::Project {
            project,
            field,
            value
        }),
    ]
    .prop_map(|correction| curated(correction).into())
}

/// What the log says of itself: it decides when scores are looked at, and which formula is live.
fn affairs() -> impl Strategy<Value = Event> {
    let published = (0..1_000_000u32).prop_map(|label| {
        Event::from(ScoresPublished {
            label: format!("label {label}"),
            position: 0,
            root: Digest::default(),
            formula: "seed".to_owned(),
            formula_hash: Digest::default(),
            digest: Digest::default(),
            state_digest: Digest::default(),
            quarantine_digest: Digest::default(),
            families: std::collections::BTreeMap::new(),
        })
    });
    let promoted = select(&FORMULAS).prop_map(|name| {
        Event::from(FormulaPromoted {
            formula: name.to_owned(),
            hash: formula(name).hash(),
            projections: vec!["history".to_owned(), "metrics".to_owned()],
            digest: Digest::default(),
            position: 0,
        })
    });
    prop_oneof![published, promoted]
}

/// An event of any kind.
pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => sbom(),
        5 => git_log(),
        4 => host_facts(),
        3 => registry(),
        3 => survey(),
        4 => grants(),
        3 => curation(),
        1 => affairs(),
    ]
}

/// Up to `length` events of any kind, each observed at a moment of its own, in no order of time.
pub(crate) fn log(length: usize) -> impl Strategy<Value = Vec<(Timestamp, Event)>> {
    told(event(), length)
}

/// Up to `length` git logs, late ones among them, and what makes two repositories one, or gives them to projects.
pub(crate) fn commits(length: usize) -> impl Strategy<Value = Vec<(Timestamp, Event)>> {
    told(prop_oneof![6 => git_log(), 3 => host_facts(), 1 => curation()], length)
}

fn told(
    event: impl Strategy<Value = Event> + 'static,
    length: usize,
) -> impl Strategy<Value = Vec<(Timestamp, Event)>> {
    let event = event.boxed();
    // Half of the logs happen within a few days: then days of observation repeat.
    let days = prop_oneof![Just(DAYS / 10), Just(4)];
    days.prop_flat_map(move |days| prop::collection::vec((event.clone(), (0..days).prop_map(|n| 10 * n)), 1..=length))
        .prop_map(|events| {
            let moment = |n: usize, day: i32| i64::from(FIRST_DAY + day) * DAY_MICROS + i64::try_from(n).unwrap();
            let each = events.into_iter().enumerate();
            each.map(|(n, (event, day))| (Timestamp::from_micros(moment(n, day)).unwrap(), event)).collect()
        })
}

/// The events in this order, from position 1.
pub(crate) fn in_order(events: &[(Timestamp, Event)]) -> Vec<Recorded> {
    let each = events.iter().enumerate();
    each.map(|(n, (observed_at, event))| recorded(n as u64 + 1, *observed_at, event.clone())).collect()
}
