//! The tree cut into tiles: level n holds the roots of its complete subtrees of height n x 8, 256 to a tile. Level 0 is
//! the leaf hashes. A full tile never changes; the last one of a level grows.

use std::collections::{BTreeMap, BTreeSet};

use super::node_hash;
use super::proof::Range;
use crate::digest::Digest;

/// Levels of the tree that one level of tiles stands for.
pub const HEIGHT: u32 = 8;
/// Hashes of a full tile.
pub const WIDTH: u64 = 1 << HEIGHT;

/// Which tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileId {
    /// Level of tiles, from 0 at the leaves.
    pub level: u32,
    /// Place within the level, from 0.
    pub index: u64,
}

/// A complete subtree: the 2^`height` leaves from `index` x 2^`height` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Subtree {
    height: u32,
    index: u64,
}

impl Subtree {
    /// The tile that holds the hashes this node is computed from, and which of them.
    fn place(self) -> (TileId, u64, u64) {
        let (level, rest) = (self.height / HEIGHT, self.height % HEIGHT);
        let first = self.index << rest;
        (TileId { level, index: first / WIDTH }, first % WIDTH, 1 << rest)
    }
}

/// The complete subtrees that a range of leaves consists of, largest first. Ranges of proofs begin where a subtree as
/// large as their largest begins.
fn nodes(range: Range) -> Vec<Subtree> {
    let mut nodes = Vec::new();
    let mut first = range.from;
    while first < range.to {
        let largest = (range.to - first).ilog2();
        let height = if first == 0 { largest } else { largest.min(first.trailing_zeros()) };
        nodes.push(Subtree { height, index: first >> height });
        first += 1 << height;
    }
    nodes
}

/// How many hashes tiles of a level hold together in a tree of `size` leaves.
#[must_use]
pub fn hashes_of_level(level: u32, size: u64) -> u64 {
    size.checked_shr(level * HEIGHT).unwrap_or(0)
}

/// The tiles that the hashes of these ranges are computed from.
#[must_use]
pub fn needed(ranges: &[Range]) -> BTreeSet<TileId> {
    ranges.iter().flat_map(|range| nodes(*range)).map(|node| node.place().0).collect()
}

/// Tiles in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tiles(pub BTreeMap<TileId, Vec<Digest>>);

/// Hashes of many ranges of one tree: what several of them are computed from is computed once.
#[derive(Debug)]
pub struct Hashes<'a> {
    tiles: &'a Tiles,
    /// Of each tile met: its hashes, those of their pairs, of the pairs of those, and so on.
    heights: BTreeMap<TileId, Vec<Vec<Digest>>>,
    /// Ranges of more than one subtree.
    ragged: BTreeMap<(u64, u64), Digest>,
}

impl<'a> Hashes<'a> {
    /// Hashes from these tiles.
    #[must_use]
    pub fn of(tiles: &'a Tiles) -> Self {
        Self { tiles, heights: BTreeMap::new(), ragged: BTreeMap::new() }
    }

    /// The hash of a range: the root of the tree over its leaves. `None` when a tile is missing or too short.
    pub fn hash(&mut self, range: Range) -> Option<Digest> {
        let nodes = nodes(range);
        if let [node] = nodes[..] {
            return self.node(node);
        }
        if let Some(known) = self.ragged.get(&(range.from, range.to)) {
            return Some(*known);
        }
        let mut right: Option<Digest> = None;
        for node in nodes.into_iter().rev() {
            let left = self.node(node)?;
            right = Some(right.map_or(left, |right| node_hash(&left, &right)));
        }
        let hash = right.unwrap_or_else(|| Digest::of(b""));
        self.ragged.insert((range.from, range.to), hash);
        Some(hash)
    }

    fn node(&mut self, node: Subtree) -> Option<Digest> {
        let (tile, from, count) = node.place();
        let (height, place) = (usize::try_from(count.ilog2()).ok()?, usize::try_from(from / count).ok()?);
        if !self.heights.contains_key(&tile) {
            let mut heights = vec![self.tiles.0.get(&tile)?.clone()];
            while let Some(last) = heights.last().filter(|last| last.len() > 1) {
                heights.push(last.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect());
            }
            self.heights.insert(tile, heights);
        }
        self.heights.get(&tile)?.get(height)?.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Frontier, leaf_hash, naive};
    use super::*;

    /// Leaves 0 to `size` and the tiles that appending them gives.
    fn tiled(size: u32) -> (Vec<Digest>, Tiles) {
        let leaves: Vec<Digest> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let (mut frontier, mut levels) = (Frontier::default(), BTreeMap::<u32, Vec<Digest>>::new());
        for leaf in &leaves {
            frontier.push_tiled(*leaf, |level, hash| levels.entry(level).or_default().push(hash));
        }
        let mut tiles = Tiles::default();
        for (level, hashes) in levels {
            assert_eq!(hashes.len() as u64, hashes_of_level(level, u64::from(size)));
            for (index, chunk) in (0..).zip(hashes.chunks(256)) {
                tiles.0.insert(TileId { level, index }, chunk.to_vec());
            }
        }
        (leaves, tiles)
    }

    #[test]
    fn ranges_hash_as_defined() {
        let (leaves, tiles) = tiled(1_500);
        let mut many = Hashes::of(&tiles);
        for (from, to) in [(0, 0), (0, 1), (0, 256), (0, 257), (0, 1_500), (256, 512), (1_024, 1_500), (1_280, 1_411)] {
            let range = Range { from, to };
            let expected = naive(&leaves[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()]);
            assert_eq!(Hashes::of(&tiles).hash(range), Some(expected), "{range:?}");
            assert!(needed(&[range]).iter().all(|tile| tiles.0.contains_key(tile)));
            assert_eq!(many.hash(range), Some(expected), "{range:?} after others");
        }
    }

    #[test]
    fn a_missing_hash_is_no_hash() {
        let (_, mut tiles) = tiled(600);
        tiles.0.get_mut(&TileId { level: 0, index: 2 }).unwrap().pop();
        assert_eq!(Hashes::of(&tiles).hash(Range { from: 0, to: 600 }), None);
        tiles.0.remove(&TileId { level: 1, index: 0 });
        assert_eq!(Hashes::of(&tiles).hash(Range { from: 0, to: 512 }), None);
    }
}
