//! Proofs as RFC 6962 sections 2.1.1 and 2.1.2 make them and RFC 9162 sections 2.1.3.2 and 2.1.4.2 check them.

use super::node_hash;
use crate::digest::Digest;

/// Leaves `from..to`, from 0; a proof is the hashes of some such ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// First leaf.
    pub from: u64,
    /// One past the last leaf.
    pub to: u64,
}

/// Leaves of the left subtree of a tree of `size` leaves, of which there are two at least: the greatest power of two
/// below `size`.
fn left(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

/// The ranges whose hashes prove that leaf `index` is in the tree of `size` leaves, from the leaf up. `None` when it is
/// not.
#[must_use]
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Range>> {
    if index >= size {
        return None;
    }
    let mut ranges = Vec::new();
    let (mut from, mut to) = (0, size);
    while to - from > 1 {
        let middle = from + left(to - from);
        if index < middle {
            ranges.push(Range { from: middle, to });
            to = middle;
        } else {
            ranges.push(Range { from, to: middle });
            from = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The ranges whose hashes prove that the tree of `old` leaves is the beginning of that of `size` leaves. `None` when
/// it cannot be.
#[must_use]
pub fn consistency(old: u64, size: u64) -> Option<Vec<Range>> {
    if old > size {
        return None;
    }
    if old == 0 || old == size {
        return Some(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut from, mut to) = (0, size);
    while old < to {
        let middle = from + left(to - from);
        if old <= middle {
            ranges.push(Range { from: middle, to });
            to = middle;
        } else {
            ranges.push(Range { from, to: middle });
            from = middle;
        }
    }
    if from > 0 {
        ranges.push(Range { from, to });
    }
    ranges.reverse();
    Some(ranges)
}

/// Whether `proof` shows that `leaf` is the leaf `index` of the tree of `size` leaves with this root.
#[must_use]
pub fn includes(leaf: &Digest, index: u64, size: u64, proof: &[Digest], root: &Digest) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(step, &hash);
            while place & 1 == 0 && place > 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree of `old` leaves with root `old_root` is the beginning of the tree of `size`
/// leaves with this root.
#[must_use]
pub fn extends(old: u64, old_root: &Digest, size: u64, root: &Digest, proof: &[Digest]) -> bool {
    if old > size || (old == 0 && *old_root != Digest::of(b"")) {
        return false;
    }
    if old == 0 {
        return proof.is_empty();
    }
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    let mut steps = proof.iter();
    let (mut place, mut last) = (old - 1, size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let first = if old.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut before, mut after) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            before = node_hash(step, &before);
            after = node_hash(step, &after);
            while place & 1 == 0 && place > 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            after = node_hash(&after, step);
        }
        place >>= 1;
        last >>= 1;
    }
    last == 0 && before == *old_root && after == *root
}

#[cfg(test)]
mod tests {
    use super::super::{leaf_hash, naive};
    use super::*;

    fn hash(leaves: &[Digest], range: Range) -> Digest {
        naive(&leaves[usize::try_from(range.from).unwrap()..usize::try_from(range.to).unwrap()])
    }

    /// The eight leaves of the reference tree of certificate transparency.
    fn reference() -> Vec<Digest> {
        let leaves: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
        ];
        leaves.iter().map(|leaf| leaf_hash(leaf)).collect()
    }

    fn digests(texts: &[&str]) -> Vec<Digest> {
        texts.iter().map(|text| Digest::parse(text).unwrap()).collect()
    }

    #[test]
    fn known_vectors_of_the_reference_tree() {
        let leaves = reference();
        assert_eq!(leaves[0].to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        let roots = digests(&[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]);
        for (n, root) in roots.iter().enumerate() {
            assert_eq!(naive(&leaves[..=n]), *root);
        }
        let prove = |ranges: Option<Vec<Range>>| -> Vec<Digest> {
            ranges.unwrap().into_iter().map(|range| hash(&leaves, range)).collect()
        };
        assert_eq!(
            prove(inclusion(5, 8)),
            digests(&[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ])
        );
        assert_eq!(
            prove(consistency(6, 8)),
            digests(&[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ])
        );
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_no_other() {
        let leaves: Vec<Digest> = (0..40u8).map(|n| leaf_hash(&[n])).collect();
        let other = leaf_hash(b"other");
        for size in 0..=40u64 {
            let root = hash(&leaves, Range { from: 0, to: size });
            assert!(inclusion(size, size).is_none());
            for index in 0..size {
                let leaf = &leaves[usize::try_from(index).unwrap()];
                let proof: Vec<Digest> =
                    inclusion(index, size).unwrap().into_iter().map(|range| hash(&leaves, range)).collect();
                assert!(includes(leaf, index, size, &proof, &root));
                assert!(!includes(&other, index, size, &proof, &root));
                assert!(!includes(leaf, index, size, &proof, &other));
                assert!(!includes(leaf, (index + 1) % (size + 1), size, &proof, &root) || size == 1);
                let longer: Vec<Digest> = proof.iter().copied().chain([other]).collect();
                assert!(!includes(leaf, index, size, &longer, &root));
                assert!(proof.is_empty() || !includes(leaf, index, size, &proof[1..], &root));
            }
            assert!(consistency(size + 1, size).is_none());
            for old in 0..=size {
                let old_root = hash(&leaves, Range { from: 0, to: old });
                let proof: Vec<Digest> =
                    consistency(old, size).unwrap().into_iter().map(|range| hash(&leaves, range)).collect();
                assert!(extends(old, &old_root, size, &root, &proof), "{old} {size}");
                assert!(!extends(old, &other, size, &root, &proof));
                assert!(old == 0 || !extends(old, &old_root, size, &other, &proof));
                let longer: Vec<Digest> = proof.iter().copied().chain([other]).collect();
                assert!(!extends(old, &old_root, size, &root, &longer));
            }
        }
    }
}
