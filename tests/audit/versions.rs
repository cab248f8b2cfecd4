//! What other versions of the families published is theirs to prove: it has not diverged, and is not proven here.

use domain::digest::Digest;
use domain::event::Event;
use domain::facts::log::ScoresPublished;
use domain::stream::StreamKind;
use domain::{EventType, Position};
use serde_json::Value;
use sqlx::ConnectOptions as _;

use super::support::ecosystem;
use crate::support::cli::Place;
use crate::support::log;

/// What was published, to be published otherwise.
async fn first(place: &Place) -> ScoresPublished {
    let mut conn = place.db.options().connect().await.unwrap();
    let of_type = replay::log::of_type(&mut conn, StreamKind::Atlas, EventType::ScoresPublished, Position::MAX).await;
    match of_type.unwrap().into_iter().next().unwrap().event {
        Event::ScoresPublished(facts) => facts,
        _ => unreachable!(),
    }
}

/// What a check says of each publication: label, result.
fn results(verified: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = verified["publications"].as_array().unwrap().iter();
    rows.map(|row| (text(&row["label"]), text(&row["result"]))).collect()
}

#[tokio::test]
async fn a_publication_of_other_versions_is_not_proven_and_has_not_diverged() {
    let place = Place::new().await;
    ecosystem(&place);
    place.run(&["publish", "--label", "one"]);
    let one = first(&place).await;
    assert!(one.families.keys().eq(["graph", "metrics", "people"]), "{:?}", one.families);
    let ours = |name: &'static str| (name, one.families[name]);
    let publish = async |label: &str, digest: Digest, root: Digest, families: &[(&str, u32)]| {
        let families = families.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect();
        let facts = ScoresPublished { label: label.to_owned(), digest, root, families, ..one.clone() };
        log::append(&place.db.log(), facts.into()).await;
    };
    let other = Digest::of(b"another");

    // Version 1 of the event named no families: they had version 1.
    publish("unnamed", one.digest, one.root, &[]).await;
    // Other versions that give the same are proven by it.
    publish("same", one.digest, one.root, &[("graph", 7), ours("people"), ours("metrics")]).await;
    for label in ["one", "unnamed", "same"] {
        assert_eq!(place.run(&["replay", "--verify", "--label", label])["verified"], true, "{label}");
    }
    assert_eq!(place.run(&["audit", "verify"])["ok"], true);

    // Those that give something else are not, and it is no divergence; a family that is gone is no other.
    publish("later", other, one.root, &[("graph", 7), ours("people"), ours("metrics")]).await;
    publish("gone", other, one.root, &[ours("graph"), ours("people"), ours("metrics"), ("elders", 3)]).await;
    for (label, versions) in [("later", "graph/7"), ("gone", "elders/3")] {
        let said = place.ends(2, &["replay", "--verify", "--label", label]);
        assert!(said.stdout.is_empty() && said.stderr.contains("other_version"), "{said:?}");
        assert!(said.stderr.contains(versions), "{said:?}");
    }
    let verified = place.ends(2, &["audit", "verify"]).json();
    assert_eq!((&verified["ok"], &verified["reason"]), (&true.into(), &Value::Null));
    let expected = [("one", "verified"), ("unnamed", "verified"), ("same", "verified")];
    let expected: Vec<_> =
        expected.into_iter().chain([("later", "other_version"), ("gone", "other_version")]).collect();
    let owned =
        |rows: &[(&str, &str)]| rows.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    let sorted = |mut rows: Vec<(String, String)>| {
        rows.sort();
        rows
    };
    assert_eq!(sorted(results(&verified)), sorted(owned(&expected)));
    // What is live is compared with what these versions published alone.
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);

    // A formula that nobody has any more is none that something diverges from.
    let lost =
        ScoresPublished { label: "lost".to_owned(), formula: "lost".to_owned(), formula_hash: other, ..one.clone() };
    log::append(&place.db.log(), lost.into()).await;
    let said = place.ends(2, &["replay", "--verify", "--label", "lost"]);
    assert!(said.stderr.contains("other_version") && said.stderr.contains("formula `lost`"), "{said:?}");
    let verified = place.ends(2, &["audit", "verify"]).json();
    let expected: Vec<_> = expected.into_iter().chain([("lost", "other_version")]).collect();
    assert_eq!(sorted(results(&verified)), sorted(owned(&expected)));

    // A bundle leaves them out and is taken in elsewhere.
    let bundle = place.path("bundle").to_str().unwrap().to_owned();
    let exported = place.run(&["audit", "export", &bundle]);
    assert_eq!(exported["publications"], 3, "{exported}");
    let checked = place.ends(2, &["audit", "verify", &bundle]).json();
    assert_eq!(sorted(results(&checked)), sorted(owned(&expected)));
    let elsewhere = Place::new().await;
    assert_eq!(elsewhere.run(&["audit", "import", &bundle])["root"], checked["root"]);

    // No version excuses a log that is another, nor these versions digests that they do not give.
    publish("other log", one.digest, other, &[("graph", 7)]).await;
    assert_eq!(place.ends(1, &["replay", "--verify", "--label", "other log"]).json()["verified"], false);
    publish("ours", other, one.root, &[ours("graph"), ours("people"), ours("metrics")]).await;
    assert_eq!(place.ends(1, &["replay", "--verify", "--label", "ours"]).json()["verified"], false);
    let verified = place.ends(1, &["audit", "verify"]).json();
    let diverged: Vec<(String, String)> =
        results(&verified).into_iter().filter(|(_, result)| result == "diverged").collect();
    assert_eq!(sorted(diverged), owned(&[("other log", "diverged"), ("ours", "diverged")]));
}
