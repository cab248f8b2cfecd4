//! Stream rows for a batch: locked in the order of their keys, read, put back.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::StreamState;
use domain::{StreamId, StreamKind, Timestamp, codec};
use sqlx::PgConnection;

use crate::error::{AppendError, Corrupt};

/// What a stream remembers, as stored.
struct StreamRow {
    kind: String,
    id: String,
    version: i64,
    state: String,
}

/// Locks these streams until the end of the transaction and reads what they remember.
///
/// A stream that does not exist is made, empty, so that there is a row to lock: first those, then all, each in the
/// order of the keys. Whoever waits holds only rows before the one it waits for.
pub(crate) async fn lock<'a>(
    conn: &mut PgConnection,
    streams: &'a BTreeSet<StreamId>,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let (kinds, ids) = columns(streams.iter());
    let (kinds, ids) = (kinds.as_slice(), ids.as_slice());
    sqlx::query_file!("sql/make_streams.sql", kinds as &[&str], ids as &[&str]).execute(&mut *conn).await?;
    let locked = sqlx::query_file_as!(StreamRow, "sql/lock_streams.sql", kinds as &[&str], ids as &[&str]);
    let rows = locked.fetch_all(&mut *conn).await?;
    states(conn, streams, rows).await
}

/// Reads what these streams remember, as they are; one that does not exist is left out.
pub(crate) async fn look<'a>(
    conn: &mut PgConnection,
    streams: &'a BTreeSet<StreamId>,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let (kinds, ids) = columns(streams.iter());
    let found = sqlx::query_file_as!(StreamRow, "sql/streams.sql", &kinds as &[&str], &ids as &[&str]);
    let rows = found.fetch_all(&mut *conn).await?;
    states(conn, streams, rows).await
}

async fn states<'a>(
    conn: &mut PgConnection,
    streams: &'a BTreeSet<StreamId>,
    rows: Vec<StreamRow>,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let mut states = BTreeMap::new();
    for StreamRow { kind, id, version, state } in &rows {
        let kind = StreamKind::from_name(kind).ok_or_else(|| Corrupt::new("log.stream", format!("kind `{kind}`")))?;
        let stream = StreamId::new(kind, id).map_err(|e| Corrupt::new("log.stream", e.to_string()))?;
        let fits = |state: &StreamState| i64::try_from(state.sequence) == Ok(*version);
        let kept = serde_json::from_str(state).ok().filter(fits);
        let state = match kept {
            Some(state) => state,
            None => fold(conn, &stream).await?,
        };
        if !fits(&state) {
            return Err(Corrupt::stream(&stream, format!("version {version}, but {} events", state.sequence)).into());
        }
        if let Some(name) = streams.get(&stream) {
            states.insert(name, state);
        }
    }
    Ok(states)
}

/// What a stream remembers, from its events: for a state that does not fit this program.
async fn fold(conn: &mut PgConnection, stream: &StreamId) -> Result<StreamState, AppendError> {
    tracing::warn!(%stream, "state does not fit this program: reading the stream again");
    let rows = sqlx::query_file!("sql/stream_events.sql", stream.kind().name(), stream.id()).fetch_all(conn).await?;
    let mut state = StreamState::default();
    for row in &rows {
        if row.payload.is_empty() {
            state.pass(); // It was erased.
            continue;
        }
        let corrupt = |e: String| Corrupt::new("log.event", format!("{stream}, sequence {}: {e}", state.sequence + 1));
        let version = u32::try_from(row.version).map_err(|e| corrupt(format!("version: {e}")))?;
        let event = codec::decode(&row.event_type, version, &row.payload);
        let event = event.map_err(|e| corrupt(e.to_string()))?;
        let digest = event.semantic_digest().map_err(|e| corrupt(e.to_string()))?;
        state.evolve(&event.source(), digest);
    }
    Ok(state)
}

/// Takes back streams that were made only to be locked.
pub(crate) async fn discard_unused(conn: &mut PgConnection, unused: Vec<&StreamId>) -> Result<(), sqlx::Error> {
    if unused.is_empty() {
        return Ok(());
    }
    let (kinds, ids) = columns(unused.into_iter());
    sqlx::query_file!("sql/discard_unused.sql", &kinds as &[&str], &ids as &[&str]).execute(conn).await?;
    Ok(())
}

/// The database's time.
pub(crate) async fn clock(conn: &mut PgConnection) -> Result<Timestamp, AppendError> {
    let now = sqlx::query_file_scalar!("sql/clock.sql").fetch_one(conn).await?;
    let outside = || Corrupt::new("log.append", "the database's clock is outside the years 1970 to 9999");
    Ok(Timestamp::from_datetime(now).ok_or_else(outside)?)
}

fn columns<'a>(streams: impl Iterator<Item = &'a StreamId>) -> (Vec<&'static str>, Vec<&'a str>) {
    streams.map(|stream| (stream.kind().name(), stream.id())).unzip()
}
