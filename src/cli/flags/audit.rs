//! Flags of `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::service::ask::audit::trust;

/// What an auditor does.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Sign the log as it stands
    #[cfg(feature = "ingest")]
    Checkpoint {
        /// Name of the log, on first use; it becomes part of the key
        #[arg(long)]
        origin: Option<String>,
        /// Make a new key, sign with the old and the new one, and keep the new one
        #[arg(long, conflicts_with = "origin")]
        rotate: bool,
        /// Sign nothing: keep the cosignatures in this note beside the checkpoint that they are of
        #[arg(long, value_name = "NOTE", conflicts_with_all = ["origin", "rotate"])]
        add: Option<PathBuf>,
    },
    /// Cosign a checkpoint as a witness, if its log has only grown since it was seen last; needs no database
    #[cfg(feature = "ingest")]
    Cosign {
        /// A file with the checkpoint: the note, or what `audit checkpoint` answered
        checkpoint: PathBuf,
        /// A file with what `audit prove --from SEEN --to SIZE` answered, where the log has grown
        #[arg(long, value_name = "FILE")]
        proof: Option<PathBuf>,
        /// A verification key of the log, `NAME+ID+KEY`, the first time, or in place of those held; may be repeated
        #[arg(long = "key", value_name = "VKEY")]
        keys: Vec<String>,
        /// Name of the witness, on first use; it becomes part of its key
        #[arg(long)]
        name: Option<String>,
    },
    /// Prove that an event is in the log, or that the log has only grown
    Prove {
        /// Position of the event
        #[arg(required_unless_present = "from", conflicts_with_all = ["from", "to"])]
        position: Option<u64>,
        /// Size of the tree to prove against; default: the head
        #[arg(long, requires = "position")]
        size: Option<u64>,
        /// As a text of the C2SP: the event's entry, its path, and a kept checkpoint
        #[arg(long, conflicts_with_all = ["from", "to"])]
        tlog_proof: bool,
        /// Size of the earlier tree
        #[arg(long)]
        from: Option<u64>,
        /// Size of the later tree; default: the head
        #[arg(long, requires = "from")]
        to: Option<u64>,
    },
    /// Check a proof or an explanation from its file alone, without a database
    Check {
        /// What `audit prove` or `audit explain` answered
        file: PathBuf,
        /// A verification key, `NAME+ID+KEY`, one of which has to have signed the file's checkpoint; may be repeated
        #[arg(long = "key", value_name = "VKEY")]
        keys: Vec<String>,
    },
    /// Check hashes, order, signatures and every published score: of a bundle, or of the database and its live tables
    Verify {
        /// The bundle; without one the database is checked
        bundle: Option<PathBuf>,
        /// Every raw document that events name is to be there, and undamaged
        #[arg(long)]
        artifacts: bool,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// Write the log into one file that can be checked without a database
    Export {
        /// The file
        file: PathBuf,
        /// With the raw documents that events were read from
        #[arg(long)]
        artifacts: bool,
    },
    /// Make a database of a bundle, with the same positions and digests; goes on after an interruption
    #[cfg(feature = "ingest")]
    Import {
        /// The bundle
        file: PathBuf,
        #[command(flatten)]
        trust: TrustArgs,
    },
    /// The events that a score rests on, each with its proof
    Explain {
        /// The vertex or project
        id: String,
        /// activity_status, adoption_score, criticality_score, pg_score or pony_factor
        metric: String,
        /// As published under this label; default: at the head
        #[arg(long)]
        label: Option<String>,
    },
}

/// What the auditor trusts.
#[derive(Args, Clone, Debug)]
pub(crate) struct TrustArgs {
    /// A verification key, `NAME+ID+KEY`; may be repeated
    #[arg(long = "key", value_name = "VKEY")]
    pub(crate) keys: Vec<String>,
    /// A file with a checkpoint taken earlier: the note, or what `audit checkpoint` answered; may be repeated
    #[arg(long = "checkpoint", value_name = "FILE")]
    pub(crate) checkpoints: Vec<PathBuf>,
    /// Take publications that cannot be told any more, for what they rest on was erased, for known
    #[arg(long)]
    pub(crate) allow_unprovable: bool,
    /// A witness's verification key, `NAME+ID+KEY`; may be repeated. Only a checkpoint that they cosigned is trusted
    #[arg(long = "witness", value_name = "VKEY")]
    pub(crate) witnesses: Vec<String>,
    /// How many different witnesses have to have cosigned; default: all that are given
    #[arg(long, value_name = "N", requires = "witnesses")]
    pub(crate) quorum: Option<usize>,
}

impl From<&TrustArgs> for trust::Trust {
    fn from(TrustArgs { keys, checkpoints, allow_unprovable, witnesses, quorum }: &TrustArgs) -> Self {
        Self {
            keys: keys.clone(),
            checkpoints: checkpoints.clone(),
            allow_unprovable: *allow_unprovable,
            witnesses: witnesses.clone(),
            quorum: *quorum,
        }
    }
}
