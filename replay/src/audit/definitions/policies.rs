//! Row-level security: which rows of a table are shown to a session, and taken from it.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::CatalogRelation;
use crate::ReplayError;
use crate::audit::fault::NamedFault;
use crate::audit::migrated::MigratedSchema;

/// The register of tenants, whose rows are no tenant's.
const REGISTER: &str = "log.tenant";
/// The policies of it: all of it is its owner's to know, and who one may be is one's own.
const OF_REGISTER: [(&str, &str); 2] = [
    ("own", "FOR SELECT USING (has_schema_privilege(session_user, to_regnamespace('tenant_' || tenant_id), 'USAGE'))"),
    (
        "register",
        "USING (pg_catalog.pg_has_role(\
         (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'log'), 'USAGE'))",
    ),
];
/// The policy of every other table: its rows are those of the session's tenant.
const OF_TENANT: (&str, &str) = (
    "tenant",
    "USING (tenant_id = (SELECT log.current_tenant())) WITH CHECK (tenant_id = (SELECT log.current_tenant()))",
);
/// The table that they are made on once more, so that the server says them in its own words.
const COMPARED: &str = "compared_policies";

/// Compares the policies of the log and of the register of builds with those that there are to be, and whether they
/// hold for everybody.
pub(super) async fn policies(
    conn: &mut PgConnection,
    made: &MigratedSchema,
    relations: &[CatalogRelation],
    found: &mut Vec<NamedFault>,
) -> Result<(), ReplayError> {
    let each =
        OF_REGISTER.iter().chain([&OF_TENANT]).map(|(name, is)| format!("CREATE POLICY {name} ON {COMPARED} {is};"));
    let sql = format!("CREATE TEMPORARY TABLE {COMPARED} (tenant_id integer); {}", each.collect::<String>());
    sqlx::raw_sql(&sql.replace(&format!("ON {COMPARED}"), &format!("ON pg_temp.{COMPARED}")))
        .execute(&mut *conn)
        .await?;
    let mut standing: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in sqlx::query_file!("sql/policies.sql").fetch_all(conn).await? {
        standing.entry(row.relation).or_default().insert(row.name, row.says);
    }
    let ours = standing.remove(COMPARED).unwrap_or_default();
    let mut fault = |name: String, reason: &str| found.push(NamedFault::of("policy", &name, reason));
    for table in &made.tables {
        let secured = relations.iter().find(|one| one.is(table)).is_none_or(|one| one.hides && one.forced);
        if !secured {
            fault(table.clone(), "row-level security is not in force there for everybody, the owner too");
        }
        let mut others = standing.remove(table).unwrap_or_default();
        let expected = if table == REGISTER { &OF_REGISTER[..] } else { std::slice::from_ref(&OF_TENANT) };
        for (name, _) in expected {
            match others.remove(*name) {
                None => fault(format!("{name} on {table}"), "it is not there"),
                Some(says) if ours.get(*name) != Some(&says) => {
                    fault(format!("{name} on {table}"), &format!("it is not the one that the migrations make: {says}"));
                }
                Some(_) => {}
            }
        }
        for (name, says) in others {
            fault(format!("{name} on {table}"), &format!("it is none of ours: {says}"));
        }
    }
    Ok(())
}
