//! The right edge of a tree, which is all that appending needs.

use super::node_hash;
use super::tile::HEIGHT;
use crate::digest::Digest;

/// The right edge of a tree: one hash per complete subtree, largest first. All that is needed to append.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    nodes: Vec<Digest>,
}

impl Frontier {
    /// Restores a frontier from its stored form; `None` when the number of nodes does not fit the size.
    #[must_use]
    pub fn from_parts(size: u64, nodes: Vec<Digest>) -> Option<Self> {
        (nodes.len() == size.count_ones() as usize).then_some(Self { size, nodes })
    }

    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Hashes of the complete subtrees, largest first; as many as the size has one bits.
    #[must_use]
    pub fn nodes(&self) -> &[Digest] {
        &self.nodes
    }

    /// Appends one leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_tiled(leaf, |_, _| {});
    }

    /// Appends one leaf hash and hands to `tiled` the hashes that go into tiles: the leaf at level 0, and at level n
    /// the root of each subtree of height n x [`HEIGHT`] that it completes.
    pub fn push_tiled(&mut self, leaf: Digest, mut tiled: impl FnMut(u32, Digest)) {
        let mut node = leaf;
        let mut carry = self.size;
        let mut height = 0;
        tiled(0, node);
        while carry & 1 == 1 {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
            carry >>= 1;
            height += 1;
            if height % HEIGHT == 0 {
                tiled(height / HEIGHT, node);
            }
        }
        self.nodes.push(node);
        self.size += 1;
    }

    /// The root over all leaves; SHA-256 of nothing for an empty tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut nodes = self.nodes.iter().rev();
        match nodes.next() {
            None => Digest::of(b""),
            Some(last) => nodes.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{leaf_hash, naive};
    use super::*;

    #[test]
    fn the_frontier_gives_the_root_of_the_definition() {
        let leaves: Vec<Digest> = (0..70u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), naive(&[]));
        for (count, leaf) in leaves.iter().enumerate() {
            frontier.push(*leaf);
            assert_eq!(frontier.root(), naive(&leaves[..=count]));
            let restored = Frontier::from_parts(frontier.size(), frontier.nodes().to_vec()).unwrap();
            assert_eq!(restored, frontier);
        }
        assert!(Frontier::from_parts(5, vec![]).is_none());
    }
}
