//! Whether what stands between the tables and those who read them is ours: views, tables that are tables, policies, and
//! what keeps the log append-only.
//!
//! | module | what it compares |
//! |---|---|
//! | `functions` | functions and triggers |
//! | `policies` | row-level security |

use std::collections::{BTreeMap, BTreeSet};

use domain::TenantId;
use projections::store::views::{self, ViewDefinition};
use projections::store::{self, Build, StoreError};
use sqlx::{Connection as _, PgConnection};

use super::fault::NamedFault;
use super::migrated::{MIGRATOR, MigratedSchema};
use crate::ReplayError;
use crate::snapshot::is_replaced;

mod functions;
mod policies;

/// Times that the views are compared while they are pointed at other builds.
const TRIES: u32 = 20;
/// Begins the transaction in which things are made to be compared with, whatever the login's own defaults are. Each
/// statement sees what the server's own words are of: those of now.
const MAKING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE";

/// Something that is read like a table, as the database describes it.
struct CatalogRelation {
    schema: String,
    name: String,
    /// `pg_class.relkind`.
    kind: String,
    /// Whether policies hide rows, and from the owner too.
    hides: bool,
    forced: bool,
    /// Whether rules rewrite what is asked of it. Every view has one.
    rules: bool,
    /// Whether the rows of other tables are shown with its own.
    inherited: bool,
    owner: String,
    owner_of_log: String,
    options: String,
    definition: Option<String>,
}

impl CatalogRelation {
    /// Whether it has this name, with its schema.
    fn is(&self, name: &str) -> bool {
        name.split_once('.') == Some((&self.schema, &self.name))
    }

    /// Whether it is of the log or of the register of builds, which migrations make.
    fn is_migrated(&self) -> bool {
        SCHEMAS.contains(&self.schema.as_str())
    }
}

/// The schemas that migrations make.
const SCHEMAS: [&str; 2] = ["log", "atlas"];

/// What is wrong with the owner of something that is to be the log's owner's: whose it is may change it, and with its
/// rights it is done what a function does.
fn owned(owner: &str, owner_of_log: &str) -> Option<String> {
    let other = owner != owner_of_log;
    other.then(|| format!("it belongs to `{owner}`, and the schema `log` to `{owner_of_log}`: give it to that one"))
}

/// Compares what stands in the catalog with what the migrations make, and the families' views of a tenant, which the
/// session is. Ends what it began: to be called outside of any transaction.
///
/// # Errors
/// When the database refuses: views to compare with are made for a moment, which takes the right to temporary tables.
pub async fn check(conn: &mut PgConnection, tenant: TenantId) -> Result<Vec<NamedFault>, ReplayError> {
    let mut tries = 1;
    loop {
        let mut transaction = conn.begin_with(MAKING).await?;
        let before = store::live_builds(&mut transaction).await?;
        let compared = compare(&mut transaction, tenant, &before).await;
        match compared {
            // A build was dropped while its views were made.
            Err(error) if tries < TRIES && is_replaced(&error) => transaction.rollback().await?,
            compared => {
                let found = compared?;
                let after = store::live_builds(&mut transaction).await?;
                transaction.rollback().await?;
                let ids = |builds: &[Build]| builds.iter().map(|build| build.id).collect::<Vec<_>>();
                if ids(&before) == ids(&after) || tries == TRIES {
                    return Ok(found);
                }
            }
        }
        tries += 1;
    }
}

