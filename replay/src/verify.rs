//! Comparing a replay with what is live or was published, vertex by vertex.
//!
//! | module | what it does |
//! |---|---|
//! | `cell` | a cell as text, and when two say the same |
//! | `expected` | what a fold gives, made beside the connection |
//! | `ordered` | one table, read once in the order of its key |
//! | `over_time` | the history, compared as the fold goes on |

use std::collections::BTreeSet;
use std::mem;

use projections::fold::{Fold, World};
use projections::store::Build;
use projections::tables::{Projection, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::ReplayError;
use crate::as_of::FoldDigests;

mod cell;
mod expected;
mod ordered;
mod over_time;

use expected::ExpectedTables;
use ordered::{OrderedTable, in_order_of};
pub(crate) use over_time::{EndedSegments, LiveHistory};

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
/// not asked for, and the fold is as it was once this is answered. To be called in a transaction, which sees one
/// moment.
///
/// # Errors
/// When the database refuses.
pub async fn against_live(
    conn: &mut PgConnection,
    fold: &mut Fold,
    builds: &[Build],
) -> Result<Vec<Divergence>, ReplayError> {
    Ok(compare(conn, fold, builds, false).await?.0)
}

/// As [`against_live`], with the digests of the fold where they are asked for.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn compare(
    conn: &mut PgConnection,
    fold: &mut Fold,
    builds: &[Build],
    digests: bool,
) -> Result<(Vec<Divergence>, Option<FoldDigests>), ReplayError> {
    let build_of = |projection| builds.iter().find(|build| build.projection == projection);
    let tables: Vec<_> = tables_now().filter(|(projection, _)| build_of(*projection).is_some()).collect();
    // The thread that makes the rows cannot borrow it.
    let stand_in = Fold::new(World::default(), fold.formula().clone(), BTreeSet::new(), None);
    let mut expected = ExpectedTables::of(mem::replace(fold, stand_in), tables.clone(), digests);
    let mut found = Vec::new();
    let compared = async {
        sqlx::raw_sql(cell::DAYS).execute(&mut *conn).await?;
        for (projection, table) in tables {
            let Some(build) = build_of(projection) else { continue };
            whole(&mut *conn, build, table, &mut expected, &mut found).await?;
            if found.len() >= MAX_REPORTED {
                break;
            }
        }
        Ok(())
    };
    let compared = compared.await;
    let (lent, digests) = expected.end().await;
    *fold = lent;
    let digests = digests?;
    compared.map(|()| (found, digests))
}

/// Compares a table with all its rows.
async fn whole(
    conn: &mut PgConnection,
    build: &Build,
    table: &'static Table,
    expected: &mut ExpectedTables,
    found: &mut Vec<Divergence>,
) -> Result<(), ReplayError> {
    let key: Vec<usize> = (0..table.key).collect();
    let sql = in_order_of(build, table, &key, "");
    let mut ordered = OrderedTable::of(table, key, sqlx::query(&sql).persistent(false).fetch(conn));
    // The server begins before the first row is there to be compared.
    ordered.begin().await;
    while let Some(rows) = expected.next().await {
        for row in &rows {
            ordered.meet(row, found).await?;
        }
    }
    ordered.end(found).await
}
