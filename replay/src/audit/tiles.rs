//! Proofs from the stored tiles: a few rows, whatever the size of the log.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::digest::Digest;
use domain::merkle::proof::{self, Range};
use domain::merkle::tile::{Hashes, TileId, Tiles, needed};
use domain::number::fit;
use domain::recorded::Position;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::ReplayError;
use crate::threads::joined;

/// That an event is in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// Place of the event.
    pub position: Position,
    /// Its place among the leaves: the position less one.
    pub leaf_index: u64,
    /// Its leaf hash.
    pub leaf_hash: Digest,
    /// Events of the tree that is proven against.
    pub tree_size: u64,
    /// Root of that tree.
    pub root: Digest,
    /// RFC 6962 audit path, from the leaf up.
    pub proof: Vec<Digest>,
}

/// That a log has only grown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// Events of the earlier tree.
    pub from: u64,
    /// Events of the later tree.
    pub to: u64,
    /// Root of the earlier tree.
    pub from_root: Digest,
    /// Root of the later tree.
    pub to_root: Digest,
    /// RFC 6962 consistency proof.
    pub proof: Vec<Digest>,
}

/// Reads tiles. One that is not there is left out.
///
/// # Errors
/// When the database refuses, or a tile is no row of hashes.
pub async fn read(conn: &mut PgConnection, which: &BTreeSet<TileId>) -> Result<Tiles, ReplayError> {
    let levels: Vec<i32> = which.iter().map(|tile| fit(tile.level, "level of a tile")).collect();
    let indexes: Vec<i64> = which.iter().map(|tile| fit(tile.index, "index of a tile")).collect();
    let rows = sqlx::query_file!("sql/tiles.sql", &levels, &indexes).fetch_all(conn).await?;
    let mut tiles = Tiles::default();
    for row in rows {
        let corrupt = || ReplayError::Corrupt { position: 0, detail: "a tile is no row of hashes".to_owned() };
        let level = u32::try_from(row.level).map_err(|_| corrupt())?;
        let index = u64::try_from(row.idx).map_err(|_| corrupt())?;
        let hashes: Option<Vec<Digest>> = row.hashes.chunks(32).map(Digest::from_slice).collect();
        tiles.0.insert(TileId { level, index }, hashes.ok_or_else(corrupt)?);
    }
    Ok(tiles)
}

/// The hashes of ranges of the tree.
async fn hashes(conn: &mut PgConnection, ranges: &[Range]) -> Result<Vec<Digest>, ReplayError> {
    let tiles = read(conn, &needed(ranges)).await?;
    let mut hashes = Hashes::of(&tiles);
    ranges.iter().map(|range| all(&mut hashes, *range)).collect()
}

/// The hash of a range that the tiles must have.
fn all(hashes: &mut Hashes<'_>, range: Range) -> Result<Digest, ReplayError> {
    let detail = || format!("the tiles lack what leaves {} to {} hash to", range.from, range.to);
    hashes.hash(range).ok_or_else(|| ReplayError::Corrupt { position: range.from + 1, detail: detail() })
}

/// The root of the log where it ended at `position`, as the tiles have it; that of an empty log at 0.
///
/// # Errors
/// When the tiles do not reach so far.
pub async fn root_at(conn: &mut PgConnection, position: Position) -> Result<Digest, ReplayError> {
    Ok(hashes(conn, &[Range { from: 0, to: position }]).await?.pop().unwrap_or_default())
}

/// Proves that an event is among the first `size`.
///
/// # Errors
/// When it is not, or the tiles contradict themselves.
pub async fn inclusion(conn: &mut PgConnection, position: Position, size: u64) -> Result<Inclusion, ReplayError> {
    inclusions(conn, &[position], size).await?.pop().ok_or(ReplayError::NoLeaf { position, size })
}

