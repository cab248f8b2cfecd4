//! The log: where it ends, what it decided about itself, and the ordered reader.
//!
//! | module | what it does |
//! |---|---|
//! | `stored` | one event, checked against its own hashes |
//! | `ahead` | [`read()`]: every event of a range or of some positions, checked and in order, or an error |
//! | `read` | those of a stream: likewise |

use domain::Recorded;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::number::fit;
use domain::recorded::Position;
use domain::stream::StreamKind;
use domain::time::Timestamp;
use sqlx::PgConnection;

use crate::ReplayError;

mod ahead;
mod read;
mod stored;

pub use ahead::{decoded, positions, read};
pub(crate) use ahead::{positions_with, read_with};
pub use read::{PAGE_POSITIONS, of_stream};
use stored::EventRow;
pub use stored::{Decoded, Erasures, Stored};

/// The greatest position that a column holds.
const MAX_STORED: Position = i64::MAX.unsigned_abs();

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last position; 0 for an empty log.
    pub position: Position,
    /// Root of the Merkle tree over all events.
    pub root: Digest,
}

/// Where the log ends now.
///
/// # Errors
/// When the database refuses.
pub async fn head(conn: &mut PgConnection) -> Result<Head, ReplayError> {
    let row = sqlx::query_file!("sql/head.sql").fetch_one(conn).await?;
    let corrupt = |detail: &str| ReplayError::Corrupt { position: 0, detail: detail.to_owned() };
    Ok(Head {
        position: u64::try_from(row.next_position - 1)
            .map_err(|_| corrupt("the head lies before the first position"))?,
        root: Digest::from_slice(&row.root).ok_or_else(|| corrupt("the root of the head is no digest"))?,
    })
}

/// A position to ask for, as a column holds it. Beyond the greatest of a column lies nothing: whoever asks for
/// [`Position::MAX`] means the end.
fn sql_position(position: Position) -> i64 {
    fit(position.min(MAX_STORED), "position")
}

/// A position as a column holds it.
fn position(stored: i64) -> Result<Position, ReplayError> {
    let detail = || format!("{stored} is no position");
    u64::try_from(stored).map_err(|_| ReplayError::Corrupt { position: 0, detail: detail() })
}

/// Every erasure of the log.
///
/// # Errors
/// When the database refuses or an erasure is not readable.
pub async fn erasures(conn: &mut PgConnection) -> Result<Erasures, ReplayError> {
    let recorded = of_type(conn, StreamKind::Atlas, EventType::PayloadErased, Position::MAX).await?;
    let named = recorded.into_iter().filter_map(|recorded| match recorded.event {
        Event::PayloadErased(facts) => Some((facts.position, facts.payload_sha256)),
        _ => None,
    });
    Ok(named.collect())
}

/// The last position whose running maximum of `recorded_at` is at or before `time`: what was known then.
///
/// # Errors
/// When the database refuses.
pub async fn position_at(conn: &mut PgConnection, time: Timestamp) -> Result<Position, ReplayError> {
    position(sqlx::query_file_scalar!("sql/position_at.sql", time.datetime()).fetch_one(conn).await?)
}

/// The events of one type on the log's own stream or another kind of stream, in order, decoded.
///
/// # Errors
/// When the database refuses or an event is not readable.
pub async fn of_type(
    conn: &mut PgConnection,
    kind: StreamKind,
    event_type: EventType,
    to: Position,
) -> Result<Vec<Recorded>, ReplayError> {
    let page = sqlx::query_file_as!(EventRow, "sql/of_type.sql", kind.name(), event_type.name(), sql_position(to));
    let decode = |row: EventRow| {
        let at = position(row.position)?;
        let stored = row.read(at)?;
        stored.check(&Erasures::new())?;
        stored.decode()
    };
    page.fetch_all(conn).await?.into_iter().map(decode).collect()
}
