//! What streams remember of their sources.

use std::collections::BTreeMap;

use domain::facts::log::EventQuarantined;
use domain::{Event, TenantId};
use ingest::{Append, Log};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor as _, PgPool};

use crate::support::log::{append, check, context, count, put_into_older, remembered};
use crate::support::{Db, events};

/// What a stale stream may hold instead of what it should.
pub(super) const WRONG: [&str; 4] = [
    "DELETE FROM log.latest",
    "UPDATE log.latest SET digest = sha256('another')",
    "UPDATE log.latest SET source = 'another/' || source",
    "UPDATE log.latest SET sequence = 1",
];

/// Makes every stream stale, and wrong.
pub(super) async fn make_stale(pool: &PgPool, wrong: &str) {
    pool.execute(wrong).await.unwrap();
    pool.execute("UPDATE log.stream SET stale = true").await.unwrap();
}

/// How many streams are stale.
pub(super) async fn stale(pool: &PgPool) -> i64 {
    count(pool, "SELECT count(*) FROM log.stream WHERE stale").await
}

/// An event of a source of its own.
fn quarantined(position: u64, lifted: bool) -> Event {
    EventQuarantined { position, reason: "wrong".to_owned(), lifted }.into()
}

/// Rows of `log.latest` that were read so far and that were written, as the server counts them.
async fn touched(pool: &PgPool) -> (i64, i64) {
    pool.execute("SELECT pg_stat_force_next_flush()").await.unwrap();
    let read = "SELECT seq_tup_read + idx_tup_fetch, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables \
                 WHERE relid = 'log.latest'::regclass";
    sqlx::query_as(read).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn an_append_to_a_stream_of_thousands_of_sources_touches_its_own() {
    const SOURCES: u64 = 3_000;
    let db = Db::create().await;
    // What a session did is counted once it has said so: there is one.
    let pool = PgPoolOptions::new().max_connections(1).connect_with(db.options()).await.unwrap();
    let log = Log::new(pool.clone(), TenantId::PUBLIC);
    let all: Vec<Append> = (1..=SOURCES).map(|n| quarantined(n, false).into()).collect();
    assert!(log.append_batch(all, &context()).await.unwrap().iter().all(Result::is_ok));
    let before = touched(&pool).await;
    assert_eq!(before.1, SOURCES as i64);
    // Known, new, the same again: each looks at one row, and moves one at most; an UPDATE looks for it again.
    for (event, duplicate) in
        [(quarantined(7, true), false), (quarantined(SOURCES + 1, false), false), (quarantined(9, false), true)]
    {
        let before = touched(&pool).await;
        assert_eq!(append(&log, event).await.is_duplicate(), duplicate);
        let after = touched(&pool).await;
        assert_eq!(after.1 - before.1, i64::from(!duplicate));
        assert!(after.0 - before.0 <= 3, "{} rows read", after.0 - before.0);
    }
    let before = touched(&pool).await;
    let two = vec![quarantined(11, true).into(), quarantined(12, false).into()];
    assert!(log.append_batch(two, &context()).await.unwrap().iter().all(Result::is_ok));
    let after = touched(&pool).await;
    assert_eq!(after.1 - before.1, 1);
    assert!(after.0 - before.0 <= 6, "{} rows read", after.0 - before.0);
    assert_eq!(check(&pool).await.len() as u64, SOURCES + 3);
    pool.close().await;
}

#[tokio::test]
async fn a_source_with_a_name_of_any_length_is_told_apart_and_known_again() {
    let db = Db::create().await;
    let log = db.log();
    let application = |id: char, name: &str| {
        let mut record: serde_json::Value =
            serde_json::from_str(include_str!("../corpus/GrantObserved.1.3.json")).unwrap();
        record["record"]["id"] = id.to_string().repeat(9_000).into();
        record["record"]["project_name"] = name.into();
        domain::codec::decode("GrantObserved", 1, record.to_string().as_bytes()).unwrap()
    };
    for (id, name, duplicate) in
        [('a', "A", false), ('b', "A", false), ('a', "A", true), ('a', "B", false), ('b', "A", true)]
    {
        assert_eq!(append(&log, application(id, name)).await.is_duplicate(), duplicate, "{id} {name}");
    }
    make_stale(db.pool(), WRONG[0]).await;
    assert!(append(&log, application('a', "B")).await.is_duplicate());
    assert_eq!(check(db.pool()).await.len(), 3);
}

#[tokio::test]
async fn what_streams_remembered_as_a_text_moves_into_rows_for_each_tenant() {
    let source = Db::create().await;
    let log = source.log();
    for stars in 1..=3 {
        append(&log, events::repo("a/b", stars)).await;
    }
    append(&log, events::sbom("a/b", &["x"])).await;
    let odd = [
        r#"{"sources":["another shape"]}"#,
        "[]",
        "{}",
        "null",
        "not JSON",
        r#"{"sequence":1,"sources":7}"#,
        r#"{"sequence":1,"sources":{"repo":{"digest":"no","sequence":1}}}"#,
        r#"{"sequence":2,"sources":{}}"#,
    ];
    for n in 0..odd.len() {
        append(&log, events::repo(&format!("odd/{n}"), 1)).await;
    }
    let db = Db::before(20).await;
    let pool = db.pool();
    put_into_older(source.pool(), pool).await;
    pool.execute("SELECT log.make_tenant('second')").await.unwrap();
    pool.execute(
        "INSERT INTO log.stream (tenant_id, kind, id, version, state) \
         SELECT 2, kind, 'pkg:github/a/second', version, state FROM log.stream WHERE id = 'pkg:github/a/b'",
    )
    .await
    .unwrap();
    for (n, state) in odd.into_iter().enumerate() {
        let made = sqlx::query("UPDATE log.stream SET state = $1 WHERE id = $2").bind(state);
        made.bind(format!("pkg:github/odd/{n}")).execute(pool).await.unwrap();
    }
    ingest::migrate(pool).await.unwrap();

    let held = remembered(pool).await;
    let of = |id: &str| held.get(&("repo".to_owned(), format!("pkg:github/{id}")));
    assert_eq!((of("a/b").map(BTreeMap::len), of("a/b")), (Some(2), of("a/second")));
    assert_eq!((held.len(), stale(pool).await), (2, odd.len() as i64));
    for table in ["stream", "latest", "head"] {
        pool.execute(format!("DELETE FROM log.{table} WHERE tenant_id = 2").as_str()).await.unwrap();
    }
    let log = db.log();
    for (n, state) in odd.into_iter().enumerate() {
        assert!(append(&log, events::repo(&format!("odd/{n}"), 1)).await.is_duplicate(), "{state}");
    }
    assert!(append(&log, events::repo("a/b", 3)).await.is_duplicate());
    assert!(!append(&log, events::repo("a/b", 2)).await.is_duplicate());
    assert_eq!(check(pool).await.len(), 4 + odd.len() + 1);
}
