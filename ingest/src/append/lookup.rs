//! Finding stored events by what names them: their stream and sequence, or a key.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::number::fit;
use domain::{StreamId, StreamKind, TenantId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Locus;
use super::prepared::KnownKey;
use crate::error::{AppendError, Corrupt};

/// The events with these sequences, in the order asked. One that is missing is damage: the stream remembers it.
pub(crate) async fn by_sequence(
    conn: &mut PgConnection,
    wanted: &[(StreamId, u64)],
) -> Result<Vec<Locus>, AppendError> {
    let kinds: Vec<&str> = wanted.iter().map(|(stream, _)| stream.kind().name()).collect();
    let ids: Vec<&str> = wanted.iter().map(|(stream, _)| stream.id()).collect();
    let sequence = |(stream, n): &(StreamId, u64)| i64::try_from(*n).map_err(|e| Corrupt::stream(stream, e));
    let sequences: Vec<i64> = wanted.iter().map(sequence).collect::<Result<_, _>>()?;
    let rows =
        sqlx::query_file_as!(LocusRow, "sql/event_by_sequence.sql", &kinds as &[&str], &ids as &[&str], &sequences)
            .fetch_all(conn)
            .await?;
    if rows.len() != wanted.len() {
        let what =
            format!("{} of {} events that their streams remember are missing", wanted.len() - rows.len(), wanted.len());
        return Err(Corrupt::new("log.event", what).into());
    }
    rows.iter().map(LocusRow::locus).collect()
}

/// The event with this sequence.
pub(crate) async fn one_by_sequence(
    conn: &mut PgConnection,
    stream: &StreamId,
    sequence: u64,
) -> Result<Locus, AppendError> {
    let found = by_sequence(conn, &[(stream.clone(), sequence)]).await?;
    found.into_iter().next().ok_or_else(|| Corrupt::stream(stream, format!("no event {sequence}")).into())
}

/// What these keys stand for; unknown keys are left out.
pub(crate) async fn by_key(
    conn: &mut PgConnection,
    keys: &[String],
) -> Result<BTreeMap<String, KnownKey>, AppendError> {
    let rows = sqlx::query_file!("sql/event_by_key.sql", keys).fetch_all(conn).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let locus = LocusRow {
            append_id: row.append_id,
            idx: row.idx,
            kind: row.kind,
            stream_id: row.stream_id,
            sequence: row.sequence,
        };
        found.insert(row.key, known(&row.input_digest, &locus)?);
    }
    Ok(found)
}

/// Remembers keys of events that the log already had. `Ok(false)`: somebody used one of the keys meanwhile.
pub(crate) async fn remember(conn: &mut PgConnection, keys: &[(&str, Digest, &Locus)]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query_file!(
        "sql/remember_keys.sql",
        keys.iter().map(|(key, _, _)| *key).collect::<Vec<_>>() as Vec<&str>,
        keys.iter().map(|(_, digest, _)| digest.0.to_vec()).collect::<Vec<_>>() as Vec<Vec<u8>>,
        keys.iter().map(|(_, _, locus)| locus.append).collect::<Vec<_>>() as Vec<Uuid>,
        keys.iter().map(|(_, _, locus)| fit::<i32>(locus.index, "index of an event")).collect::<Vec<_>>() as Vec<i32>,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == keys.len() as u64)
}

/// Whether these appends are in the log for good, all of them. One whose commit waited for no disk is lost when the
/// server fails before anything after it is on disk.
pub(crate) async fn kept(pool: &PgPool, tenant: TenantId, appends: &[Uuid]) -> Result<bool, sqlx::Error> {
    sqlx::query_file_scalar!("sql/kept.sql", tenant.number(), appends).fetch_one(pool).await
}

/// What a key stands for.
fn known(input_digest: &[u8], row: &LocusRow) -> Result<KnownKey, AppendError> {
    let input_digest = Digest::from_slice(input_digest)
        .ok_or_else(|| Corrupt::new("log.idempotency_key", "an input digest is not 32 bytes"))?;
    Ok(KnownKey { input_digest, locus: row.locus()? })
}

/// Where an event is, as stored.
struct LocusRow {
    append_id: Uuid,
    idx: i32,
    kind: String,
    stream_id: String,
    sequence: i64,
}

impl LocusRow {
    fn locus(&self) -> Result<Locus, AppendError> {
        let Self { append_id, idx: index, kind, stream_id: id, sequence } = self;
        let corrupt = |what: String| Corrupt::new("log.event", what);
        let kind = StreamKind::from_name(kind).ok_or_else(|| corrupt(format!("no kind of stream: `{kind}`")))?;
        Ok(Locus {
            append: *append_id,
            index: u32::try_from(*index).map_err(|_| corrupt(format!("index {index}")))?,
            stream: StreamId::new(kind, id).map_err(|e| corrupt(e.to_string()))?,
            sequence: u64::try_from(*sequence).map_err(|_| corrupt(format!("sequence {sequence}")))?,
        })
    }
}
