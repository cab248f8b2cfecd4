//! Comparing a replay with what is live or was published, vertex by vertex.
//!
//! | module | what it does |
//! |---|---|
//! | `cell` | a cell as text, and when two say the same |
//! | `ordered` | one table, read once in the order of its key |
//! | `over_time` | the history, compared as the fold goes on |

use projections::fold::Fold;
use projections::store::Build;
use projections::tables::{Content, Projection, Row, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::ReplayError;
use crate::projector::fact_rows_of;

mod cell;
mod ordered;
mod over_time;

use ordered::{OrderedTable, in_order};
pub(crate) use over_time::{LiveHistory, ended_before};

/// Divergences reported at most. Once there are so many, no further table is compared, and nobody counts on.
pub const MAX_REPORTED: usize = 1_000;

/// A value that is not what the replay gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Divergence {
    /// The live table, as `graph.vertex`; null where it is about no table.
    pub table: Option<String>,
    /// What it is about: a vertex, an edge, a contributor's day.
    pub id: String,
    /// Which value.
    pub metric: String,
    /// What the replay gives; null where it has no such row.
    pub replayed: Option<String>,
    /// What stands in the live tables; null where there is no such row.
    pub live: Option<String>,
}

/// The tables that say how things are at one position, scores first: what rests on others is what people ask for. What
/// was before is compared on the way ([`LiveHistory`]).
fn tables_now() -> impl Iterator<Item = (Projection, &'static Table)> {
    let mut all: Vec<_> = Projection::ALL.into_iter().filter(|family| *family != Projection::History).collect();
    all.sort_by_key(|projection| !projection.needs_formula());
    all.into_iter().flat_map(|projection| projection.tables().map(move |table| (projection, table)))
}

/// Compares every column of the tables of live builds with what a fold at the same position gives; their history is
/// not asked for. To be called in a transaction, which sees one moment.
///
/// # Errors
/// When the database refuses.
pub async fn against_live(
    conn: &mut PgConnection,
    fold: &Fold,
    builds: &[Build],
) -> Result<Vec<Divergence>, ReplayError> {
    let view = fold.world.view();
    let scores = view.scores(fold.formula());
    let content = Content::of(&view, &scores);
    let mut found = Vec::new();
    for (projection, table) in tables_now() {
        let Some(build) = builds.iter().find(|build| build.projection == projection) else { continue };
        let rows = match content.rows(table) {
            Some(rows) => rows,
            None => fact_rows_of(&fold.world, projection, fold.world.rows())?,
        };
        whole(&mut *conn, build, table, rows, &mut found).await?;
        if found.len() >= MAX_REPORTED {
            found.truncate(MAX_REPORTED);
            break;
        }
    }
    Ok(found)
}

/// Compares a table with all its rows.
async fn whole(
    conn: &mut PgConnection,
    build: &Build,
    table: &'static Table,
    mut rows: Vec<Row>,
    found: &mut Vec<Divergence>,
) -> Result<(), ReplayError> {
    let key: Vec<usize> = (0..table.key).collect();
    rows.sort_unstable_by(|a, b| in_order(table, &key, a, b));
    let mut live = OrderedTable::open(&mut *conn, build, table, key).await?;
    live.meet(&mut *conn, &rows, found).await?;
    live.end(conn, found).await
}
