//! The check of an explanation.

use std::collections::{BTreeMap, BTreeSet};

use domain::Event;
use domain::digest::Digest;
use domain::merkle::proof;
use domain::note::VerifyingKey;
use domain::recorded::Position;
use domain::stream::StreamId;
use domain::time::Timestamp;
use projections::explain::ExplainedScore;
use projections::metrics::Level;
use serde::Deserialize;
use serde_json::Value;

use super::{opened, parsed};
use crate::audit::bundle::line::EventLine;
use crate::log::{Erasures, Stored};

/// An explanation as it is read: every member, none besides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadExplanation {
    #[serde(rename = "format")]
    _format: String,
    id: String,
    level: String,
    metric: String,
    value: Value,
    label: Option<String>,
    position: Position,
    formula: String,
    formula_hash: Digest,
    tree_size: u64,
    root: Digest,
    checkpoint: Option<String>,
    published: Option<ExplainedEvent>,
    events: Vec<ExplainedEvent>,
}

/// An event of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplainedEvent {
    position: Position,
    event: String,
    stream: StreamId,
    sequence: u64,
    r#type: String,
    version: u32,
    observed_at: Timestamp,
    recorded_at: Timestamp,
    metadata: BTreeMap<String, String>,
    payload: Option<String>,
    #[serde(default)]
    payload_sha256: Option<Digest>,
    leaf_hash: Digest,
    because: BTreeSet<String>,
    leaf_index: u64,
    proof: Vec<Digest>,
}

/// Checks every event of an explanation, its publication and its checkpoint.
pub(super) fn check(text: &str, keys: &[VerifyingKey]) -> Result<String, String> {
    let found: ReadExplanation = parsed(text)?;
    if Level::from_name(&found.level).is_none() || ExplainedScore::from_name(&found.metric).is_none() {
        return Err(format!("{} of a {} is no score", found.metric, found.level));
    }
    let (tree_size, root) = (found.tree_size, found.root);
    let signed = match &found.checkpoint {
        Some(note) => {
            let (checkpoint, signed) = opened(note, keys)?;
            if (checkpoint.size, checkpoint.root) != (tree_size, root) {
                return Err("its checkpoint is of another size or root than its proofs".to_owned());
            }
            signed
        }
        None if keys.is_empty() => "compare size and root with a checkpoint of yours".to_owned(),
        None => return Err("it holds no checkpoint, so no key vouches for it".to_owned()),
    };
    let (count, mut last) = (found.events.len(), 0);
    for event in found.events {
        let stored = event.proven(tree_size, &root)?;
        if stored.position <= last || stored.position > found.position {
            return Err(format!("position {} is out of order, or after position {}", stored.position, found.position));
        }
        last = stored.position;
    }
    let place = match (&found.label, found.published) {
        (None, None) => format!("at position {}", found.position),
        (Some(label), Some(event)) => {
            let stored = event.proven(tree_size, &root)?;
            let recorded = stored.decode().map_err(|error| error.to_string())?;
            let Event::ScoresPublished(facts) = recorded.event else {
                return Err(format!("position {} publishes nothing", stored.position));
            };
            let said = (label, found.position, &found.formula, found.formula_hash);
            if said != (&facts.label, facts.position, &facts.formula, facts.formula_hash) {
                return Err("label, position or formula are not those of the publication".to_owned());
            }
            format!("as published under `{label}` at position {}", found.position)
        }
        _ => return Err("a label and the event that published it go together".to_owned()),
    };
    let (metric, id, value) = (found.metric, found.id, found.value);
    Ok(format!(
        "{count} events are in the log of size {tree_size} and root {root}; {signed}. That {metric} of {id} is {value} \
         {place}, and that no other event says otherwise, is for a fold of the whole log"
    ))
}

impl ExplainedEvent {
    /// The event, where its bytes, its leaf and the path to the root hold.
    fn proven(self, size: u64, root: &Digest) -> Result<Stored, String> {
        let Self { position, leaf_index, leaf_hash, proof, .. } = &self;
        if leaf_index.checked_add(1) != Some(*position) || self.because.is_empty() {
            return Err(format!("position {position} is not leaf {leaf_index}, or nothing says why it counts"));
        }
        if !proof::includes(leaf_hash, *leaf_index, size, proof, root) {
            return Err(format!("the path of position {position} does not lead to the root of size {size}"));
        }
        let line = EventLine {
            position: self.position,
            event: self.event,
            stream: self.stream,
            sequence: self.sequence,
            r#type: self.r#type,
            version: self.version,
            observed_at: self.observed_at,
            recorded_at: self.recorded_at,
            metadata: self.metadata,
            payload: self.payload,
            payload_sha256: self.payload_sha256,
            leaf_hash: self.leaf_hash,
        };
        let stored = line.stored().map_err(|error| error.to_string())?;
        // Nothing rests on what was erased.
        stored.check(&Erasures::new()).map_err(|error| error.to_string())?;
        Ok(stored)
    }
}
