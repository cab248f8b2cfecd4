//! Whoever owns the database may change anything in it; not unnoticed.

use domain::digest::Digest;
use domain::merkle::Frontier;
use replay::audit::policy::Policy;
use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _};

use super::support::{checkpoint, ecosystem, published, verify};
use crate::support::cli::Place;
use crate::support::{events, log};

/// Events of the log before anything is published.
const EVENTS: u64 = 600;

/// A log of three publications and more than two tiles, single appends and batches, with a checkpoint before the last
/// hundred events and one at the end. Answers what the auditor keeps: two files and a key.
async fn audited(place: &Place) -> (String, String, String) {
    ecosystem(place);
    let writer = place.db.log();
    let fill = |from: u64, to: u64| (from..to).map(|n| events::repo(&format!("o/r{}", n % 5), n).into()).collect();
    place.run(&["publish", "--label", "one"]);
    let head = place.run(&["status"])["head"].as_u64().unwrap();
    writer.append_batch(fill(head, 400), &log::context()).await.unwrap();
    // Each of the last ones by itself, so that whole appends can be swapped and cut.
    let (early, key) = {
        for n in 400..EVENTS - 100 {
            log::append(&writer, events::repo("o/single", n)).await;
        }
        checkpoint(place, "early.json")
    };
    for n in EVENTS - 100..EVENTS {
        log::append(&writer, events::repo("o/single", n)).await;
    }
    place.run(&["project"]);
    let (late, _) = checkpoint(place, "late.json");
    assert_eq!(place.run(&["status"])["head"].as_u64(), Some(EVENTS));
    (early, late, key)
}

const OFF: &str = "ALTER TABLE log.event DISABLE TRIGGER ALL; ALTER TABLE log.append DISABLE TRIGGER ALL; \
                   ALTER TABLE log.commit DISABLE TRIGGER ALL; ALTER TABLE log.tile DISABLE TRIGGER ALL; \
                   ALTER TABLE log.checkpoint DISABLE TRIGGER ALL;";

/// What the rewritten events say instead.
const FORKS: [&str; 2] = ["\"stars\":", "\"forks\":7,\"stars\":"];

/// Where the row of a position is.
fn at(position: u64) -> String {
    format!(
        "append_id = (SELECT append_id FROM log.commit WHERE first_position <= {position} \
                       ORDER BY first_position DESC LIMIT 1) \
         AND idx = {position} - (SELECT max(first_position) FROM log.commit WHERE first_position <= {position})"
    )
}

/// Gives the events from a position on other facts, with hashes, order, head and, where told to, tiles and kept
/// checkpoints that fit them.
async fn rewrite(place: &Place, from: u64, everything: bool, [old, new]: [&str; 2]) {
    let mut conn = place.db.pool().acquire().await.unwrap();
    conn.execute(OFF).await.unwrap();
    let stored = log::events(place.db.pool()).await;
    let mut frontier = Frontier::default();
    for mut event in stored {
        if event.position >= from {
            let payload = String::from_utf8(event.payload).unwrap().replace(old, new);
            event.envelope.payload_sha256 = Digest::of(payload.as_bytes());
            event.leaf_hash = event.envelope.leaf_hash().unwrap();
            let sql = "UPDATE log.event SET payload = $1, payload_sha256 = $2, leaf_hash = $3 WHERE append_id = $4 AND idx = $5";
            sqlx::query(sql)
                .bind(payload.as_bytes())
                .bind(event.envelope.payload_sha256.0)
                .bind(event.leaf_hash.0)
                .bind(event.append)
                .bind(event.index as i32)
                .execute(&mut *conn)
                .await
                .unwrap();
        }
        frontier.push(event.leaf_hash);
    }
    set_head(place, &frontier).await;
    if everything {
        let size = frontier.size();
        let sql = format!(
            "DELETE FROM log.tile; SELECT log.fill_tiles({size}); DELETE FROM log.checkpoint WHERE tree_size >= {from}; \
             DELETE FROM atlas.live; DELETE FROM atlas.build"
        );
        conn.execute(sql.as_str()).await.unwrap();
    }
}

async fn set_head(place: &Place, frontier: &Frontier) {
    sqlx::query("UPDATE log.head SET next_position = $1, root = $2, frontier = $3")
        .bind(frontier.size() as i64 + 1)
        .bind(frontier.root().0)
        .bind(frontier.nodes().iter().flat_map(|node| node.0).collect::<Vec<u8>>())
        .execute(place.db.pool())
        .await
        .unwrap();
}

