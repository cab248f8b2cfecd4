//! Many events in one transaction.

use std::collections::BTreeSet;

use ingest::{Append, AppendOutcome, Log, Refusal};

use super::remembered::{WRONG, make_stale, stale};
use crate::support::log::{append, check, context, count, keyed};
use crate::support::random::Random;
use crate::support::{Db, events};

/// What became of an item: `+` appended, `=` duplicate, at a position; `!` refused.
fn told(outcome: &Result<AppendOutcome, Refusal>) -> String {
    match outcome {
        Ok(AppendOutcome::Appended(place)) => format!("+{}", place.position),
        Ok(AppendOutcome::Duplicate(place)) => format!("={}", place.position),
        Err(Refusal::KeyReused(key)) => format!("!{key}"),
        Err(_) => "!".to_owned(),
    }
}

async fn batch(log: &Log, appends: Vec<Append>) -> String {
    let outcomes = log.append_batch(appends, &context()).await.unwrap();
    outcomes.iter().map(told).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn items_see_those_before_them_and_a_refused_one_leaves_the_others() {
    let db = Db::create().await;
    let log = db.log();
    append(&log, events::repo("a/a", 1)).await;
    let (a, b) = (|stars| Append::from(events::repo("a/a", stars)), |stars| Append::from(events::repo("b/b", stars)));
    let mut prophecy = b(9);
    prophecy.observed_at = Some(events::time("9999-01-01T00:00:00Z"));
    let broken = keyed(events::repo("a/a", 1), "");
    let nowhere = Append { observed_at: prophecy.observed_at, ..Append::from(events::repo("no/where", 1)) };
    let items = vec![a(1), a(2), a(2), broken, b(1), prophecy, a(1), b(1), nowhere, events::sbom("a/a", &["x"]).into()];
    assert_eq!(batch(&log, items).await, "=1 +2 =2 ! +3 ! +4 =3 ! +5");
    assert_eq!(check(db.pool()).await.len(), 5);
}

#[tokio::test]
async fn keys_are_per_item() {
    let db = Db::create().await;
    let log = db.log();
    append(&log, events::repo("a/a", 1)).await;
    let items = || {
        vec![
            keyed(events::repo("a/a", 1), "one"), // there already
            keyed(events::repo("a/a", 2), "two"),
            keyed(events::repo("a/a", 1), "one"),   // the key, not the latest
            keyed(events::repo("a/a", 3), "two"),   // something else under a key of this batch
            keyed(events::repo("a/a", 2), "three"), // again, under another key
            keyed(events::repo("b/b", 2), "two"),
            keyed(events::repo("b/b", 2), "four"),
        ]
    };
    assert_eq!(batch(&log, items()).await, "=1 +2 =1 !two =2 !two +3");
    append(&log, events::repo("a/a", 7)).await;
    assert_eq!(batch(&log, items()).await, "=1 =2 =1 !two =2 !two =3");
    // The keys of a batch are those of single appends.
    let single = log.append(keyed(events::repo("a/a", 2), "three"), &context()).await.unwrap();
    assert_eq!(single.place().position, 2);
    assert_eq!(check(db.pool()).await.len(), 4);
    assert_eq!(count(db.pool(), "SELECT count(*) FROM log.idempotency_key").await, 4);
}

#[tokio::test]
async fn nothing_to_write_leaves_nothing() {
    let db = Db::create().await;
    let log = db.log();
    assert_eq!(batch(&log, vec![]).await, "");
    assert_eq!(batch(&log, vec![keyed(events::repo("a/a", 1), "")]).await, "!");
    assert!(check(db.pool()).await.is_empty());
}

#[tokio::test]
async fn a_large_batch_is_several_appends_of_one_transaction() {
    const EVENTS: usize = 10_050;
    const STREAMS: usize = 37;
    let db = Db::create().await;
    let log = db.log();
    let item = |n: usize| Append::from(events::repo(&format!("a/{}", n % STREAMS), n as u64));
    let outcomes = log.append_batch((0..EVENTS).map(item).collect(), &context()).await.unwrap();
    for (n, outcome) in outcomes.iter().enumerate() {
        let Ok(AppendOutcome::Appended(place)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((place.position, place.sequence), (n as u64 + 1, (n / STREAMS) as u64 + 1));
    }
    assert_eq!(count(db.pool(), "SELECT count(*) FROM log.append").await, 2);
    let stored = check(db.pool()).await;
    let times: BTreeSet<_> = stored.iter().map(|event| event.envelope.recorded_at).collect();
    assert_eq!((stored.len(), times.len()), (EVENTS, 1));
    // The same lot again: each stream's last event is a duplicate, all else differs from the latest.
    let again = log.append_batch((EVENTS - STREAMS..EVENTS).map(item).collect(), &context()).await.unwrap();
    assert!(again.iter().all(|outcome| matches!(outcome, Ok(AppendOutcome::Duplicate(_)))));
}

#[tokio::test]
async fn a_batch_reads_a_stale_stream_again() {
    let db = Db::create().await;
    let log = db.log();
    append(&log, events::repo("a/a", 1)).await;
    append(&log, events::repo("a/a", 2)).await;
    for (n, wrong) in WRONG.into_iter().enumerate() {
        make_stale(db.pool(), wrong).await;
        // Looked at, it says the same, and stays as it is.
        let foreseen = log.foresee(vec![events::repo("a/a", n as u64 + 2).into()]).await.unwrap().remove(0).unwrap();
        assert_eq!((foreseen.document(), stale(db.pool()).await), (None, 1), "{wrong}");
        let stars = n as u64 + 2;
        let items = vec![events::repo("a/a", stars).into(), events::repo("a/a", stars + 1).into()];
        assert_eq!(batch(&log, items).await, format!("={stars} +{}", stars + 1), "{wrong}");
        check(db.pool()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batches_and_single_appends_on_the_same_streams_agree() {
    const WRITERS: u64 = 6;
    const ROUNDS: u64 = 8;
    let db = Db::create().await;
    let tasks: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let log = Log::new(ingest::connect(db.options()), domain::TenantId::PUBLIC);
            tokio::spawn(async move {
                let mut random = Random::new(writer);
                let mut appended = 0;
                for round in 0..ROUNDS {
                    let stars = writer * 1_000_000 + round * 1_000;
                    // Streams in any order, old and new: what could be waited for in a circle.
                    let items: Vec<Append> = (0..12)
                        .map(|n| events::repo(&format!("a/{}", random.below(20 + 4 * round)), stars + n).into())
                        .collect();
                    let outcomes = log.append_batch(items, &context()).await.unwrap();
                    appended +=
                        outcomes.iter().filter(|outcome| matches!(outcome, Ok(AppendOutcome::Appended(_)))).count();
                    let name = format!("a/{}", random.below(20));
                    if let Ok(outcome) = log.append(events::repo(&name, stars + 999).into(), &context()).await {
                        appended += usize::from(!outcome.is_duplicate());
                    }
                }
                appended
            })
        })
        .collect();
    let mut appended = 0;
    for task in tasks {
        appended += task.await.unwrap();
    }
    assert_eq!(check(db.pool()).await.len(), appended);
}
