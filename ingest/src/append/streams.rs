//! What streams remember, for a batch: their rows locked in the order of the keys, and of their sources the latest
//! event of those that are asked for.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{Latest, SourceSpan, StreamState};
use domain::digest::Digest;
use domain::number::fit;
use domain::{StreamId, StreamKind, TenantId, Timestamp, codec};
use sqlx::PgConnection;

use crate::error::{AppendError, Corrupt};

/// Streams, and of which sources each must remember the latest event.
pub(crate) type AskedStreams = BTreeMap<StreamId, BTreeSet<SourceSpan>>;

/// How far a stream is, as stored.
struct StreamRow {
    kind: String,
    id: String,
    version: i64,
    stale: bool,
}

/// What a stream remembers of a source, as stored.
pub(crate) struct LatestRow {
    pub(crate) source: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) sequence: i64,
}

impl LatestRow {
    /// Puts it into what a stream remembers, unless that knows something newer of the source.
    pub(crate) fn recall(self, stream: &StreamId, state: &mut StreamState) -> Result<(), Corrupt> {
        let Self { source, digest, sequence } = self;
        let corrupt = |what: String| Corrupt::new("log.latest", format!("{stream}, {source}: {what}"));
        let digest = Digest::from_slice(&digest).ok_or_else(|| corrupt("the digest is not 32 bytes".to_owned()))?;
        let sequence = u64::try_from(sequence).map_err(|_| corrupt(format!("sequence {sequence}")))?;
        state.sources.entry(source).or_insert(Latest { digest, sequence });
        Ok(())
    }
}

/// Locks these streams until the end of the transaction and reads what is asked of them.
///
/// A stream that does not exist is made, empty, so that there is a row to lock: first those, then all others, each in
/// the order of the keys. Whoever waits holds only rows before the one it waits for.
pub(crate) async fn lock<'a>(
    conn: &mut PgConnection,
    tenant: TenantId,
    asked: &'a AskedStreams,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let mut states = BTreeMap::new();
    for (kind, id) in make(conn, tenant, asked.keys()).await? {
        states.extend(asked_stream(asked, &kind, &id)?.map(|stream| (stream, StreamState::default())));
    }
    let (kinds, ids) = columns(asked.keys().filter(|stream| !states.contains_key(stream)));
    if ids.is_empty() {
        return Ok(states);
    }
    let locked = sqlx::query_file_as!(StreamRow, "sql/lock_streams.sql", &kinds as &[&str], &ids as &[&str]);
    // What is remembered is read once the locks are held: the rows of a statement are of before it waited.
    let rows = locked.fetch_all(&mut *conn).await?;
    states.append(&mut remembered(conn, asked, &rows).await?);
    for row in rows.iter().filter(|row| row.stale) {
        if let Some(stream) = asked_stream(asked, &row.kind, &row.id)?
            && let Some(state) = states.get(stream)
        {
            remember(conn, stream, state).await?;
        }
    }
    Ok(states)
}

/// Makes those of these streams that do not exist, in the order of the keys. Which they were.
pub(crate) async fn make(
    conn: &mut PgConnection,
    tenant: TenantId,
    streams: impl Iterator<Item = &StreamId>,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    let (kinds, ids) = columns(streams);
    let made = sqlx::query_file!("sql/make_streams.sql", &kinds as &[&str], &ids as &[&str], tenant.number());
    Ok(made.fetch_all(conn).await?.into_iter().map(|row| (row.kind, row.id)).collect())
}

/// Reads what is asked of these streams, as they are; one that does not exist is left out.
pub(crate) async fn look<'a>(
    conn: &mut PgConnection,
    asked: &'a AskedStreams,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let (kinds, ids) = columns(asked.keys());
    let found = sqlx::query_file_as!(StreamRow, "sql/streams.sql", &kinds as &[&str], &ids as &[&str]);
    let rows = found.fetch_all(&mut *conn).await?;
    remembered(conn, asked, &rows).await
}

/// What is asked of the streams of these rows; of a stale one everything, from its events.
async fn remembered<'a>(
    conn: &mut PgConnection,
    asked: &'a AskedStreams,
    rows: &[StreamRow],
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let mut states = BTreeMap::new();
    let (mut kinds, mut ids, mut first, mut last) = (vec![], vec![], vec![], vec![]);
    for StreamRow { kind, id, version, stale } in rows {
        let Some(stream) = asked_stream(asked, kind, id)? else { continue };
        let sequence = u64::try_from(*version).map_err(|e| Corrupt::stream(stream, e))?;
        let state = if *stale { fold(conn, stream).await? } else { StreamState::at(sequence) };
        if state.sequence != sequence {
            return Err(Corrupt::stream(stream, format!("version {version}, but {} events", state.sequence)).into());
        }
        states.insert(stream, state);
        for span in asked[stream].iter().filter(|_| !stale) {
            kinds.push(kind.as_str());
            ids.push(id.as_str());
            first.push(span.first.as_str());
            last.push(span.last.as_str());
        }
    }
    if ids.is_empty() {
        return Ok(states);
    }
    let found =
        sqlx::query_file!("sql/latest.sql", &kinds as &[&str], &ids as &[&str], &first as &[&str], &last as &[&str]);
    for row in found.fetch_all(&mut *conn).await? {
        if let Some(stream) = asked_stream(asked, &row.kind, &row.id)?
            && let Some(state) = states.get_mut(stream)
        {
            LatestRow { source: row.source, digest: row.digest, sequence: row.sequence }.recall(stream, state)?;
        }
    }
    Ok(states)
}

/// The stream that a row is about, as it was asked for.
fn asked_stream<'a>(asked: &'a AskedStreams, kind: &str, id: &str) -> Result<Option<&'a StreamId>, Corrupt> {
    let kind = StreamKind::from_name(kind).ok_or_else(|| Corrupt::new("log.stream", format!("kind `{kind}`")))?;
    let stream = StreamId::new(kind, id).map_err(|e| Corrupt::new("log.stream", e.to_string()))?;
    Ok(asked.get_key_value(&stream).map(|(stream, _)| stream))
}

/// Writes all that a locked stream remembers, in place of what it remembered before.
async fn remember(conn: &mut PgConnection, stream: &StreamId, state: &StreamState) -> Result<(), sqlx::Error> {
    let (kind, id) = (stream.kind().name(), stream.id());
    sqlx::query_file!("sql/forget_latest.sql", kind, id).execute(&mut *conn).await?;
    let sources: Vec<&str> = state.sources.keys().map(String::as_str).collect();
    let digests: Vec<&[u8]> = state.sources.values().map(|latest| &latest.digest.0[..]).collect();
    let sequences: Vec<i64> = state.sources.values().map(|latest| fit(latest.sequence, "sequence")).collect();
    let (sources, digests) = (sources.as_slice(), digests.as_slice());
    let written =
        sqlx::query_file!("sql/remember_latest.sql", kind, id, sources as &[&str], digests as &[&[u8]], &sequences);
    written.execute(conn).await?;
    Ok(())
}

/// What a stream remembers, from its events: for one that is stale.
async fn fold(conn: &mut PgConnection, stream: &StreamId) -> Result<StreamState, AppendError> {
    tracing::warn!(%stream, "what is remembered of it does not hold: reading the stream again");
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
