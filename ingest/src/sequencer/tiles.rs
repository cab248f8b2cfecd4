//! What new leaves add to the tiles.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::merkle::tile::{WIDTH, hashes_of_level};
use domain::number::fit;

/// What a tick adds, by tile.
#[derive(Debug, Default)]
pub(super) struct Additions {
    size: u64,
    /// By (level, index): how many hashes the tile holds already, and those that come.
    tiles: BTreeMap<(u32, u64), (u64, Vec<u8>)>,
    /// By level: how many hashes there are by now.
    ends: BTreeMap<u32, u64>,
}

/// Additions, column by column; `held` in bytes.
#[derive(Default)]
pub(super) struct TileColumns<'a> {
    pub(super) level: Vec<i32>,
    pub(super) index: Vec<i64>,
    pub(super) held: Vec<i32>,
    pub(super) more: Vec<&'a [u8]>,
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

    /// As the database takes them.
    pub(super) fn columns(&self) -> TileColumns<'_> {
        let mut columns = TileColumns::default();
        for ((level, index), (held, hashes)) in &self.tiles {
            columns.level.push(fit::<i32>(*level, "level of a tile"));
            columns.index.push(fit::<i64>(*index, "index of a tile"));
            columns.held.push(fit::<i32>(*held * 32, "bytes of a tile"));
            columns.more.push(hashes.as_slice());
        }
        columns
    }
}
