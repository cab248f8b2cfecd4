//! The positions that every fold passes over: quarantined events, and those whose payload was erased. Read from the
//! whole log before any fold starts, the same for every projection and as-of.

use std::collections::BTreeSet;

use domain::Recorded;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::recorded::Position;
use domain::stream::StreamKind;
use sqlx::PgConnection;

use crate::{ReplayError, log};

/// Positions that every fold passes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// The positions, erased ones included.
    pub positions: BTreeSet<Position>,
}

impl Quarantine {
    /// Reads the set.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(conn: &mut PgConnection) -> Result<Self, ReplayError> {
        let mut events = Vec::new();
        for kind in [EventType::EventQuarantined, EventType::PayloadErased] {
            events.extend(log::of_type(&mut *conn, StreamKind::Atlas, kind, Position::MAX).await?);
        }
        events.sort_unstable_by_key(|event| event.position);
        Ok(Self::of(&events))
    }

    /// The set that these events, in order, decide.
    #[must_use]
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Recorded>) -> Self {
        let (mut set, mut erased) = (Self::default(), BTreeSet::new());
        for recorded in events {
            match &recorded.event {
                Event::EventQuarantined(facts) if facts.lifted => {
                    set.positions.remove(&facts.position);
                }
                Event::EventQuarantined(facts) => {
                    set.positions.insert(facts.position);
                }
                Event::PayloadErased(facts) => {
                    erased.insert(facts.position);
                }
                _ => {}
            }
        }
        // What is erased cannot be let in again.
        set.positions.extend(erased);
        set
    }

    /// Digest of the set: SHA-256 over the positions, ascending, one a line.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let lines: String = self.positions.iter().map(|position| format!("{position}\n")).collect();
        Digest::of(lines.as_bytes())
    }
}
