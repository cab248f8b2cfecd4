//! A publication that comes into the log after others: it is about the position it was evaluated at.

use domain::facts::formula::FormulaAdopted;
use domain::facts::log::EventQuarantined;
use replay::present;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::support::cli::Place;
use crate::support::events;
use crate::support::log::{append, count};

/// A log of facts, evaluated at its head; then this comes between, and the publication after it.
async fn published_after(between: Vec<domain::Event>) -> (Place, u64) {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let log = place.db.log();
    for n in 1..=3 {
        append(&log, events::repo("a/b", n)).await;
    }
    let mut conn = place.db.options().connect().await.unwrap();
    let (present, _) = present::evaluate(&mut conn, &mut |_| {}).await.unwrap();
    assert_eq!(present.position, 3);
    for event in between {
        append(&log, event).await;
    }
    append(&log, present.published("late").into()).await;
    place.run(&["project"]);
    (place, present.position)
}

/// Checks it in every way, and answers the labels that the history gives to the values of a repository.
fn proven(place: &Place, position: u64) -> Vec<Value> {
    let verified = place.run(&["replay", "--verify", "--label", "late"]);
    assert_eq!((&verified["verified"], &verified["position"]), (&json!(true), &json!(position)), "{verified}");
    let found = place.run(&["audit", "verify"]);
    assert_eq!((&found["ok"], &found["publications"][0]["result"]), (&json!(true), &json!("verified")), "{found}");
    let bundle = place.path("log.bundle").to_str().unwrap().to_owned();
    place.run(&["audit", "export", &bundle]);
    let found = place.run(&["audit", "verify", &bundle]);
    assert_eq!(found["publications"][0]["result"], "verified", "{found}");
    let spans = place.run(&["history", "pkg:github/a/b", "--metric", "adoption_score"]);
    spans.as_array().unwrap().iter().flat_map(|span| span["published"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn facts_between_change_nothing_of_it_and_get_no_label() {
    let (place, position) = published_after(vec![events::repo("a/b", 900), events::repo("c/d", 5)]).await;
    assert_eq!(proven(&place, position), Vec::<Value>::new(), "the values of the event were not published");
    // A fold that goes on from what is stored says the same as one from the beginning.
    assert_eq!(place.run(&["rebuild"])["equal_to_live"], true);
}

#[tokio::test]
async fn affairs_of_the_log_between_change_no_score() {
    let document = domain::formula::SHIPPED.iter().find(|(name, _)| *name == "atlas-1").unwrap().1;
    let hash = domain::formula::Formula::parse(document).unwrap().hash();
    let adopted = FormulaAdopted { name: "atlas-1".to_owned(), hash, document: document.to_owned() };
    let (place, position) = published_after(vec![adopted.into()]).await;
    assert_eq!(proven(&place, position), [json!("late")]);
}

#[tokio::test]
async fn a_quarantine_between_is_none_that_it_was_evaluated_under() {
    let passed = EventQuarantined { position: 3, reason: "too late".to_owned(), lifted: false };
    let (place, position) = published_after(vec![passed.into()]).await;
    proven(&place, position);
    // What is published now is evaluated without it.
    place.run(&["publish", "--label", "after"]);
    assert_eq!(place.run(&["replay", "--verify", "--label", "after"])["verified"], true);
}

#[tokio::test]
async fn over_stale_builds_a_fold_in_memory_answers() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    append(&place.db.log(), events::repo("a/b", 1)).await;
    place.run(&["project"]);
    append(&place.db.log(), events::repo("a/b", 2)).await;
    let builds = "SELECT max(id) FROM atlas.build";
    let before = count(place.db.pool(), builds).await;
    sqlx::query("UPDATE atlas.build SET code = 'another'").execute(place.db.pool()).await.unwrap();
    let mut conn = place.db.options().connect().await.unwrap();
    let (present, _) = present::evaluate(&mut conn, &mut |_| {}).await.unwrap();
    let whole = replay::as_of::fold(&mut conn, present.formula.clone(), 2, &mut |_| {}).await.unwrap();
    assert_eq!((present.position, present.digest), (2, replay::as_of::outcome(&whole).digest));
    assert_eq!(count(place.db.pool(), builds).await, before, "nothing was built for it");
}
