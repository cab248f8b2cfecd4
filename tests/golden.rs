//! Golden logs: whatever is rewritten inside the program, the same log keeps its hashes, digests, history and rows.
//!
//! `tests/golden/NAME/log.ndjson` is an audit bundle, inflated and without the lines of its publications. It is frozen:
//! nothing ever writes it again. The files beside it are what has to come of it; they are compared through the program
//! and the public views alone, so that they outlive what is behind those. With `PG_ATLAS_WRITE_GOLDEN` set they are
//! written anew instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use domain::{Day, EventType};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::cli::Place;

mod earlier;
mod families;
pub(crate) mod kept;
mod outside;
mod pages;

/// Every golden log.
const LOGS: [&str; 5] = ["demo", "demo-2", "formulas", "kinds", "wild"];
/// Folder of the golden logs.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
/// Samples of every shape, to know by their names which kinds there are.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");

/// A place into which a golden log was imported.
struct Golden {
    name: &'static str,
    place: Place,
    head: u64,
}

impl Golden {
    async fn of(name: &'static str) -> Self {
        let place = Place::new().await;
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&fs::read(path(name, "log.ndjson")).unwrap()).unwrap();
        let bundle = place.file("golden.bundle", packed.finish().unwrap());
        let said = place.run(&["audit", "import", &bundle]);
        assert_eq!(said["events"], said["tree_size"], "{name} comes in whole: {said}");
        Self { name, place, head: said["tree_size"].as_u64().unwrap() }
    }

    /// The rows of the stable views and of the history, each as the file of that name.
    async fn tables(&self) -> BTreeMap<String, String> {
        outside::tables(&self.place.db).await
    }
}

fn path(name: &str, file: &str) -> PathBuf {
    PathBuf::from(FOLDER).join(name).join(file)
}

/// Positions to look back to: spread over the log, and wherever something was published.
fn positions(golden: &Golden, events: &[Value]) -> BTreeSet<u64> {
    let head = golden.head;
    let published = events.iter().filter(|event| event["type"] == "ScoresPublished");
    let published = published.filter_map(|event| event["payload"]["position"].as_u64());
    (1..=5).map(|part| (head * part / 5).max(1)).chain(published).collect()
}

/// All that the program says of a log, as files.
async fn said(golden: &Golden) -> BTreeMap<String, String> {
    let place = &golden.place;
    pages::under_the_default(&place.db).await;
    place.run(&["project"]);
    let events = outside::lines(&place.ends(0, &["events"]).stdout);
    assert_eq!(events.len() as u64, golden.head);
    let formulas = outside::formulas(place);
    let tables = golden.tables().await;
    let mut files = tables.clone();
    files.insert("leaves.txt".to_owned(), outside::leaves(&events));
    files.insert("digests.txt".to_owned(), outside::digests(place, &formulas, &positions(golden, &events)));
    files.insert("scores.txt".to_owned(), outside::scores(place, &formulas));
    files.insert("publications.txt".to_owned(), outside::publications(place, &events));
    files.insert(families::FILE.to_owned(), families::rows(&place.db).await);
    // The program agrees with itself as well.
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true, "what is live is what a replay gives");
    assert_eq!(place.run(&["rebuild"])["equal_to_live"], true, "a rebuild gives what is live");
    pages::agree(golden, &tables).await;
    // Last, for it goes on from where the log ends.
    files.insert("head.txt".to_owned(), outside::head(place, golden.head));
    files
}

async fn stays(name: &'static str) {
    let golden = Golden::of(name).await;
    let files = said(&golden).await;
    kept::compare(name, &files);
}

/// The demo of before an edge took its version by runs of digits: its scores stand, its state is another's to prove.
#[tokio::test]
async fn the_first_demo_stays_what_it_was() {
    stays("demo").await;
    let kept = fs::read_to_string(path("demo", "publications.txt")).unwrap();
    let first = "demo 74 seed other_version bbc5d89760ee0e2dee264e831077ec18531ee774970be296a68d7bc240b6f1c9 16bfa784";
    assert!(kept.starts_with(first), "what it published is never said to have diverged: {kept}");
}

