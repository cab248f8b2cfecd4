//! Reading a build's state back: `load(store(s)) = s`.

use domain::digest::Digest;
use domain::time::{Day, Timestamp};
use futures_util::TryStreamExt as _;
use serde_json::Value;
use sqlx::{PgConnection, Row as _};

use super::{Build, StoreError};
use crate::fold::World;
use crate::history::{History, Span, Tick};
use crate::metrics::Level;

/// The world that the live builds of `graph` and `people` hold.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn world(conn: &mut PgConnection, graph: &Build, people: &Build) -> Result<World, StoreError> {
    let mut world = World { position: graph.position, ..World::default() };
    for build in [graph, people] {
        let sql = format!("SELECT kind, key, value FROM {}.fact ORDER BY kind, key", build.schema());
        let mut rows = sqlx::query(&sql).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            let (kind, key, value): (String, String, String) =
                (row.try_get("kind")?, row.try_get("key")?, row.try_get("value")?);
            let restored = if build.id == graph.id {
                world.graph.restore(&kind, key.clone(), &value)
            } else {
                world.people.restore(&kind, key.clone(), &value)
            };
            let inconsistent = |reason: String| StoreError::Inconsistent {
                build: build.id,
                table: "fact",
                row: format!("{kind}/{key}"),
                reason,
            };
            match restored {
                Ok(true) => {}
                Ok(false) => return Err(inconsistent("unknown kind".to_owned())),
                Err(error) => return Err(inconsistent(error.to_string())),
            }
        }
    }
    Ok(world)
}

/// The history that a build holds, without the values that ended.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn history(conn: &mut PgConnection, build: &Build) -> Result<History, StoreError> {
    let inconsistent = |table: &'static str, row: &str| StoreError::Inconsistent {
        build: build.id,
        table,
        row: row.to_owned(),
        reason: "not in the written form".to_owned(),
    };
    let position = |row: &str, number: i64| u64::try_from(number).map_err(|_| inconsistent("span", row));
    let mut history = History::default();
    let sql = format!(
        "SELECT level, id, metric, from_position, value FROM {}.span WHERE to_position IS NULL",
        build.schema()
    );
    for row in sqlx::query(&sql).fetch_all(&mut *conn).await? {
        let id: String = row.try_get("id")?;
        let level = Level::from_name(row.try_get("level")?).ok_or_else(|| inconsistent("span", &id))?;
        let value: Value = serde_json::from_str(row.try_get("value")?).map_err(|_| inconsistent("span", &id))?;
        let span = Span { from: position(&id, row.try_get("from_position")?)?, to: None, value };
        history.open.insert((level, id, row.try_get("metric")?), span);
    }
    let sql =
        format!("SELECT position, day::text AS day, recorded_at, labels::text AS labels FROM {}.tick", build.schema());
    for row in sqlx::query(&sql).fetch_all(&mut *conn).await? {
        let number: i64 = row.try_get("position")?;
        let key = number.to_string();
        let day = Day::parse(row.try_get("day")?).map_err(|_| inconsistent("tick", &key))?;
        let labels = serde_json::from_str(row.try_get("labels")?).map_err(|_| inconsistent("tick", &key))?;
        let recorded_at: Option<chrono::DateTime<chrono::Utc>> = row.try_get("recorded_at")?;
        let recorded_at = recorded_at.and_then(Timestamp::from_datetime);
        history.ticks.insert(position(&key, number)?, Tick { day, recorded_at, labels });
    }
    Ok(history)
}

/// Names of contributors that are known beside the log.
///
/// # Errors
/// When the database refuses.
pub async fn names(conn: &mut PgConnection) -> Result<std::collections::BTreeMap<Digest, String>, StoreError> {
    let rows = sqlx::query("SELECT pseudonym, name FROM atlas.person WHERE name IS NOT NULL").fetch_all(conn).await?;
    let mut names = std::collections::BTreeMap::new();
    for row in rows {
        let bytes: Vec<u8> = row.try_get("pseudonym")?;
        if let Some(pseudonym) = Digest::from_slice(&bytes) {
            names.insert(pseudonym, row.try_get("name")?);
        }
    }
    Ok(names)
}
