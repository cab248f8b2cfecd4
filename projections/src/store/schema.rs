//! Making, switching and dropping builds.

use std::fmt::Write as _;

use domain::digest::Digest;
use domain::formula::Formula;
use sqlx::PgConnection;

use super::{Build, StoreError, build, schema_name, switch, views};
use crate::tables::Projection;

/// Builds kept per projection besides the live one, for rollbacks.
pub const RETIRED_BUILDS_KEPT: i64 = 3;

/// Version of the program, and the digest of the sources that fold and score: builds of other code are never resumed.
pub const CODE: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("PG_ATLAS_FOLD_SHA256"));

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
    .bind(CODE)
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

/// Adds the primary keys: after the first load.
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
    let switch: i64 =
        sqlx::query_scalar("SELECT coalesce(max(switch), 0) + 1 FROM atlas.live").fetch_one(&mut *conn).await?;
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
            "INSERT INTO atlas.live (projection, build, switch) VALUES ($1, $2, $3) \
             ON CONFLICT (projection) DO UPDATE \
               SET build = excluded.build, former = atlas.live.build, switch = excluded.switch",
        )
        .bind(build.projection.name())
        .bind(build.id)
        .bind(switch)
        .execute(&mut *conn)
        .await?;
    }
    views::point_at_live(conn).await
}

/// Says that builds were made together, and are to be resumed and switched together.
///
/// # Errors
/// When the database refuses.
pub async fn join(conn: &mut PgConnection, builds: &[Build]) -> Result<(), StoreError> {
    let ids: Vec<i64> = builds.iter().map(|build| build.id).collect();
    sqlx::query("UPDATE atlas.build SET set_id = $2 WHERE id = ANY($1)")
        .bind(&ids)
        .bind(ids.iter().min())
        .execute(conn)
        .await?;
    Ok(())
}

/// The builds that were live before the last switch, by projection; of one projection if one is named, with those that
/// go with it. Empty where nothing was ever switched.
///
/// # Errors
/// When the database refuses.
pub async fn former(conn: &mut PgConnection, which: &[Projection]) -> Result<Vec<Build>, StoreError> {
    let names: Vec<&str> = which.iter().map(|projection| projection.name()).collect();
    let rows = sqlx::query(
        "SELECT b.* FROM atlas.live l JOIN atlas.build b ON b.id = l.former \
          WHERE CASE WHEN cardinality($1::text[]) = 0 \
                     THEN l.switch = (SELECT max(switch) FROM atlas.live WHERE former IS NOT NULL) \
                     ELSE l.projection = ANY($1) END",
    )
    .bind(names)
    .fetch_all(conn)
    .await?;
    let mut builds: Vec<Build> = rows.iter().map(Build::from_row).collect::<Result<_, _>>()?;
    builds.sort_by_key(|build| build.projection);
    Ok(builds)
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
        drop_unread(&mut *conn, id).await?;
    }
    Ok(())
}

/// Drops a build and its tables unless somebody reads them: then the next one to tidy up takes them. To be called in a
/// transaction. Answers whether it did.
///
/// # Errors
/// When the database refuses.
pub async fn drop_unread(conn: &mut PgConnection, id: i64) -> Result<bool, StoreError> {
    let sql = format!("DROP SCHEMA IF EXISTS {} CASCADE; DELETE FROM atlas.build WHERE id = {id}", schema_name(id));
    switch::at_once(conn, &sql).await
}
