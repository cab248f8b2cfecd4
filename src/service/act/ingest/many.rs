//! Documents of many records become many events.

use domain::recorded::Position;
use ingest::source::{Reading, RecordPlace};
use ingest::{Append, Refusal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::intake::{Foresight, Intake};
use super::reason::reason;
use super::{Circumstances, Destination, row_key};
use crate::service::{Error, Result};

/// What became of the records of documents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ManyIngested {
    /// `done` or `dry-run`.
    pub outcome: String,
    /// Records that the documents hold.
    pub records: usize,
    /// Records that are new in the log.
    pub appended: u64,
    /// Records that the log held before.
    pub duplicates: u64,
    /// Records that are not in the log, and why.
    pub refused: Vec<RefusedRecord>,
    /// The greatest position of a record.
    pub last_position: Option<Position>,
}

/// A record that is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedRecord {
    /// Where: the number of a row, or a place in words.
    pub row: Value,
    /// Why.
    pub reason: String,
}

impl RefusedRecord {
    fn place(&self) -> String {
        self.row.as_str().map_or_else(|| format!("row {}", self.row), str::to_owned)
    }
}

/// Appends what was read of documents with many records. `strict`: one that is refused refuses them all.
pub(super) async fn many(
    to: &Destination,
    reading: Reading,
    strict: bool,
    circumstances: &Circumstances,
) -> Result<ManyIngested> {
    let Circumstances { observed_at, actor, key, .. } = circumstances;
    to.warn_all(&reading.warnings);
    let records = reading.events.len() + reading.refused.len();
    let mut refused = Refusals { to, strict, records: Vec::new() };
    for (place, reason) in reading.refused {
        let row = match place {
            RecordPlace::Row(row) => row.into(),
            RecordPlace::Named(place) => place.into(),
        };
        refused.add(row, &reason);
    }
    refused.check()?;
    let intake = Intake::open(to, actor.as_deref()).await?;
    let (mut appends, mut places) = (Vec::new(), Vec::new());
    for (n, read) in reading.events.into_iter().enumerate() {
        let key = key.as_ref().map(|key| row_key(key, n));
        appends.push(Append { event: read.event, observed_at: *observed_at, key });
        places.push(read.place.map(|place| place.to_string()).unwrap_or_default());
    }
    let foreseen = intake.foresee(appends).await?;
    whole(&foreseen, key.as_deref())?;
    let (mut taken, mut taken_places) = (Vec::new(), Vec::new());
    for (item, place) in foreseen.into_iter().zip(places) {
        match item {
            Err(refusal) => refused.add(place.into(), &refusal.to_string()),
            Ok(_) => {
                taken.push(item);
                taken_places.push(place);
            }
        }
    }
    refused.check()?;
    let (mut appended, mut duplicates, mut last_position) = (0, 0, None);
    intake.keep(&taken, reading.documents).await?;
    let fates = intake.append(taken).await?;
    for (fate, place) in fates.into_iter().zip(taken_places) {
        match fate {
            Ok(outcome) => {
                *(if outcome.is_duplicate() { &mut duplicates } else { &mut appended }) += 1;
                last_position = last_position.max(Some(outcome.place().position));
            }
            Err(refusal) if refusal.is_conflict() => return Err(Error::conflict(refusal)),
            Err(refusal) => refused.add(place.into(), &refusal.to_string()),
        }
    }
    let outcome = if intake.is_rehearsal() { "dry-run" } else { "done" }.to_owned();
    Ok(ManyIngested { outcome, records, appended, duplicates, refused: refused.records, last_position })
}

/// Records that are refused: said as they come, and answered.
struct Refusals<'a> {
    to: &'a Destination,
    strict: bool,
    records: Vec<RefusedRecord>,
}

impl Refusals<'_> {
    fn add(&mut self, row: Value, text: &str) {
        let record = RefusedRecord { row, reason: reason(text) };
        self.to.warn_all(&[format!("{} refused: {}", record.place(), record.reason)]);
        self.records.push(record);
    }

    /// Where all is to be taken or nothing, one of them refuses the rest.
    fn check(&self) -> Result<()> {
        let Some(first) = self.records.first().filter(|_| self.strict) else { return Ok(()) };
        let (count, place, reason) = (self.records.len(), first.place(), &first.reason);
        Err(Error::refused(format!("{count} refused, the first is {place}: {reason}; nothing is appended")))
    }
}

/// Refuses the call as a whole where it is the call that is wrong: one key, and one time, stand for all records.
fn whole(foreseen: &[Foresight], key: Option<&str>) -> Result<()> {
    for refusal in foreseen.iter().filter_map(|item| item.as_ref().err()) {
        match (refusal, key) {
            (Refusal::KeyReused(_), Some(key)) => return Err(Error::conflict(Refusal::KeyReused(key.to_owned()))),
            (Refusal::Future { observed_at, now }, _) => {
                return Err(Error::refused(Refusal::Future { observed_at: *observed_at, now: *now }));
            }
            _ => {}
        }
    }
    Ok(())
}
