//! What the auditor brings: keys and checkpoints.

use std::io::Read as _;
use std::path::Path;

use ::replay::audit::tree::Anchor;
use anyhow::{Context as _, anyhow};
use domain::checkpoint::Checkpoint;
use domain::note::{MAX_NOTE_BYTES, Note, VerifyingKey};
use serde::Deserialize;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Trust;

/// What `audit checkpoint` answers, as far as it is needed.
#[derive(Deserialize)]
struct Answered {
    note: String,
}

/// Reads keys and checkpoints. Without keys a checkpoint is compared and vouches for nothing.
pub(crate) fn read(trust: &Trust) -> Result<(Vec<VerifyingKey>, Vec<Anchor>)> {
    let keys = trust.keys.iter().map(|text| VerifyingKey::parse(text).with_context(|| format!("--key {text}")));
    let keys: Vec<VerifyingKey> = keys.collect::<anyhow::Result<_>>().map_err(Failure::environment)?;
    let anchors = trust.checkpoints.iter().map(|path| anchor(path, &keys)).collect::<Result<_>>()?;
    Ok((keys, anchors))
}

fn anchor(path: &Path, keys: &[VerifyingKey]) -> Result<Anchor> {
    let text = text(path).with_context(|| path.display().to_string()).map_err(Failure::refused)?;
    let note = match serde_json::from_str::<Answered>(&text) {
        Ok(answered) => answered.note,
        Err(_) => text,
    };
    let refused = |error: anyhow::Error| Failure::refused(error.context(path.display().to_string()));
    let source = |size: u64| format!("the checkpoint of size {size}");
    if keys.is_empty() {
        let note = Note::parse(&note).map_err(|error| refused(error.into()))?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|error| refused(error.into()))?;
        return Ok(Anchor::said(checkpoint.size, checkpoint.root, &source(checkpoint.size)));
    }
    match Checkpoint::open(&note, keys).map_err(|error| refused(error.into()))? {
        Some(checkpoint) => Ok(Anchor::trusted(&checkpoint, &source(checkpoint.size))),
        None => Err(refused(anyhow!("no given key has signed it"))),
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    // The note may stand escaped inside a larger answer.
    let limit = 4 * MAX_NOTE_BYTES as u64;
    let mut text = String::new();
    std::fs::File::open(path)?.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit { Err(anyhow!("too large for a checkpoint")) } else { Ok(text) }
}
