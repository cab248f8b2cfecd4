//! What is refused leaves nothing behind.

use chrono::TimeDelta;
use domain::codec::CodecError;
use domain::{Event, Timestamp, decide};
use ingest::{Append, AppendError, Refusal};

use crate::support::log::{check, context, keyed};
use crate::support::{Db, events};

#[tokio::test]
async fn refused_events_leave_the_log_empty() {
    let db = Db::create().await;
    let log = db.log();
    let with = |change: fn(&mut domain::facts::repo::RepoObserved)| {
        let Event::RepoObserved(mut facts) = events::repo("a/b", 1) else { unreachable!() };
        change(&mut facts);
        Append::from(Event::from(facts))
    };
    type Expected = fn(&Refusal) -> bool;
    let redefined = domain::facts::formula::FormulaAdopted {
        name: "seed".to_owned(),
        hash: domain::digest::Digest::of(b"another formula"),
        document: "name = \"seed\"\n".to_owned(),
    };
    let cases: Vec<(Append, Expected)> = vec![
        (with(|facts| facts.description = Some("a\0b".to_owned())), |refusal| {
            matches!(refusal, Refusal::Codec(CodecError::Canonical { .. }))
        }),
        (with(|facts| facts.stars = Some(1 << 53)), |refusal| {
            matches!(refusal, Refusal::Codec(CodecError::Canonical { .. }))
        }),
        (with(|facts| facts.subject.id = String::new()), |refusal| matches!(refusal, Refusal::Stream(_))),
        (with(|facts| facts.subject.id = "a\nb".to_owned()), |refusal| matches!(refusal, Refusal::Stream(_))),
        (
            Event::from(redefined).into(),
            |refusal| matches!(refusal, Refusal::Rule(decide::BrokenRule::Formula(no)) if no.to_string().contains("`seed`")),
        ),
        (keyed(events::repo("a/b", 1), ""), |refusal| matches!(refusal, Refusal::Key)),
        (keyed(events::repo("a/b", 1), "a\0b"), |refusal| matches!(refusal, Refusal::Key)),
        (keyed(events::repo("a/b", 1), &"k".repeat(513)), |refusal| matches!(refusal, Refusal::Key)),
    ];
    for (append, expected) in cases {
        let refused = log.append(append.clone(), &context()).await.unwrap_err();
        assert!(matches!(refused, AppendError::Refused(ref refusal) if expected(refusal)), "{append:?}: {refused}");
    }
    let mut nul = context();
    nul.actor.push('\0');
    let refused = log.append(events::repo("a/b", 1).into(), &nul).await.unwrap_err();
    assert!(matches!(&refused, AppendError::Refused(Refusal::Invalid(why)) if why.field == "actor"), "{refused}");
    assert!(check(db.pool()).await.is_empty());
    assert_eq!(crate::support::log::count(db.pool(), "SELECT count(*) FROM log.idempotency_key").await, 0);
}

#[tokio::test]
async fn the_future_is_refused_beyond_five_minutes_by_the_database_clock() {
    let db = Db::create().await;
    let log = db.log();
    let now = sqlx::query_scalar::<_, chrono::DateTime<chrono::Utc>>("SELECT clock_timestamp()");
    let now = now.fetch_one(db.pool()).await.unwrap();
    let at = |minutes: i64| Append {
        event: events::repo("a/b", minutes.unsigned_abs()),
        observed_at: Timestamp::from_datetime(now + TimeDelta::minutes(minutes)),
        key: None,
    };
    let refused = log.append(at(60), &context()).await.unwrap_err();
    assert!(matches!(refused, AppendError::Refused(Refusal::Future { .. })), "{refused}");
    assert!(!refused.is_conflict());
    log.append(at(4), &context()).await.unwrap();
    log.append(at(-1_000_000), &context()).await.unwrap();
    assert_eq!(check(db.pool()).await.len(), 2);
}
