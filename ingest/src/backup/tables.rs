//! Rows out of a database, and into an empty one, as COPY writes them: text, which every version of the server reads,
//! and which needs no right but those to the tables.

use std::io::Read as _;

use domain::number::fit;
use futures_util::TryStreamExt as _;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::BackupError;
use super::files::PackedFiles;
use super::manifest::BackupTable;
use super::reader::BackupReader;
use crate::migrate;

/// The tables of a backup: the log, what it keeps for itself, and the names of contributors. Every other table of the
/// schemas `log` and `atlas` is made again from these.
pub const TABLES: [&str; 13] = [
    "log.append",
    "log.event",
    "log.commit",
    "log.head",
    "log.stream",
    "log.latest",
    "log.idempotency_key",
    "log.outbox",
    "log.tile",
    "log.checkpoint",
    "atlas.submission",
    "atlas.api_key",
    "atlas.person",
];
/// Tables that a backup leaves out: builds are folded anew, and every log is somebody's already.
pub const MADE_AGAIN: [&str; 3] = ["atlas.build", "atlas.live", "log.tenant"];
/// The first schema whose tables are of tenants, all that a backup holds.
const OF_TENANTS: i64 = 19;
/// The first schema with tables of what came in over HTTP.
const WITH_SUBMISSIONS: i64 = 21;
/// Those of them that there was none of before a schema.
const YOUNGER: [(&str, i64); 3] =
    [("log.latest", 20), ("atlas.submission", WITH_SUBMISSIONS), ("atlas.api_key", WITH_SUBMISSIONS)];
/// The one table that holds a row in an empty log.
const HEAD: &str = "log.head";
/// Name of the table that rows are copied to.
const STAGE: &str = "backup_rows";
/// Bytes of rows that are copied before they are inserted: 32 MiB. A single row may be longer.
const STAGE_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes sent to COPY at once.
const SENT_BYTES: usize = 1024 * 1024;

/// The tables of a backup whose schema is this one.
fn tables_of(schema: i64) -> Vec<&'static str> {
    let there = |name: &&str| YOUNGER.iter().all(|(younger, since)| younger != name || schema >= *since);
    TABLES.into_iter().filter(there).collect()
}

