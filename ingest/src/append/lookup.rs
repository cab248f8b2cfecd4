//! Finding stored events by what names them: their stream and sequence, or a key.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::{StreamId, StreamKind};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::Locus;
use super::prepared::Known;
use crate::error::{AppendError, Corrupt};

/// The events with these sequences, in the order asked. One that is missing is damage: the stream remembers it.
pub(crate) async fn by_sequence(
    conn: &mut PgConnection,
    wanted: &[(StreamId, u64)],
) -> Result<Vec<Locus>, AppendError> {
    let kinds: Vec<&str> = wanted.iter().map(|(stream, _)| stream.kind().name()).collect();
    let ids: Vec<&str> = wanted.iter().map(|(stream, _)| stream.id()).collect();
    let sequences: Vec<i64> = wanted.iter().map(|(_, n)| i64::try_from(*n).unwrap_or(i64::MAX)).collect();
    // LATERAL with LIMIT keeps the plan to one index probe per row, whatever the planner thinks of the numbers.
    let rows = sqlx::query(
        r#"
        SELECT e.append_id, e.idx, e.kind, e.stream_id, e.sequence
        FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS w (kind, id, sequence, n)
        CROSS JOIN LATERAL (
            SELECT append_id, idx, kind, stream_id, sequence FROM log.event AS e
            WHERE e.kind = w.kind AND e.stream_id = w.id AND e.sequence = w.sequence LIMIT 1
        ) AS e
        ORDER BY w.n
        "#,
    )
    .bind(kinds)
    .bind(ids)
    .bind(sequences)
    .fetch_all(conn)
    .await?;
    if rows.len() != wanted.len() {
        let what =
            format!("{} of {} events that their streams remember are missing", wanted.len() - rows.len(), wanted.len());
        return Err(Corrupt::new("log.event", what).into());
    }
    rows.iter().map(locus).collect()
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
pub(crate) async fn by_key(conn: &mut PgConnection, keys: &[String]) -> Result<BTreeMap<String, Known>, AppendError> {
    let rows = sqlx::query(
        r#"
        SELECT k.key, k.input_digest, e.append_id, e.idx, e.kind, e.stream_id, e.sequence
        FROM unnest($1::text[]) AS w (key)
        JOIN log.idempotency_key AS k ON k.key = w.key
        CROSS JOIN LATERAL (
            SELECT append_id, idx, kind, stream_id, sequence FROM log.event AS e
            WHERE e.append_id = k.append_id AND e.idx = k.idx LIMIT 1
        ) AS e
        "#,
    )
    .bind(keys)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("key")?, known(row)?))).collect()
}

/// Remembers keys of events that the log already had. `Ok(false)`: somebody used one of the keys meanwhile.
pub(crate) async fn remember(conn: &mut PgConnection, keys: &[(&str, Digest, &Locus)]) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        r#"
        INSERT INTO log.idempotency_key (key, input_digest, append_id, idx)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[], $4::int[])
        ON CONFLICT DO NOTHING
        "#,
    )
    .bind(keys.iter().map(|(key, _, _)| *key).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, digest, _)| digest.0.to_vec()).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, locus)| locus.append).collect::<Vec<_>>())
    .bind(keys.iter().map(|(_, _, locus)| i32::try_from(locus.index).unwrap_or(i32::MAX)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == keys.len() as u64)
}

/// Reads what a key stands for from the columns `input_digest` and those of [`locus`].
pub(crate) fn known(row: &PgRow) -> Result<Known, AppendError> {
    let digest: &[u8] = row.try_get("input_digest")?;
    let input_digest = Digest::from_slice(digest)
        .ok_or_else(|| Corrupt::new("log.idempotency_key", "an input digest is not 32 bytes"))?;
    Ok(Known { input_digest, locus: locus(row)? })
}

/// Reads the columns `append_id`, `idx`, `kind`, `stream_id`, `sequence`.
fn locus(row: &PgRow) -> Result<Locus, AppendError> {
    let corrupt = |what: String| Corrupt::new("log.event", what);
    let kind: &str = row.try_get("kind")?;
    let id: &str = row.try_get("stream_id")?;
    let index: i32 = row.try_get("idx")?;
    let sequence: i64 = row.try_get("sequence")?;
    let kind = StreamKind::from_name(kind).ok_or_else(|| corrupt(format!("no kind of stream: `{kind}`")))?;
    Ok(Locus {
        append: row.try_get("append_id")?,
        index: u32::try_from(index).map_err(|_| corrupt(format!("index {index}")))?,
        stream: StreamId::new(kind, id).map_err(|e| corrupt(e.to_string()))?,
        sequence: u64::try_from(sequence).map_err(|_| corrupt(format!("sequence {sequence}")))?,
    })
}