async fn compare(conn: &mut PgConnection, tenant: TenantId, live: &[Build]) -> Result<Vec<NamedFault>, ReplayError> {
    let mut found = Vec::new();
    sqlx::query_file!("sql/plain_names.sql").fetch_one(&mut *conn).await?;
    history(&mut *conn, &mut found).await?;
    let made = MigratedSchema::newest();
    functions::functions(&mut *conn, &made, &mut found).await?;
    functions::triggers(&mut *conn, &made, &mut found).await?;
    let names = views::names(tenant);
    let of_views = names.iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned()));
    let schemas: BTreeSet<String> =
        SCHEMAS.map(str::to_owned).into_iter().chain(of_views).chain(live.iter().map(Build::schema)).collect();
    let schemas: Vec<String> = schemas.into_iter().collect();
    let relations = sqlx::query_file_as!(CatalogRelation, "sql/relations.sql", &schemas).fetch_all(&mut *conn).await?;
    policies::policies(&mut *conn, &made, &relations, &mut found).await?;

    let stable = match views::definitions(tenant, live) {
        Err(StoreError::Formula { build, source }) => {
            let reason = format!("what they show cannot be told: the formula of build {build}: {source}");
            found.push(NamedFault::of("view", &tenant.views_schema(), reason));
            return Ok(found);
        }
        stable => stable?,
    };
    let expected = expected_views(&mut *conn, stable, &made).await?;
    let of = |name: &str| relations.iter().find(|one| one.is(name));
    let mut fault = |what, name: &str, reason: String| found.push(NamedFault::of(what, name, reason));
    for (name, [options, definition]) in &expected {
        match of(name) {
            None => fault("view", name, "it is not there".to_owned()),
            Some(one) if one.kind != "v" => fault("view", name, "it is no view".to_owned()),
            Some(one) if one.definition.as_ref() != Some(definition) || one.options != *options => {
                let shown = one.definition.as_deref().unwrap_or_default();
                fault("view", name, format!("it is not the one over the live builds, but: {}", shorter(shown)));
            }
            Some(_) => {}
        }
    }
    for name in &names {
        if !expected.contains_key(name) && of(name).is_some() {
            fault("view", name, "it stands there, and nothing is live that it could show".to_owned());
        }
    }
    let built = live.iter().flat_map(|build| {
        let schema = build.schema();
        build.projection.tables().map(move |table| format!("{schema}.{}", table.name))
    });
    for name in made.tables.iter().cloned().chain(built) {
        match of(&name) {
            None => fault("table", &name, "it is not there".to_owned()),
            Some(one) if one.kind != "r" || one.rules => {
                fault("table", &name, "it is no plain table: what it shows may depend on who asks".to_owned());
            }
            Some(one) if one.inherited => {
                fault("table", &name, "other tables inherit from it: their rows are shown with its own".to_owned());
            }
            Some(one) if one.hides && !one.is_migrated() => {
                fault("table", &name, "a policy decides which of its rows are shown to whom".to_owned());
            }
            Some(_) => {}
        }
    }
    for one in relations.iter().filter(|one| one.is_migrated()) {
        if let Some(reason) = owned(&one.owner, &one.owner_of_log) {
            fault(if one.kind == "v" { "view" } else { "table" }, &format!("{}.{}", one.schema, one.name), reason);
        }
    }
    Ok(found)
}

/// The views that there are to be, as the database itself writes them: options and definition, by name. It is asked to
/// make them for this session, in the transaction that is rolled back.
async fn expected_views(
    conn: &mut PgConnection,
    stable: Vec<ViewDefinition>,
    made: &MigratedSchema,
) -> Result<BTreeMap<String, [String; 2]>, ReplayError> {
    let stable = stable.into_iter().map(|view| (view.name, view.rest));
    let of_log = made.views.iter().map(|(name, rest)| (format!("log.{name}"), rest.clone()));
    let wanted: Vec<(String, String)> = stable.chain(of_log).collect();
    for (name, rest) in &wanted {
        let sql = format!("CREATE TEMPORARY VIEW \"{name}\" {rest}");
        sqlx::raw_sql(&sql).execute(&mut *conn).await?;
    }
    let rows = sqlx::query_file!("sql/made_views.sql").fetch_all(conn).await?;
    let ours = rows.into_iter().filter(|row| wanted.iter().any(|(name, _)| *name == row.name));
    Ok(ours.map(|row| (row.name, [row.options, row.definition])).collect())
}

/// Compares the history of the schema with the program's own: nothing else is to have made it, and nothing less.
async fn history(conn: &mut PgConnection, found: &mut Vec<NamedFault>) -> Result<(), ReplayError> {
    let mut missing: BTreeMap<i64, &[u8]> = MIGRATOR.iter().map(|one| (one.version, &*one.checksum)).collect();
    for row in sqlx::query_file!("sql/applied_migrations.sql").fetch_all(conn).await? {
        let reason = match missing.remove(&row.version) {
            None => "it is none of this program's",
            Some(checksum) if checksum != row.checksum => "it was another text than this program's",
            Some(_) if !row.success => "it did not come to its end",
            Some(_) => continue,
        };
        found.push(NamedFault::of("schema", &format!("migration {}", row.version), reason));
    }
    let gone = |version: i64| NamedFault::of("schema", &format!("migration {version}"), "the history lacks it");
    found.extend(missing.into_keys().map(gone));
    Ok(())
}

/// The beginning of a definition, on one line.
fn shorter(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}
