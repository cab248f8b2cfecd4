//! Reading a build's state back: `load(store(s)) = s`.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::time::{Day, Timestamp};
use futures_util::TryStreamExt as _;
use sqlx::{PgConnection, Row as _};

use super::{Build, StoreError, statement};
use crate::fold::World;
use crate::history::{History, HistoryValue, Metric, MetricValue, Tick};
use crate::metrics::Level;

/// The world that builds hold which stand at one position: those of the families that keep a state; others are no
/// matter.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn world(conn: &mut PgConnection, builds: &[Build]) -> Result<World, StoreError> {
    let builds: Vec<&Build> = builds.iter().filter(|build| build.projection.family().facts.is_some()).collect();
    let position = builds.first().map_or(0, |build| build.position);
    let mut world = World { position, ..World::default() };
    for build in builds {
        let sql = statement::FACTS.on(&[("build", build)]);
        let mut rows = sqlx::query(&sql).fetch(&mut *conn);
        while let Some(row) = rows.try_next().await? {
            let (kind, key, value): (String, String, String) =
                (row.try_get("kind")?, row.try_get("key")?, row.try_get("value")?);
            let restored = world.restore(build.projection, &kind, key.clone(), &value);
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

/// A row that is not what this program writes.
pub(super) fn inconsistent(build: &Build, table: &'static str, row: &str) -> StoreError {
    let reason = "not in the written form".to_owned();
    StoreError::Inconsistent { build: build.id, table, row: row.to_owned(), reason }
}

/// The history that a build holds, complete or under way, without the values that ended.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn history(conn: &mut PgConnection, build: &Build) -> Result<History, StoreError> {
    let sql = statement::VALUES_HELD.on(&[("build", build)]);
    let mut holding = Vec::new();
    for row in sqlx::query(&sql).fetch_all(&mut *conn).await? {
        let id: &str = row.try_get("id")?;
        let unreadable = || inconsistent(build, "span", id);
        holding.push(HistoryValue {
            level: Level::from_name(row.try_get("level")?).ok_or_else(unreadable)?,
            id: id.into(),
            metric: Metric::from_name(row.try_get("metric")?).ok_or_else(unreadable)?,
            value: MetricValue::Written(row.try_get("value")?),
        });
    }
    Ok(History::restored(ticks(conn, build).await?, holding))
}

/// The ticks of a build.
///
/// # Errors
/// When the database refuses or a row is not readable.
pub async fn ticks(conn: &mut PgConnection, build: &Build) -> Result<BTreeMap<u64, Tick>, StoreError> {
    let sql = statement::TICKS.on(&[("build", build)]);
    let mut ticks = BTreeMap::new();
    for row in sqlx::query(&sql).fetch_all(conn).await? {
        let number: i64 = row.try_get("position")?;
        let unreadable = || inconsistent(build, "tick", &number.to_string());
        let day = Day::parse(row.try_get("day")?).map_err(|_| unreadable())?;
        let labels = serde_json::from_str(row.try_get("labels")?).map_err(|_| unreadable())?;
        let recorded_at: Option<chrono::DateTime<chrono::Utc>> = row.try_get("recorded_at")?;
        let recorded_at = recorded_at.and_then(Timestamp::from_datetime);
        ticks.insert(u64::try_from(number).map_err(|_| unreadable())?, Tick { day, recorded_at, labels });
    }
    Ok(ticks)
}

/// Names of contributors that are known beside the log.
///
/// # Errors
/// When the database refuses.
pub async fn names(conn: &mut PgConnection) -> Result<BTreeMap<Digest, String>, StoreError> {
    let rows = sqlx::query_file!("sql/names.sql").fetch_all(conn).await?;
    Ok(rows.into_iter().filter_map(|row| Some((Digest::from_slice(&row.pseudonym)?, row.name))).collect())
}

/// Names of these contributors, as far as they are known beside the log.
///
/// # Errors
/// When the database refuses.
pub async fn names_of(conn: &mut PgConnection, people: &[Vec<u8>]) -> Result<BTreeMap<Digest, String>, StoreError> {
    let rows = sqlx::query_file!("sql/names_of.sql", people).fetch_all(conn).await?;
    Ok(rows.into_iter().filter_map(|row| Some((Digest::from_slice(&row.pseudonym)?, row.name))).collect())
}
