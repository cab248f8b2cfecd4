//! Making, switching and dropping builds.

use std::fmt::Write as _;

use domain::digest::Digest;
use domain::formula::Formula;
use sqlx::PgConnection;

use super::{Build, BuildRow, StoreError, build, schema_name, switch, views};
use crate::families::ATLAS;
use crate::tables::Projection;

/// Builds kept per projection besides the live one, for rollbacks.
pub const RETIRED_BUILDS_KEPT: i64 = 3;

/// Version of the program, and the digest of the sources that fold and score. It informs whoever reads a manifest, and
/// decides nothing.
const SOURCES: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("PG_ATLAS_FOLD_SHA256"));

/// What a build of this program says of the code that folded it: `graph/1+0.1.0+DIGEST`. Of it the family's version
/// decides ([`mark`]). Programs that knew no versions wrote `0.1.0+DIGEST`, which is the mark of no family.
fn code(projection: Projection) -> String {
    format!("{}+{SOURCES}", projection.family().mark())
}

/// Family and version that a build's code begins with.
pub(super) fn mark(code: &str) -> &str {
    code.split_once('+').map_or(code, |(mark, _)| mark)
}

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
    sqlx::query_file!("sql/as_projector.sql").fetch_optional(conn).await?;
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
    let id = sqlx::query_file_scalar!(
        "sql/make_build.sql",
        projection.name(),
        with_formula.map(|formula| formula.formula.name.as_str()),
        with_formula.map(|formula| formula.formula.hash().0.to_vec()),
        with_formula.map(|formula| formula.document.as_str()),
        code(projection),
        &quarantine.0,
        projection.family().set
    )
    .fetch_one(&mut *conn)
    .await?;
    let schema = schema_name(id);
    let mut ddl = String::new();
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
    sqlx::query_file!("sql/share_build.sql", id).execute(&mut *conn).await?;
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
    for (table, column) in build.projection.family().indexes {
        let _ = write!(ddl, "CREATE INDEX ON {schema}.{} (\"{column}\");", table.name);
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
    let switch = sqlx::query_file_scalar!("sql/next_switch.sql").fetch_one(&mut *conn).await?;
    for build in builds {
        let projection = build.projection.name();
        sqlx::query_file!("sql/retire_live.sql", projection, build.id).execute(&mut *conn).await?;
        sqlx::query_file!("sql/make_live.sql", build.id).execute(&mut *conn).await?;
        sqlx::query_file!("sql/switch_live.sql", projection, build.id, switch).execute(&mut *conn).await?;
    }
    views::point_at_live(conn).await
}

/// Points the views at what is live. To be called in a transaction.
///
/// # Errors
/// As [`make_live`].
pub async fn remake_views(conn: &mut PgConnection) -> Result<(), StoreError> {
    as_projector(&mut *conn).await?;
    views::point_at_live(conn).await
}

/// Says that builds were made together, and are to be resumed and switched together.
///
/// # Errors
/// When the database refuses.
pub async fn join(conn: &mut PgConnection, builds: &[Build]) -> Result<(), StoreError> {
    let ids: Vec<i64> = builds.iter().map(|build| build.id).collect();
    sqlx::query_file!("sql/join_builds.sql", &ids, ids.iter().min().copied()).execute(conn).await?;
    Ok(())
}

/// The builds that were live before the last switch, by projection; of one projection if one is named, with those that
/// go with it. Empty where nothing was ever switched.
///
/// # Errors
/// When the database refuses.
pub async fn former(conn: &mut PgConnection, which: &[Projection]) -> Result<Vec<Build>, StoreError> {
    let names: Vec<&str> = which.iter().map(|projection| projection.name()).collect();
    let rows =
        sqlx::query_file_as!(BuildRow, "sql/former_builds.sql", &names as &[&str], ATLAS).fetch_all(conn).await?;
    let mut builds: Vec<Build> = rows.into_iter().map(Build::from_row).collect::<Result<_, _>>()?;
    builds.sort_by_key(|build| build.projection);
    Ok(builds)
}

/// Drops a build and its tables.
///
/// # Errors
/// When the database refuses.
pub async fn drop(conn: &mut PgConnection, id: i64) -> Result<(), StoreError> {
    sqlx::query_file!("sql/drop_build.sql", id).execute(conn).await?;
    Ok(())
}

/// Drops retired builds beyond [`RETIRED_BUILDS_KEPT`] per projection, except those a rollback returns to.
///
/// # Errors
/// When the database refuses.
pub async fn drop_old(conn: &mut PgConnection) -> Result<(), StoreError> {
    let old = sqlx::query_file_scalar!("sql/old_builds.sql", RETIRED_BUILDS_KEPT).fetch_all(&mut *conn).await?;
    for id in old {
        drop_unread(&mut *conn, id).await?;
    }
    Ok(())
}

/// Drops a build and its tables unless somebody reads them: then the next one to tidy up takes them. To be called in a
/// transaction.
///
/// # Errors
/// When the database refuses.
pub async fn drop_unread(conn: &mut PgConnection, id: i64) -> Result<(), StoreError> {
    switch::at_once(conn, &format!("DO $$ BEGIN PERFORM atlas.drop_build({id}); END $$")).await?;
    Ok(())
}
