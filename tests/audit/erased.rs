//! A payload that is gone hides nothing but what rests on it.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::formula::Formula;
use projections::Fold;
use projections::fold::World;
use replay::audit::erased::{ErasedEvent, StillCompared};
use replay::audit::verdict::differing;
use replay::log as reader;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use super::bundle::{lines, offline, written};
use super::rules::{forged, payload, publishes};
use super::support::{ecosystem, verify};
use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// The raw lines of a publication in a bundle: its scores, then its state.
fn section(bundle: &[String], label: &str) -> (usize, Vec<String>, Vec<String>) {
    let named =
        |line: &String| line.starts_with("{\"publication\"") && line.contains(&format!("\"label\":\"{label}\""));
    let at = bundle.iter().position(named).unwrap();
    let head: Value = serde_json::from_str(&bundle[at]).unwrap();
    let count = |of: &str| head["publication"][of].as_u64().unwrap() as usize;
    let scores = bundle[at + 1..at + 1 + count("scores")].to_vec();
    let state = bundle[at + 1 + count("scores")..at + 1 + count("scores") + count("state")].to_vec();
    (at, scores, state)
}

/// The lines with a pony factor of 9, and their digest.
fn invented(scores: &[String]) -> (Vec<String>, Digest) {
    let invented = |line: &String| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if line["id"] == "pkg:github/o/a" {
            line["pony_factor"] = json!(9);
        }
        String::from_utf8(domain::canonical::to_vec(&line).unwrap()).unwrap()
    };
    let lines: Vec<String> = scores.iter().map(invented).collect();
    let digest = Digest::of(lines.iter().map(|line| format!("{line}\n")).collect::<String>().as_bytes());
    (lines, digest)
}

/// An ecosystem that published what follows from it, under `one`.
struct Honest {
    place: Place,
    one: ScoresPublished,
    /// The raw lines of it.
    scores: Vec<String>,
    state: Vec<String>,
}