/// Writes the rows of a table. Answers its columns, and how many rows there were.
pub(super) async fn write(
    conn: &mut PgConnection,
    table: &str,
    files: &mut PackedFiles<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<(Vec<String>, u64), BackupError> {
    let columns = columns(conn, table).await?;
    let mut rows = 0;
    // For logins above policies as well: a backup is of the session's tenant.
    let mine = "tenant_id = (SELECT log.current_tenant())";
    let copy = format!("COPY (SELECT {} FROM {table} WHERE {mine}) TO STDOUT", quoted(&columns));
    let mut copied = conn.copy_out_raw(&copy).await?;
    while let Some(chunk) = copied.try_next().await? {
        // A line break within a value is written otherwise: each ends a row.
        let ended = memchr::memchr_iter(b'\n', &chunk).count();
        rows += fit::<u64>(ended, "rows");
        files.write(&chunk).await?;
        progress(rows);
    }
    Ok((columns, rows))
}

/// Puts a backup into an empty database, whose schema is made if need be: as the backup's was, and brought up to date
/// when the rows are there. `check` looks at what came of it. All in one transaction: whatever fails, the database is
/// as it was.
///
/// # Errors
/// When the database is not empty, the backup is damaged or newer than this program, `check` fails or the database
/// does.
pub async fn restore<E: From<BackupError>>(
    conn: &mut PgConnection,
    backup: &BackupReader,
    progress: &mut dyn FnMut(u64),
    check: impl AsyncFnOnce(&mut PgConnection) -> Result<(), E>,
) -> Result<(), E> {
    let mut transaction = conn.begin().await.map_err(BackupError::from)?;
    load(&mut transaction, backup, progress).await?;
    check(&mut transaction).await?;
    transaction.commit().await.map_err(BackupError::from)?;
    Ok(())
}

/// Sees to it that a backup can be put into this database.
///
/// # Errors
/// When it is not empty, or its schema is in the way.
pub async fn ensure_empty(conn: &mut PgConnection, backup: &BackupReader) -> Result<(), BackupError> {
    let manifest = backup.manifest();
    let known = migrate::newest();
    if manifest.schema > known {
        return Err(BackupError::Newer { id: manifest.id.to_string(), schema: manifest.schema, known });
    }
    let Some(here) = migrate::version(conn).await? else { return Ok(()) };
    let mut filled = if here < OF_TENANTS {
        sqlx::query_file_scalar!("sql/backup_first_filled_before_tenants.sql").fetch_one(&mut *conn).await?
    } else {
        sqlx::query_file_scalar!("sql/backup_first_filled.sql").fetch_one(&mut *conn).await?
    };
    if filled.is_none() && here >= WITH_SUBMISSIONS {
        filled = sqlx::query_file_scalar!("sql/backup_first_filled_beside.sql").fetch_one(&mut *conn).await?;
    }
    if let Some(table) = filled {
        return Err(BackupError::NotEmpty(table));
    }
    if here > manifest.schema {
        return Err(BackupError::OtherSchema { here, schema: manifest.schema });
    }
    Ok(())
}

async fn load(
    conn: &mut PgConnection,
    backup: &BackupReader,
    progress: &mut dyn FnMut(u64),
) -> Result<(), BackupError> {
    migrate::up_to(conn, backup.manifest().schema).await?;
    let tables = tables_of(backup.manifest().schema);
    // Nobody appends between the look and the rows.
    conn.execute(format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", tables.join(", ")).as_str()).await?;
    ensure_empty(conn, backup).await?;
    // Bounds that hold for what is new were never held against rows of before.
    let bounds = sqlx::query_file!("sql/backup_bounds.sql").fetch_all(&mut *conn).await?;
    for bound in &bounds {
        conn.execute(bound.lift.as_str()).await?;
    }
    if backup.manifest().schema < OF_TENANTS {
        sqlx::query_file!("sql/backup_no_head_before_tenants.sql").execute(&mut *conn).await?;
    } else {
        sqlx::query_file!("sql/backup_no_head.sql").execute(&mut *conn).await?;
    }
    let mut before = 0;
    for name in tables {
        let told = backup.manifest().tables.iter().filter(|table| table.name == name).collect::<Vec<_>>();
        let [table] = told[..] else { return Err(backup.damaged(name, format!("{} times in it", told.len()))) };
        before += read(conn, backup, table, &mut |rows| progress(before + rows)).await?;
    }
    for bound in &bounds {
        conn.execute(bound.hold.as_str()).await?;
    }
    sqlx::query_file!("sql/backup_next_waiting.sql").fetch_one(&mut *conn).await?;
    migrate::up_to(conn, migrate::newest()).await?;
    sqlx::query_file!("sql/backup_next_submission.sql").fetch_one(&mut *conn).await?;
    conn.execute(format!("ANALYZE {}", TABLES.join(", ")).as_str()).await?;
    Ok(())
}

/// Reads the rows of a table. Answers how many there were.
async fn read(
    conn: &mut PgConnection,
    backup: &BackupReader,
    table: &BackupTable,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, BackupError> {
    let columns = columns(conn, &table.name).await?;
    if columns != table.columns {
        let found = format!("its columns are ({}), and not ({})", table.columns.join(", "), columns.join(", "));
        return Err(backup.damaged(&table.name, found));
    }
    let stage = Stage::make(conn, &table.name, quoted(&columns)).await?;
    let mut rows = Vec::new();
    let mut taken = 0;
    for file in &table.files {
        let mut content = backup.unpacked(file).await?;
        loop {
            let read = content.by_ref().take(STAGE_BYTES).read_to_end(&mut rows)?;
            // A row may go on in the next file.
            let whole = memchr::memrchr(b'\n', &rows).map_or(0, |end| end + 1);
            taken += stage.take(conn, &rows[..whole]).await?;
            rows.drain(..whole);
            progress(taken);
            if read == 0 {
                break;
            }
        }
    }
    taken += stage.take(conn, &rows).await?;
    stage.remove(conn).await?;
    if taken != table.rows || (table.name == HEAD && taken != 1) {
        return Err(backup.damaged(&table.name, format!("{taken} rows, and {} were written", table.rows)));
    }
    Ok(taken)
}

/// Rows are copied beside their table and inserted from there, so that they come in as every other row does.
struct Stage<'a> {
    table: &'a str,
    columns: String,
}

impl<'a> Stage<'a> {
    async fn make(conn: &mut PgConnection, table: &'a str, columns: String) -> Result<Self, BackupError> {
        let make =
            format!("CREATE TEMPORARY TABLE {STAGE} ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA");
        conn.execute(make.as_str()).await?;
        Ok(Self { table, columns })
    }

    /// Takes whole rows. Answers how many there were.
    async fn take(&self, conn: &mut PgConnection, rows: &[u8]) -> Result<u64, BackupError> {
        let Self { table, columns } = self;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut sink = conn.copy_in_raw(&format!("COPY pg_temp.{STAGE} FROM STDIN")).await?;
        for chunk in rows.chunks(SENT_BYTES) {
            sink.send(chunk).await?;
        }
        sink.finish().await?;
        let insert = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM pg_temp.{STAGE}");
        let taken = conn.execute(insert.as_str()).await?.rows_affected();
        conn.execute(format!("TRUNCATE pg_temp.{STAGE}").as_str()).await?;
        Ok(taken)
    }

    async fn remove(self, conn: &mut PgConnection) -> Result<(), BackupError> {
        conn.execute(format!("DROP TABLE pg_temp.{STAGE}").as_str()).await?;
        Ok(())
    }
}

/// The columns of a table, in their order.
async fn columns(conn: &mut PgConnection, table: &str) -> Result<Vec<String>, BackupError> {
    Ok(sqlx::query_file_scalar!("sql/backup_columns.sql", table).fetch_all(conn).await?)
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("\"{}\"", column.replace('"', "\"\""))).collect::<Vec<_>>().join(", ")
}
