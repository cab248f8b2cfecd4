//! The same again, with and without keys.

use crate::support::log::{append, check, context, keyed};
use crate::support::{Db, events};
use ingest::{AppendError, AppendOutcome, Refusal};

/// Appended at, or duplicate of, a position.
fn told(outcome: &AppendOutcome) -> (bool, u64) {
    (outcome.is_duplicate(), outcome.place().position)
}

#[tokio::test]
async fn only_the_latest_of_its_source_is_repeated() {
    let db = Db::create().await;
    let log = db.log();
    let (a, b) = (|| events::repo("a/b", 1), || events::repo("a/b", 2));
    assert_eq!(told(&append(&log, a()).await), (false, 1));
    assert_eq!(told(&append(&log, b()).await), (false, 2));
    assert_eq!(told(&append(&log, a()).await), (false, 3));
    assert_eq!(told(&append(&log, a()).await), (true, 3));
    // Another source of the same stream does not come between.
    assert_eq!(told(&append(&log, events::sbom("a/b", &["x"])).await), (false, 4));
    assert_eq!(told(&append(&log, a()).await), (true, 3));
    assert_eq!(told(&append(&log, b()).await), (false, 5));
    assert_eq!(check(db.pool()).await.len(), 5);
}

#[tokio::test]
async fn a_key_answers_the_first_position_whatever_came_between() {
    let db = Db::create().await;
    let log = db.log();
    let context = context();
    let (a, b) = (|| events::repo("a/b", 1), || events::repo("a/b", 2));
    assert_eq!(told(&log.append(keyed(a(), "one"), &context).await.unwrap()), (false, 1));
    assert_eq!(told(&log.append(keyed(b(), "two"), &context).await.unwrap()), (false, 2));
    assert_eq!(told(&log.append(keyed(a(), "one"), &context).await.unwrap()), (true, 1));
    // Without its key the same facts are news: the latest differ.
    assert_eq!(told(&append(&log, a()).await), (false, 3));
    assert_eq!(told(&log.append(keyed(a(), "one"), &context).await.unwrap()), (true, 1));
    assert_eq!(check(db.pool()).await.len(), 3);
}

#[tokio::test]
async fn a_key_that_was_answered_duplicate_is_remembered_too() {
    let db = Db::create().await;
    let log = db.log();
    let context = context();
    append(&log, events::repo("a/b", 1)).await;
    assert_eq!(told(&log.append(keyed(events::repo("a/b", 1), "k"), &context).await.unwrap()), (true, 1));
    append(&log, events::repo("a/b", 2)).await;
    assert_eq!(told(&log.append(keyed(events::repo("a/b", 1), "k"), &context).await.unwrap()), (true, 1));
    let reused = log.append(keyed(events::repo("a/b", 2), "k"), &context).await.unwrap_err();
    assert!(matches!(reused, AppendError::Refused(Refusal::KeyReused(ref key)) if key == "k"), "{reused}");
    assert_eq!(check(db.pool()).await.len(), 2);
}

#[tokio::test]
async fn a_key_used_for_something_else_is_a_conflict() {
    let db = Db::create().await;
    let log = db.log();
    let context = context();
    log.append(keyed(events::repo("a/b", 1), "k"), &context).await.unwrap();
    for other in [events::repo("a/b", 2), events::repo("c/d", 1), events::sbom("a/b", &[])] {
        let reused = log.append(keyed(other, "k"), &context).await.unwrap_err();
        assert!(reused.is_conflict(), "{reused}");
    }
    assert_eq!(check(db.pool()).await.len(), 1);
}

#[tokio::test]
async fn a_label_is_published_once_and_a_promotion_as_often_as_it_happens() {
    let db = Db::create().await;
    let log = db.log();
    append(&log, events::published("spring", 1)).await;
    let taken = log.append(events::published("spring", 2).into(), &context()).await.unwrap_err();
    assert!(taken.is_conflict(), "{taken}");
    assert_eq!(told(&append(&log, events::promoted(1)).await), (false, 2));
    assert_eq!(told(&append(&log, events::promoted(1)).await), (false, 3));
    assert_eq!(check(db.pool()).await.len(), 3);
}

#[tokio::test]
async fn what_is_foreseen_is_what_becomes_of_it() {
    let db = Db::create().await;
    let log = db.log();
    let context = context();
    let facts = |stars| keyed(events::repo("a/b", stars), &stars.to_string());
    let appends =
        || vec![facts(1), facts(1), events::repo("a/b", 1).into(), keyed(events::repo("a/c", 1), "1"), facts(2)];
    let foreseen = log.foresee(appends()).await.unwrap();
    let new: Vec<_> = foreseen.iter().map(|item| item.as_ref().ok().map(|item| item.document().is_some())).collect();
    assert_eq!(new, [Some(true), Some(false), Some(false), None, Some(true)]);
    assert!(check(db.pool()).await.is_empty(), "looking writes nothing");
    let became = log.append_foreseen(foreseen, &context).await.unwrap();
    let became: Vec<_> = became.iter().map(|outcome| outcome.as_ref().ok().map(told)).collect();
    assert_eq!(became, [Some((false, 1)), Some((true, 1)), Some((true, 1)), None, Some((false, 2))]);
    let foreseen = log.foresee(appends()).await.unwrap();
    let again: Vec<_> = foreseen.iter().map(|item| item.as_ref().ok().map(|item| item.document().is_some())).collect();
    assert_eq!(again, [Some(false), Some(false), Some(true), None, Some(false)], "the third is news after the second");
}

#[tokio::test]
async fn a_repetition_that_was_overtaken_is_not_appended_without_its_document() {
    let db = Db::create().await;
    let log = db.log();
    let context = context();
    append(&log, events::repo("a/b", 1)).await;
    for several in [false, true] {
        let mut appends = vec![events::repo("a/b", 1).into()];
        appends.extend(several.then(|| events::repo("a/c", 1).into()));
        let foreseen = log.foresee(appends).await.unwrap();
        append(&log, events::repo("a/b", 2)).await;
        let became = log.append_foreseen(foreseen, &context).await.unwrap();
        assert!(matches!(&became[0], Err(refusal @ Refusal::Overtaken(_)) if refusal.is_conflict()), "{became:?}");
        assert!(became[1..].iter().all(|outcome| outcome.as_ref().is_ok_and(|outcome| !outcome.is_duplicate())));
        append(&log, events::repo("a/b", 1)).await;
    }
    assert_eq!(check(db.pool()).await.len(), 6);
}
