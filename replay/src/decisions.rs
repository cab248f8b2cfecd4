//! What the log decided about itself: read from the whole log before any fold starts.

use std::collections::BTreeSet;

use domain::Recorded;
use domain::checked::Label;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::facts::Class;
use domain::facts::formula::FormulaPromoted;
use domain::facts::log::ScoresPublished;
use domain::formula::{self, Formula, FormulaError};
use domain::recorded::Position;
use domain::stream::StreamKind;
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::ReplayError;
use crate::log::{self, Erasures};
use crate::quarantine::Quarantine;

/// The types of such events, and the kind of stream each lives in.
fn types() -> impl Iterator<Item = (EventType, StreamKind)> {
    EventType::ALL.iter().filter_map(|event_type| match event_type.class() {
        Class::Decision(kind) => Some((*event_type, kind)),
        Class::Fact | Class::Correction => None,
    })
}

/// Whether the stored name of a type is that of such decisions.
#[must_use]
pub fn is_decision(event_type: &str) -> bool {
    EventType::from_name(event_type).is_some_and(EventType::is_decision)
}

/// The promotion that an event is, if it makes another formula live.
pub(crate) fn promotion(event: &Event) -> Option<&FormulaPromoted> {
    match event {
        Event::FormulaPromoted(facts) if facts.projections.iter().any(|name| name == "metrics") => Some(facts),
        _ => None,
    }
}

/// Every decision, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    events: Vec<Recorded>,
}

impl Decisions {
    /// Reads them from the database.
    ///
    /// # Errors
    /// When the database refuses or a decision is not readable.
    pub async fn read(conn: &mut PgConnection) -> Result<Self, ReplayError> {
        let mut events = Vec::new();
        for (event_type, kind) in types() {
            events.extend(log::of_type(&mut *conn, kind, event_type, Position::MAX).await?);
        }
        Ok(Self::of(events))
    }

    /// From decoded events.
    #[must_use]
    pub fn of(mut events: Vec<Recorded>) -> Self {
        events.sort_unstable_by_key(|event| event.position);
        Self { events }
    }

    /// The decisions as events.
    #[must_use]
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// What was to be passed over when the log ended at `position`: quarantined and erased positions.
    #[must_use]
    pub fn passed_over(&self, position: Position) -> Quarantine {
        Quarantine::of(self.events.iter().take_while(|event| event.position <= position))
    }

    /// What a publication, whose event is at `position`, passed over: what was decided when it was evaluated. That is
    /// after the position it is about, and may be before others decided what stands before its event. Of what was
    /// decided at any moment between, it is what has the digest that was published; where none has, the latest.
    #[must_use]
    pub fn passed_over_by(&self, position: Position, facts: &ScoresPublished) -> Quarantine {
        let decided = |event: &&Recorded| (facts.position..position).contains(&event.position);
        let between = self.events.iter().filter(decided).map(|event| event.position).rev();
        let mut sets = std::iter::once(position).chain(between).chain([facts.position]).map(|at| self.passed_over(at));
        let found = sets.find(|set| set.digest() == facts.quarantine_digest);
        found.unwrap_or_else(|| self.passed_over(position))
    }

    /// Where the log last gave up the payload with this digest at a position, and why.
    #[must_use]
    pub fn erased(&self, position: Position, payload_sha256: &Digest) -> Option<(Position, &str)> {
        self.events.iter().rev().find_map(|recorded| match &recorded.event {
            Event::PayloadErased(facts) if (facts.position, &facts.payload_sha256) == (position, payload_sha256) => {
                Some((recorded.position, facts.reason.as_str()))
            }
            _ => None,
        })
    }

    /// Every erasure.
    #[must_use]
    pub fn erasures(&self) -> Erasures {
        let erased = self.events.iter().filter_map(|recorded| match &recorded.event {
            Event::PayloadErased(facts) => Some((facts.position, facts.payload_sha256)),
            _ => None,
        });
        erased.collect()
    }

    /// Every publication, with the position of its event.
    pub fn publications(&self) -> impl Iterator<Item = (Position, &ScoresPublished)> {
        self.events.iter().filter_map(|recorded| match &recorded.event {
            Event::ScoresPublished(facts) => Some((recorded.position, facts)),
            _ => None,
        })
    }

    /// The last promotion of a formula at or before a position.
    #[must_use]
    pub fn promoted(&self, at: Position) -> Option<(Position, &FormulaPromoted)> {
        let before = self.events.iter().take_while(|event| event.position <= at);
        before.filter_map(|recorded| Some((recorded.position, promotion(&recorded.event)?))).last()
    }

    /// What was passed over at some moment, when the set had this digest; `None` where it never had. The latest, where
    /// several had.
    #[must_use]
    pub fn passed_over_under(&self, digest: &Digest) -> Option<BTreeSet<Position>> {
        let ends = [Position::MAX].into_iter().chain(self.events.iter().rev().map(|event| event.position - 1));
        ends.map(|end| self.passed_over(end)).find(|set| set.digest() == *digest).map(|set| set.positions)
    }

    /// The publication of a label.
    ///
    /// # Errors
    /// When there is none.
    pub fn labelled(&self, label: &str) -> Result<(Position, &ScoresPublished), ReplayError> {
        let exactly = self.publications().find(|(_, facts)| facts.label == label);
        let found = exactly.or_else(|| self.publications().find(|(_, facts)| Label::are_one(&facts.label, label)));
        found.ok_or_else(|| ReplayError::NoPublication(label.to_owned()))
    }

    /// The formula of this hash: shipped with the program or adopted by the log.
    ///
    /// # Errors
    /// When there is none, or it needs a newer program.
    pub fn formula(&self, name: &str, hash: &Digest) -> Result<FormulaDocument, ReplayError> {
        let shipped = formula::SHIPPED.iter().map(|(_, document)| *document);
        let adopted = self.events.iter().filter_map(|recorded| match &recorded.event {
            Event::FormulaAdopted(facts) if facts.hash == *hash => Some(facts.document.as_str()),
            _ => None,
        });
        let mut wrong = FormulaError::Unknown(name.to_owned());
        for document in adopted.chain(shipped) {
            match Formula::parse(document) {
                Ok(formula) if formula.hash() == *hash => {
                    return Ok(FormulaDocument { formula, document: document.to_owned() });
                }
                Ok(_) => {}
                // What was adopted under this digest and is not of it is the check's to name.
                Err(error) => wrong = error,
            }
        }
        Err(wrong.into())
    }

    /// What is to be passed over to reproduce a publication whose event is at `position`.
    #[must_use]
    pub fn of_publication(&self, position: Position, facts: &ScoresPublished) -> PassedOver {
        let then = self.passed_over_by(position, facts);
        let gone = |erased: &Position| *erased <= facts.position && !then.positions.contains(erased);
        let since: BTreeSet<Position> = self.erasures().into_keys().filter(gone).collect();
        let erased = since.first().copied();
        PassedOver { now: then.positions.union(&since).copied().collect(), then, erased, since }
    }
}

/// What a fold that reproduces a publication passes over.
#[derive(Clone, Debug)]
pub struct PassedOver {
    /// What was passed over when it was evaluated.
    pub then: Quarantine,
    /// That, and what cannot be read any more.
    pub now: BTreeSet<Position>,
    /// The first position that is erased since.
    pub erased: Option<Position>,
    /// All of them.
    pub since: BTreeSet<Position>,
}