#[tokio::test]
async fn the_demo_stays_what_it_was() {
    stays("demo-2").await;
    let scores = "bbc5d89760ee0e2dee264e831077ec18531ee774970be296a68d7bc240b6f1c9";
    let digests = fs::read_to_string(path("demo-2", "digests.txt")).unwrap();
    let first = format!("74 seed {scores} e09bb596");
    assert!(digests.lines().any(|line| line.starts_with(&first)), "the demo's digests are part of its contract");
}

#[tokio::test]
async fn every_kind_of_event_stays_what_it_was() {
    stays("kinds").await;
}

/// Documents of other people's tools: groups, packages that are told to be published, commits of nobody, a registry's
/// own words and links, a rename into another owner, projects that come and go.
#[tokio::test]
async fn facts_of_the_wild_stay_what_they_were() {
    stays("wild").await;
}

#[tokio::test]
async fn formulas_and_windows_over_years_stay_what_they_were() {
    stays("formulas").await;
}

/// The demo of today makes the frozen log, but for its times of recording and the ids of its appends.
#[tokio::test]
async fn the_demo_still_makes_its_golden_log() {
    let place = Place::new().await;
    place.run(&["demo"]);
    let made = outside::lines(&place.ends(0, &["events"]).stdout);
    let is_fact = |event: &Value| EventType::from_name(event["type"].as_str().unwrap()).is_some_and(EventType::is_fact);
    let told = |event: &Value| {
        let fields = ["position", "stream", "sequence", "type"].map(|field| event[field].clone());
        (fields, is_fact(event).then(|| event["observed_at"].clone()))
    };
    let told = |events: &[Value]| events.iter().map(told).collect::<Vec<_>>();
    assert_eq!(told(&made), told(&frozen("demo-2")));
    let kept = fs::read_to_string(path("demo-2", "publications.txt")).unwrap();
    let published = &made.iter().find(|event| event["type"] == "ScoresPublished").unwrap()["payload"];
    let digests = format!("{} {}", published["digest"], published["state_digest"]).replace('"', "");
    assert!(kept.contains(&digests), "{digests} is not in {kept}");
}

/// The lines of a frozen log.
pub(crate) fn frozen_lines(name: &str) -> Vec<Value> {
    outside::lines(&fs::read(path(name, "log.ndjson")).unwrap())
}

/// The events of a frozen log.
fn frozen(name: &str) -> Vec<Value> {
    let events = frozen_lines(name).into_iter().filter_map(|mut line| Some(line.get_mut("event")?.take()));
    events
        .map(|mut event| {
            let payload = event["payload"].as_str().map(|text| serde_json::from_str(text).unwrap());
            event["payload"] = payload.unwrap_or_default();
            event
        })
        .collect()
}

/// What a payload is about, as far as a fold treats it otherwise.
fn kind(event_type: &str, payload: &Value) -> String {
    let kinds = [&payload["correction"]["kind"], &payload["record"]["kind"], &payload["lifted"]];
    kinds.iter().filter(|kind| !kind.is_null()).fold(event_type.to_owned(), |name, kind| format!("{name} {kind}"))
}

#[test]
fn every_kind_there_is_has_a_golden_log() {
    let mut held = BTreeSet::new();
    let mut days = BTreeSet::new();
    for name in LOGS {
        for event in frozen(name) {
            held.insert(kind(event["type"].as_str().unwrap(), &event["payload"]));
            days.insert(Day::parse(&event["observed_at"].as_str().unwrap()[..10]).unwrap());
        }
    }
    let mut wanted = BTreeSet::from([kind("EventQuarantined", &json!({"lifted": true}))]);
    for entry in fs::read_dir(CORPUS).unwrap() {
        let path = entry.unwrap().path();
        let event_type = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap().to_owned();
        wanted.insert(kind(&event_type, &serde_json::from_slice(&fs::read(path).unwrap()).unwrap()));
    }
    let missing: Vec<&String> = wanted.difference(&held).collect();
    assert!(missing.is_empty(), "no golden log holds {missing:?}");
    assert!(days.len() > 30, "ticks of many days");
}

#[test]
fn every_folder_is_a_golden_log_that_is_tested() {
    let folders = fs::read_dir(FOLDER).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let mut found: Vec<String> = folders.map(|folder| folder.file_name().into_string().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, LOGS);
}
