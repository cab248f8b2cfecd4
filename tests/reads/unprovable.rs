//! A history gives a label to what was published under it, and to nothing else.

use std::collections::BTreeSet;

use domain::Event;
use domain::digest::Digest;
use domain::facts::formula::FormulaAdopted;
use domain::facts::log::ScoresPublished;
use replay::decisions::Decisions;
use replay::erasure::becoming_unprovable;
use serde_json::Value;
use sqlx::ConnectOptions as _;

use crate::support::cli::Place;
use crate::support::events;
use crate::support::log::append;

/// The labels of a key, over all spans of a vertex.
fn labels(place: &Place, key: &str) -> BTreeSet<String> {
    let spans = place.run(&["history", "p:a"]);
    let all = spans.as_array().unwrap().iter().flat_map(|span| span[key].as_array().unwrap().clone());
    all.map(|label| label.as_str().unwrap().to_owned()).collect()
}

fn criticality(place: &Place, label: &str, key: &str) -> Value {
    let spans = place.run(&["history", "p:a", "--metric", "criticality_score"]);
    let with = spans.as_array().unwrap().iter().find(|span| span[key].as_array().unwrap().contains(&label.into()));
    with.unwrap_or_else(|| panic!("no span has {label} in {key}: {spans}"))["value"].clone()
}

/// Publishes, and folds that.
fn publish(place: &Place, label: &str) {
    place.run(&["publish", "--label", label]);
    place.run(&["project"]);
}

fn set(labels: &[&str]) -> BTreeSet<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

#[tokio::test]
async fn after_an_erasure_what_was_published_is_unprovable() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    publish(&place, "before");
    let then = criticality(&place, "before", "published");
    assert_eq!((labels(&place, "published"), labels(&place, "unprovable")), (set(&["before"]), set(&[])));

    // The document of the repository that depends on all others.
    place.run(&["erase", "payload", "6", "--reason", "a court order", "--yes"]);
    publish(&place, "after");
    assert_eq!((labels(&place, "published"), labels(&place, "unprovable")), (set(&["after"]), set(&["before"])));
    // The value that stands there now is another than the one that was published: it must not pass for it.
    assert_ne!(criticality(&place, "before", "unprovable"), then);
    let now = place.run(&["scores", "--id", "p:a"]);
    assert_eq!(criticality(&place, "after", "published"), now[0]["criticality_score"]);

    // Under another formula the values are others, whatever was erased.
    place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    assert_eq!((labels(&place, "published"), labels(&place, "unprovable")), (set(&[]), set(&[])));
}

#[tokio::test]
async fn a_label_is_not_given_to_what_was_folded_otherwise() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    publish(&place, "all");
    place.run(&["quarantine", "6", "--reason", "sent by mistake"]);
    place.run(&["project"]);
    assert_eq!(labels(&place, "published"), set(&[]));
    publish(&place, "without");
    assert_eq!((labels(&place, "published"), labels(&place, "unprovable")), (set(&["without"]), set(&[])));
    place.run(&["quarantine", "6", "--reason", "it was right", "--lift"]);
    // Not folded anew yet: the history is still the one without.
    assert_eq!(labels(&place, "published"), set(&["without"]));
    place.run(&["project"]);
    assert_eq!(labels(&place, "published"), set(&["all"]));
    // Under another formula the values are others.
    place.run(&["rebuild", "--formula", "atlas-1", "--promote"]);
    publish(&place, "other");
    assert_eq!((labels(&place, "published"), labels(&place, "unprovable")), (set(&["other"]), set(&[])));
}

#[tokio::test]
async fn what_cannot_be_told_may_become_unprovable() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let writer = place.db.log();
    for n in 1..=3 {
        append(&writer, events::repo("a/b", n)).await;
    }
    // Under formulas that this program does not have: one that nobody adopted, one of a later meaning.
    let document = domain::formula::SHIPPED[0].1.replace("semantics = 1", "semantics = 9");
    let Event::ScoresPublished(unknown) = events::published("unknown", 3) else { unreachable!() };
    let later = ScoresPublished { label: "later".to_owned(), formula_hash: Digest::of(b"later"), ..unknown.clone() };
    place.run(&["erase", "payload", "1", "--reason", "a court order", "--yes"]);
    let adopted = FormulaAdopted { name: "later".to_owned(), hash: later.formula_hash, document };
    for event in [adopted.into(), unknown.into(), later.into()] {
        append(&writer, event).await;
    }
    let mut conn = place.db.options().connect().await.unwrap();
    let decisions = Decisions::read(&mut conn).await.unwrap();
    let labels = becoming_unprovable(&mut conn, &decisions, 2, &mut |_| {}).await.unwrap();
    assert_eq!(labels, ["unknown", "later"]);
}
