//! The quarantined set: read from the whole log before any fold starts, the same for every projection and as-of.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::recorded::Position;
use domain::stream::StreamKind;
use sqlx::PgConnection;

use crate::{ReplayError, log};

/// Positions that every fold passes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// The positions.
    pub positions: BTreeSet<Position>,
}

impl Quarantine {
    /// Reads the set.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(conn: &mut PgConnection) -> Result<Self, ReplayError> {
        let mut positions = BTreeSet::new();
        for recorded in log::of_type(conn, StreamKind::Atlas, EventType::EventQuarantined, Position::MAX).await? {
            if let Event::EventQuarantined(facts) = recorded.event {
                if facts.lifted {
                    positions.remove(&facts.position);
                } else {
                    positions.insert(facts.position);
                }
            }
        }
        Ok(Self { positions })
    }

    /// Digest of the set: SHA-256 over the positions, ascending, one a line.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let lines: String = self.positions.iter().map(|position| format!("{position}\n")).collect();
        Digest::of(lines.as_bytes())
    }
}
