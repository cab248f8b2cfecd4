//! What reading costs: the page, wherever it is; many events, a few statements.

use serde_json::Value;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Connection as _, Executor as _, PgConnection, Postgres, Row as _};

use crate::support::cli::Place;
use crate::support::{Db, events, log};

/// Appends of one event each, and a few of ten thousand between them, as rows without meaning.
const FILL: &str = "
    INSERT INTO log.append SELECT gen_random_uuid(), CASE WHEN n % 8000 = 0 THEN 10000 ELSE 1 END, '{}',
                                  sha256(n::text::bytea), now() FROM generate_series(1, 24000) n;
    INSERT INTO log.commit SELECT sum(events) OVER (ORDER BY rn) - events + 1, events, append_id
                             FROM (SELECT *, row_number() OVER () AS rn FROM log.append) a;
    INSERT INTO log.event SELECT append_id, i, 1, first_position + i, now(),
                                 CASE WHEN (first_position + i) % 1000 = 0 THEN 'atlas' ELSE 'repo' END,
                                 'pkg:github/o/r' || (first_position + i) % 97,
                                 CASE WHEN (first_position + i) % 3000 = 0 THEN 'PayloadErased' ELSE 'X' END,
                                 sha256('a'), sha256('b'), repeat(md5(i::text), 9)::bytea
                            FROM log.commit, generate_series(0, events - 1) i;
    ANALYZE";

/// Every node of a plan.
fn nodes<'a>(plan: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(plan);
    for child in plan["Plans"].as_array().into_iter().flatten() {
        nodes(child, found);
    }
}

/// Runs a statement and checks that no node passes over a table or reads more rows than the page has, and that no sort
/// is larger than the page.
async fn costs_a_page<'q>(conn: &mut PgConnection, what: &str, query: Query<'q, Postgres, PgArguments>, rows: u64) {
    let row = query.fetch_one(conn).await.unwrap();
    let plan: Value = row.get(0);
    let mut all = Vec::new();
    nodes(&plan[0]["Plan"], &mut all);
    assert_eq!(all[0]["Actual Rows"].as_u64(), Some(rows), "{what}");
    // Whole rows would be: then none goes out before the last was looked up, and large ones go through the disk.
    assert_ne!(all[0]["Node Type"], "Sort", "{what}: payloads are sorted");
    for node in all {
        assert_ne!(node["Node Type"], "Seq Scan", "{what}: {node}");
        let number = |key: &str| node[key].as_u64().unwrap_or(0);
        // The rows of a loop are told as a rounded mean.
        let seen = number("Actual Rows") * number("Actual Loops");
        assert!(seen <= rows + number("Actual Loops"), "{what}: {seen} rows: {node}");
        // The rest of an append that begins before the page, or a filter, would show here.
        assert_eq!(number("Rows Removed by Filter"), 0, "{what}: {node}");
    }
}

#[tokio::test]
async fn a_page_costs_the_page_wherever_it_is() {
    let db = Db::create().await;
    let mut conn = PgConnection::connect_with(&db.options()).await.unwrap();
    conn.execute(FILL).await.unwrap();
    let explained = |sql: &str| format!("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}");
    let range = explained(include_str!("../../replay/sql/page.sql"));
    let positions = explained(include_str!("../../replay/sql/positions.sql"));
    let stream = explained(include_str!("../../replay/sql/stream.sql"));
    let head: i64 = sqlx::query_scalar("SELECT count(*) FROM log.event").fetch_one(&mut conn).await.unwrap();
    assert_eq!(head, 53_997);
    for mode in ["force_custom_plan", "force_generic_plan"] {
        conn.execute(format!("SET plan_cache_mode = {mode}").as_str()).await.unwrap();
        // Among single appends at both ends, inside an append of ten thousand, across its end, and one event alone.
        for (from, to) in [(1, 5_000), (49_000, 53_997), (10_500, 15_499), (16_000, 20_999), (17_998, 17_998), (3, 3)] {
            let query = sqlx::query(&range).bind(from).bind(to);
            costs_a_page(&mut conn, &format!("{mode}: {from} to {to}"), query, (to - from + 1) as u64).await;
        }
        let some: Vec<i64> = (1..=5_000).map(|n| n * 10).collect();
        costs_a_page(&mut conn, mode, sqlx::query(&positions).bind(some), 5_000).await;
        let query = sqlx::query(&stream).bind("repo").bind("pkg:github/o/r5").bind(1_i64);
        let of_stream = "SELECT count(*) FROM log.event WHERE kind = 'repo' AND stream_id = 'pkg:github/o/r5'";
        costs_a_page(&mut conn, mode, query, log::count(db.pool(), of_stream).await as u64).await;
    }
    conn.execute("SET plan_cache_mode = auto").await.unwrap();
    let of_type = explained(include_str!("../../replay/sql/of_type.sql"));
    let query = sqlx::query(&of_type).bind("atlas").bind("PayloadErased").bind(i64::MAX);
    let plan: Value = query.fetch_one(&mut conn).await.unwrap().get(0);
    let mut all = Vec::new();
    nodes(&plan[0]["Plan"], &mut all);
    assert!(all.iter().all(|node| node["Node Type"] != "Seq Scan"), "{plan}");
}

