//! Taking the place of what others read, without making them queue.
//!
//! Replacing a view needs it for a moment alone. Whoever asks for that while a long reader holds it makes everybody who
//! comes later queue behind both. So nobody asks before the long readers are gone, which can be seen without asking;
//! and who then asks gives up after a moment, gives back what it took, and tries again after a pause.

use std::fmt;

use sqlx::{Executor as _, PgConnection};

use super::{StoreError, statement};

/// Longest wait for one lock, in milliseconds: less than the server takes to look for a deadlock. Others queue no
/// longer than this.
const LOCK_MILLISECONDS: u32 = 100;
/// First pause between two tries, in milliseconds: time for readers to come to an end. It doubles with each try.
const PAUSE_MILLISECONDS: u32 = 5;
/// Longest pause between two tries, in milliseconds.
const PAUSE_MAX_MILLISECONDS: u32 = 100;
/// Tries. Builds stand still meanwhile: where each try fails at its first lock, some ten seconds.
const TRIES: u32 = 50;
/// Pause between two looks at who reads, in milliseconds. Who is still there after it is a long reader.
const LOOK_MILLISECONDS: u32 = 100;
/// Looks at who reads before a switch gives up: a minute.
pub const LOOKS: u32 = 600;
/// Most readers that an error names.
const NAMED: usize = 5;
/// SQLSTATE: a lock did not come in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// A transaction that holds a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewReader {
    /// The server's name for the transaction.
    transaction: String,
    /// Its process; none for a prepared transaction.
    pub pid: Option<i32>,
    /// What its program calls itself.
    pub application: String,
    /// The role it runs as.
    pub role: String,
    /// How long it has been there, in seconds; not every login is told by the server.
    pub seconds: Option<i64>,
}

impl fmt::Display for ViewReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A program may call itself anything.
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        match self.pid {
            None => write!(f, "a prepared transaction"),
            Some(pid) => {
                let (application, role) = (plain(&self.application), plain(&self.role));
                write!(f, "process {pid} (`{application}`, role `{role}`)")?;
                self.seconds.map_or(Ok(()), |seconds| write!(f, " for {seconds} s"))
            }
        }
    }
}

/// Readers as an error names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ViewReaders(pub Vec<ViewReader>);

impl fmt::Display for ViewReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.0.iter().take(NAMED).map(ViewReader::to_string).collect();
        let more = self.0.len().saturating_sub(NAMED);
        match (named.is_empty(), more) {
            (true, _) => write!(f, "others, one after the other"),
            (_, 0) => write!(f, "{}", named.join(", ")),
            (_, more) => write!(f, "{} and {more} more", named.join(", ")),
        }
    }
}

/// Who holds the views now, the longest first.
///
/// # Errors
/// When the database refuses.
pub async fn readers(conn: &mut PgConnection) -> Result<ViewReaders, StoreError> {
    Ok(ViewReaders(
        sqlx::query_file_as!(ViewReader, "sql/readers.sql", &statement::view_names()).fetch_all(conn).await?,
    ))
}

/// Waits until no long reader holds the views, at most so many looks. Asks for no lock: nobody queues behind this. To
/// be called before the transaction that switches, which holds what projectors need.
///
/// # Errors
/// [`StoreError::Held`] when somebody stays; when the database refuses.
pub async fn await_readers(conn: &mut PgConnection, looks: u32) -> Result<(), StoreError> {
    let mut staying = readers(&mut *conn).await?;
    for _ in 0..looks {
        if staying.0.is_empty() {
            return Ok(());
        }
        pause(&mut *conn, LOOK_MILLISECONDS).await?;
        // Who came meanwhile is no long reader yet.
        let now = readers(&mut *conn).await?;
        let stays = |reader: &ViewReader| staying.0.iter().any(|before| before.transaction == reader.transaction);
        staying = ViewReaders(now.0.into_iter().filter(stays).collect());
    }
    if staying.0.is_empty() { Ok(()) } else { Err(StoreError::Held { by: staying }) }
}

/// Replaces the views while others read them, inside a transaction. A reader holds some and waits for others, so
/// whoever waited for all of them in turn would wait in a circle: what was taken is given back after a moment, and
/// tried again.
pub(super) async fn replace(conn: &mut PgConnection, sql: &str) -> Result<(), StoreError> {
    let mut milliseconds = PAUSE_MILLISECONDS;
    for _ in 0..TRIES {
        if at_once(&mut *conn, sql).await? {
            return Ok(());
        }
        pause(&mut *conn, milliseconds).await?;
        milliseconds = PAUSE_MAX_MILLISECONDS.min(milliseconds * 2);
    }
    Err(StoreError::Held { by: readers(conn).await? })
}

/// Runs statements inside a transaction if each gets its locks within a moment; otherwise nothing of them is done.
///
/// # Errors
/// When the database refuses for another reason.
pub async fn at_once(conn: &mut PgConnection, sql: &str) -> Result<bool, StoreError> {
    let patient = format!("SAVEPOINT at_once; SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'; {sql}");
    match conn.execute(patient.as_str()).await {
        Ok(_) => {
            conn.execute("SET LOCAL lock_timeout TO DEFAULT; RELEASE SAVEPOINT at_once").await?;
            Ok(true)
        }
        Err(error) if is_lock_timeout(&error) => {
            conn.execute("ROLLBACK TO SAVEPOINT at_once; RELEASE SAVEPOINT at_once").await?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

async fn pause(conn: &mut PgConnection, milliseconds: u32) -> Result<(), StoreError> {
    sqlx::query_file!("sql/sleep.sql", f64::from(milliseconds) / 1_000.0).execute(conn).await?;
    Ok(())
}

fn is_lock_timeout(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() == Some(LOCK_NOT_AVAILABLE)
}
