//! The log: where it ends, what it decided about itself, and the ordered reader.
//!
//! | module | what it does |
//! |---|---|
//! | [`stored`] | one event, checked against its own hashes |
//! | [`read`] | every event of a range, of some positions, of a stream: checked and in order, or an error |

use domain::Recorded;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::recorded::Position;
use domain::stream::StreamKind;
use domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use crate::ReplayError;

mod read;
mod stored;

pub use read::{PAGE_POSITIONS, of_stream, positions, read};
pub use stored::{Erasures, Stored};

/// The events of one type.
const OF_TYPE: &str = include_str!("../sql/of_type.sql");

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
    let row = sqlx::query("SELECT next_position, root FROM log.head").fetch_one(conn).await?;
    let next: i64 = row.try_get("next_position")?;
    let root: Vec<u8> = row.try_get("root")?;
    let corrupt = |detail: &str| ReplayError::Corrupt { position: 0, detail: detail.to_owned() };
    Ok(Head {
        position: u64::try_from(next - 1).map_err(|_| corrupt("the head lies before the first position"))?,
        root: Digest::from_slice(&root).ok_or_else(|| corrupt("the root of the head is no digest"))?,
    })
}

fn sql_position(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
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
    let position: Option<i64> = sqlx::query_scalar(
        "SELECT coalesce( \
            (SELECT min(c.first_position) - 1 FROM log.commit c JOIN log.append a USING (append_id) \
              WHERE a.recorded_at > $1), \
            (SELECT next_position - 1 FROM log.head))",
    )
    .bind(time.datetime())
    .fetch_one(conn)
    .await?;
    Ok(position.and_then(|position| u64::try_from(position).ok()).unwrap_or(0))
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
    let rows =
        sqlx::query(OF_TYPE).bind(kind.name()).bind(event_type.name()).bind(sql_position(to)).fetch_all(conn).await?;
    let decode = |row: &PgRow| {
        let position: i64 = row.try_get("position")?;
        let stored = stored::from_row(row, u64::try_from(position).unwrap_or(0))?;
        stored.check(&Erasures::new())?;
        stored.decode()
    };
    rows.iter().map(decode).collect()
}
