//! Writing rows: COPY into a fresh build, differences into a live one. The cursor moves in the same transaction.

use domain::digest::Digest;
use domain::number::fit;
use domain::time::Timestamp;
use sqlx::PgConnection;

use super::{Build, StoreError};
use crate::table::text::CopyText;
use crate::tables::{Row, Table, TableDiff};

/// Bytes sent to COPY at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Copies rows that a table has not.
///
/// # Errors
/// When the database refuses.
pub async fn copy(conn: &mut PgConnection, schema: &str, table: &Table, rows: &CopyText) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut sink = conn.copy_in_raw(&format!("COPY {schema}.{} FROM STDIN", table.name)).await?;
    for chunk in rows.bytes().chunks(CHUNK_BYTES) {
        sink.send(chunk).await?;
    }
    sink.finish().await?;
    Ok(())
}

/// Inserts rows, or replaces those with the same key.
///
/// # Errors
/// When the database refuses.
pub async fn upsert(conn: &mut PgConnection, schema: &str, table: &Table, rows: &[&Row]) -> Result<(), StoreError> {
    insert(conn, schema, table, rows, |name| format!("excluded.{name}")).await
}

/// Inserts rows of arrays, or adds them to the ends of those with the same key.
///
/// # Errors
/// When the database refuses.
pub async fn extend(conn: &mut PgConnection, schema: &str, table: &Table, rows: &[&Row]) -> Result<(), StoreError> {
    insert(conn, schema, table, rows, |name| format!("t.{name} || excluded.{name}")).await
}

/// Inserts rows. Where there is one with the same key, `joined` says what becomes of each of its other columns.
async fn insert(
    conn: &mut PgConnection,
    schema: &str,
    table: &Table,
    rows: &[&Row],
    joined: impl Fn(&str) -> String,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = table.columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let casts: Vec<String> = table.columns.iter().enumerate().map(|(n, (_, kind))| format!("u.c{n}::{kind}")).collect();
    let arrays: Vec<String> = (1..=names.len()).map(|n| format!("${n}::text[]")).collect();
    let aliases: Vec<String> = (0..names.len()).map(|n| format!("c{n}")).collect();
    let updates: Vec<String> = names[table.key..].iter().map(|name| format!("{name} = {}", joined(name))).collect();
    let action = if updates.is_empty() { "NOTHING".to_owned() } else { format!("UPDATE SET {}", updates.join(", ")) };
    let sql = format!(
        "INSERT INTO {schema}.{} AS t ({}) SELECT {} FROM unnest({}) AS u({}) ON CONFLICT ({}) DO {action}",
        table.name,
        names.join(", "),
        casts.join(", "),
        arrays.join(", "),
        aliases.join(", "),
        names[..table.key].join(", "),
    );
    let mut query = sqlx::query(&sql);
    for n in 0..names.len() {
        let column: Vec<Option<&str>> = rows.iter().map(|row| row[n].as_deref()).collect();
        query = query.bind(column);
    }
    query.execute(conn).await?;
    Ok(())
}

/// Deletes rows by key.
///
/// # Errors
/// When the database refuses.
pub async fn delete(conn: &mut PgConnection, schema: &str, table: &Table, rows: &[&Row]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let key = &table.columns[..table.key];
    let arrays: Vec<String> = (1..=key.len()).map(|n| format!("${n}::text[]")).collect();
    let aliases: Vec<String> = (0..key.len()).map(|n| format!("c{n}")).collect();
    let matches: Vec<String> =
        key.iter().enumerate().map(|(n, (name, kind))| format!("t.\"{name}\" = u.c{n}::{kind}")).collect();
    let sql = format!(
        "DELETE FROM {schema}.{} t USING unnest({}) AS u({}) WHERE {}",
        table.name,
        arrays.join(", "),
        aliases.join(", "),
        matches.join(" AND "),
    );
    let mut query = sqlx::query(&sql);
    for n in 0..key.len() {
        let column: Vec<Option<&str>> = rows.iter().map(|row| row[n].as_deref()).collect();
        query = query.bind(column);
    }
    query.execute(conn).await?;
    Ok(())
}

/// Brings a table from one content to another, touching only rows that differ.
///
/// # Errors
/// When the database refuses.
pub async fn difference(conn: &mut PgConnection, schema: &str, difference: &TableDiff) -> Result<(), StoreError> {
    let TableDiff { table, gone, changed } = difference;
    delete(conn, schema, table, &gone.iter().collect::<Vec<_>>()).await?;
    upsert(conn, schema, table, &changed.iter().collect::<Vec<_>>()).await
}

/// What is noted of a build when its cursor moves.
#[derive(Clone, Copy, Debug)]
pub struct CursorMove {
    /// The new position.
    pub position: u64,
    /// Log time there.
    pub recorded_at: Option<Timestamp>,
}

/// What is noted of a build that was made whole.
#[derive(Clone, Copy, Debug)]
pub struct BuildOutput {
    /// Root of the log that went in.
    pub log_root: Digest,
    /// Digest of the scores that came out.
    pub output_digest: Digest,
    /// Digest of the state that they follow from.
    pub state_digest: Digest,
}

/// Moves the cursors of builds from where this process left them: the fence against another projector. Digests that are
/// noted with a build are of where it stood, and go.
///
/// # Errors
/// When another process has moved one, or the database refuses.
pub async fn move_cursors(conn: &mut PgConnection, builds: &[Build], to: &CursorMove) -> Result<(), StoreError> {
    let position = |position: u64| fit::<i64>(position, "position");
    let moved = sqlx::query_file_scalar!(
        "sql/move_cursors.sql",
        &builds.iter().map(|build| build.id).collect::<Vec<_>>(),
        &builds.iter().map(|build| position(build.position)).collect::<Vec<_>>(),
        position(to.position),
        to.recorded_at.map(Timestamp::datetime)
    )
    .fetch_all(conn)
    .await?;
    match builds.iter().find(|build| !moved.contains(&build.id)) {
        Some(build) => Err(StoreError::Fenced { build: build.id, position: build.position }),
        None => Ok(()),
    }
}

/// Notes how far a build under way has come. To be called behind the fence.
///
/// # Errors
/// When the database refuses.
pub async fn save_position(conn: &mut PgConnection, build: &Build, position: u64) -> Result<(), StoreError> {
    let position = fit::<i64>(position, "position");
    sqlx::query_file!("sql/save_position.sql", build.id, position).execute(conn).await?;
    Ok(())
}

/// Completes a build's manifest: what went in, and what came out. It is a shadow of the live one from here.
///
/// # Errors
/// When the database refuses.
pub async fn complete(
    conn: &mut PgConnection,
    build: &Build,
    position: u64,
    output: &BuildOutput,
) -> Result<(), StoreError> {
    let position = fit::<i64>(position, "position");
    let BuildOutput { log_root, output_digest, state_digest } = output;
    sqlx::query_file!("sql/complete_build.sql", build.id, position, &log_root.0, &output_digest.0, &state_digest.0)
        .execute(conn)
        .await?;
    Ok(())
}
