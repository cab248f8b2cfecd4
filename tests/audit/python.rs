//! The second verifier: another language, nothing but its standard library.

use std::process::Command;

use serde_json::Value;

use super::bundle::{exported, lines, written};
use super::support::ecosystem;
use crate::support::cli::Place;
use crate::support::skipped::skipped;

/// Runs the script; `None` where this machine has no Python.
fn second(code: i32, args: &[&str]) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/verify-bundle");
    match Command::new("python3").arg(script).args(args).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("no python3 on this machine");
            None
        }
        ran => {
            let ran = ran.unwrap();
            let text = String::from_utf8_lossy(&ran.stdout);
            assert_eq!(ran.status.code(), Some(code), "{text}{}", String::from_utf8_lossy(&ran.stderr));
            Some(serde_json::from_str(&text).unwrap())
        }
    }
}

#[tokio::test]
async fn a_second_program_comes_to_the_same() {
    let place = Place::new().await;
    let (bundle, _, key) = exported(&place).await;
    let Some(found) = second(0, &[&bundle, "--key", &key, "--id", "pkg:npm/z", "--label", "one"]) else { return };
    let status = place.run(&["status"]);
    assert_eq!((&found["tree_size"], &found["root"]), (&status["tree_size"], &status["root"]));
    assert_eq!((&found["signed_to"], &found["ok"]), (&status["tree_size"], &true.into()));
    let external = place.run(&["scores", "--level", "external", "--id", "pkg:npm/z"]);
    assert_eq!(found["recounted"], external[0]["criticality_score"]);
    assert!(found["recounted"].as_u64() > Some(0), "{found}");

    let stranger = domain::note::SigningKey::from_seed("log", &[1; 32]).unwrap().public().to_string();
    assert_eq!(second(1, &[&bundle, "--key", &stranger]).unwrap()["ok"], false);
    let whole = lines(&bundle);
    let at = whole.iter().position(|line| line.starts_with("{\"event\":{\"position\":77,")).unwrap();
    for (from, to, position) in
        [("\"stars\\\":", "\"stars\\\":1", Some(77)), ("\"position\":77", "\"position\":78", Some(77))]
    {
        let mut lines = whole.clone();
        lines[at] = lines[at].replacen(from, to, 1);
        assert_ne!(lines[at], whole[at]);
        let found = second(1, &[&written(&place, "changed.bundle", &lines)]).unwrap();
        assert_eq!(found["first_bad_position"].as_u64(), position, "{found}");
    }
    let cut = written(&place, "cut.bundle", &whole[..at]);
    assert_eq!(second(1, &[&cut]).unwrap()["first_bad_position"], 77);
}

#[tokio::test]
async fn every_criticality_of_every_formula_is_counted_alike() {
    let place = Place::new().await;
    ecosystem(&place);
    let labels = ["seed", "upstream-0.6", "atlas-1"];
    for formula in labels {
        place.run(&["rebuild", "--formula", formula, "--promote"]);
        place.run(&["publish", "--label", formula]);
    }
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    for formula in labels {
        for level in ["project", "repo", "external"] {
            let rows = place.run(&["scores", "--level", level, "--formula", formula]);
            for row in rows.as_array().unwrap() {
                let id = row["id"].as_str().unwrap();
                let Some(found) = second(0, &[&bundle, "--id", id, "--label", formula]) else { return };
                assert_eq!(found["recounted"], row["criticality_score"], "{formula} {id}");
            }
        }
    }
}
