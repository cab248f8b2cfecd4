//! The ordered reader: every event of a range, checked, or an error.

use std::collections::BTreeMap;

use domain::Recorded;
use domain::codec;
use domain::digest::Digest;
use domain::event::{Event, EventType};
use domain::recorded::{Envelope, Position};
use domain::stream::{StreamId, StreamKind};
use domain::time::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

use crate::ReplayError;

/// Positions read by one statement.
pub const PAGE_POSITIONS: u64 = 5_000;

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last position; 0 for an empty log.
    pub position: Position,
    /// Root of the Merkle tree over all events.
    pub root: Digest,
}

/// An event as stored, its bytes checked but not decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Place in the log.
    pub position: Position,
    /// The append it came in.
    pub append: Uuid,
    /// Place within that append, from 0.
    pub index: u32,
    /// What is hashed into the log.
    pub envelope: Envelope,
    /// The leaf hash.
    pub leaf_hash: Digest,
    /// Canonical bytes; none once they were erased.
    pub payload: Vec<u8>,
}

/// Payloads that were erased: the position and the digest that the event keeps.
pub type Erasures = BTreeMap<Position, Digest>;

impl Stored {
    /// Whether the payload was erased. No payload is empty by itself.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.payload.is_empty()
    }

    /// Checks the bytes against the hashes. A payload may be missing only where an erasure of these very bytes says so.
    ///
    /// # Errors
    /// [`ReplayError::Corrupt`] when they do not fit.
    pub fn check(&self, erasures: &Erasures) -> Result<(), ReplayError> {
        let corrupt = |detail: &str| Err(ReplayError::Corrupt { position: self.position, detail: detail.to_owned() });
        let named = &self.envelope.payload_sha256;
        if self.is_erased() {
            if erasures.get(&self.position) != Some(named) {
                return corrupt("the payload is gone and no erasure says so");
            }
        } else if Digest::of(&self.payload) != *named {
            return corrupt("the payload is not the one that was hashed");
        }
        match self.envelope.leaf_hash() {
            Ok(leaf) if leaf == self.leaf_hash => Ok(()),
            Ok(_) => corrupt("the envelope is not the one that was hashed"),
            Err(error) => corrupt(&error.to_string()),
        }
    }

    /// Decodes the payload.
    ///
    /// # Errors
    /// When this program cannot read it, or it was erased.
    pub fn decode(&self) -> Result<Recorded, ReplayError> {
        let Self { position, append, index, leaf_hash, .. } = *self;
        if self.is_erased() {
            return Err(ReplayError::Erased { position });
        }
        let envelope = self.envelope.clone();
        let event = codec::decode(&envelope.event_type, envelope.version, &self.payload)
            .map_err(|source| ReplayError::Poison { position, source })?;
        Ok(Recorded { position, append, index, envelope, leaf_hash, event })
    }
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

/// Hands every event of positions `from..=to` to `sink`, in order, each checked against its hashes.
///
/// # Errors
/// When an event is missing, altered or out of place, when the log ends before `to`, or when `sink` fails.
pub async fn read<E: From<ReplayError>>(
    conn: &mut PgConnection,
    from: Position,
    to: Position,
    mut sink: impl FnMut(Stored) -> Result<(), E>,
) -> Result<(), E> {
    let erasures = erasures(&mut *conn).await?;
    let mut next = from.max(1);
    while next <= to {
        let end = to.min(next.saturating_add(PAGE_POSITIONS - 1));
        let (first, last) = (sql_position(next), sql_position(end));
        let mut rows = sqlx::query(
            "SELECT c.first_position + e.idx AS position, e.append_id, e.idx, e.kind, e.stream_id, e.sequence, e.type, \
                    e.version, e.observed_at, a.recorded_at, a.metadata, e.payload, e.payload_sha256, e.leaf_hash \
               FROM log.commit c JOIN log.append a USING (append_id) JOIN log.event e USING (append_id) \
              WHERE c.first_position >= coalesce((SELECT max(first_position) FROM log.commit \
                                                   WHERE first_position <= $1), $1) \
                AND c.first_position <= $2 AND c.first_position + e.idx BETWEEN $1 AND $2 \
              ORDER BY c.first_position, e.idx",
        )
        .bind(first)
        .bind(last)
        .fetch(&mut *conn);
        while let Some(row) = rows.try_next().await.map_err(ReplayError::from)? {
            let stored = stored(&row, next)?;
            stored.check(&erasures)?;
            next += 1;
            sink(stored)?;
        }
        if next != end + 1 {
            return Err(ReplayError::Truncated { from, to, ended: next - 1 }.into());
        }
    }
    Ok(())
}

