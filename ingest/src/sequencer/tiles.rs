//! The tiles of a tick: what new leaves add to them, and the one statement that writes it.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::merkle::tile::{WIDTH, hashes_of_level};
use sqlx::PgConnection;

use crate::error::{Corrupt, SequenceError};

/// What a tick adds, by tile.
#[derive(Debug, Default)]
pub(super) struct Additions {
    size: u64,
    /// By (level, index): how many hashes the tile holds already, and those that come.
    tiles: BTreeMap<(u32, u64), (u64, Vec<u8>)>,
    /// By level: how many hashes there are by now.
    ends: BTreeMap<u32, u64>,
}

impl Additions {
    /// Additions to the tiles of a tree of `size` leaves.
    pub(super) fn to(size: u64) -> Self {
        Self { size, ..Self::default() }
    }

    /// Appends a leaf to the frontier, and to the tiles what it completes.
    pub(super) fn push(&mut self, frontier: &mut Frontier, leaf: Digest) {
        frontier.push_tiled(leaf, |level, hash| {
            let end = self.ends.entry(level).or_insert_with(|| hashes_of_level(level, self.size));
            let (_, hashes) =
                self.tiles.entry((level, *end / WIDTH)).or_insert_with(|| (*end % WIDTH, Vec::with_capacity(32)));
            hashes.extend_from_slice(&hash.0);
            *end += 1;
        });
    }

    /// Writes them. Where the tiles end elsewhere, because a program older than they are has sequenced, they are filled
    /// from the events first.
    pub(super) async fn write(&self, conn: &mut PgConnection) -> Result<(), SequenceError> {
        if self.try_write(conn).await? {
            return Ok(());
        }
        tracing::warn!(log.size = self.size, "the tiles lag behind the log: filling them from the events");
        sqlx::query("SELECT log.fill_tiles($1)")
            .bind(i64::try_from(self.size).unwrap_or(i64::MAX))
            .execute(&mut *conn)
            .await?;
        if self.try_write(conn).await? {
            return Ok(());
        }
        Err(Corrupt::new("log.tile", format!("the tiles do not end where the log ends, after {}", self.size)).into())
    }

    /// `false`: some tile holds another number of hashes, and nothing is written.
    async fn try_write(&self, conn: &mut PgConnection) -> Result<bool, SequenceError> {
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for ((level, index), (held, hashes)) in &self.tiles {
            columns.0.push(i32::try_from(*level).unwrap_or(i32::MAX));
            columns.1.push(signed(*index));
            columns.2.push(i32::try_from(*held * 32).unwrap_or(i32::MAX));
            columns.3.push(hashes.as_slice());
        }
        let fits: bool = sqlx::query_scalar(
            r#"
            WITH given AS (
                SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bytea[]) AS g (level, idx, held, more)
            ), fence AS (
                SELECT 1 WHERE NOT EXISTS (
                    SELECT FROM given AS g LEFT JOIN log.tile AS t USING (level, idx)
                    WHERE coalesce(octet_length(t.hashes), 0) <> g.held)
            ), made AS (
                INSERT INTO log.tile (level, idx, hashes) SELECT level, idx, more FROM fence, given WHERE held = 0
            ), grown AS (
                UPDATE log.tile AS t SET hashes = t.hashes || g.more FROM given AS g
                WHERE g.held > 0 AND t.level = g.level AND t.idx = g.idx AND EXISTS (SELECT FROM fence)
            )
            SELECT EXISTS (SELECT FROM fence)
            "#,
        )
        .bind(&columns.0)
        .bind(&columns.1)
        .bind(&columns.2)
        .bind(&columns.3)
        .fetch_one(conn)
        .await?;
        Ok(fits)
    }
}