#[tokio::test]
async fn a_stream_is_listed_as_the_whole_log_has_it() {
    let place = Place::new().await;
    ingest::migrate(place.db.pool()).await.unwrap();
    let batch = (0..400).map(|n| events::repo(&format!("o/r{}", n % 3), n).into()).collect();
    place.db.log().append_batch(batch, &log::context()).await.unwrap();
    let lines = |args: &[&str]| -> Vec<Value> {
        let said = place.ends(0, args).stdout;
        String::from_utf8(said).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&["events"]);
    let within = |from: u64, to: u64| -> Vec<Value> {
        let wanted = |event: &&Value| {
            event["stream"] == "repo:pkg:github/o/r1" && (from..=to).contains(&event["position"].as_u64().unwrap())
        };
        all.iter().filter(wanted).cloned().collect()
    };
    let stream = ["events", "--stream", "repo:pkg:github/o/r1"];
    assert_eq!(lines(&stream), within(1, 400));
    assert_eq!(lines(&[&stream[..], &["--from", "20", "--to", "31"]].concat()), within(20, 31));
    assert_eq!(lines(&["events", "--stream", "repo:pkg:github/o/none"]), Vec::<Value>::new());
    for from in 1..=12 {
        let text = from.to_string();
        assert_eq!(lines(&[&stream[..], &["--from", &text]].concat()), within(from, 400));
    }
    // The end of a stream costs what is shown of it, and a few looks.
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let mut transaction = conn.begin().await.unwrap();
    let mut shown = 0;
    let count = |_| {
        shown += 1;
        Ok::<(), replay::ReplayError>(())
    };
    let id = domain::StreamId::parse("repo:pkg:github/o/r1").unwrap();
    replay::log::of_stream(&mut transaction, &id, 395, 400, count).await.unwrap();
    assert_eq!(shown, 2);
    let fetched =
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'log.event'::regclass";
    let fetched: i64 = sqlx::query_scalar(fetched).fetch_one(&mut *transaction).await.unwrap();
    assert!(fetched < 40, "{fetched} of 133 events read");
    transaction.rollback().await.unwrap();
    // An event that is gone between two others is missed.
    let gone = "ALTER TABLE log.event DISABLE TRIGGER ALL; DELETE FROM log.event WHERE idx = 1";
    conn.execute(gone).await.unwrap();
    assert!(place.ends(1, &stream).stderr.contains("stands in the place of 1"));
}

/// Host facts that the explained score rests on.
const FACTS: u64 = 2_000;

#[tokio::test]
async fn an_explanation_of_many_events_takes_a_few_statements() {
    let place = Place::new().await;
    crate::audit::support::ecosystem(&place);
    // An adoption score is a percentile: it rests on the host facts of everybody.
    for from in (0..FACTS).step_by(10_000) {
        let batch = (from..FACTS.min(from + 10_000)).map(|n| events::repo(&format!("o/r{n}"), n).into());
        place.db.log().append_batch(batch.collect(), &log::context()).await.unwrap();
    }
    let mut conn = PgConnection::connect_with(&place.db.options()).await.unwrap();
    let found = replay::audit::explain::explain(&mut conn, "p:a", "adoption_score", None, &mut |_| {}).await.unwrap();
    assert!(found.events.len() as u64 > FACTS, "{}", found.events.len());
    for proven in found.events.iter().step_by(97) {
        let (leaf, index) = (proven.event.leaf_hash, proven.leaf_index);
        assert!(domain::merkle::proof::includes(&leaf, index, found.tree_size, &proven.proof, &found.root));
    }
    let statements = "SELECT sum(generic_plans + custom_plans)::bigint FROM pg_prepared_statements";
    let statements: i64 = sqlx::query_scalar(statements).fetch_one(&mut conn).await.unwrap();
    let pages = 3 * (FACTS / replay::log::PAGE_POSITIONS) as i64;
    assert!((5..60 + pages).contains(&statements), "{statements} statements");
}
