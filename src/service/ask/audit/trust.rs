//! What the auditor brings: keys and checkpoints.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use domain::cosignature::WitnessKey;
use domain::note::{MAX_NOTE_BYTES, Note, VerifyingKey};
use replay::audit::policy::Policy;
use replay::audit::tree::Anchor;
use serde::Deserialize;

use crate::service::error::Cause;
use crate::service::{Error, Result};

/// What the auditor trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Verification keys, `NAME+ID+KEY`.
    pub keys: Vec<String>,
    /// Files with checkpoints taken earlier: the note, or what `audit checkpoint` answered.
    pub checkpoints: Vec<PathBuf>,
    /// Whether publications that cannot be told any more are known to the auditor, and nothing wrong.
    pub allow_unprovable: bool,
    /// Verification keys of witnesses, `NAME+ID+KEY`.
    pub witnesses: Vec<String>,
    /// How many of them have to have cosigned a checkpoint; without it all.
    pub quorum: Option<usize>,
}

/// What `audit checkpoint` answers, as far as it is needed.
#[derive(Deserialize)]
struct Answered {
    note: String,
}

/// What the auditor brought, read.
pub(crate) struct Brought {
    /// Keys, witnesses and quorum.
    pub(crate) policy: Policy,
    /// The checkpoints.
    pub(crate) anchors: Vec<Anchor>,
    /// What the auditor is told of them, in words.
    pub(crate) remarks: Vec<String>,
}

impl Trust {
    /// Reads keys and checkpoints. Without keys a checkpoint is compared and vouches for nothing; with witnesses so
    /// does one that too few of them have cosigned. What several files say of one checkpoint counts together.
    pub(crate) fn read(&self) -> Result<Brought> {
        let policy = self.policy()?;
        let mut notes: BTreeMap<String, (Note, &Path)> = BTreeMap::new();
        for path in &self.checkpoints {
            let refused = |cause: Cause| Error::refused(cause).of(path.display());
            let note = note(path)?;
            // Each file by itself first: what does not fit in one is not mended by another.
            let found = policy.brought(&note, |_| String::new()).map_err(|error| refused(error.into()))?;
            if !found.signed && !policy.keys.is_empty() {
                return Err(refused("no given key has signed it".into()));
            }
            match notes.entry(note.text.clone()) {
                Entry::Vacant(place) => _ = place.insert((note, path)),
                Entry::Occupied(mut held) => {
                    held.get_mut().0.join(&note, "").map_err(|error| refused(error.into()))?;
                }
            }
        }
        let (mut anchors, mut remarks) = (Vec::new(), Vec::new());
        for (note, path) in notes.values() {
            let source = |size| format!("the checkpoint of size {size}");
            let found = policy.brought(note, source).map_err(|error| Error::refused(error).of(path.display()))?;
            if found.cosigned < policy.quorum {
                let (size, cosigned, quorum) = (found.anchor.size, found.cosigned, policy.quorum);
                let said =
                    format!("the checkpoint of size {size} has {cosigned} of the {quorum} cosignatures asked for");
                remarks.push(said);
            }
            anchors.push(found.anchor);
        }
        Ok(Brought { policy, anchors, remarks })
    }

    /// Whom the auditor trusts: without a quorum every witness has to have cosigned.
    fn policy(&self) -> Result<Policy> {
        let witness = |text: &String| {
            WitnessKey::parse(text).map_err(|error| Error::invalid("witness", error).of(format!("witness {text}")))
        };
        let witnesses = self.witnesses.iter().map(witness).collect::<Result<_>>()?;
        let mut policy = Policy { keys: keys(&self.keys)?, witnesses, quorum: 0 };
        let most = policy.size();
        policy.quorum = match self.quorum {
            None => most,
            Some(quorum) if (1..=most).contains(&quorum) => quorum,
            Some(quorum) => {
                let reason =
                    format!("a quorum of {quorum} among {most} different witnesses: it is from 1 to their number");
                return Err(Error::invalid("quorum", reason));
            }
        };
        Ok(policy)
    }
}

/// Reads verification keys.
pub(crate) fn keys(given: &[String]) -> Result<Vec<VerifyingKey>> {
    let key = |text: &String| {
        VerifyingKey::parse(text).map_err(|error| Error::invalid("key", error).of(format!("key {text}")))
    };
    given.iter().map(key).collect()
}

/// Reads the note in a file: by itself, or in what a command answered.
pub(crate) fn note(path: &Path) -> Result<Note> {
    let refused = |cause: Cause| Error::refused(cause).of(path.display());
    let text = text(path).map_err(|error| refused(error.into()))?;
    let note = match serde_json::from_str::<Answered>(&text) {
        Ok(answered) => answered.note,
        Err(_) => text,
    };
    Note::parse(&note).map_err(|error| refused(error.into()))
}

/// Reads a file that may hold a note, escaped inside a larger answer.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    let limit = 4 * MAX_NOTE_BYTES as u64;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(io::Error::other("too large for a checkpoint")) } else { Ok(text) }
}
