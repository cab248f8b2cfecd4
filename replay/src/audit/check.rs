//! Proofs and explanations, checked from their own text alone: without database, without network.

use domain::checkpoint::Checkpoint;
use domain::merkle::{self, proof};
use domain::note::{Note, VerifyingKey};
use domain::recorded::Envelope;
use domain::tlog_proof::{HEADER, TlogProof};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::explain::FORMAT;
use super::tiles::{Consistency, Inclusion};

mod explanation;

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedProof {
    /// Whether it proves what it says.
    pub ok: bool,
    /// `inclusion`, `consistency`, `explanation` or `tlog-proof`; null where it is none of them.
    pub what: Option<&'static str>,
    /// Why not.
    pub reason: Option<String>,
    /// What is proven, and what that rests on.
    pub proves: Option<String>,
}

/// Checks a text. With keys it must hold a checkpoint that one of them has signed.
#[must_use]
pub fn check(text: &str, keys: &[VerifyingKey]) -> CheckedProof {
    let (what, checked) = read(text, keys);
    match checked {
        Ok(proves) => CheckedProof { ok: true, what, reason: None, proves: Some(proves) },
        Err(reason) => CheckedProof { ok: false, what, reason: Some(reason), proves: None },
    }
}

/// What it is, and what it proves or why not. The text is looked at first without being kept.
fn read(text: &str, keys: &[VerifyingKey]) -> (Option<&'static str>, Result<String, String>) {
    if text.starts_with(HEADER) {
        return (Some("tlog-proof"), tlog(text, keys));
    }
    // A list would be read as an object's members in their order.
    if !text.trim_start().starts_with('{') {
        return (None, Err("neither a JSON object nor a tlog-proof".to_owned()));
    }
    match serde_json::from_str(text) {
        Err(error) => (None, Err(format!("not JSON: {error}"))),
        Ok(TellingMembers { format: Some(format), .. }) if format == FORMAT => {
            (Some("explanation"), explanation::check(text, keys))
        }
        Ok(TellingMembers { format: Some(format), .. }) => {
            (None, Err(format!("format {format}, this program checks {FORMAT}")))
        }
        Ok(TellingMembers { from_root: Some(_), .. }) => (Some("consistency"), consistency(text, keys)),
        Ok(TellingMembers { leaf_index: Some(_), .. }) => (Some("inclusion"), inclusion(text, keys)),
        Ok(_) => (None, Err("neither a proof of inclusion or consistency nor an explanation".to_owned())),
    }
}

/// Members that tell what an object is.
#[derive(Deserialize)]
struct TellingMembers {
    format: Option<String>,
    from_root: Option<IgnoredAny>,
    leaf_index: Option<IgnoredAny>,
}

fn inclusion(text: &str, keys: &[VerifyingKey]) -> Result<String, String> {
    let Inclusion { position, leaf_index, leaf_hash, tree_size, root, proof } = parsed(text)?;
    if leaf_index.checked_add(1) != Some(position) {
        return Err(format!("leaf {leaf_index} is not the event at position {position}"));
    }
    if !proof::includes(&leaf_hash, leaf_index, tree_size, &proof, &root) {
        return Err(format!("the path does not lead from leaf {leaf_index} to the root of size {tree_size}"));
    }
    unsigned(keys)?;
    Ok(format!(
        "the event of leaf hash {leaf_hash} is at position {position} of the log of size {tree_size} and root {root}; \
         compare them with a checkpoint of yours"
    ))
}

fn consistency(text: &str, keys: &[VerifyingKey]) -> Result<String, String> {
    let Consistency { from, to, from_root, to_root, proof } = parsed(text)?;
    if !proof::extends(from, &from_root, to, &to_root, &proof) {
        return Err(format!("the log of size {to} and this root is not shown to begin with that of size {from}"));
    }
    unsigned(keys)?;
    Ok(format!(
        "the log of size {to} and root {to_root} begins with that of size {from} and root {from_root}; compare both \
         with checkpoints of yours"
    ))
}

/// A proof without a checkpoint is nothing that a key could vouch for.
fn unsigned(keys: &[VerifyingKey]) -> Result<(), String> {
    let reason = "nothing in it is signed, so no key vouches for it; a tlog-proof carries its checkpoint";
    if keys.is_empty() { Ok(()) } else { Err(reason.to_owned()) }
}

fn tlog(text: &str, keys: &[VerifyingKey]) -> Result<String, String> {
    let found = TlogProof::parse(text).map_err(|error| error.to_string())?;
    let (checkpoint, signed) = opened(&found.checkpoint, keys)?;
    let entry = found.entry.ok_or("it holds no entry (`extra`), so there is no leaf to begin at")?;
    let leaf = merkle::leaf_hash(&entry);
    if !proof::includes(&leaf, found.index, checkpoint.size, &found.hashes, &checkpoint.root) {
        return Err(format!("the path does not lead from its entry to the root of size {}", checkpoint.size));
    }
    let envelope: Envelope =
        serde_json::from_slice(&entry).map_err(|error| format!("its entry is no event's: {error}"))?;
    let Envelope { stream, sequence, event_type, payload_sha256, .. } = envelope;
    Ok(format!(
        "{event_type}, sequence {sequence} of {stream}, payload {payload_sha256}, is at position {} of the log of size \
         {} and root {}; {signed}",
        found.index + 1,
        checkpoint.size,
        checkpoint.root
    ))
}

/// The checkpoint of a note, and who vouches for it, in words.
fn opened(note: &str, keys: &[VerifyingKey]) -> Result<(Checkpoint, String), String> {
    let note = Note::parse(note).map_err(|error| error.to_string())?;
    let checkpoint = Checkpoint::parse(&note.text).map_err(|error| error.to_string())?;
    let signers = checkpoint.signers(&note, keys).map_err(|error| error.to_string())?;
    match signers.first() {
        Some(key) => Ok((checkpoint, format!("a checkpoint that {} has signed", key.name()))),
        None if keys.is_empty() => Ok((checkpoint, "its checkpoint is not checked: no key was given".to_owned())),
        None => Err(format!("no given key of the log {} has signed its checkpoint", checkpoint.origin)),
    }
}

/// Reads strictly: no member twice, none unknown.
fn parsed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
