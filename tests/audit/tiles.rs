//! Tiles and proofs.

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::merkle::proof::{extends, includes};
use serde_json::Value;
use sqlx::Executor as _;

use crate::support::cli::Place;
use crate::support::random::Random;
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
async fn the_root_of_every_position_is_in_the_tiles() {
    const LEAVES: u64 = 66_200;
    let db = Db::create().await;
    let mut conn = db.pool().acquire().await.unwrap();
    let (mut frontier, mut roots) = (Frontier::default(), vec![Frontier::default().root()]);
    let mut levels = std::collections::BTreeMap::<u32, Vec<u8>>::new();
    for n in 0..LEAVES {
        let leaf = Digest::of(&n.to_be_bytes());
        frontier.push_tiled(leaf, |level, hash| levels.entry(level).or_default().extend(hash.0));
        roots.push(frontier.root());
    }
    for (level, hashes) in &levels {
        let rows: Vec<&[u8]> = hashes.chunks(256 * 32).collect();
        sqlx::query("INSERT INTO log.tile SELECT $1, n - 1, h FROM unnest($2::bytea[]) WITH ORDINALITY AS t (h, n)")
            .bind(*level as i32)
            .bind(rows)
            .execute(&mut *conn)
            .await
            .unwrap();
    }
    let edges = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_792];
    let mut random = Random::new(0x9E37);
    let drawn = (0..60).map(|_| random.below(LEAVES + 1));
    for position in edges.into_iter().chain([LEAVES - 1, LEAVES]).chain(drawn) {
        let root = replay::audit::tiles::root_at(&mut conn, position).await.unwrap();
        assert_eq!(root, roots[position as usize], "at {position}");
    }
    assert!(replay::audit::tiles::root_at(&mut conn, LEAVES + 1).await.is_err());
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
