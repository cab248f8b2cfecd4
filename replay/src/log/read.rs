//! The reader of one stream, and what every reader knows of erasures. A page is one statement, and costs the page
//! wherever it is.
//!
//! What was erased is asked for when a payload that is gone is met, and again at one of which nothing is known yet. The
//! decision comes before the payload goes, so it stands in the log by then: whoever reads outside of one snapshot finds
//! it as well.

use domain::recorded::Position;
use domain::stream::StreamId;
use futures_util::TryStreamExt as _;
use sqlx::PgConnection;

use super::stored::{Erasures, EventRow, Stored};
use super::{erasures, position, sql_position};
use crate::ReplayError;

/// Positions read by one statement; the statements name it too.
pub const PAGE_POSITIONS: u64 = 5_000;

/// Hands the events of one stream that have positions `from..=to` to `sink`, in order, each checked against its hashes.
/// Events of other streams are not read, nor those before `from`.
///
/// # Errors
/// When an event is missing between two others, altered or out of place, or when `sink` fails.
pub async fn of_stream<E: From<ReplayError>>(
    conn: &mut PgConnection,
    stream: &StreamId,
    from: Position,
    to: Position,
    mut sink: impl FnMut(Stored) -> Result<(), E>,
) -> Result<(), E> {
    let mut known = KnownErasures::default();
    let mut sequence = first_sequence(&mut *conn, stream, from).await?;
    loop {
        let first = sequence;
        let mut doubtful = None;
        let (kind, id) = (stream.kind().name(), stream.id());
        let page = sqlx::query_file_as!(EventRow, "sql/stream.sql", kind, id, sql_position(sequence));
        let mut rows = page.fetch(&mut *conn);
        while let Some(row) = rows.try_next().await.map_err(ReplayError::from)? {
            let position = position(row.position)?;
            if position > to {
                return Ok(());
            }
            let stored = row.read(position)?;
            if stored.envelope.sequence != sequence {
                let detail =
                    format!("sequence {} of {stream} stands in the place of {sequence}", stored.envelope.sequence);
                return Err(ReplayError::Corrupt { position, detail }.into());
            }
            if known.lacks(&stored) {
                doubtful = Some(stored);
                break;
            }
            stored.check(&known.0)?;
            sequence += 1;
            sink(stored)?;
        }
        drop(rows);
        match doubtful {
            Some(stored) => known.learn(&mut *conn, &stored).await?,
            // What has no position yet comes last in its stream.
            None if sequence - first < PAGE_POSITIONS => return Ok(()),
            None => {}
        }
    }
}

/// The first sequence of a stream that stands at `from` or later, or has no position yet: sequences ascend with the
/// positions, so it is found in a few looks, however long the stream.
async fn first_sequence(conn: &mut PgConnection, stream: &StreamId, from: Position) -> Result<u64, ReplayError> {
    let (mut low, mut high) = (1, None);
    let mut step = 1;
    while from > 1 && high.is_none_or(|high| low < high) {
        let middle = high.map_or(low + step - 1, |high| low + (high - low) / 2);
        let (kind, id) = (stream.kind().name(), stream.id());
        let look = sqlx::query_file_scalar!("sql/place_in_stream.sql", kind, id, sql_position(middle));
        let found = look.fetch_optional(&mut *conn).await?;
        if found.flatten().is_some_and(|position| position < sql_position(from)) {
            low = middle + 1;
            step *= 2;
        } else {
            high = Some(middle);
        }
    }
    Ok(low)
}

/// The erasures that a reader knows of: none before it meets one.
#[derive(Clone, Default)]
pub(super) struct KnownErasures(pub(super) Erasures);

impl KnownErasures {
    /// Whether a payload is gone and no erasure known so far says so.
    pub(super) fn lacks(&self, stored: &Stored) -> bool {
        stored.is_erased() && self.0.get(&stored.position) != Some(&stored.envelope.payload_sha256)
    }

    /// Asks the log about a payload that is gone.
    pub(super) async fn learn(&mut self, conn: &mut PgConnection, stored: &Stored) -> Result<(), ReplayError> {
        self.0 = erasures(conn).await?;
        stored.check(&self.0)
    }
}
