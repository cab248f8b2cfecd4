//! RFC 6962 Merkle tree hashing: leaves, inner nodes, the growing frontier, tiles to prove from, proofs.
//!
//! | module | what it does |
//! |---|---|
//! | [`frontier`] | all that is needed to append, and the root |
//! | [`tile`] | the tree cut into rows of 256 hashes, so that a proof reads a few rows whatever the size |
//! | [`proof`] | inclusion and consistency: which subtrees, and the check |

pub mod frontier;
pub mod proof;
pub mod tile;

pub use frontier::Frontier;

use crate::digest::Digest;

/// The hash of a leaf: SHA-256(0x00 || data).
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Digest {
    Digest::of_parts(&[&[0x00], data])
}

/// The hash of an inner node: SHA-256(0x01 || left || right).
#[must_use]
pub(crate) fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[0x01], &left.0, &right.0])
}

/// The root of these leaves by the definition of RFC 6962 section 2.1: the oracle of the tests.
#[cfg(test)]
pub(crate) fn naive(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [one] => *one,
        many => {
            let split = many.len().next_power_of_two() / 2;
            node_hash(&naive(&many[..split]), &naive(&many[split..]))
        }
    }
}
