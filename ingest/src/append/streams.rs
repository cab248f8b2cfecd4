//! Stream rows for a batch: locked in the order of their keys, read, put back.

use std::collections::{BTreeMap, BTreeSet};

use domain::source::StreamState;
use domain::{StreamId, StreamKind, Timestamp, codec};
use sqlx::{PgConnection, Row};

use crate::error::{AppendError, Corrupt};

/// What streams remember, in the order of their keys.
macro_rules! states {
    () => {
        r#"
        SELECT s.kind, s.id, s.version, s.state
        FROM unnest($1::text[], $2::text[]) AS w (kind, id) JOIN log.stream AS s ON s.kind = w.kind AND s.id = w.id
        ORDER BY s.kind, s.id
        "#
    };
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
    sqlx::query(
        r#"
        INSERT INTO log.stream (kind, id, version, state)
        SELECT kind, id, 0, '{}' FROM unnest($1::text[], $2::text[]) AS w (kind, id)
        ORDER BY kind COLLATE "C", id COLLATE "C"
        ON CONFLICT DO NOTHING
        "#,
    )
    .bind(&kinds)
    .bind(&ids)
    .execute(&mut *conn)
    .await?;
    states(conn, streams, concat!(states!(), "FOR UPDATE OF s")).await
}

/// Reads what these streams remember, as they are; one that does not exist is left out.
pub(crate) async fn look<'a>(
    conn: &mut PgConnection,
    streams: &'a BTreeSet<StreamId>,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    states(conn, streams, states!()).await
}

async fn states<'a>(
    conn: &mut PgConnection,
    streams: &'a BTreeSet<StreamId>,
    sql: &'static str,
) -> Result<BTreeMap<&'a StreamId, StreamState>, AppendError> {
    let (kinds, ids) = columns(streams.iter());
    let rows = sqlx::query(sql).bind(kinds).bind(ids).fetch_all(&mut *conn).await?;
    let mut states = BTreeMap::new();
    for row in &rows {
        let kind: &str = row.try_get("kind")?;
        let kind = StreamKind::from_name(kind).ok_or_else(|| Corrupt::new("log.stream", format!("kind `{kind}`")))?;
        let id: &str = row.try_get("id")?;
        let stream = StreamId::new(kind, id).map_err(|e| Corrupt::new("log.stream", e.to_string()))?;
        let version: i64 = row.try_get("version")?;
        let fits = |state: &StreamState| i64::try_from(state.sequence) == Ok(version);
        let kept = serde_json::from_str(row.try_get("state")?).ok().filter(fits);
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
    let rows = sqlx::query(
        "SELECT type, version, payload FROM log.event WHERE kind = $1 AND stream_id = $2 ORDER BY sequence",
    )
    .bind(stream.kind().name())
    .bind(stream.id())
    .fetch_all(conn)
    .await?;
    let mut state = StreamState::default();
    for row in &rows {
        let version = u32::try_from(row.try_get::<i32, _>("version")?).unwrap_or_default();
        let payload: &[u8] = row.try_get("payload")?;
        if payload.is_empty() {
            state.pass(); // It was erased.
            continue;
        }
        let corrupt = |e: String| Corrupt::new("log.event", format!("{stream}, sequence {}: {e}", state.sequence + 1));
        let event = codec::decode(row.try_get("type")?, version, payload);
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
    sqlx::query("SELECT log.discard_unused($1, $2)").bind(kinds).bind(ids).execute(conn).await?;
    Ok(())
}

/// The database's time.
pub(crate) async fn clock(conn: &mut PgConnection) -> Result<Timestamp, AppendError> {
    let now = sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(conn).await?;
    let outside = || Corrupt::new("log.append", "the database's clock is outside the years 1970 to 9999");
    Ok(Timestamp::from_datetime(now).ok_or_else(outside)?)
}

fn columns<'a>(streams: impl Iterator<Item = &'a StreamId>) -> (Vec<&'static str>, Vec<&'a str>) {
    streams.map(|stream| (stream.kind().name(), stream.id())).unzip()
}
