//! Witnesses: a log that shows different people different things is found by any honest one of them.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use domain::checkpoint::Checkpoint;
use domain::cosignature::Cosigner;
use domain::note::Note;
use serde_json::Value;
use tempfile::TempDir;

use super::support::{checkpoint, ecosystem, own_key, published, renamed, verify};
use crate::support::cli::{Place, Said, ended};

/// A witness: a data folder, and nothing else of an atlas.
struct WitnessFolder {
    folder: TempDir,
    /// Its key, where it does not keep one.
    key: Option<String>,
}

impl WitnessFolder {
    fn new(key: Option<String>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Cosigns in a process that has no database.
    fn says(&self, at: &Place, code: i32, args: &[&str]) -> Said {
        let args: Vec<&str> = ["audit", "cosign"].into_iter().chain(args.iter().copied()).collect();
        let mut command = at.command(&args);
        command.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none").env("PG_ATLAS_DATA_DIR", self.data());
        if let Some(key) = &self.key {
            command.env("PG_ATLAS_WITNESS_KEY", key);
        }
        ended(code, command)
    }

    fn cosigns(&self, at: &Place, args: &[&str]) -> Value {
        self.says(at, 0, args).json()
    }

    fn refuses(&self, at: &Place, args: &[&str], reason: &str) {
        let said = self.says(at, 1, args);
        assert!(said.stderr.contains(reason), "{said:?}");
    }
}

/// The witness's verification key, and a file with the cosigned note.
fn kept(place: &Place, file: &str, answer: &Value) -> (String, String) {
    (place.file(file, answer["note"].as_str().unwrap()), answer["witness"].as_str().unwrap().to_owned())
}

/// The note in what a command answered.
fn note_of(file: &str) -> String {
    let answer: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    answer["note"].as_str().unwrap().to_owned()
}

fn is_trusted(place: &Place, more: &[&str]) -> bool {
    verify(place, 0, more)["trusted"].as_bool().unwrap()
}

#[tokio::test]
async fn a_fork_shown_to_two_auditors_is_found_by_one_honest_witness() {
    // The operator keeps two logs that begin alike, under one key.
    let one = Place::new().await;
    ecosystem(&one);
    let (first, key) = checkpoint(&one, "first.json");
    let bundle = one.path("log.bundle").to_str().unwrap().to_owned();
    one.run(&["audit", "export", &bundle]);
    let other = Place::new().await;
    other.run(&["audit", "import", &bundle]);
    std::fs::copy(one.data().join("signing.key"), other.data().join("signing.key")).unwrap();
    one.run(&["publish", "--label", "for-one"]);
    other.run(&["publish", "--label", "for-another"]);
    let ((shown, _), (shown_other, _)) = (checkpoint(&one, "shown.json"), checkpoint(&other, "shown.json"));
    // Two auditors, each with what was shown to him: neither can tell.
    assert!(is_trusted(&one, &["--key", &key, "--checkpoint", &shown]));
    assert!(is_trusted(&other, &["--key", &key, "--checkpoint", &shown_other]));

    // An honest witness, and one that forgets what it has seen.
    let honest = WitnessFolder::new(None);
    let answer = honest.cosigns(&one, &[&first, "--key", &key, "--name", "honest.example"]);
    let (common, _) = kept(&one, "common.note", &answer);
    let grown = one.file("grown.json", one.run(&["audit", "prove", "--from", "6"]).to_string());
    let (note, honest_key) = kept(&one, "honest.note", &honest.cosigns(&one, &[&shown, "--proof", &grown]));
    honest.refuses(&other, &[&shown_other], "it shows different logs");
    let evidence = std::fs::read_dir(honest.data().join("witness")).unwrap().map(|entry| entry.unwrap().path());
    let evidence = evidence.filter(|path| path.extension().is_some_and(|end| end == "note"));
    let evidence: BTreeSet<_> = evidence.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    // Both are kept: what was seen last is replaced by the next that is cosigned.
    let both = BTreeSet::from([std::fs::read_to_string(&note).unwrap(), note_of(&shown_other)]);
    assert_eq!(evidence, both);
    let secret = Cosigner::secret("careless.example", &[7; 32]).unwrap();
    let careless = || WitnessFolder::new(Some(secret.clone()));
    let (careless_note, careless_key) =
        kept(&one, "careless.note", &careless().cosigns(&one, &[&shown, "--key", &key]));
    let answer = careless().cosigns(&other, &[&shown_other, "--key", &key]);
    let (careless_other, _) = kept(&other, "careless.note", &answer);

    let witnesses = ["--key", &key, "--witness", &honest_key, "--witness", &careless_key];
    let asks = |more: &[&str]| [&witnesses[..], more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
    let trusted = |place: &Place, more: &[&str]| {
        let args = asks(more);
        is_trusted(place, &args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // What two files say of one checkpoint counts together.
    assert!(trusted(&one, &["--checkpoint", &note, "--checkpoint", &careless_note]));
    assert!(trusted(&one, &["--quorum", "1", "--checkpoint", &note]));
    assert!(!trusted(&one, &["--checkpoint", &note]));
    assert!(!trusted(&one, &["--checkpoint", &shown]));
    // The other log has one of two, whatever it does next, and whatever it keeps of the common beginning.
    assert!(!trusted(&other, &["--checkpoint", &careless_other]));
    let (careless_common, _) = kept(&one, "careless-common.note", &careless().cosigns(&one, &[&first, "--key", &key]));
    for cosigned in [&common, &careless_common] {
        other.run(&["audit", "checkpoint", "--add", cosigned]);
    }
    assert!(trusted(&other, &[]), "what it keeps vouches for the beginning");
    assert!(!trusted(&other, &["--checkpoint", &careless_other]));
    let bundle = other.path("other.bundle").to_str().unwrap().to_owned();
    other.run(&["audit", "export", &bundle]);
    assert!(!trusted(&other, &[&bundle, "--checkpoint", &careless_other]));
    other.run(&["publish", "--label", "later"]);
    let (later, _) = checkpoint(&other, "later.json");
    for from in ["6", "8"] {
        let proof = other.run(&["audit", "prove", "--from", from]);
        let proof = other.file("proof.json", proof.to_string());
        honest.refuses(&other, &[&later, "--proof", &proof], "needed is one from 8 to 9");
    }
    honest.refuses(&other, &[&later], "a consistency proof from 8 to 9 is needed");
    // It goes on with the log that it knows.
    honest.cosigns(&one, &[&shown]);
}

#[tokio::test]
async fn cosignatures_are_kept_beside_the_checkpoint_and_go_with_the_log() {
    let place = published().await;
    let (signed, key) = checkpoint(&place, "signed.json");
    let witness = WitnessFolder::new(None);
    let answer = witness.cosigns(&place, &[&signed, "--key", &key]);
    let (note, witness_key) = kept(&place, "cosigned.note", &answer);
    let asked = ["--key", &key, "--witness", &witness_key];
    assert!(!is_trusted(&place, &asked), "the log does not have it yet");
    let added = place.run(&["audit", "checkpoint", "--add", &note]);
    assert_eq!(added["note"], answer["note"]);
    assert_eq!(place.run(&["audit", "checkpoint", "--add", &note]), added);
    assert!(is_trusted(&place, &asked));
    assert!(!is_trusted(&place, &["--key", &key]), "without a witness what the log keeps vouches for nothing");
    assert!(!is_trusted(&place, &["--witness", &witness_key]), "nor without a key of the log");
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    assert!(is_trusted(&place, &[&[bundle.as_str()][..], &asked].concat()));
    assert!(!is_trusted(&place, &[&bundle, "--key", &key]));
    let stranger = Cosigner::from_seed("stranger.example", &[3; 32]).unwrap().public().to_string();
    let two = [&asked[..], &["--witness", &stranger]].concat();
    assert!(!is_trusted(&place, &two));
    assert!(is_trusted(&place, &[&two[..], &["--quorum", "1"]].concat()));
    let proof = place.ends(0, &["audit", "prove", "1", "--tlog-proof"]);
    assert!(String::from_utf8(proof.stdout).unwrap().ends_with(answer["note"].as_str().unwrap()));

    // A quorum that cannot be, or that is none.
    for quorum in ["0", "3", "-1", "x"] {
        let asked = [&["audit", "verify"][..], &two, &["--quorum", quorum]].concat();
        place.ends(2, &asked);
    }
    place.ends(2, &["audit", "verify", "--quorum", "1"]);
    place.ends(2, &["audit", "verify", "--witness", &key]);
    place.ends(2, &["audit", "verify", "--key", &witness_key]);
    // One key under two names is one witness.
    let seed = [5; 32];
    let twice = ["a.example", "b.example"].map(|name| Cosigner::from_seed(name, &seed).unwrap().public().to_string());
    place.ends(2, &["audit", "verify", "--witness", &twice[0], "--witness", &twice[1], "--quorum", "2"]);
    // A cosignature that does not fit is refused where it is brought.
    let text = std::fs::read_to_string(&note).unwrap();
    let line = text.lines().last().unwrap();
    let torn = format!("{}AAAA{}", &line[..line.len() - 24], &line[line.len() - 20..]);
    let torn = place.file("torn.note", text.replace(line, &torn));
    let said = place.ends(1, &[&["audit", "verify", "--checkpoint", &torn][..], &asked].concat());
    assert!(said.stderr.contains("does not fit"), "{said:?}");
    // What this log has not signed is not kept.
    let other = Place::new().await;
    ecosystem(&other);
    checkpoint(&other, "other.json");
    let said = other.ends(1, &["audit", "checkpoint", "--add", &note]);
    assert!(said.stderr.contains("keeps no checkpoint of size 8"), "{said:?}");
}

#[tokio::test]
async fn a_witness_makes_its_key_only_for_what_it_cosigns() {
    let place = Place::new().await;
    ecosystem(&place);
    let (signed, key) = checkpoint(&place, "signed.json");
    let witness = WitnessFolder::new(None);
    let secret = witness.data().join("witness.key");
    witness.refuses(&place, &[&signed], "its verification key is needed once");
    let stranger = domain::note::SigningKey::from_seed("stranger", &[1; 32]).unwrap().public().to_string();
    assert!(witness.says(&place, 2, &[&signed, "--key", &stranger]).stderr.contains("is not one of the log"));
    let name = key.split('+').next().unwrap();
    let namesake = domain::note::SigningKey::from_seed(name, &[1; 32]).unwrap().public().to_string();
    witness.refuses(&place, &[&signed, "--key", &namesake], "no known key of the log");
    let note = note_of(&signed);
    let changed = place.file("changed.note", note.replace("\n6\n", "\n5\n"));
    witness.refuses(&place, &[&changed, "--key", &key], "does not fit the note");
    let extended = place.file("extended.note", note.replacen("\n\n\u{2014}", "\n\n\n\u{2014}", 1));
    witness.refuses(&place, &[&extended, "--key", &key], "an extension line is empty");
    witness.says(&place, 2, &[&signed, "--key", &key, "--name", "a b"]);
    assert!(!secret.exists());

    let said = witness.says(&place, 0, &[&signed, "--key", &key, "--name", "witness.example"]);
    let answer = said.json();
    assert!(said.stderr.contains(answer["witness"].as_str().unwrap()), "{said:?}");
    assert!(answer["witness"].as_str().unwrap().starts_with("witness.example+"));
    let held = std::fs::read_to_string(&secret).unwrap();
    let seed = held.trim().rsplit('+').next().unwrap();
    assert!(!said.stderr.contains(seed) && !answer.to_string().contains(seed));
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    witness.says(&place, 2, &[&signed, "--name", "other.example"]);

    // Grown: only with the proof, and then never back.
    place.run(&["publish", "--label", "one"]);
    let (grown, _) = checkpoint(&place, "grown.json");
    witness.refuses(&place, &[&grown], "a consistency proof from 6 to 8 is needed");
    let proof = place.run(&["audit", "prove", "--from", "6"]);
    let path = place.file("proof.json", proof.to_string());
    let torn = place.file("torn.json", proof.to_string().replacen("\"proof\":[\"", "\"proof\":[\"00", 1));
    witness.refuses(&place, &[&grown, "--proof", &torn], "not a consistency proof");
    let other = proof.to_string().replace(proof["proof"][0].as_str().unwrap(), &"00".repeat(32));
    let other = place.file("other.json", other);
    witness.refuses(&place, &[&grown, "--proof", &other], "the proof does not show");
    assert_eq!(witness.cosigns(&place, &[&grown, "--proof", &path])["tree_size"], 8);
    witness.refuses(&place, &[&signed], "was seen with size 8 already");
    assert_eq!(std::fs::read_to_string(&secret).unwrap(), held);
}

#[tokio::test]
async fn a_note_that_names_another_log_is_trusted_under_that_logs_key_alone() {
    let place = Place::new().await;
    ecosystem(&place);
    let (signed, key) = checkpoint(&place, "signed.json");
    let (note, other) = renamed(&place, &note_of(&signed));
    let file = place.file("renamed.note", note);
    // The witness knows the log that the note names, and never saw the other one.
    let answer = WitnessFolder::new(None).cosigns(&place, &[&file, "--key", &other]);
    let (note, witness) = kept(&place, "cosigned.note", &answer);
    let asked = ["--witness", &witness, "--checkpoint", &note];
    let said = place.ends(1, &[&["audit", "verify", "--key", &key][..], &asked].concat());
    assert!(said.stderr.contains("no given key has signed it"), "{said:?}");
    assert!(is_trusted(&place, &[&["--key", &other][..], &asked].concat()));
}

#[tokio::test]
async fn a_key_that_is_given_takes_the_place_of_those_known() {
    let place = Place::new().await;
    ecosystem(&place);
    let (signed, key) = checkpoint(&place, "signed.json");
    let checkpoint = Checkpoint::parse(&Note::parse(&note_of(&signed)).unwrap().text).unwrap();
    let old = place.file("old.note", checkpoint.sign(&[own_key(&place)]).to_string());
    let witness = WitnessFolder::new(None);
    witness.cosigns(&place, &[&old, "--key", &key]);
    let rotated = place.run(&["audit", "checkpoint", "--rotate"]);
    let (both, new) = (place.file("both.json", rotated.to_string()), rotated["keys"][1].as_str().unwrap());
    // Either signs while one takes the place of the other, and then the new one alone.
    witness.cosigns(&place, &[&both, "--key", &key, "--key", new]);
    witness.cosigns(&place, &[&old]);
    witness.cosigns(&place, &[&both, "--key", new]);
    witness.cosigns(&place, &[&both]);
    witness.refuses(&place, &[&old], "no known key of the log");
}

#[tokio::test]
async fn a_key_whose_memory_is_gone_cosigns_no_more() {
    let place = Place::new().await;
    ecosystem(&place);
    let (signed, key) = checkpoint(&place, "signed.json");
    let witness = WitnessFolder::new(None);
    witness.cosigns(&place, &[&signed, "--key", &key]);
    std::fs::remove_dir_all(witness.data().join("witness")).unwrap();
    for _ in 0..2 {
        let said = witness.says(&place, 2, &[&signed, "--key", &key]);
        assert!(said.stderr.contains("what it saw is gone"), "{said:?}");
    }
    std::fs::remove_file(witness.data().join("witness.key")).unwrap();
    witness.cosigns(&place, &[&signed, "--key", &key]);
}
