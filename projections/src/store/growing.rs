//! The history of a build under way. Only what is final is written as it grows, into tables without an index: values
//! that ended, ticks, and the births of vertices. What holds is told again from those.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::recorded::Position;
use sqlx::{PgConnection, Row as _};

use super::copy::send;
use super::load::inconsistent;
use super::{Build, StoreError, statement};
use crate::history::table_rows::{tick_rows, write_birth, write_span};
use crate::history::{Birth, History, Metric, Tick};
use crate::metrics::{Level, Scores};
use crate::table::text::CopyText;

/// The table of births, which is gone when the build is complete.
const BIRTH: &str = "birth";

/// What is final, as text.
#[derive(Debug, Default)]
pub struct Final {
    spans: CopyText,
    births: CopyText,
    ticks: CopyText,
}

impl Final {
    /// Takes what is final out of a history, of whose ticks those before `from` were taken earlier.
    pub fn take(history: &mut History, from: Position) -> Self {
        let mut taken = Self::default();
        let news = history.take_news();
        news.ended.iter().for_each(|span| write_span(span, &mut taken.spans));
        news.born.iter().for_each(|birth| write_birth(birth, &mut taken.births));
        tick_rows(history, from).iter().for_each(|row| taken.ticks.row(row));
        taken
    }

    /// Adds what became final after this.
    pub fn append(&mut self, later: Self) {
        self.spans.append(later.spans);
        self.births.append(later.births);
        self.ticks.append(later.ticks);
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len() + self.births.len() + self.ticks.len()
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes it to a build.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn write(&self, conn: &mut PgConnection, build: &Build) -> Result<(), StoreError> {
        let schema = build.schema();
        send(&self.spans, &mut *conn, &format!("{schema}.span")).await?;
        send(&self.births, &mut *conn, &format!("{schema}.{BIRTH}")).await?;
        send(&self.ticks, &mut *conn, &format!("{schema}.tick")).await
    }
}

/// Prepares a fresh build. To be called in the transaction that makes it.
///
/// # Errors
/// When the database refuses.
pub async fn begin(conn: &mut PgConnection, build: &Build) -> Result<(), StoreError> {
    let births = format!(
        "CREATE TABLE {}.{BIRTH} (level text COLLATE \"C\", id text COLLATE \"C\", position bigint)",
        build.schema()
    );
    sqlx::raw_sql(&births).execute(conn).await?;
    Ok(())
}

/// What holds at the end, as text.
#[must_use]
pub fn holding(history: &History) -> CopyText {
    let mut text = CopyText::default();
    history.holding(0).for_each(|span| write_span(&span, &mut text));
    text
}

/// Writes what holds at the end and leaves the tables of a complete build, but for their index.
///
/// # Errors
/// When the database refuses.
pub async fn end(conn: &mut PgConnection, build: &Build, holding: &CopyText) -> Result<(), StoreError> {
    let schema = build.schema();
    send(holding, &mut *conn, &format!("{schema}.span")).await?;
    sqlx::raw_sql(&format!("DROP TABLE {schema}.{BIRTH}")).execute(conn).await?;
    Ok(())
}

/// The history that a build under way holds, told from its ticks and the scores of the last of them.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn history(
    conn: &mut PgConnection,
    build: &Build,
    ticks: BTreeMap<Position, Tick>,
    scores: &Scores,
) -> Result<History, StoreError> {
    let level = |table: &'static str, row: &sqlx::postgres::PgRow, id: &str| {
        Level::from_name(row.try_get("level")?).ok_or_else(|| inconsistent(build, table, id))
    };
    let at = |table: &'static str, row: &sqlx::postgres::PgRow, id: &str| {
        Position::try_from(row.try_get::<i64, _>("position")?).map_err(|_| inconsistent(build, table, id))
    };
    let mut born = Vec::new();
    let sql = statement::BIRTHS.on(&[("build", build)]);
    for row in sqlx::query(&sql).fetch_all(&mut *conn).await? {
        let id: &str = row.try_get("id")?;
        born.push(Birth { level: level(BIRTH, &row, id)?, id: Arc::from(id), at: at(BIRTH, &row, id)? });
    }
    let mut ended = BTreeMap::new();
    let sql = statement::VALUES_ENDED.on(&[("build", build)]);
    for row in sqlx::query(&sql).fetch_all(&mut *conn).await? {
        let id: String = row.try_get("id")?;
        let metric = Metric::from_name(row.try_get("metric")?).ok_or_else(|| inconsistent(build, "span", &id))?;
        let (level, at) = (level("span", &row, &id)?, at("span", &row, &id)?);
        ended.insert((level, id, metric), at);
    }
    Ok(History::told(ticks, born, &ended, scores))
}
