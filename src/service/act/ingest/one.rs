//! One document becomes one event.

use std::slice;

use domain::recorded::Position;
use ingest::Append;
use ingest::key_file::KeyDraft;
use ingest::source::Reading;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::intake::Intake;
use super::{Circumstances, Destination, PSEUDONYMS};
use crate::service::act::new_key;
use crate::service::act::placed::Placed;
use crate::service::{Error, Result};

/// What became of one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OneIngested {
    /// What the document is: the keys are those of its kind.
    #[serde(flatten)]
    pub summary: Map<String, Value>,
    /// What was odd.
    pub warnings: Vec<String>,
    /// The event; null where nothing was appended.
    pub event: Option<String>,
    /// `appended`, `duplicate` where the log held it before, or `dry-run`.
    pub outcome: String,
    /// Its position.
    pub position: Option<Position>,
    /// Its stream.
    pub stream: Option<String>,
    /// Its number in the stream.
    pub sequence: Option<u64>,
}

/// Appends what was read of one document. A key that is new, under which the facts were made, is kept once the event
/// is in the log and before names are: with the event, or not at all.
pub(in crate::service::act) async fn one(
    to: &Destination,
    reading: Reading,
    circumstances: &Circumstances,
    new_key: Option<KeyDraft>,
) -> Result<OneIngested> {
    let Reading { events, documents, people, mut warnings, summary, .. } = reading;
    to.warn_all(&warnings);
    let Some(read) = events.into_iter().next() else { return Err(Error::refused("the document holds no facts")) };
    let append = Append { event: read.event, observed_at: circumstances.observed_at, key: circumstances.key.clone() };
    let intake = Intake::open(to, circumstances.actor.as_deref()).await?;
    let mut odd: Vec<String> = intake.odd_projects(slice::from_ref(&append)).await?.concat();
    odd.extend(intake.other_key(&append.event).await?);
    to.warn_all(&odd);
    warnings.append(&mut odd);
    let stream = append.event.stream().ok().map(|stream| stream.to_string());
    let outcome = intake.one(append, documents.into_iter().next()).await;
    if let Some(new_key) = new_key.filter(|_| !intake.is_rehearsal() && new_key::is_used(&outcome)) {
        new_key::keep(to.watch(), new_key, PSEUDONYMS)?;
    }
    let placed = outcome?.as_ref().map(Placed::from);
    intake.remember(&people).await?;
    Ok(match placed {
        Some(placed) => OneIngested::at(placed, summary, warnings),
        None => OneIngested {
            summary,
            warnings,
            event: None,
            outcome: "dry-run".to_owned(),
            position: None,
            stream,
            sequence: None,
        },
    })
}

impl OneIngested {
    /// A document whose event is in this place.
    pub(super) fn at(placed: Placed, summary: Map<String, Value>, warnings: Vec<String>) -> Self {
        let Placed { event, outcome, position, stream, sequence } = placed;
        Self {
            summary,
            warnings,
            event: Some(event),
            outcome,
            position: Some(position),
            stream: Some(stream),
            sequence: Some(sequence),
        }
    }
}
