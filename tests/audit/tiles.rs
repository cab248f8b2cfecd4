//! Tiles and proofs.

use domain::digest::Digest;
use domain::merkle::proof::{extends, includes};
use serde_json::Value;
use sqlx::Executor as _;

use crate::support::cli::Place;
use crate::support::{Db, events, log};

fn digest(value: &Value) -> Digest {
    Digest::parse(value.as_str().unwrap()).unwrap()
}

fn digests(value: &Value) -> Vec<Digest> {
    value.as_array().unwrap().iter().map(digest).collect()
}

#[tokio::test]
async fn proofs_hold_on_both_sides_of_full_tiles() {
    let place = Place::new().await;
    let db = &place.db;
    ingest::migrate(db.pool()).await.unwrap();
    let writer = db.log();
    let mut roots = vec![];
    for size in [1, 255, 1, 1, 254, 300] {
        let from = roots.len() as u64 * 1_000;
        let batch = (from..from + size).map(|n| events::repo(&format!("o/r{}", n % 7), n).into()).collect();
        writer.append_batch(batch, &log::context()).await.unwrap();
        roots.push(place.run(&["status"])["root"].clone());
    }
    log::check(db.pool()).await;
    for (position, size) in [(1, 1), (1, 812), (256, 257), (257, 257), (512, 812), (513, 812), (812, 812)] {
        let proof = place.run(&["audit", "prove", &format!("{position}"), "--size", &format!("{size}")]);
        assert_eq!((proof["position"].as_u64(), proof["tree_size"].as_u64()), (Some(position), Some(size)));
        let (leaf, root) = (digest(&proof["leaf_hash"]), digest(&proof["root"]));
        assert!(includes(&leaf, position - 1, size, &digests(&proof["proof"]), &root), "{proof}");
    }
    let sizes = [1u64, 256, 257, 258, 512, 812];
    for (n, from) in sizes.iter().enumerate() {
        let proof = place.run(&["audit", "prove", "--from", &from.to_string(), "--to", "812"]);
        assert_eq!((&proof["from_root"], &proof["to_root"]), (&roots[n], &roots[5]));
        let (old, new) = (digest(&proof["from_root"]), digest(&proof["to_root"]));
        assert!(extends(*from, &old, 812, &new, &digests(&proof["proof"])), "{proof}");
    }
    for beyond in [&["audit", "prove", "813"][..], &["audit", "prove", "0"], &["audit", "prove", "--from", "813"]] {
        place.ends(1, beyond);
    }
    place.ends(2, &["audit", "prove"]);
}

#[tokio::test]
async fn tiles_that_an_older_program_left_behind_are_filled() {
    let db = Db::create().await;
    let writer = db.log();
    let batch = |from: u64| (from..from + 300).map(|n| events::repo("o/r", n).into()).collect();
    writer.append_batch(batch(0), &log::context()).await.unwrap();
    // As if the second batch had been sequenced by a program that knows no tiles.
    let mut conn = db.pool().acquire().await.unwrap();
    let before: Vec<(i32, i64, Vec<u8>)> =
        sqlx::query_as("SELECT level, idx, hashes FROM log.tile ORDER BY 1, 2").fetch_all(&mut *conn).await.unwrap();
    writer.append_batch(batch(1_000), &log::context()).await.unwrap();
    conn.execute("ALTER TABLE log.tile DISABLE TRIGGER ALL; DELETE FROM log.tile").await.unwrap();
    for (level, index, hashes) in before {
        sqlx::query("INSERT INTO log.tile VALUES ($1, $2, $3)")
            .bind(level)
            .bind(index)
            .bind(hashes)
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    conn.execute("ALTER TABLE log.tile ENABLE TRIGGER ALL").await.unwrap();
    log::append(&writer, events::repo("o/r", 9_999)).await;
    assert_eq!(log::check(db.pool()).await.len(), 601);
}