fn sql_position(position: Position) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// Reads one row and checks that it is the event of position `expected`; its bytes are checked by the caller.
fn stored(row: &PgRow, expected: Position) -> Result<Stored, ReplayError> {
    let corrupt = |detail: String| ReplayError::Corrupt { position: expected, detail };
    let found: i64 = row.try_get("position")?;
    if u64::try_from(found) != Ok(expected) {
        return Err(corrupt(format!("position {found} stands in its place")));
    }
    let digest = |column: &str| -> Result<Digest, ReplayError> {
        let bytes: Vec<u8> = row.try_get(column)?;
        Digest::from_slice(&bytes).ok_or_else(|| corrupt(format!("{column} is no digest")))
    };
    let time = |column: &str| -> Result<Timestamp, ReplayError> {
        let moment = row.try_get(column)?;
        Timestamp::from_datetime(moment).ok_or_else(|| corrupt(format!("{column} is out of range")))
    };
    let kind: &str = row.try_get("kind")?;
    let kind = StreamKind::from_name(kind).ok_or_else(|| corrupt(format!("unknown stream kind `{kind}`")))?;
    let id: String = row.try_get("stream_id")?;
    let stream = StreamId::new(kind, id).map_err(|e| corrupt(e.to_string()))?;
    let metadata: &str = row.try_get("metadata")?;
    let envelope = Envelope {
        stream,
        sequence: number(row, "sequence").map_err(corrupt)?,
        event_type: row.try_get("type")?,
        version: u32::try_from(row.try_get::<i32, _>("version")?).map_err(|e| corrupt(e.to_string()))?,
        observed_at: time("observed_at")?,
        recorded_at: time("recorded_at")?,
        metadata: serde_json::from_str(metadata).map_err(|e| corrupt(format!("metadata: {e}")))?,
        payload_sha256: digest("payload_sha256")?,
    };
    Ok(Stored {
        position: expected,
        append: row.try_get("append_id")?,
        index: u32::try_from(row.try_get::<i32, _>("idx")?).map_err(|e| corrupt(e.to_string()))?,
        leaf_hash: digest("leaf_hash")?,
        payload: row.try_get("payload")?,
        envelope,
    })
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

fn number(row: &PgRow, column: &str) -> Result<u64, String> {
    let value: i64 = row.try_get(column).map_err(|e| e.to_string())?;
    u64::try_from(value).map_err(|_| format!("{column} is negative"))
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
    let rows = sqlx::query(
        "SELECT c.first_position + e.idx AS position, e.append_id, e.idx, e.kind, e.stream_id, e.sequence, e.type, \
                e.version, e.observed_at, a.recorded_at, a.metadata, e.payload, e.payload_sha256, e.leaf_hash \
           FROM log.event e JOIN log.commit c USING (append_id) JOIN log.append a USING (append_id) \
          WHERE e.kind = $1 AND e.type = $2 AND c.first_position + e.idx <= $3 \
          ORDER BY c.first_position, e.idx",
    )
    .bind(kind.name())
    .bind(event_type.name())
    .bind(sql_position(to))
    .fetch_all(conn)
    .await?;
    let decode = |row: &PgRow| {
        let position: i64 = row.try_get("position")?;
        let stored = stored(row, u64::try_from(position).unwrap_or(0))?;
        stored.check(&Erasures::new())?;
        stored.decode()
    };
    rows.iter().map(decode).collect()
}