/// Cuts the log after a position, as if it had never been longer.
async fn cut(place: &Place, after: u64) {
    let mut frontier = Frontier::default();
    for event in log::events(place.db.pool()).await.iter().take(after as usize) {
        frontier.push(event.leaf_hash);
    }
    let sql = format!(
        "{OFF} DELETE FROM log.event WHERE append_id IN (SELECT append_id FROM log.commit WHERE first_position > {after}); \
         DELETE FROM log.append WHERE append_id IN (SELECT append_id FROM log.commit WHERE first_position > {after}); \
         DELETE FROM log.commit WHERE first_position > {after}; DELETE FROM log.tile; SELECT log.fill_tiles({after}); \
         DELETE FROM log.checkpoint WHERE tree_size > {after}; DELETE FROM atlas.live; DELETE FROM atlas.build"
    );
    place.db.pool().execute(sql.as_str()).await.unwrap();
    set_head(place, &frontier).await;
}

async fn tampered(what: &str, position: u64, change: impl AsyncFnOnce(&Place)) {
    let place = Place::new().await;
    let (early, late, key) = audited(&place).await;
    let trust = ["--key", &key, "--checkpoint", &early, "--checkpoint", &late];
    let before = verify(&place, 0, &trust);
    assert_eq!((&before["ok"], &before["trusted"]), (&true.into(), &true.into()), "{before}");
    change(&place).await;
    let found: Value = verify(&place, 1, &trust);
    println!("{what}: first_bad_position {}, {}", found["first_bad_position"], found["reason"]);
    assert_eq!(found["first_bad_position"].as_u64(), Some(position), "{what}: {found}");
    assert_eq!((&found["ok"], &found["trusted"]), (&false.into(), &false.into()), "{what}: {found}");
}

async fn sql(place: &Place, sql: String) {
    place.db.pool().execute(format!("{OFF} {sql}").as_str()).await.unwrap();
}

#[tokio::test]
async fn a_byte_of_a_payload() {
    tampered("one byte of the payload at 123 flipped", 123, async |place| {
        let byte = "set_byte(payload, 20, get_byte(payload, 20) # 1)";
        sql(place, format!("UPDATE log.event SET payload = {byte} WHERE {}", at(123))).await;
    })
    .await;
    // Of a decision: it is read ahead of the events, and what comes before it still comes first.
    tampered("one byte at 450 and one of the publication flipped", 8, async |place| {
        let published = "SELECT c.first_position + e.idx FROM log.commit c JOIN log.event e USING (append_id) \
                         WHERE e.type = 'ScoresPublished'";
        let position: i64 = sqlx::query(published).fetch_one(place.db.pool()).await.unwrap().get(0);
        assert_eq!(position, 8, "the story knows where the publication is");
        let byte = "set_byte(payload, 20, get_byte(payload, 20) # 1)";
        sql(place, format!("UPDATE log.event SET payload = {byte} WHERE {} OR {}", at(450), at(8))).await;
    })
    .await;
}

