//! Order and hashes of a stream of events, against what is known of the log from elsewhere.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::recorded::Position;

use crate::ReplayError;
use crate::log::Stored;

/// A size whose root is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Events.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
    /// Whether the auditor trusts it: a checkpoint, brought or kept, with the signature and the cosignatures that the
    /// auditor asks for.
    pub trusted: bool,
    /// Whether the auditor brought it.
    pub brought: bool,
    /// Where it comes from, for messages.
    pub source: String,
}

impl Anchor {
    /// A root that somebody says.
    #[must_use]
    pub fn said(size: u64, root: Digest, source: &str) -> Self {
        Self { size, root, trusted: false, brought: false, source: source.to_owned() }
    }
}

/// What is wrong, and from which position on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The first position that is not what was vouched for; `None` where no event is to blame.
    pub position: Option<Position>,
    /// What is wrong.
    pub reason: String,
}

impl Fault {
    /// A fault at a position.
    pub fn at(position: Position, reason: impl Into<String>) -> Self {
        Self { position: Some(position), reason: reason.into() }
    }

    /// The fault that an error of the reader stands for; the error itself where the log is not to blame for it.
    ///
    /// # Errors
    /// When the database vanished, or anything else that says nothing about the log.
    pub fn of(error: ReplayError) -> Result<Self, ReplayError> {
        match error {
            ReplayError::Corrupt { position, .. }
            | ReplayError::Poison { position, .. }
            | ReplayError::Erased { position } => Ok(Self::at(position, error.to_string())),
            ReplayError::Truncated { ended, .. } => Ok(Self::at(ended + 1, error.to_string())),
            other => Err(other),
        }
    }
}

/// The Merkle tree over a stream of events, compared with anchors as it grows.
#[derive(Debug)]
pub struct Tree {
    frontier: Frontier,
    /// Hashes of the tiles above the leaves, by level: a hash for every 256 events.
    upper: BTreeMap<u32, Vec<Digest>>,
    /// Those not met yet; the smallest last.
    anchors: Vec<Anchor>,
    /// The greatest size at which all that is known agreed.
    good: u64,
    trusted: Option<u64>,
    /// The greatest size that the auditor brought a checkpoint of.
    asked: Option<u64>,
}

impl Tree {
    /// An empty tree that is to meet these anchors.
    ///
    /// # Errors
    /// As [`Tree::push`]: an anchor of an empty log may be wrong at once.
    pub fn new(mut anchors: Vec<Anchor>) -> Result<Self, Fault> {
        anchors.sort_by_key(|anchor| (std::cmp::Reverse(anchor.size), anchor.trusted));
        let asked = anchors.iter().filter(|anchor| anchor.brought).map(|anchor| anchor.size).max();
        let (frontier, upper) = (Frontier::default(), BTreeMap::new());
        let mut tree = Self { frontier, upper, anchors, good: 0, trusted: None, asked };
        tree.meet()?;
        Ok(tree)
    }

    /// Takes in the next event, whose own hashes are checked.
    ///
    /// # Errors
    /// When it is not the next one, or the tree up to it is not what was vouched for: then the fault is somewhere after
    /// the last anchor that held, and that is the position named.
    pub fn push(&mut self, stored: &Stored) -> Result<(), Fault> {
        let expected = self.size() + 1;
        if stored.position != expected {
            return Err(Fault::at(expected, format!("position {} stands in its place", stored.position)));
        }
        let upper = &mut self.upper;
        self.frontier.push_tiled(stored.leaf_hash, |level, hash| {
            if level > 0 {
                upper.entry(level).or_default().push(hash);
            }
        });
        self.meet()
    }

    fn meet(&mut self) -> Result<(), Fault> {
        while let Some(anchor) = self.anchors.pop_if(|anchor| anchor.size <= self.frontier.size()) {
            if self.frontier.root() != anchor.root {
                let (from, to) = (self.good + 1, anchor.size);
                if from > to {
                    // Another anchor of this size holds: it is not the events that are wrong.
                    let reason = format!("{} has another root for {to} events than others have", anchor.source);
                    return Err(Fault { position: None, reason });
                }
                let reason = format!("positions {from} to {to} are not those of {}", anchor.source);
                return Err(Fault::at(from, reason));
            }
            self.good = anchor.size;
            if anchor.trusted {
                self.trusted = Some(anchor.size);
            }
        }
        Ok(())
    }

    /// Events so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root so far.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.frontier.root()
    }

    /// Its right edge.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Hashes of the tiles above the leaves, by level.
    #[must_use]
    pub fn upper(&self) -> &BTreeMap<u32, Vec<Digest>> {
        &self.upper
    }

    /// Up to which size a trusted anchor vouches for what was read.
    #[must_use]
    pub fn trusted(&self) -> Option<u64> {
        self.trusted
    }

    /// Whether trusted anchors vouch for all that the auditor asked about: as far as every checkpoint that was brought,
    /// and for at least one event, unless there is none. An older one that a log keeps says nothing of a newer one.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.trusted.is_some() && self.trusted >= self.asked && (self.trusted > Some(0) || self.size() == 0)
    }

    /// The log ends here.
    ///
    /// # Errors
    /// When an anchor knows of more events: the first missing position.
    pub fn end(&self) -> Result<(), Fault> {
        match self.anchors.last() {
            None => Ok(()),
            Some(anchor) => {
                let reason = format!("the log ends at {}, {} has {} events", self.size(), anchor.source, anchor.size);
                Err(Fault::at(self.size() + 1, reason))
            }
        }
    }
}
