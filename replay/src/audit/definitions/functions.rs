//! Functions and triggers of the log and of the register of builds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use sqlx::PgConnection;

use super::owned;
use crate::ReplayError;
use crate::audit::fault::NamedFault;
use crate::audit::migrated::{MigratedSchema, TriggerText};

/// `pg_trigger.tgenabled` of a trigger that fires in every session, and of one that fires in ordinary ones.
const ENABLED: [&str; 2] = ["A", "O"];

/// A function as the server keeps it.
struct CatalogFunction {
    name: String,
    /// Whether it was made to be compared with.
    temporary: bool,
    arguments: String,
    /// An object of everything that is kept of it, but its name and place.
    says: String,
    owner: String,
    owner_of_log: String,
}

impl CatalogFunction {
    fn columns(&self) -> Map<String, Value> {
        serde_json::from_str(&self.says).expect("the server writes an object")
    }
}

/// Compares all functions with those that the migrations make. The server is asked to make those once more for this
/// session, so that both are in its own words: of some it keeps no text, but what it has understood.
pub(super) async fn functions(
    conn: &mut PgConnection,
    made: &MigratedSchema,
    found: &mut Vec<NamedFault>,
) -> Result<(), ReplayError> {
    for (name, rest) in &made.functions {
        let sql = format!("CREATE FUNCTION pg_temp.\"{name}\"{rest}");
        sqlx::raw_sql(&sql).execute(&mut *conn).await?;
    }
    let rows = sqlx::query_file_as!(CatalogFunction, "sql/functions.sql").fetch_all(conn).await?;
    let key = |one: &CatalogFunction| (one.name.clone(), one.arguments.clone());
    let (ours, theirs): (Vec<_>, Vec<_>) = rows.into_iter().partition(|one| one.temporary);
    let mut missing: BTreeMap<_, CatalogFunction> = ours.into_iter().map(|one| (key(&one), one)).collect();
    for one in theirs {
        let mut fault = |reason: String| found.push(NamedFault::of("function", &one.name, reason));
        let Some(ours) = missing.remove(&key(&one)) else {
            fault(format!("with the arguments ({}) it is none of ours", one.arguments));
            continue;
        };
        let (expected, columns) = (ours.columns(), one.columns());
        let differs = |name: &&String| columns.get(*name) != expected.get(*name);
        let other: Vec<&str> = expected.keys().filter(differs).map(String::as_str).collect();
        if !other.is_empty() {
            fault(format!("it is not the one that the migrations make: {}", other.join(", ")));
        }
        if let Some(reason) = owned(&one.owner, &one.owner_of_log) {
            fault(reason);
        }
    }
    found.extend(missing.into_keys().map(|(name, _)| NamedFault::of("function", &name, "it is not there")));
    Ok(())
}

/// Compares the triggers with those that the migrations make.
pub(super) async fn triggers(
    conn: &mut PgConnection,
    made: &MigratedSchema,
    found: &mut Vec<NamedFault>,
) -> Result<(), ReplayError> {
    let rows = sqlx::query_file!("sql/triggers.sql").fetch_all(conn).await?;
    let mut missing: BTreeSet<&TriggerText> = made.triggers.keys().collect();
    for row in rows {
        let name = format!("{} on {}", row.name, row.relation);
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
    let name = |text: &TriggerText| format!("{} on {}", text.name, text.relation);
    found.extend(missing.into_iter().map(|text| NamedFault::of("trigger", &name(text), "it is not there")));
    Ok(())
}
