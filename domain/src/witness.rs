//! What a witness cosigns: a log that has only grown since it was seen last.

use thiserror::Error;

use crate::checkpoint::Checkpoint;
use crate::digest::Digest;
use crate::merkle::proof;

/// Why a checkpoint is not cosigned.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WitnessRefusal {
    /// Two roots for one size: whoever signed both shows different logs.
    #[error("the log {origin} was seen with another root at size {size}: it shows different logs")]
    Fork {
        /// The log.
        origin: String,
        /// The size.
        size: u64,
    },
    /// A log that ends before where it was seen to end.
    #[error("the log {origin} was seen with size {seen} already, this checkpoint is of size {size}")]
    Older {
        /// The log.
        origin: String,
        /// Size seen last.
        seen: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// Nothing shows that the log has only grown.
    #[error("the log {origin} was seen with size {seen}: a consistency proof from {seen} to {size} is needed")]
    NoProof {
        /// The log.
        origin: String,
        /// Size seen last.
        seen: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// A proof that does not show it.
    #[error("the proof does not show that the log {origin} of size {size} begins with the {seen} events seen before")]
    WrongProof {
        /// The log.
        origin: String,
        /// Size seen last.
        seen: u64,
        /// Size of the checkpoint.
        size: u64,
    },
    /// A log without events has one root only.
    #[error("the log {0} is said to be empty, under a root that no empty log has")]
    NotEmpty(String),
}

/// Where a log stood when it was cosigned last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenTree {
    /// Events.
    pub size: u64,
    /// Root.
    pub root: Digest,
}

/// Whether a checkpoint is consistent with what was seen last of its log; nothing was where it is new. The proof is
/// that of RFC 6962 from the size seen to the checkpoint's.
///
/// # Errors
/// Why not.
pub fn admit(seen: Option<SeenTree>, checkpoint: &Checkpoint, path: Option<&[Digest]>) -> Result<(), WitnessRefusal> {
    let Checkpoint { origin, size, root } = checkpoint;
    let (origin, size) = (|| origin.clone(), *size);
    if size == 0 && *root != Digest::of(b"") {
        return Err(WitnessRefusal::NotEmpty(origin()));
    }
    let Some(SeenTree { size: seen, root: seen_root }) = seen else { return Ok(()) };
    if size < seen {
        return Err(WitnessRefusal::Older { origin: origin(), seen, size });
    }
    if size == seen {
        return if *root == seen_root { Ok(()) } else { Err(WitnessRefusal::Fork { origin: origin(), size }) };
    }
    match path {
        // Every log begins with nothing.
        None if seen == 0 => Ok(()),
        None => Err(WitnessRefusal::NoProof { origin: origin(), seen, size }),
        Some(path) if proof::extends(seen, &seen_root, size, root, path) => Ok(()),
        Some(_) => Err(WitnessRefusal::WrongProof { origin: origin(), seen, size }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{leaf_hash, node_hash};

    #[test]
    fn a_log_may_only_grow() {
        let (one, two) = (leaf_hash(b"1"), leaf_hash(b"2"));
        let at = |size, root| Checkpoint { origin: "log".to_owned(), size, root };
        let seen = Some(SeenTree { size: 1, root: one });
        let (path, both) = ([two], node_hash(&one, &two));
        assert_eq!(admit(None, &at(2, both), None), Ok(()));
        assert_eq!(admit(seen, &at(1, one), None), Ok(()));
        assert_eq!(admit(seen, &at(2, both), Some(&path)), Ok(()));
        assert!(matches!(admit(seen, &at(2, both), None), Err(WitnessRefusal::NoProof { seen: 1, size: 2, .. })));
        assert!(matches!(admit(seen, &at(2, two), Some(&path)), Err(WitnessRefusal::WrongProof { .. })));
        assert!(matches!(admit(seen, &at(2, both), Some(&[])), Err(WitnessRefusal::WrongProof { .. })));
        assert!(matches!(admit(seen, &at(1, two), None), Err(WitnessRefusal::Fork { size: 1, .. })));
        assert!(matches!(admit(seen, &at(0, Digest::of(b"")), None), Err(WitnessRefusal::Older { .. })));
        assert!(matches!(admit(None, &at(0, two), None), Err(WitnessRefusal::NotEmpty(_))));
        let empty = Some(SeenTree { size: 0, root: Digest::of(b"") });
        assert_eq!(admit(empty, &at(2, both), None), Ok(()));
        assert_eq!(admit(empty, &at(0, Digest::of(b"")), None), Ok(()));
    }
}
