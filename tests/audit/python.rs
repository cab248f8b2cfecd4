//! The second verifier: another language, nothing but its standard library.

use std::process::Command;

use domain::checkpoint::Checkpoint;
use domain::note::Note;
use serde_json::{Value, json};

use super::bundle::{exported, lines, written};
use super::support::ecosystem;
use crate::support::cli::Place;
use crate::support::skipped::skipped;
use crate::support::{events, log};

/// Values that it recounts.
const RECOUNTED: [&str; 3] = ["adoption_score", "criticality_score", "pony_factor"];

/// Runs the script; `None` where this machine has no Python.
pub(super) fn second(code: i32, args: &[&str]) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/verify-bundle");
    match Command::new("python3").arg(script).args(args).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            skipped("no python3 on this machine");
            None
        }
        ran => {
            let ran = ran.unwrap();
            let (text, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert_eq!(ran.status.code(), Some(code), "{text}{said}");
            assert_eq!(said, "", "nothing but the answer");
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
    assert_eq!(found["recounted"]["criticality_score"], external[0]["criticality_score"]);
    assert!(found["recounted"]["criticality_score"].as_u64() > Some(0), "{found}");
    // What it takes as it stands it says.
    assert!(found["not_recomputed"].to_string().contains("statuses, edges, memberships"), "{found}");
    assert!(second(0, &[&bundle]).unwrap()["not_recomputed"][0].to_string().contains("give --id"));

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

/// Each change of a good bundle that a reader of good will would overlook, and what is said of it.
#[tokio::test]
async fn what_is_not_written_as_it_must_be_is_refused_in_a_sentence() {
    let place = Place::new().await;
    let (bundle, ..) = exported(&place).await;
    let whole = lines(&bundle);
    let place_of = |start: &str| whole.iter().position(|line| line.starts_with(start)).unwrap();
    let (header, decision, event) = (0, place_of("{\"decision\""), place_of("{\"event\""));
    let deep = format!("{{\"header\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{{\"header\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let replaced = |at: usize, from: &str, to: &str| {
        let mut lines = whole.clone();
        lines[at] = lines[at].replacen(from, to, 1);
        assert_ne!(lines[at], whole[at], "{from}");
        lines
    };
    let with = |at: usize, line: &str| {
        let mut lines = whole.clone();
        lines[at] = line.to_owned();
        lines
    };
    let inserted = |at: usize, line: &str| {
        let mut lines = whole.clone();
        lines.insert(at, line.to_owned());
        lines
    };
    let without = |at: usize| {
        let mut lines = whole.clone();
        lines.remove(at);
        lines
    };
    let artifact = |chunks: &str, body: &[&str]| {
        let mut lines = whole.clone();
        let digest = domain::digest::Digest::of(b"ab");
        let end = lines.len() - 1;
        let head = format!("{{\"artifact\":{{\"sha256\":\"{digest}\",\"bytes\":2,\"chunks\":{chunks}}}}}");
        lines.splice(end..end, [head].into_iter().chain(body.iter().map(|line| (*line).to_owned())));
        lines
    };
    let section = place_of("{\"publication\"");
    for (changed, reason) in [
        (with(header, &format!("\u{feff}{}", whole[header])), "it begins with a byte order mark"),
        (with(event, &format!("\u{feff}{}", whole[event])), "it begins with a byte order mark"),
        (replaced(header, "\"tool\":", "\"tree_size\":1,\"tool\":"), "the member \"tree_size\" is there twice"),
        (replaced(event, "\"sequence\":", "\"sequence\":1,\"sequence\":"), "the member \"sequence\" is there twice"),
        (with(header, &deep), "it is nested deeper than 128 levels"),
        (with(header, &nested), "it is nested deeper than 128 levels"),
        (replaced(header, "\"tool\":", "\"tools\":"), "it has an unknown member \"tools\""),
        (replaced(event, "\"version\":1", "\"version\":1.0"), "the number 1.0 is no integer"),
        (replaced(event, "\"version\":1", "\"version\":90071992547409930"), "is beyond 2^53 - 1"),
        (replaced(event, "\"version\":1", "\"version\":true"), "the member version is not of its form"),
        (replaced(event, "\"stream\":\"", "\"stream\":\"\\ud800"), "a text has half of a surrogate pair"),
        (without(decision), "a decision that was not announced"),
        (inserted(decision + 1, &whole[decision]), "announced, but no decision or out of order"),
        (inserted(event, &whole[event].replacen("event", "decision", 1)), "announced, but no decision or out of order"),
        (inserted(event + 1, &whole[decision]), "a line of kind decision is out of place"),
        (inserted(event, "{\"remark\":{}}"), "an unknown line: remark"),
        (inserted(event, "[]"), "a line is not an object with one member"),
        (inserted(event, "{"), "it is no JSON"),
        (without(section + 1), "are not those that were published"),
        (inserted(whole.len(), &whole[header]), "something follows the last line"),
        (artifact("1", &["{\"chunk\":\"\"}"]), "expected a chunk"),
        (artifact("3", &[]), "has more chunks than bytes"),
        (artifact("1", &["{\"chunk\":\"YWJ=\"}"]), "is not the base64 of its bytes"),
        (artifact("1", &["{\"chunk\":\"YWM=\"}"]), "is damaged"),
        (replaced(header, "\"tree_size\":", "\"tree_size\":9"), "the header says"),
    ] {
        let Some(found) = second(1, &[&written(&place, "changed.bundle", &changed)]) else { return };
        assert!(found["reason"].as_str().is_some_and(|said| said.contains(reason)), "{reason}: {found}");
    }
    let packed = std::fs::read(&bundle).unwrap();
    for (bytes, reason) in [
        ([packed.as_slice(), b"\0"].concat(), "something follows the last line"),
        ([packed.as_slice(), packed.as_slice()].concat(), "something follows the last line"),
        (packed[..packed.len() - 9].to_vec(), "the bundle ends early"),
        (b"no gzip".to_vec(), "no gzip"),
    ] {
        let found = second(1, &[&place.file("packed.bundle", bytes)]).unwrap();
        assert!(found["reason"].as_str().is_some_and(|said| said.contains(reason)), "{reason}: {found}");
    }
}

#[tokio::test]
async fn proofs_and_explanations_are_checked_alone() {
    let place = Place::new().await;
    let (_, _, key) = exported(&place).await;
    let said = |name: &str, args: &[&str]| {
        let found = place.run(args);
        (place.file(name, found.to_string()), found)
    };
    let (_, explained) =
        said("explained.json", &["audit", "explain", "pkg:npm/z", "criticality_score", "--label", "one"]);
    let changed = |name: &str, proof: &Value, path: &str, to: Value| {
        let mut proof = proof.clone();
        *proof.pointer_mut(path).unwrap() = to;
        place.file(name, proof.to_string())
    };
    for (what, args) in [
        ("inclusion", &["audit", "prove", "5"][..]),
        ("inclusion", &["audit", "prove", "64", "--size", "64"]),
        ("consistency", &["audit", "prove", "--from", "64", "--to", "200"]),
        ("consistency", &["audit", "prove", "--from", "77", "--to", "201"]),
        ("explanation", &["audit", "explain", "pkg:npm/z", "criticality_score", "--label", "one"]),
        ("explanation", &["audit", "explain", "p:a", "activity_status"]),
    ] {
        let (file, proof) = said("proof.json", args);
        let Some(found) = second(0, &["--check", &file]) else { return };
        assert_eq!((&found["what"], &found["ok"]), (&json!(what), &json!(true)));
        let (root, leaf) = match what {
            "inclusion" => ("/root", "/leaf_hash"),
            "consistency" => ("/to_root", "/from_root"),
            _ => ("/root", "/events/0/leaf_hash"),
        };
        for path in [root, leaf] {
            let wrong = changed("wrong.json", &proof, path, json!(domain::digest::Digest::default()));
            let found = second(1, &["--check", &wrong]).unwrap();
            assert_eq!((&found["what"], &found["ok"]), (&json!(what), &json!(false)), "{found}");
        }
        // Nothing vouches for a proof alone; the checkpoint of an explanation does.
        let vouched = what == "explanation" && !proof["checkpoint"].is_null();
        second(i32::from(!vouched), &["--check", &file, "--key", &key]);
    }
    for (path, to, reason) in [
        ("/position", json!(1), "is out of order, or after position 1"),
        ("/label", json!("two"), "the label is not that of the publication"),
        ("/label", Value::Null, "a label and the event that published it go together"),
        ("/events/0/payload", json!("{}"), "the event is not the one that was hashed"),
        ("/events/0/leaf_index", json!(1), "position 1 is not leaf 1"),
        ("/tree_size", json!(4), "its checkpoint is of another size or root than its proofs"),
        ("/checkpoint", json!("none"), "a checkpoint is no signed note"),
    ] {
        let wrong = changed("wrong.json", &explained, path, to);
        let Some(found) = second(1, &["--check", &wrong]) else { return };
        assert!(found["reason"].as_str().unwrap().contains(reason), "{path}: {found}");
    }
    let twice = explained.to_string().replacen("{", "{\"position\":1,", 1);
    for (text, reason) in [
        ("[]", "neither a proof"),
        ("c2sp.org/tlog-proof@v1\n", "not a tlog-proof"),
        (twice.as_str(), "is there twice"),
    ] {
        let found = second(1, &["--check", &place.file("wrong.json", text)]).unwrap();
        assert!(found["reason"].as_str().unwrap().contains(reason), "{found}");
    }
}

#[tokio::test]
async fn every_value_of_every_formula_is_counted_alike() {
    let place = Place::new().await;
    ecosystem(&place);
    let logs = [
        events::git_days("o/a", &[("ann", "2026-01-01", 4), ("bob", "2026-01-10", 3), ("cy", "2026-01-10", 3)]),
        events::git_days("o/b", &[("ann", "2026-01-20", 1), ("old", "2020-01-01", 99)]),
    ];
    let stars = [("o/a", 10), ("o/b", 10), ("o/c", 3)].map(|(name, stars)| events::repo(name, stars));
    place
        .db
        .log()
        .append_batch(logs.into_iter().chain(stars).map(Into::into).collect(), &log::context())
        .await
        .unwrap();
    let labels = ["seed", "upstream-0.6", "atlas-1"];
    for formula in labels {
        place.run(&["rebuild", "--formula", formula, "--promote"]);
        place.run(&["publish", "--label", formula]);
    }
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let mut seen = [0; 3];
    for formula in labels {
        for level in ["project", "repo", "external"] {
            let rows = place.run(&["scores", "--level", level, "--formula", formula]);
            for row in rows.as_array().unwrap() {
                let id = row["id"].as_str().unwrap();
                let Some(found) = second(0, &[&bundle, "--id", id, "--label", formula]) else { return };
                assert_eq!(found["level"], level);
                for (n, name) in RECOUNTED.iter().enumerate() {
                    assert_eq!(found["recounted"][name], found["published"][name], "{formula} {id} {name}");
                    seen[n] += u32::from(!found["recounted"][name].is_null() && found["recounted"][name] != json!(0));
                }
                assert_eq!(found["recounted"]["criticality_score"], row["criticality_score"], "{formula} {id}");
                assert_eq!(found["recounted"]["pony_factor"], row["pony_factor"], "{formula} {id}");
                let composite = formula == "atlas-1" && level == "project";
                assert_eq!(found["recounted"].get("pg_score").is_some(), composite, "{formula} {id}");
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 5), "there is something to count: {seen:?}");
}

/// Answers for each of some notes whether it is a checkpoint.
const CHECKPOINTS: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
from verify_bundle import notes, strict
def holds(note):
    try:
        notes.checkpoint(note, [])
    except strict.Wrong:
        return False
    return True
print(json.dumps([holds(note) for note in json.loads(sys.argv[2])]))
";

#[test]
fn both_programs_take_the_same_notes_for_checkpoints() {
    let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let note = |text: &str, lines: &[&str]| format!("{text}\n{}\n", lines.join("\n"));
    let signed = |text: &str| note(text, &["\u{2014} o AAAAAAA="]);
    let line = "\u{2014} o AAAAAAA=";
    let notes = [
        signed(&format!("o\n1\n{root}\n")),
        signed(&format!("o\n1\n{root}\nmore\n")),
        signed(&format!("o\n18446744073709551615\n{root}\n")),
        note(&format!("o\n1\n{root}\n"), &vec![line; 64]),
        // An id of four bytes, and no signature.
        note(&format!("o\n1\n{root}\n"), &["\u{2014} o AAAAAA=="]),
        note(&format!("o\n1\n{root}\n"), &vec![line; 65]),
        signed(&format!("o\n1\n{root}\n\n")),
        signed(&format!("o\n1\n{root}\n\nmore\n")),
        signed(&format!("o\n1\n{root}\nmore\n\n")),
        signed(&format!("o\n1\n{root}\n{}\n", "x".repeat(70_000))),
        signed(&format!("o\n1\n{root}\nm\u{85}re\n")),
        signed(&format!("o\n1\n{root}\nm\tre\n")),
        signed(&format!("o\n1\n{}B=\n", &root[..42])),
        signed(&format!("o\n1\n{}\n", &root[..40])),
        signed(&format!("o\n18446744073709551616\n{root}\n")),
        signed(&format!("o\n01\n{root}\n")),
        signed(&format!("\n1\n{root}\n")),
        note(&format!("o\n1\n{root}\n"), &["\u{2014} o AAAAAAB="]),
        note(&format!("o\n1\n{root}\n"), &["\u{2014} o AAA="]),
        note(&format!("o\n1\n{root}\n"), &["\u{2014} o+p AAAAAAA="]),
        note(&format!("o\n1\n{root}\n"), &[&format!("\u{2014} {} AAAAAAA=", "n".repeat(256))]),
        note(&format!("o\n1\n{root}\n"), &["- o AAAAAAA="]),
    ];
    let holds = |note: &String| Note::parse(note).is_ok_and(|note| Checkpoint::parse(&note.text).is_ok());
    let ours: Vec<bool> = notes.iter().map(holds).collect();
    assert_eq!(ours.iter().filter(|holds| **holds).count(), 5, "{ours:?}");
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    let asked = serde_json::to_string(&notes).unwrap();
    let Ok(ran) = Command::new("python3").args(["-c", CHECKPOINTS, scripts, &asked]).output() else {
        skipped("no python3 on this machine");
        return;
    };
    let theirs: Vec<bool> = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(theirs, ours);
}
