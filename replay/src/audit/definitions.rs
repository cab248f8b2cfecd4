//! Whether what stands between the tables and those who read them is ours: views, tables that are tables, and what
//! keeps the log append-only.

use std::collections::{BTreeMap, BTreeSet};

use projections::store::views::{self, ViewDefinition};
use projections::store::{self, Build, StoreError};
use sqlx::{Connection as _, PgConnection};

use super::fault::NamedFault;
use super::migrated::{FunctionText, MIGRATOR, MigratedSchema, TriggerText};
use crate::ReplayError;
use crate::snapshot::is_replaced;

/// Times that the views are compared while they are pointed at other builds.
const TRIES: u32 = 20;
/// `pg_trigger.tgenabled` of a trigger that fires in every session, and of one that fires in ordinary ones.
const ENABLED: [&str; 2] = ["A", "O"];

/// Something that is read like a table, as the database describes it.
struct CatalogRelation {
    schema: String,
    name: String,
    /// `pg_class.relkind`.
    kind: String,
    /// Whether policies hide rows.
    hides: bool,
    /// Whether rules rewrite what is asked of it. Every view has one.
    rules: bool,
    options: String,
    definition: Option<String>,
}

/// Compares what stands in the catalog with what the migrations and the views of the families make. Ends what it began:
/// to be called outside of any transaction.
///
/// # Errors
/// When the database refuses: views to compare with are made for a moment, which takes the right to temporary tables.
pub async fn check(conn: &mut PgConnection) -> Result<Vec<NamedFault>, ReplayError> {
    let mut tries = 1;
    loop {
        let mut transaction = conn.begin().await?;
        let before = store::live_builds(&mut transaction).await?;
        let compared = compare(&mut transaction, &before).await;
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

async fn compare(conn: &mut PgConnection, live: &[Build]) -> Result<Vec<NamedFault>, ReplayError> {
    let mut found = Vec::new();
    let applied = sqlx::query_file!("sql/applied_migrations.sql").fetch_all(&mut *conn).await?;
    let ours: BTreeMap<i64, &[u8]> = MIGRATOR.iter().map(|one| (one.version, &*one.checksum)).collect();
    for row in &applied {
        if ours.get(&row.version) != Some(&row.checksum.as_slice()) {
            let name = format!("migration {}", row.version);
            found.push(NamedFault::of("schema", &name, "it is none of this program's, or was changed"));
        }
    }
    let has: BTreeSet<i64> = applied.iter().map(|row| row.version).collect();
    let texts = MIGRATOR.iter().filter(|one| has.contains(&one.version)).map(|one| one.sql.as_ref());
    let made = MigratedSchema::by(texts);
    functions(&mut *conn, &made, &mut found).await?;
    triggers(&mut *conn, &made, &mut found).await?;

    sqlx::query_file_scalar!("sql/plain_search.sql").fetch_one(&mut *conn).await?;
    let names = views::names(&mut *conn).await?;
    let stable = match views::definitions(&mut *conn, live).await {
        Err(StoreError::Formula { build, source }) => {
            let reason = format!("what they show cannot be told: the formula of build {build}: {source}");
            found.push(NamedFault::of("view", "public", reason));
            return Ok(found);
        }
        stable => stable?,
    };
    let expected = expected_views(&mut *conn, stable, &made).await?;
    let of_views = names.iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned()));
    let schemas: BTreeSet<String> =
        ["log", "atlas"].map(str::to_owned).into_iter().chain(of_views).chain(live.iter().map(Build::schema)).collect();
    let schemas: Vec<String> = schemas.into_iter().collect();
    let relations = sqlx::query_file_as!(CatalogRelation, "sql/relations.sql", &schemas).fetch_all(&mut *conn).await?;
    let of = |name: &str| relations.iter().find(|one| format!("{}.{}", one.schema, one.name) == name);
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
            Some(one) if one.hides && !["log", "atlas"].contains(&one.schema.as_str()) => {
                fault("table", &name, "a policy decides which of its rows are shown to whom".to_owned());
            }
            Some(_) => {}
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

async fn functions(
    conn: &mut PgConnection,
    made: &MigratedSchema,
    found: &mut Vec<NamedFault>,
) -> Result<(), ReplayError> {
    let rows = sqlx::query_file!("sql/log_functions.sql").fetch_all(conn).await?;
    let mut missing: BTreeSet<&String> = made.functions.keys().collect();
    for row in rows {
        let Some((name, ours)) = made.functions.get_key_value(&row.name) else { continue };
        missing.remove(name);
        let (body, language, definer, settings) = (row.body, row.language, row.definer, row.settings);
        if *ours != (FunctionText { body, language, definer, settings }) {
            found.push(NamedFault::of(
                "function",
                &format!("log.{name}"),
                "it is not the one that the migrations make",
            ));
        }
    }
    let gone = missing.into_iter().map(|name| NamedFault::of("function", &format!("log.{name}"), "it is not there"));
    found.extend(gone);
    Ok(())
}

async fn triggers(
    conn: &mut PgConnection,
    made: &MigratedSchema,
    found: &mut Vec<NamedFault>,
) -> Result<(), ReplayError> {
    let rows = sqlx::query_file!("sql/log_triggers.sql").fetch_all(conn).await?;
    let mut missing: BTreeMap<&TriggerText, bool> =
        made.triggers.iter().map(|(text, always)| (text, *always)).collect();
    for row in rows {
        let name = format!("{} on log.{}", row.name, row.relation);
        let ours = TriggerText::parse(&row.definition).and_then(|text| made.triggers.get_key_value(&text));
        let Some((text, always)) = ours else {
            found.push(NamedFault::of("trigger", &name, format!("it is none of ours: {}", row.definition)));
            continue;
        };
        missing.remove(text);
        if row.enabled != ENABLED[usize::from(!always)] {
            found.push(NamedFault::of("trigger", &name, "it is not enabled as the migrations enable it"));
        }
    }
    let gone = missing
        .into_keys()
        .map(|text| NamedFault::of("trigger", &format!("{} on {}", text.name, text.relation), "it is not there"));
    found.extend(gone);
    Ok(())
}

/// The beginning of a definition, on one line.
fn shorter(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(300).collect()
}
