//! What can go wrong when the log is read.

use domain::codec::CodecError;
use domain::formula::FormulaError;
use domain::recorded::Position;
use projections::fold::FoldError;
use projections::store::StoreError;
use thiserror::Error;

/// Why reading, folding or comparing did not come to an end.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The database refused or vanished.
    #[error("{0}")]
    Database(#[from] sqlx::Error),
    /// Fewer events came than the log says it holds. Never a short success.
    #[error("the log ended at position {ended} while reading {from} to {to}")]
    Truncated {
        /// First position asked for.
        from: Position,
        /// Last position asked for.
        to: Position,
        /// Last position that came.
        ended: Position,
    },
    /// The log holds what it cannot hold: altered bytes, a missing or repeated position.
    #[error("position {position}: {detail}")]
    Corrupt {
        /// The position.
        position: Position,
        /// What does not fit.
        detail: String,
    },
    /// An event that this program cannot read. It stops every projection until it is quarantined or the program is
    /// newer.
    #[error(
        "position {position}: {source}; `pg-atlas quarantine {position} --reason TEXT` lets the projections pass it"
    )]
    Poison {
        /// The position.
        position: Position,
        /// Why it cannot be read.
        source: CodecError,
    },
    /// The payload of an event was erased, as the log itself says; folds pass over it.
    #[error("position {position}: its payload was erased")]
    Erased {
        /// The position.
        position: Position,
    },
    /// A bundle that is none, or is damaged.
    #[error("line {line} of the bundle: {reason}")]
    Bundle {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Stored builds.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Events out of order.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// A formula document.
    #[error("formula: {0}")]
    Formula(#[from] FormulaError),
    /// A position beyond the head.
    #[error("position {position} is beyond the head of the log ({head})")]
    BeyondHead {
        /// The position asked for.
        position: Position,
        /// The head.
        head: Position,
    },
    /// No publication of that label.
    #[error("nothing is published under the label `{0}`")]
    NoPublication(String),
    /// Somebody has dropped the build that this process was making.
    #[error("the rebuild was cancelled at position {0}")]
    Cancelled(Position),
    /// Other events are passed over by now, quarantined or erased, than when a build was folded.
    #[error("events were quarantined, let in again or erased since this was built: build it again")]
    OtherQuarantine,
    /// No build was live before the present one.
    #[error("no former build to go back to: nothing was promoted in its place")]
    NoFormerBuild,
    /// A publication that rests on a payload that was erased since.
    #[error("unprovable: position {position} erased")]
    Unprovable {
        /// The position.
        position: Position,
    },
    /// A publication that does not follow from the log.
    #[error(
        "what was published under `{label}` does not follow from the log: `pg-atlas replay --verify --label` says where"
    )]
    Diverged {
        /// The label.
        label: String,
    },
    /// A publication that rests on other versions of families than this program holds, which give other digests; or on
    /// a formula that neither the log nor this program has.
    #[error(
        "other_version: `{label}` was published by {published}, which this program does not hold: verify it with one \
         that does"
    )]
    OtherVersion {
        /// The label.
        label: String,
        /// The versions, as `graph/2, people/1`.
        published: String,
    },
    /// No such vertex at that position.
    #[error("no vertex `{id}` at this position")]
    NoVertex {
        /// What was asked for.
        id: String,
        /// The ids that there are.
        known: Vec<String>,
    },
    /// No such metric of that formula.
    #[error("no metric `{0}` under this formula")]
    NoMetric(String),
    /// A tree of this size has no such leaf.
    #[error("no event at position {position} in the log of size {size}: positions start at 1")]
    NoLeaf {
        /// What was asked for.
        position: Position,
        /// Size of the tree.
        size: u64,
    },
    /// One tree can only be the beginning of a larger one.
    #[error("the log of size {to} is no later one than that of size {from}")]
    NotLater {
        /// The size that was to be the smaller one.
        from: u64,
        /// The size that was to be the larger one.
        to: u64,
    },
    /// No checkpoint is kept that a proof could be against.
    #[error("no kept checkpoint is of {wanted}: sign one first")]
    NoCheckpoint {
        /// Which it was to be: `size 7`, `size 7 or more`.
        wanted: String,
    },
    /// Other projectors kept moving the live builds.
    #[error("other projectors moved the live builds {tries} times before they stood at position {to}: try again")]
    Contended {
        /// Where they were to stand.
        to: Position,
        /// Times that it was tried.
        tries: u32,
    },
    /// Another version of the program has taken over.
    #[error("the live builds are now those of another version of this program ({0}); only one version may follow")]
    OtherCode(String),
    /// Nothing is projected yet.
    #[error("nothing is projected yet; `pg-atlas project` builds the projections")]
    NoBuild,
}

impl ReplayError {
    /// Whether the cause lies in configuration or connection rather than in the log.
    #[must_use]
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Database(_) | Self::Io(_) => true,
            Self::OtherVersion { .. } => true,
            Self::Formula(error) => matches!(error, FormulaError::Semantics { .. }),
            Self::Store(StoreError::Database(_)) => true,
            _ => false,
        }
    }

    /// Whether another projector was faster, which is no failure.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Store(StoreError::Fenced { .. }))
    }

    /// Whether what was still to be folded was erased meanwhile. What is passed over is decided before a fold starts,
    /// so it starts again; every further time takes another erasure.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self, Self::Erased { .. })
    }
}
