//! What the auditor brings: keys and checkpoints.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use domain::checkpoint::Checkpoint;
use domain::note::{MAX_NOTE_BYTES, Note, VerifyingKey};
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
}

/// What `audit checkpoint` answers, as far as it is needed.
#[derive(Deserialize)]
struct Answered {
    note: String,
}

impl Trust {
    /// Reads keys and checkpoints. Without keys a checkpoint is compared and vouches for nothing.
    pub(crate) fn read(&self) -> Result<(Vec<VerifyingKey>, Vec<Anchor>)> {
        let keys = keys(&self.keys)?;
        let anchors = self.checkpoints.iter().map(|path| anchor(path, &keys)).collect::<Result<_>>()?;
        Ok((keys, anchors))
    }
}

/// Reads verification keys.
pub(super) fn keys(given: &[String]) -> Result<Vec<VerifyingKey>> {
    let key = |text: &String| {
        VerifyingKey::parse(text).map_err(|error| Error::invalid("key", error).of(format!("key {text}")))
    };
    given.iter().map(key).collect()
}

fn anchor(path: &Path, keys: &[VerifyingKey]) -> Result<Anchor> {
    let refused = |cause: Cause| Error::refused(cause).of(path.display());
    let text = text(path).map_err(|error| refused(error.into()))?;
    let note = match serde_json::from_str::<Answered>(&text) {
        Ok(answered) => answered.note,
        Err(_) => text,
    };
    let source = |size: u64| format!("the checkpoint of size {size}");
    if keys.is_empty() {
        let note = Note::parse(&note).map_err(|error| refused(error.into()))?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|error| refused(error.into()))?;
        return Ok(Anchor::said(checkpoint.size, checkpoint.root, &source(checkpoint.size)));
    }
    match Checkpoint::open(&note, keys).map_err(|error| refused(error.into()))? {
        Some(checkpoint) => Ok(Anchor::trusted(&checkpoint, &source(checkpoint.size))),
        None => Err(refused("no given key has signed it".into())),
    }
}

/// Reads a file that may hold a note, escaped inside a larger answer.
fn text(path: &Path) -> io::Result<String> {
    let limit = 4 * MAX_NOTE_BYTES as u64;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(io::Error::other("too large for a checkpoint")) } else { Ok(text) }
}
