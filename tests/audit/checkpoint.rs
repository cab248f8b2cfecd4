//! Checkpoints: signed, kept, rotated; the key is never in the database.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::support::{checkpoint, ecosystem, open, verify};
use crate::support::cli::{Place, ended};

#[tokio::test]
async fn a_key_is_made_once_signs_and_stays_out_of_the_database() {
    let place = Place::new().await;
    ecosystem(&place);
    let said = place.ends(0, &["audit", "checkpoint", "--origin", "log.example/atlas"]);
    let answer = said.json();
    let key = answer["keys"][0].as_str().unwrap();
    assert!(said.stderr.contains(key), "the verification key is printed: {said:?}");
    let status = place.run(&["status"]);
    let checkpoint = open(&answer["note"], key).unwrap();
    assert_eq!(checkpoint.origin, "log.example/atlas");
    assert_eq!(
        (checkpoint.size, checkpoint.root.to_string()),
        (status["tree_size"].as_u64().unwrap(), status["root"].as_str().unwrap().to_owned())
    );

    let file = place.data().join("signing.key");
    let secret = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = place.run(&["audit", "checkpoint"]);
    assert_eq!(again, answer, "the same log, the same key, the same note");
    let kept: Vec<String> =
        sqlx::query_scalar("SELECT note FROM log.checkpoint").fetch_all(place.db.pool()).await.unwrap();
    assert_eq!(kept, [answer["note"].as_str().unwrap()]);
    let seed = secret.trim().rsplit('+').next().unwrap();
    assert!(!kept[0].contains(seed) && !said.stderr.contains(seed) && !answer.to_string().contains(seed));
    place.ends(2, &["audit", "checkpoint", "--origin", "other"]);
    // Format `table` is the note alone, to be kept as a file.
    let note = place.ends(0, &["--format", "table", "audit", "checkpoint"]);
    assert_eq!(String::from_utf8(note.stdout).unwrap(), kept[0]);
}

#[tokio::test]
async fn one_key_takes_the_place_of_another() {
    let place = Place::new().await;
    ecosystem(&place);
    let (before, old) = checkpoint(&place, "before.json");
    let both = place.run(&["audit", "checkpoint", "--rotate"]);
    let keys = both["keys"].as_array().unwrap();
    let new = keys[1].as_str().unwrap();
    assert_eq!((keys.len(), keys[0].as_str().unwrap()), (2, old.as_str()));
    assert_eq!(open(&both["note"], &old), open(&both["note"], new));
    assert!(open(&both["note"], new).is_some());
    let (after, newest) = checkpoint(&place, "after.json");
    assert_eq!(newest, new, "the old key signs no more");
    for (file, key, code) in [(&before, &old, 0), (&after, &newest, 0)] {
        assert_eq!(verify(&place, code, &["--checkpoint", file, "--key", key])["trusted"], true);
    }
    let stranger = place.ends(1, &["audit", "verify", "--checkpoint", &after, "--key", &old]);
    assert!(stranger.stderr.contains("no given key has signed it"), "{stranger:?}");
}

#[tokio::test]
async fn keys_come_from_the_environment_and_are_never_shown() {
    let place = Place::new().await;
    ecosystem(&place);
    let secret = domain::note::SigningKey::secret("log.example", &[9; 32]).unwrap();
    let mut command = place.command(&["audit", "checkpoint"]);
    command.env("PG_ATLAS_SIGNING_KEY", &secret);
    let direct = ended(0, command).json();
    let file = place.file("elsewhere.key", &secret);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = place.command(&["audit", "checkpoint"]);
    command.env("PG_ATLAS_SIGNING_KEY_FILE", &file);
    assert_eq!(ended(0, command).json(), direct);
    assert!(!place.data().join("signing.key").exists());
    let mut command = place.command(&["audit", "checkpoint"]);
    command.env("PG_ATLAS_SIGNING_KEY", &secret[..secret.len() - 5]);
    let said = ended(2, command);
    assert!(!said.stderr.contains(&secret[40..60]), "{said:?}");
}

#[tokio::test]
async fn without_key_and_checkpoint_nothing_is_trusted() {
    let place = Place::new().await;
    let empty = verify(&place, 0, &[]);
    assert_eq!(
        (&empty["ok"], empty["tree_size"].as_u64(), &empty["first_bad_position"]),
        (&true.into(), Some(0), &Value::Null)
    );
    // A checkpoint of nothing vouches for nothing but an empty log.
    let (nothing, key) = checkpoint(&place, "nothing.json");
    assert_eq!(verify(&place, 0, &["--key", &key, "--checkpoint", &nothing])["trusted"], true);
    ecosystem(&place);
    let found = verify(&place, 0, &["--key", &key, "--checkpoint", &nothing]);
    assert_eq!((&found["ok"], &found["trusted"]), (&true.into(), &false.into()));
    place.run(&["publish", "--label", "one"]);
    place.run(&["project"]);
    let (file, key) = checkpoint(&place, "checkpoint.json");
    let plain = verify(&place, 0, &[]);
    assert_eq!((&plain["ok"], &plain["trusted"]), (&true.into(), &false.into()));
    assert_eq!(plain["events"], plain["tree_size"]);
    assert_eq!(plain["publications"][0]["result"], "verified");
    assert_eq!(plain["divergences"], serde_json::json!([]));
    assert_eq!(verify(&place, 0, &["--key", &key])["trusted"], false);
    assert_eq!(verify(&place, 0, &["--checkpoint", &file])["trusted"], false);
    let whole = verify(&place, 0, &["--key", &key, "--checkpoint", &file]);
    assert_eq!(
        (&whole["ok"], &whole["trusted"], &whole["trusted_to"]),
        (&true.into(), &true.into(), &whole["tree_size"])
    );
    // The log has grown since: still trusted, as far as the checkpoint goes.
    place.run(&["publish", "--label", "two"]);
    let grown = verify(&place, 0, &["--key", &key, "--checkpoint", &file]);
    assert_eq!((&grown["trusted"], &grown["trusted_to"]), (&true.into(), &whole["tree_size"]));
    place.ends(2, &["audit", "verify", "--key", "nonsense"]);
}