async fn honest() -> Honest {
    let place = Place::new().await;
    ecosystem(&place);
    let facts = events::git_days("o/a", &[("ann", "2026-01-02", 3), ("bob", "2026-01-05", 1)]);
    log::append(&place.db.log(), facts).await;
    place.run(&["publish", "--label", "one"]);
    let bundle = place.path("honest.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let (_, scores, state) = section(&lines(&bundle), "one");
    let published = log::events(place.db.pool()).await.iter().find_map(|event| match event.event() {
        domain::Event::ScoresPublished(facts) => Some(facts),
        _ => None,
    });
    Honest { place, one: published.unwrap(), scores, state }
}

/// The line that announces lines of a publication.
fn announced(facts: &ScoresPublished, event: u64, scores: &[String], state: &[String]) -> String {
    json!({"publication": {"label": facts.label, "event": event, "position": facts.position,
        "formula_hash": facts.formula_hash, "scores": scores.len(), "state": state.len()}})
    .to_string()
}

#[tokio::test]
async fn of_two_publications_of_one_label_the_one_that_does_not_follow_is_named() {
    let Honest { place, one, scores, state } = honest().await;
    let (invented, digest) = invented(&scores);
    log::append(&place.db.log(), ScoresPublished { label: "two".to_owned(), digest, ..one.clone() }.into()).await;
    // The door refuses a label that was used; an owner of the database asks no door.
    let second = forged(&place, |event| publishes(event, "two"), |event| payload(event, "\"two\"", "\"one\"")).await;

    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let mut lines = lines(&bundle);
    let (at, ..) = section(&lines, "one");
    let end = at + 1 + scores.len() + state.len();
    lines.splice(end..end, [vec![announced(&one, second, &invented, &state)], invented, state].concat());
    let last = lines.len() - 1;
    lines[last] = lines[last].replace("\"publications\":1", "\"publications\":2");
    let found = offline(1, &place, &written(&place, "both.bundle", &lines), &[]);
    let results: Vec<_> = found["publications"].as_array().unwrap().iter().map(|one| &one["result"]).collect();
    assert_eq!(results, ["verified", "diverged"], "{found}");
    let named = json!({"id": "pkg:github/o/a", "metric": "pony_factor", "replayed": 1, "published": 9});
    assert!(found["publications"][1]["differences"].as_array().unwrap().contains(&named), "{found}");
}

#[tokio::test]
async fn an_invented_number_is_found_behind_an_unrelated_erasure() {
    let Honest { place, one, scores, state } = honest().await;
    // Published beside it: a pony factor of 9, with all digests that it takes.
    let (invented, digest) = invented(&scores);
    log::append(&place.db.log(), ScoresPublished { label: "forged".to_owned(), digest, ..one.clone() }.into()).await;
    let event = log::events(place.db.pool()).await.last().unwrap().position;
    assert_eq!(verify(&place, 1, &[])["unprovable"], 0);

    // An answer of another project to the survey goes.
    place.run(&["erase", "payload", "3", "--reason", "the law", "--yes"]);
    let found = verify(&place, 1, &[]);
    assert_eq!((&found["ok"], &found["unprovable"]), (&json!(false), &json!(2)), "{found}");
    assert!(found["reason"].as_str().unwrap().contains("erased"), "{found}");
    assert!(place.ends(1, &["audit", "verify"]).stderr.contains("--allow-unprovable"));

    // A bundle leaves both out. Whoever puts the lines back is found, and what he invented is named.
    let bare = place.path("bare.bundle").to_str().unwrap().to_owned();
    assert_eq!(place.run(&["audit", "export", &bare])["publications"], 0);
    offline(1, &place, &bare, &[]);
    assert_eq!(offline(0, &place, &bare, &["--allow-unprovable"])["unprovable"], 2);
    let with = |label: &str, event: u64, scores: &[String]| {
        let mut lines = lines(&bare);
        let place = lines
            .iter()
            .position(|line| line.starts_with(&format!("{{\"event\":{{\"position\":{},", one.position)))
            .unwrap();
        let head = announced(&ScoresPublished { label: label.to_owned(), ..one.clone() }, event, scores, &state);
        let section = [vec![head], scores.to_vec(), state.clone()].concat();
        lines.splice(place + 1..place + 1, section);
        let end = lines.len() - 1;
        lines[end] = lines[end].replace("\"publications\":0", "\"publications\":1");
        lines
    };
    let refused = |lines: &[String]| {
        let bundle = written(&place, "lines.bundle", lines);
        let found = offline(1, &place, &bundle, &["--allow-unprovable"]);
        assert!(
            place.ends(1, &["audit", "import", &bundle, "--allow-unprovable"]).stderr.contains("does not hold"),
            "{found}"
        );
        assert_eq!(found["faults"][0]["what"], "publication", "{found}");
        let results = found["publications"].as_array().unwrap().clone();
        results.into_iter().filter(|one| one["result"] == "diverged").collect::<Vec<_>>()
    };
    let diverged = refused(&with("forged", event, &invented));
    assert_eq!(diverged.len(), 1);
    assert_eq!(diverged[0]["label"], "forged");
    let expected = json!([{"id": "pkg:github/o/a", "metric": "pony_factor", "replayed": 1, "published": 9}]);
    assert_eq!(diverged[0]["differences"], expected);
    // Put where nothing is compared any more they are refused for that.
    let mut late = with("forged", event, &invented);
    let (at, size) = (section(&late, "forged").0, 1 + scores.len() + state.len());
    let moved: Vec<String> = late.splice(at..at + size, []).collect();
    let end = late.len() - 1;
    late.splice(end..end, moved);
    let found = offline(1, &place, &written(&place, "late.bundle", &late), &["--allow-unprovable"]);
    assert!(found["reason"].as_str().unwrap().contains("are not behind the event they are about"), "{found}");
    // True lines are refused as well, and called nothing worse.
    assert_eq!(refused(&with("one", one.position + 1, &scores)), Vec::<Value>::new());

    let elsewhere = Place::new().await;
    assert!(elsewhere.ends(1, &["audit", "import", &bare]).stderr.contains("erased"));
    elsewhere.run(&["audit", "import", &bare, "--allow-unprovable"]);
    verify(&elsewhere, 1, &[]);
    assert_eq!(verify(&elsewhere, 0, &["--allow-unprovable"])["unprovable"], 2);
}

#[tokio::test]
async fn whatever_is_erased_no_honest_number_is_called_invented() {
    let mut compared = 0;
    for (seed, name) in [(1, "seed"), (2, "atlas-1"), (3, "upstream-0.6")] {
        let db = Db::create().await;
        let size = ingest::bench::generate::Size { repos: 8, edges: 30, events: 160, seed };
        ingest::bench::generate::fill(&db.log(), size, |_| {}).await.unwrap();
        let mut conn = db.options().connect().await.unwrap();
        let (mut recorded, mut erased) = (Vec::new(), Vec::new());
        reader::decoded(&mut conn, 1, size.events, |read| {
            erased.push(ErasedEvent::of(read.stored.position, &read.stored.envelope));
            recorded.push(read.recorded?);
            Ok::<(), replay::ReplayError>(())
        })
        .await
        .unwrap();
        let formula = Formula::shipped(name).unwrap();
        let folded = |without: BTreeSet<u64>| {
            let mut fold = Fold::new(World::default(), formula.clone(), without, None);
            recorded.iter().for_each(|event| fold.apply(event).unwrap());
            fold
        };
        let whole = folded(BTreeSet::new()).scores();
        let held: Vec<Value> = whole.rows.iter().map(|row| Value::Object(whole.line(row))).collect();
        for gone in &erased {
            let fold = folded(BTreeSet::from([gone.position]));
            let still = StillCompared::of(std::iter::once(gone), &fold);
            let scores = fold.scores();
            let found = differing(&scores, &held, |level, id, metric| still.compares(level, id, metric), 10);
            assert_eq!(found, Vec::<Value>::new(), "{name}, without {gone:?}");
            compared += scores.rows.iter().filter(|row| still.compares(row.level, &row.id, "pony_factor")).count();
        }
    }
    assert!(compared > 1_000, "something is compared: {compared}");
}
