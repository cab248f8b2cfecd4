//! Comparing a replay with what is live or was published, vertex by vertex.

use std::collections::BTreeMap;

use projections::fold::Fold;
use projections::store::{Build, StoreError};
use projections::tables::{Content, Projection, Table, TableRows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Row as _};

use crate::ReplayError;

/// Divergences reported at most; the count goes on.
pub const MAX_REPORTED: usize = 1_000;

/// A value that is not what the replay gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Divergence {
    /// What it is about: a vertex, an edge, a contributor's day.
    pub id: String,
    /// Which value.
    pub metric: String,
    /// What the replay gives; null where it has no such row.
    pub replayed: Option<String>,
    /// What stands in the live tables; null where there is no such row.
    pub live: Option<String>,
}

/// What is compared of each family, scores first: what rests on others is what people ask for.
fn compared() -> impl Iterator<Item = (Projection, &'static Table, &'static [&'static str])> {
    let each =
        |projection: Projection| projection.family().compared.iter().map(move |(table, c)| (projection, *table, *c));
    let mut all: Vec<_> = Projection::ALL.into_iter().collect();
    all.sort_by_key(|projection| !projection.needs_formula());
    all.into_iter().flat_map(each)
}

/// Compares the tables of live builds with what a fold at the same position gives.
///
/// # Errors
/// When the database refuses.
pub async fn against_live(
    conn: &mut PgConnection,
    fold: &Fold,
    builds: &[Build],
) -> Result<Vec<Divergence>, ReplayError> {
    let tables = {
        let view = fold.world.view();
        let scores = view.scores(fold.formula());
        Content::of(&view, &scores).tables()
    };
    let mut divergences = Vec::new();
    for (projection, table, columns) in compared() {
        let Some(build) = builds.iter().find(|build| build.projection == projection) else { continue };
        let Some(rows) = tables.iter().find(|rows| rows.table == table) else { continue };
        let live = live_rows(&mut *conn, build, table, columns).await?;
        compare(rows, columns, live, &mut divergences);
        if divergences.len() >= MAX_REPORTED {
            divergences.truncate(MAX_REPORTED);
            break;
        }
    }
    Ok(divergences)
}

type Cells = Vec<Option<String>>;

async fn live_rows(
    conn: &mut PgConnection,
    build: &Build,
    table: &'static Table,
    columns: &[&str],
) -> Result<BTreeMap<Vec<String>, Cells>, ReplayError> {
    let key = table.columns[..table.key].iter().map(|(name, _)| *name);
    let all: Vec<String> = key.chain(columns.iter().copied()).map(|name| format!("\"{name}\"::text")).collect();
    let sql = format!("SELECT {} FROM {}.{}", all.join(", "), build.schema(), table.name);
    let mut rows = BTreeMap::new();
    for row in sqlx::query(&sql).fetch_all(conn).await? {
        let mut cells: Cells = (0..all.len()).map(|n| row.try_get(n)).collect::<Result<_, _>>()?;
        let values = cells.split_off(table.key);
        let key = cells.into_iter().map(Option::unwrap_or_default).collect();
        if rows.insert(key, values).is_some() {
            return Err(StoreError::Inconsistent {
                build: build.id,
                table: table.name,
                row: "two rows".to_owned(),
                reason: "share a key".to_owned(),
            }
            .into());
        }
    }
    Ok(rows)
}

fn compare(rows: &TableRows, columns: &[&str], mut live: BTreeMap<Vec<String>, Cells>, found: &mut Vec<Divergence>) {
    let places: Vec<usize> =
        columns.iter().filter_map(|column| rows.table.columns.iter().position(|(name, _)| name == column)).collect();
    for row in &rows.rows {
        let key: Vec<String> = row[..rows.table.key].iter().map(|cell| cell.clone().unwrap_or_default()).collect();
        let standing = live.remove(&key);
        for (n, (place, column)) in places.iter().zip(columns).enumerate() {
            let replayed = row[*place].clone();
            let held = standing.as_ref().map(|cells| cells[n].clone());
            if held.as_ref() != Some(&replayed) {
                found.push(Divergence {
                    id: key.join(" "),
                    metric: (*column).to_owned(),
                    replayed,
                    live: held.flatten(),
                });
            }
        }
    }
    for key in live.into_keys() {
        found.push(Divergence {
            id: key.join(" "),
            metric: "row".to_owned(),
            replayed: None,
            live: Some("present".into()),
        });
    }
}
