//! A witness of our own: cosigns the checkpoints of logs that have only grown since it saw them last.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::checkpoint::Checkpoint;
use domain::cosignature::Cosigner;
use domain::digest::Digest;
use domain::note::VerifyingKey;
use domain::witness::{WitnessRefusal, admit};
use ingest::key_file::KeyDraft;
use ingest::witness::{ENV_FILE_NAME, ENV_NAME, SeenLog, SeenLogs, WitnessSource};
use replay::audit::tiles::Consistency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::new_key;
use crate::service::ask::audit::trust::{self, keys};
use crate::service::watch::Watch;
use crate::service::{Error, Result, Settings, environment};

/// What a witness is asked to cosign.
#[derive(Clone, Debug, Default)]
pub struct CosignRequest {
    /// File with the checkpoint: the note, or what `audit checkpoint` answered.
    pub checkpoint: PathBuf,
    /// File with the proof that the log has only grown since it was seen last.
    pub proof: Option<PathBuf>,
    /// Verification keys of the log, needed once; they take the place of those held.
    pub keys: Vec<String>,
    /// Name of the witness, on first use.
    pub name: Option<String>,
}

/// A cosigned checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cosigned {
    /// Name of the log.
    pub origin: String,
    /// Events of the log.
    pub tree_size: u64,
    /// The verification key of the witness.
    pub witness: String,
    /// When it was cosigned, in seconds since 1970.
    pub time: u64,
    /// The note, with the cosignature.
    pub note: String,
}

/// Cosigns a checkpoint. What is seen is kept before the cosignature is given away; a refusal leaves no new key.
///
/// # Errors
/// When the checkpoint is not one that a known key of its log has signed, or is not consistent with what was seen last.
pub fn cosign(settings: &Settings, watch: &dyn Watch, asked: &CosignRequest) -> Result<Cosigned> {
    let place = asked.checkpoint.display().to_string();
    let mut note = trust::note(&asked.checkpoint)?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|error| Error::refused(error).of(&place))?;
    let path = asked.proof.as_deref().map(proof).transpose()?;
    let given = keys(&asked.keys)?;
    let data_dir = settings.data_dir()?;
    let source = source(&data_dir)?;
    let seen_logs = SeenLogs::open(&data_dir, &source).map_err(Error::unavailable)?;
    let before = seen_logs.of(&checkpoint.origin).map_err(Error::unavailable)?;
    let known: Vec<VerifyingKey> = known(&checkpoint, before.as_ref(), given)?.into_iter().collect();
    let signers = checkpoint.signers(&note, &known).map_err(|error| Error::refused(error).of(&place))?;
    if signers.is_empty() {
        let reason = format!("no known key of the log {} has signed it", checkpoint.origin);
        return Err(Error::refused(reason).of(&place));
    }
    let path = path.map(|proof| fitting(proof, before.as_ref(), &checkpoint)).transpose()?;
    if let Err(refusal) = admit(before.as_ref().map(SeenLog::tree), &checkpoint, path.as_deref()) {
        if matches!(refusal, WitnessRefusal::Fork { .. }) {
            // What was seen last is replaced by the next that is cosigned.
            let mut both = vec![note.to_string()];
            both.extend(before.map(|before| before.note));
            let kept = seen_logs.keep_evidence(&checkpoint.origin, &both).map_err(Error::unavailable)?;
            let kept: Vec<String> = kept.iter().map(|path| path.display().to_string()).collect();
            let reason = format!("{refusal}; both notes are signed, and kept as {}", kept.join(" and "));
            return Err(Error::refused(reason).of(&place));
        }
        return Err(Error::refused(refusal).of(&place));
    }
    let last = before.as_ref().map_or(1, |before| before.time);
    let time = u64::try_from(chrono::Utc::now().timestamp())
        .ok()
        .filter(|time| *time >= last)
        .ok_or_else(|| Error::unavailable("this machine's clock stands before the last cosignature: set it right"))?;
    let (key, new) = source.load(asked.name.as_deref()).map_err(Error::unavailable)?;
    key.cosign(&mut note, time).map_err(|error| Error::refused(error).of(&place))?;
    let (origin, size, root) = (checkpoint.origin, checkpoint.size, checkpoint.root);
    let keys = known.iter().map(ToString::to_string).collect();
    let seen = SeenLog { origin: origin.clone(), keys, size, root, time, note: note.to_string() };
    seen_logs.put(&seen).map_err(Error::unavailable)?;
    announce(watch, &key, new)?;
    Ok(Cosigned { origin, tree_size: size, witness: key.public().to_string(), time, note: seen.note })
}

/// The keys that a log's checkpoints may be signed with: those that the operator of the witness gives, else those held.
/// A key that is no longer given signs no more: it may be in other hands by now.
fn known(
    checkpoint: &Checkpoint,
    before: Option<&SeenLog>,
    given: Vec<VerifyingKey>,
) -> Result<BTreeSet<VerifyingKey>> {
    let origin = &checkpoint.origin;
    if let Some(other) = given.iter().find(|key| key.name() != origin) {
        return Err(Error::invalid("key", format!("the key of {} is not one of the log {origin}", other.name())));
    }
    let held: Vec<String> = before.map(|before| before.keys.iter().cloned().collect()).unwrap_or_default();
    let known = if given.is_empty() { keys(&held)? } else { given };
    if known.is_empty() {
        return Err(Error::refused(format!("the log {origin} is not known yet: its verification key is needed once")));
    }
    Ok(known.into_iter().collect())
}

/// A consistency proof.
fn proof(path: &Path) -> Result<Consistency> {
    let refused = |cause: crate::service::error::Cause| Error::refused(cause).of(path.display());
    let text = trust::text(path).map_err(|error| refused(error.into()))?;
    serde_json::from_str(&text).map_err(|error| refused(format!("not a consistency proof: {error}").into()))
}

/// The path of a proof from what was seen to the checkpoint.
fn fitting(proof: Consistency, before: Option<&SeenLog>, checkpoint: &Checkpoint) -> Result<Vec<Digest>> {
    let from = before.map_or((proof.from, proof.from_root), |before| (before.size, before.root));
    if (proof.from, proof.from_root, proof.to, proof.to_root) != (from.0, from.1, checkpoint.size, checkpoint.root) {
        return Err(Error::refused(format!(
            "the proof is from size {} to {}, with their roots; needed is one from {} to {} with those seen last and of \
             the checkpoint",
            proof.from, proof.to, from.0, checkpoint.size
        )));
    }
    Ok(proof.proof)
}

fn announce(watch: &dyn Watch, key: &Cosigner, new: Option<KeyDraft>) -> Result<()> {
    let Some(new) = new else { return Ok(()) };
    let purpose = format!(
        "it cosigns checkpoints as a witness; keep it to this witness, and give its verification key to every auditor: {}",
        key.public()
    );
    new_key::keep(watch, new, &purpose)
}

/// Where the witness's key is.
fn source(data_dir: &Path) -> Result<WitnessSource> {
    let file = environment::variable(ENV_FILE_NAME)?.map(Into::into);
    Ok(WitnessSource::of(environment::variable(ENV_NAME)?, file, data_dir))
}
