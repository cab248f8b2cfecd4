//! Making, switching and dropping builds.

use std::fmt::Write as _;

use domain::digest::Digest;
use domain::formula::Formula;
use sqlx::PgConnection;

use super::{Build, StoreError, build, schema_name, views};
use crate::tables::Projection;

/// Builds kept per projection besides the live one, for rollbacks.
pub const RETIRED_BUILDS_KEPT: i64 = 3;

/// A formula with the document it was read from.
#[derive(Clone, Debug)]
pub struct FormulaDocument {
    /// The formula.
    pub formula: Formula,
    /// Its document, verbatim.
    pub document: String,
}

/// Acts as the group of projectors until the end of the transaction, where this database has such a role and the user
/// belongs to it: what is made then is everybody's in the group, whoever replaces or drops it later.
async fn as_projector(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query(
        "SELECT set_config('role', rolname, true) FROM pg_catalog.pg_roles \
          WHERE rolname = 'atlas_projector' AND pg_has_role(oid, 'MEMBER') \
            AND has_table_privilege(oid, 'atlas.build', 'INSERT')",
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Registers a build and makes its empty tables. To be called in a transaction.
///
/// # Errors
/// When the database refuses.
pub async fn create(
    conn: &mut PgConnection,
    projection: Projection,
    formula: &FormulaDocument,
    quarantine: &Digest,
) -> Result<Build, StoreError> {
    as_projector(&mut *conn).await?;
    let with_formula = projection.needs_formula().then_some(formula);
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO atlas.build (projection, status, formula, formula_hash, formula_document, code, quarantine_digest) \
         VALUES ($1, 'building', $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(projection.name())
    .bind(with_formula.map(|formula| formula.formula.name.clone()))
    .bind(with_formula.map(|formula| formula.formula.hash().0.to_vec()))
    .bind(with_formula.map(|formula| formula.document.clone()))
    .bind(env!("CARGO_PKG_VERSION"))
    .bind(quarantine.0.to_vec())
    .fetch_one(&mut *conn)
    .await?;
    let schema = schema_name(id);
    let mut ddl = format!("CREATE SCHEMA {schema};");
    for table in projection.tables() {
        let columns: Vec<String> = table
            .columns
            .iter()
            .enumerate()
            .map(|(n, (name, kind))| {
                let collate = if *kind == "text" { " COLLATE \"C\"" } else { "" };
                let null = if n < table.key { " NOT NULL" } else { "" };
                format!("\"{name}\" {kind}{collate}{null}")
            })
            .collect();
        // Writing to a String cannot fail.
        let _ = write!(ddl, "CREATE TABLE {schema}.{} ({});", table.name, columns.join(", "));
    }
    sqlx::raw_sql(&ddl).execute(&mut *conn).await?;
    let made = build(conn, id).await?;
    made.ok_or(StoreError::Database(sqlx::Error::RowNotFound))
}

/// Adds the primary keys, after the first load.
///
/// # Errors
/// When the database refuses.
pub async fn index(conn: &mut PgConnection, build: &Build) -> Result<(), StoreError> {
    let schema = build.schema();
    let mut ddl = String::new();
    for table in build.projection.tables() {
        let key: Vec<String> = table.columns[..table.key].iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let _ = write!(ddl, "ALTER TABLE {schema}.{} ADD PRIMARY KEY ({});", table.name, key.join(", "));
    }
    if build.projection == Projection::Graph {
        let _ = write!(ddl, "CREATE INDEX ON {schema}.edge (out_vertex); CREATE INDEX ON {schema}.vertex (project);");
    }
    sqlx::raw_sql(&ddl).execute(&mut *conn).await?;
    Ok(())
}

/// Makes builds the live ones and points the views at them. To be called in a transaction.
///
/// # Errors
/// When the database refuses.
pub async fn make_live(conn: &mut PgConnection, builds: &[Build]) -> Result<(), StoreError> {
    as_projector(&mut *conn).await?;
    for build in builds {
        sqlx::query(
            "UPDATE atlas.build SET status = 'retired' \
             WHERE id IN (SELECT build FROM atlas.live WHERE projection = $1) AND id <> $2",
        )
        .bind(build.projection.name())
        .bind(build.id)
        .execute(&mut *conn)
        .await?;
        sqlx::query("UPDATE atlas.build SET status = 'live' WHERE id = $1").bind(build.id).execute(&mut *conn).await?;
        sqlx::query(
            "INSERT INTO atlas.live (projection, build) VALUES ($1, $2) \
             ON CONFLICT (projection) DO UPDATE SET build = excluded.build, former = atlas.live.build",
        )
        .bind(build.projection.name())
        .bind(build.id)
        .execute(&mut *conn)
        .await?;
    }
    views::point_at_live(conn).await
}

/// Drops a build and its tables.
///
/// # Errors
/// When the database refuses.
pub async fn drop(conn: &mut PgConnection, id: i64) -> Result<(), StoreError> {
    sqlx::raw_sql(&format!("DROP SCHEMA IF EXISTS {} CASCADE", schema_name(id))).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM atlas.build WHERE id = $1").bind(id).execute(&mut *conn).await?;
    Ok(())
}

/// Drops retired builds beyond [`RETIRED_BUILDS_KEPT`] per projection, except those a rollback returns to.
///
/// # Errors
/// When the database refuses.
pub async fn drop_old(conn: &mut PgConnection) -> Result<(), StoreError> {
    let old: Vec<i64> = sqlx::query_scalar(
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY projection ORDER BY id DESC) AS age \
           FROM atlas.build WHERE status = 'retired' \
            AND id NOT IN (SELECT former FROM atlas.live WHERE former IS NOT NULL)) aged \
         WHERE age > $1 ORDER BY id",
    )
    .bind(RETIRED_BUILDS_KEPT)
    .fetch_all(&mut *conn)
    .await?;
    for id in old {
        drop(conn, id).await?;
    }
    Ok(())
}
