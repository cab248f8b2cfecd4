//! Several clients on one repository at once.

use std::fs;

use domain::Event;
use sqlx::ConnectOptions as _;

use super::cli::{Cli, Running};
use crate::support::Db;
use crate::support::log::check;

const REPO: &str = "pkg:github/shared/one";

/// Starts an ingestion of host facts with so many stars.
fn start(cli: &Cli, folder: &std::path::Path, stars: u64) -> Running {
    let path = folder.join(stars.to_string());
    fs::write(&path, format!(r#"{{"full_name": "shared/one", "stargazers_count": {stars}}}"#)).unwrap();
    cli.start(&["ingest", "repo", path.to_str().unwrap(), "--repo", REPO])
}

/// Whether it was appended; else it met the others too often.
fn appended(running: Running) -> bool {
    let said = running.wait();
    assert!(matches!(said.code, 0 | 3), "{said:?}");
    said.code == 0 && {
        assert_eq!(said.json()["outcome"], "appended", "{said:?}");
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_meet_at_most_one_conflict_and_lose_nothing() {
    let (db, folder) = (Db::create().await, tempfile::tempdir().unwrap());
    let cli = Cli::new(db.bare().to_url_lossy().to_string(), folder.path());
    let mut expected = vec![];
    for round in 0..15 {
        let numbers = [2 * round, 2 * round + 1];
        let both = numbers.map(|stars| start(&cli, folder.path(), stars));
        let done = both.map(appended);
        assert!(done.contains(&true), "one of two gets through");
        for (stars, done) in numbers.into_iter().zip(done) {
            assert!(done || appended(start(&cli, folder.path(), stars)), "alone it gets through");
        }
        expected.extend(numbers);
    }
    let crowd: Vec<_> = (100..110).map(|stars| (stars, start(&cli, folder.path(), stars))).collect();
    for (stars, running) in crowd {
        if !appended(running) {
            println!("{stars} met the others five times");
            while !appended(start(&cli, folder.path(), stars)) {}
        }
        expected.push(stars);
    }
    let stored = check(db.pool()).await;
    let mut stars: Vec<u64> = stored
        .iter()
        .map(|event| match event.event() {
            Event::RepoObserved(facts) => facts.stars.unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    stars.sort_unstable();
    assert_eq!(stars, expected, "every fact is there once");
}