/// Proves of each of these events that it is among the first `size`, from one read of the tiles.
///
/// # Errors
/// When one is not, or the tiles contradict themselves.
pub async fn inclusions(
    conn: &mut PgConnection,
    positions: &[Position],
    size: u64,
) -> Result<Vec<Inclusion>, ReplayError> {
    proving(conn, positions, size).await?.proofs().await
}

/// Threads that prove, each a part of the events.
const PROVING_THREADS: usize = 2;

/// Proofs on their way.
pub(super) struct Proving(Vec<JoinHandle<Result<Vec<Inclusion>, ReplayError>>>);

impl Proving {
    /// The proofs.
    ///
    /// # Errors
    /// When the tiles contradict themselves.
    pub(super) async fn proofs(self) -> Result<Vec<Inclusion>, ReplayError> {
        let mut proofs = Vec::new();
        for part in self.0 {
            proofs.append(&mut joined(part).await?);
        }
        Ok(proofs)
    }
}

/// As [`inclusions`], on threads that go on while the connection serves others.
///
/// # Errors
/// When one of these events is not among the first `size`, or the tiles cannot be read; the threads answer the rest.
pub(super) async fn proving(
    conn: &mut PgConnection,
    positions: &[Position],
    size: u64,
) -> Result<Proving, ReplayError> {
    let mut which = BTreeSet::new();
    for position in positions {
        which.append(&mut needed(&ranges(*position, size)?));
    }
    let tiles = Arc::new(read(conn, &which).await?);
    let parts = positions.chunks(positions.len().div_ceil(PROVING_THREADS).max(1));
    let prove = |part: &[Position]| {
        let (part, tiles) = (part.to_vec(), Arc::clone(&tiles));
        spawn_blocking(move || proven(&part, &tiles, size))
    };
    Ok(Proving(parts.map(prove).collect()))
}

/// What a proof is computed from: the ranges of its path, then its leaf, then the whole tree.
fn ranges(position: Position, size: u64) -> Result<Vec<Range>, ReplayError> {
    let path = position.checked_sub(1).and_then(|index| Some((index, proof::inclusion(index, size)?)));
    let (index, mut ranges) = path.ok_or(ReplayError::NoLeaf { position, size })?;
    ranges.extend([Range { from: index, to: position }, Range { from: 0, to: size }]);
    Ok(ranges)
}

fn proven(positions: &[Position], tiles: &Tiles, size: u64) -> Result<Vec<Inclusion>, ReplayError> {
    let mut hashes = Hashes::of(tiles);
    let prove = |position: &Position| {
        let position = *position;
        let ranges = ranges(position, size)?;
        let mut proof = ranges.iter().map(|range| all(&mut hashes, *range)).collect::<Result<Vec<_>, _>>()?;
        let (root, leaf_hash) = (proof.pop().unwrap_or_default(), proof.pop().unwrap_or_default());
        let leaf_index = position - 1;
        if !proof::includes(&leaf_hash, leaf_index, size, &proof, &root) {
            return Err(ReplayError::Corrupt { position, detail: "the tiles contradict themselves".to_owned() });
        }
        Ok(Inclusion { position, leaf_index, leaf_hash, tree_size: size, root, proof })
    };
    positions.iter().map(prove).collect()
}

/// Proves that the first `from` events are the beginning of the first `to`.
///
/// # Errors
/// When they cannot be, or the tiles contradict themselves.
pub async fn consistency(conn: &mut PgConnection, from: u64, to: u64) -> Result<Consistency, ReplayError> {
    let Some(mut ranges) = proof::consistency(from, to) else {
        return Err(ReplayError::NotLater { from, to });
    };
    ranges.extend([Range { from: 0, to: from }, Range { from: 0, to }]);
    let mut proof = hashes(conn, &ranges).await?;
    let (to_root, from_root) = (proof.pop().unwrap_or_default(), proof.pop().unwrap_or_default());
    if !proof::extends(from, &from_root, to, &to_root, &proof) {
        return Err(ReplayError::Corrupt { position: from, detail: "the tiles contradict themselves".to_owned() });
    }
    Ok(Consistency { from, to, from_root, to_root, proof })
}