#[tokio::test]
async fn a_time_of_recording() {
    tampered("recorded_at of 432 moved by a microsecond", 432, async |place| {
        let append = "(SELECT append_id FROM log.commit WHERE first_position = 432)";
        sql(
            place,
            format!("UPDATE log.append SET recorded_at = recorded_at + '1 us'::interval WHERE append_id = {append}"),
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_gone() {
    tampered("the event at 300 deleted", 300, async |place| {
        sql(place, format!("DELETE FROM log.event WHERE {}", at(300))).await;
    })
    .await;
    tampered("the place of 410 deleted", 410, async |place| {
        sql(place, "DELETE FROM log.commit WHERE first_position = 410".to_owned()).await;
    })
    .await;
}

#[tokio::test]
async fn two_positions_swapped() {
    tampered("positions 420 and 470 swapped", 420, async |place| {
        let (free, away, back) = (
            "ALTER TABLE log.commit DROP CONSTRAINT commit_first_position_check",
            "UPDATE log.commit SET first_position = -first_position WHERE first_position IN (420, 470)",
            "UPDATE log.commit SET first_position = 890 + first_position WHERE first_position < 0",
        );
        sql(place, format!("{free}; {away}; {back}")).await;
    })
    .await;
}

#[tokio::test]
async fn the_tail_cut_off() {
    tampered("everything after 550 cut off, tiles, checkpoints and head made to fit", 551, async |place| {
        cut(place, 550).await;
    })
    .await;
    tampered("everything after 450 cut off, likewise", 451, async |place| cut(place, 450).await).await;
}

#[tokio::test]
async fn the_newest_events_rewritten() {
    tampered("the newest 100 rewritten, head made to fit", EVENTS - 99, async |place| {
        rewrite(place, EVENTS - 99, false, FORKS).await;
    })
    .await;
    tampered("the newest 100 rewritten, head, tiles and checkpoints made to fit", EVENTS - 99, async |place| {
        rewrite(place, EVENTS - 99, true, FORKS).await;
    })
    .await;
}

#[tokio::test]
async fn the_live_tables() {
    let place = published().await;
    assert_eq!(verify(&place, 0, &[])["divergences"], serde_json::json!([]));
    let build: i64 = sqlx::query_scalar("SELECT build FROM atlas.live WHERE projection = 'metrics'")
        .fetch_one(place.db.pool())
        .await
        .unwrap();
    let sql = format!("UPDATE build_{build}.score SET criticality_score = 99 WHERE id = 'pkg:github/o/a'");
    place.db.pool().execute(sql.as_str()).await.unwrap();
    let found = verify(&place, 1, &[]);
    assert_eq!((&found["ok"], &found["first_bad_position"]), (&false.into(), &Value::Null));
    let divergence = &found["divergences"][0];
    assert!(divergence["id"].as_str().unwrap().contains("pkg:github/o/a"), "{found}");
    assert_eq!((&divergence["metric"], &divergence["live"]), (&"criticality_score".into(), &"99".into()));
}

#[tokio::test]
async fn a_row_that_no_fold_writes_is_named_and_not_shown_as_something_else() {
    let place = published().await;
    let builds = "SELECT projection, build FROM atlas.live";
    let builds: Vec<(String, i64)> = sqlx::query_as(builds).fetch_all(place.db.pool()).await.unwrap();
    let build = |name: &str| builds.iter().find(|(projection, _)| projection == name).unwrap().1;
    let (metrics, history) = (build("metrics"), build("history"));
    let id = "pkg:github/o/a";
    let sql = format!(
        "UPDATE build_{metrics}.score SET pony_factor = -1 WHERE id = '{id}';
         UPDATE build_{history}.span SET positions = ARRAY[-1] || positions WHERE id = '{id}'"
    );
    place.db.pool().execute(sql.as_str()).await.unwrap();
    for (table, command) in [("score", &["scores", "--level", "repo"][..]), ("span", &["history", id])] {
        let said = place.ends(1, command);
        assert!(said.stderr.contains(&format!("table {table}, row {id}")), "{said:?}");
    }
}

#[tokio::test]
async fn a_publication_that_does_not_follow_names_the_vertices() {
    let place = published().await;
    // The last document names another package, in a log that agrees with itself.
    rewrite(&place, 6, false, ["pkg:npm/w\"", "pkg:npm/v\""]).await;
    let sql = "DELETE FROM log.tile; SELECT log.fill_tiles(next_position - 1) FROM log.head";
    place.db.pool().execute(sql).await.unwrap();
    let found = verify(&place, 1, &[]);
    assert_eq!((&found["first_bad_position"], &found["publications"][0]["result"]), (&Value::Null, &"diverged".into()));
    let said = place.ends(1, &["replay", "--verify", "--label", "one"]).json();
    let named = |id: &str| said["divergences"].as_array().unwrap().iter().find(|one| one["id"] == id).cloned();
    for whole in ["scores", "state"] {
        assert!(named(whole).is_some(), "{said}");
    }
    let gone = named("pkg:npm/w").unwrap();
    assert_eq!(
        (&gone["metric"], &gone["live"], &gone["replayed"]),
        (&"criticality_score".into(), &"1".into(), &Value::Null)
    );
    assert!(named("pkg:npm/x").is_none(), "what is as it was is not named: {said}");
}

#[tokio::test]
async fn a_reader_whose_backend_is_killed_says_nothing() {
    let place = Place::new().await;
    audited(&place).await;
    let mut conn = place.db.options().connect().await.unwrap();
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut conn).await.unwrap();
    let options = place.db.options();
    let mut killed = false;
    let mut snapshot = conn.begin_with(replay::SNAPSHOT).await.unwrap();
    let verified = replay::audit::live::verify(&mut snapshot, vec![], &Policy::default(), &mut |event| {
        if event.position == 300 && !killed {
            killed = true;
            let options = options.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut other = options.connect().await.unwrap();
                    sqlx::query("SELECT pg_terminate_backend($1, 5000)")
                        .bind(backend)
                        .execute(&mut other)
                        .await
                        .unwrap();
                });
            })
            .join()
            .unwrap();
        }
    })
    .await;
    assert!(matches!(&verified, Err(error) if error.is_environment()), "{verified:?}");
    assert!(killed);
}
