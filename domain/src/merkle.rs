//! RFC 6962 Merkle tree hashing: leaves, the growing frontier, the root.

use crate::digest::Digest;

/// The hash of a leaf: SHA-256(0x00 || data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::of_parts(&[&[0x00], data])
}

/// The hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[0x01], &left.0, &right.0])
}

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
        let mut node = leaf;
        let mut carry = self.size;
        while carry & 1 == 1 {
            if let Some(left) = self.nodes.pop() {
                node = node_hash(&left, &node);
            }
            carry >>= 1;
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
    use super::*;

    /// The recursive definition of RFC 6962 section 2.1, as the oracle.
    fn naive(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [one] => *one,
            many => {
                let split = many.len().next_power_of_two() / 2;
                node_hash(&naive(&many[..split]), &naive(&many[split..]))
            }
        }
    }

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

    #[test]
    fn known_vectors_of_the_reference_tree() {
        // The seven-leaf tree used by certificate transparency's own tests (first and second leaf).
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let mut frontier = Frontier::default();
        frontier.push(leaf_hash(b""));
        frontier.push(leaf_hash(&[0]));
        assert_eq!(frontier.root().to_string(), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }
}
