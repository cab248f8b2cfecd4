//! What is said of packages and projects: registry answers, survey rows, grants records, corrections.

use domain::Event;
use domain::decimal::Decimal;
use domain::facts::curation::{Correction, Curated};
use domain::facts::grant::{ApplicationRecord, GrantObserved, GrantRecord, PoolRecord, ProjectRecord};
use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::facts::survey::{SurveyAnswered, SurveyStatus};
use domain::number::fit;

use super::cast::Cast;
use super::random::mix;
use super::repos::Repo;
use super::{Moment, document};

/// Rounds of funding in the log's year.
const ROUNDS: u64 = 12;

/// The `count`-th answer of a package's registry.
pub(super) fn registry(package: u64, count: u64, cast: &Cast, repos: &[Repo], at: Moment) -> Event {
    let repository = cast.publisher(package);
    let of_repo = repository.and_then(|n| repos.get(usize::try_from(n).ok()?));
    let needs: Vec<u64> = match of_repo {
        Some(repo) => repo.dependencies.iter().copied().filter(|needed| needed % 3 != 0).collect(),
        None => (0..mix(package) % 4).map(|k| mix(package ^ (k << 32)) % package.max(1)).collect(),
    };
    let mut dependencies: Vec<Dependency> = needs
        .into_iter()
        .filter(|needed| *needed != package)
        .map(|needed| Dependency { purl: cast.package(needed), requirement: Some(format!("^{}", 1 + needed % 4)) })
        .collect();
    dependencies.sort_unstable();
    dependencies.dedup();
    let releases = (count + 2).min(12);
    let release = |k: u64| Release { released: Some(at.earlier(21 * (releases - k))), version: format!("1.{k}.0") };
    RegistryCrawled {
        purl: cast.package(package),
        spelled: cast.package_name(package),
        document: document(at, "registry-JSON", "registry/1"),
        latest_version: Some(format!("1.{}.0", releases - 1)),
        releases: (0..releases).map(release).collect(),
        dependencies,
        repository: repository.map(|n| format!("https://github.com/{}", cast.path(n))),
        license: Some("MIT".to_owned()),
        downloads: Some(Downloads { count: 5_000_000 / (1 + package) * (100 + count % 20) / 100, days: 30 }),
        description: None,
        homepage: None,
    }
    .into()
}

/// The `count`-th answer of a project to the survey: two of eight give up or never answer, one answers by name alone.
pub(super) fn survey(project: u64, count: u64, cast: &Cast, at: Moment) -> Event {
    let status = match (project % 8, count) {
        (0..=3, _) | (4, 2..) => SurveyStatus::Live,
        (4 | 5, _) => SurveyStatus::InDev,
        _ => SurveyStatus::Discontinued,
    };
    let by_name = project % 3 == 2;
    SurveyAnswered {
        project_id: (!by_name).then(|| cast.project(project)),
        project_name: by_name.then(|| cast.project_name(project)),
        status,
        // A whole day of its own for every answer, so that each is another source.
        answered_at: at.observed_at,
        document: document(at, "survey-CSV", "survey/1"),
    }
    .into()
}

/// The `count`-th record about a project: what it was paid, an application, now and then a round.
pub(super) fn grant(project: u64, count: u64, cast: &Cast, at: Moment) -> Event {
    let round = 1 + at.day * ROUNDS / 366;
    let name = format!("SCF #{round}");
    let small = |number: u64| Decimal::from(fit::<u32>(number, "size"));
    let record: GrantRecord = match (count % 2, mix(project ^ count) % 40) {
        (1, 0) => PoolRecord {
            id: format!("daoip-5:bench:grantPool:scf_#{round}"),
            name: Some(name),
            is_open: Some(count.is_multiple_of(3)),
            awarded_usd: Some(small(1_000 * project + count)),
            ..PoolRecord::default()
        }
        .into(),
        (1, _) => ApplicationRecord {
            id: format!("daoip-5:bench:grantApplication:{project:05}-{round:02}"),
            project_id: cast.project(project),
            project: Some(cast.project_name(project)),
            title: Some(format!("Round {round} of project {project}")),
            round: Some(name),
            git_urls: vec![cast.git_url(project)],
            completion_percent: Some(small((25 * count).min(100))),
            awarded_usd: Some(small(40_000)),
            paid_usd: Some(small(10_000 + count)),
            status: Some("approved".to_owned()),
            ..ApplicationRecord::default()
        }
        .into(),
        _ => ProjectRecord {
            id: cast.project(project),
            name: Some(cast.project_name(project)),
            description: Some(format!("What project {project} builds, and for whom")),
            integration_status: Some(["Mainnet", "Development", "Testnet", "Abandoned"][place(project, 4)].to_owned()),
            category: Some(["Infrastructure", "Tooling", "Applications"][place(project, 3)].to_owned()),
            website: Some(format!("https://project-{project:05}.example")),
            git_urls: vec![cast.git_url(project)],
            awarded_usd: Some(small(50_000)),
            paid_usd: Some(small((10_000 * (count / 2) + count).min(50_000 + count))),
            open_source: Some(true),
            rounds: vec![name],
            ..ProjectRecord::default()
        }
        .into(),
    };
    GrantObserved { record, document: document(at, "DAOIP-5-JSON", "grants/1") }.into()
}

/// A maintainer moves a repository to a project.
pub(super) fn curation(repo: u64, count: u64, cast: &Cast) -> Event {
    let project = (repo + count) % cast.projects;
    Curated {
        correction: Correction::Membership { repo: cast.repo(repo), project: Some(cast.project(project)) },
        author: "bench".to_owned(),
        reason: format!("correction {count}"),
    }
    .into()
}

fn place(number: u64, length: u64) -> usize {
    fit::<usize>(mix(number) % length, "place")
}
