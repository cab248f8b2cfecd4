//! What became of the lines so far.

use std::collections::BTreeSet;
use std::time::Instant;

use domain::Event;
use domain::recorded::Position;
use ingest::{Append, AppendOutcome, Refusal};

use super::page::{LinePage, LinePlace, PageEvents};
use super::{BatchIngested, RefusedLine};
use crate::service::act::ingest::Destination;
use crate::service::act::ingest::intake::EventFate;
use crate::service::act::ingest::reason::reason;
use crate::service::{Error, Result};

/// Most refused lines that the answer lists; the rest is counted.
const MAX_REFUSED_LISTED: usize = 10_000;
/// Most different things that are said of lines beside the others; `triage list` has them all.
const MAX_ODD_SAID: usize = 1_000;

/// What became of the lines so far.
pub(super) struct Tally<'a> {
    to: &'a Destination,
    pub(super) appended: u64,
    pub(super) duplicates: u64,
    /// The first, at most [`MAX_REFUSED_LISTED`], as they come.
    refused: Vec<RefusedLine>,
    refused_count: u64,
    /// How many of them are refused for a key that was used for something else.
    conflicts: u64,
    last: Option<Position>,
    /// Whether a git log has come, and with it the question under which key the others were made.
    git_logs: bool,
    /// What was said of a line beside the others: at most [`MAX_ODD_SAID`].
    said: BTreeSet<String>,
}

impl<'a> Tally<'a> {
    /// Nothing yet.
    pub(super) fn new(to: &'a Destination) -> Self {
        Self {
            to,
            appended: 0,
            duplicates: 0,
            refused: Vec::new(),
            refused_count: 0,
            conflicts: 0,
            last: None,
            git_logs: false,
            said: BTreeSet::new(),
        }
    }

    /// Says what is odd about the lines of a page, counts what is refused of them, and hands over its events.
    pub(super) fn receive(&mut self, page: LinePage) -> PageEvents {
        let mut events = PageEvents::default();
        for item in page.items {
            self.warn(&item.warnings);
            for reason in item.refused {
                self.add(item.line, reason);
            }
            events.documents.extend(item.documents);
            events.places.extend(item.places.into_iter().map(|place| (item.line, place)));
            events.appends.extend(item.appends);
        }
        events
    }

    /// The first git log of all, when it comes.
    pub(super) fn first_git_log<'e>(&mut self, appends: &'e [Append]) -> Option<&'e Event> {
        let mut events = appends.iter().map(|append| &append.event).filter(|_| !self.git_logs);
        let found = events.find(|event| matches!(event, Event::GitLogObserved(_)));
        self.git_logs |= found.is_some();
        found
    }

    /// Counts what became of the events of a page.
    pub(super) fn count_all(&mut self, fates: Vec<(EventFate, LinePlace)>) {
        for (fate, place) in fates {
            match fate {
                Ok(outcome) => self.count(&outcome),
                Err(refusal) => self.refuse_event(place, &refusal),
            }
        }
    }

    /// Counts an event that is in the log.
    fn count(&mut self, outcome: &AppendOutcome) {
        *(if outcome.is_duplicate() { &mut self.duplicates } else { &mut self.appended }) += 1;
        self.last = self.last.max(Some(outcome.place().position));
    }

    /// Counts an event that is refused.
    pub(super) fn refuse_event(&mut self, (line, place): LinePlace, refusal: &Refusal) {
        self.conflicts += u64::from(refusal.is_conflict());
        self.add(line, reason(&place.map_or_else(|| refusal.to_string(), |place| format!("{place}: {refusal}"))));
    }

    /// Says what was odd.
    pub(super) fn warn(&self, warnings: &[String]) {
        self.to.warn_all(warnings);
    }

    /// Says what is odd about a line beside the others; what was said of one before is not said again.
    pub(super) fn warn_of_line(&mut self, line: u64, warnings: Vec<String>) {
        for warning in warnings {
            if self.said.len() == MAX_ODD_SAID || !self.said.insert(warning.clone()) {
                continue;
            }
            self.warn(&[format!("line {line}: {warning}")]);
            if self.said.len() == MAX_ODD_SAID {
                self.warn(&["no more is said of projects that are odd: see `triage list`".to_owned()]);
            }
        }
    }

    fn add(&mut self, row: u64, reason: String) {
        self.warn(&[format!("line {row} refused: {reason}")]);
        self.refused_count += 1;
        if self.refused.len() < MAX_REFUSED_LISTED {
            self.refused.push(RefusedLine { row, reason });
        }
    }

    /// How many lines and records are refused.
    pub(super) fn refused_count(&self) -> u64 {
        self.refused_count
    }

    /// The first of them, as a sentence. The lines of a page are refused by their reader before the log sees others.
    pub(super) fn first_refused(&self) -> Option<String> {
        let first = self.refused.iter().min_by_key(|line| line.row);
        first.map(|RefusedLine { row, reason }| format!("line {row}: {reason}"))
    }

    /// Refuses all for one that is refused: a conflict where nothing but keys is in the way.
    pub(super) fn refuse(&self) -> Result<()> {
        let Some(first) = self.first_refused() else { return Ok(()) };
        let reason = format!("{} refused, the first is {first}; nothing is appended", self.refused_count);
        Err(if self.conflicts == self.refused_count { Error::conflict(reason) } else { Error::refused(reason) })
    }

    /// The answer; `records` counts those of an input that was only read.
    pub(super) fn answer(mut self, records: Option<u64>, started: Instant) -> BatchIngested {
        let seconds = started.elapsed().as_secs_f64();
        let events = self.appended + self.duplicates;
        self.refused.sort_by_key(|line| line.row);
        BatchIngested {
            outcome: if records.is_some() { "dry-run" } else { "done" }.to_owned(),
            records: records.unwrap_or(events + self.refused_count),
            appended: self.appended,
            duplicates: self.duplicates,
            refused: self.refused,
            refused_count: self.refused_count,
            last_position: self.last,
            seconds,
            events_per_second: if seconds > 0.0 { (events as f64 / seconds).round() } else { 0.0 },
        }
    }
}
