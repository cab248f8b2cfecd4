//! What changed between two positions.

use std::collections::BTreeMap;

use domain::recorded::Position;

use super::{LeftOutPart, RestedOn, ValueWhy, counted, shown};

/// Parts of a change that are told one by one.
const TOLD: usize = 20;

/// What an earlier position says of a value.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// Nothing had the id.
    Absent,
    /// The formula of then had no such value.
    NoSuchMetric,
    /// It was this.
    Told(&'a ValueWhy),
}

/// The later of two accounts of one value, beginning with what is another than before; its events are those that the
/// value rests on now and did not, or did and does not.
#[must_use]
pub fn changed(before: Before<'_>, mut after: ValueWhy, from: Position, to: Position) -> ValueWhy {
    let before = match before {
        Before::Told(before) => before,
        Before::Absent => {
            after.sentences.insert(1, format!("There was no {} at position {from}.", after.id));
            after.events.retain(|event| event.position > from);
            return after;
        }
        Before::NoSuchMetric => {
            let said = format!("The formula of position {from} had no {}.", after.metric);
            after.sentences.insert(1, said);
            return after;
        }
    };
    let mut told = vec![if before.value == after.value {
        format!("It was {} at position {from} already, and is at position {to}.", shown(&before.value))
    } else {
        format!("It was {} at position {from}, and is {} at position {to}.", shown(&before.value), shown(&after.value))
    }];
    if before.id != after.id {
        told.push(format!("It was {} then: a package goes by the repository that publishes it.", before.id));
    }
    let mut parts = parts(before, &after);
    let more = parts.len().saturating_sub(TOLD);
    parts.truncate(TOLD);
    told.append(&mut parts);
    if more > 0 {
        told.push(format!("{} more.", counted(more, "part changed", "parts changed")));
    }
    // What does not change goes without saying.
    let fresh = after.sentences.iter().skip(1).filter(|sentence| !before.sentences.contains(sentence)).cloned();
    told.extend(fresh);
    after.sentences.splice(1.., told);
    let held: BTreeMap<Position, &RestedOn> = before.events.iter().map(|event| (event.position, event)).collect();
    let now: BTreeMap<Position, &RestedOn> = after.events.iter().map(|event| (event.position, event)).collect();
    let joined = after.events.iter().filter(|event| !held.contains_key(&event.position));
    let left = before.events.iter().filter(|event| !now.contains_key(&event.position));
    let mut events: Vec<RestedOn> = joined.chain(left).cloned().collect();
    events.sort_by_key(|event| event.position);
    after.events = events;
    after
}

/// What counts now and did not, does no longer, or counts as more or less.
fn parts(before: &ValueWhy, after: &ValueWhy) -> Vec<String> {
    let was: BTreeMap<&str, _> = before.counts.iter().map(|part| (part.id.as_str(), part)).collect();
    let is: BTreeMap<&str, _> = after.counts.iter().map(|part| (part.id.as_str(), part)).collect();
    let reason = |parts: &[LeftOutPart], id: &str| {
        parts.iter().find(|part| part.id == id).map_or_else(String::new, |part| format!(": {}", part.reason))
    };
    let mut told = Vec::new();
    for (id, part) in &is {
        match was.get(id) {
            None => {
                let before = reason(&before.does_not_count, id);
                let before = if before.is_empty() { String::new() } else { format!("; before it did not{before}") };
                told.push(format!("{id} counts now: {}{before}.", part.reason));
            }
            Some(held) if held.value != part.value => {
                told.push(format!("{id} was {} and is {}: {}.", shown(&held.value), shown(&part.value), part.reason));
            }
            Some(_) => {}
        }
    }
    for id in was.keys().filter(|id| !is.contains_key(*id)) {
        told.push(format!("{id} does not count any more{}.", reason(&after.does_not_count, id)));
    }
    told
}
