//! What the doctor says where the wall between tenants has a hole.

use serde_json::Value;

use super::commands::{Atlas, demo};
use super::*;

/// What is made wrong, what is said of it, and how it is put right again.
const WRONG: [(&str, &str, &str); 13] = [
    (
        "ALTER TABLE log.event DISABLE ROW LEVEL SECURITY",
        "table log.event has no row-level security",
        "ALTER TABLE log.event ENABLE ROW LEVEL SECURITY",
    ),
    (
        "ALTER TABLE atlas.person NO FORCE ROW LEVEL SECURITY",
        "table atlas.person does not force its policy on its owner",
        "ALTER TABLE atlas.person FORCE ROW LEVEL SECURITY",
    ),
    (
        "CREATE POLICY open ON log.append USING (true)",
        "table log.append has the policies {open, tenant} where {tenant} belong",
        "DROP POLICY open ON log.append",
    ),
    (
        "ALTER POLICY tenant ON log.stream RENAME TO other",
        "table log.stream has the policies {other} where {tenant} belong",
        "ALTER POLICY other ON log.stream RENAME TO tenant",
    ),
    (
        "CREATE POLICY everybody ON log.tenant FOR SELECT USING (true)",
        "table log.tenant has the policies {everybody, own, register} where {own, register} belong",
        "DROP POLICY everybody ON log.tenant",
    ),
    ("CREATE TABLE log.more ()", "table log.more has the policies {} where {tenant} belong", "DROP TABLE log.more"),
    (
        "ALTER VIEW log.events SET (security_invoker = false)",
        "view log.events shows what its owner may see",
        "ALTER VIEW log.events SET (security_invoker = true)",
    ),
    (
        "ALTER VIEW public.projects RESET (security_invoker)",
        "view public.projects shows what its owner may see",
        "ALTER VIEW public.projects SET (security_invoker = true)",
    ),
    (
        "ALTER VIEW tenant_2.repos SET (security_invoker = off)",
        "view tenant_2.repos shows what its owner may see",
        "ALTER VIEW tenant_2.repos SET (security_invoker = on)",
    ),
    (
        "CREATE VIEW public.indirect AS SELECT * FROM public.repos",
        "view public.indirect shows what its owner may see",
        "DROP VIEW public.indirect",
    ),
    ("CREATE SCHEMA tenant_3", "schema tenant_3 is of no tenant", "DROP SCHEMA tenant_3"),
    (
        "ALTER SCHEMA tenant_2 OWNER TO pg_monitor",
        "schema tenant_2 belongs to pg_monitor and not to the owner of the log",
        "DO $$ BEGIN EXECUTE format('ALTER SCHEMA tenant_2 OWNER TO %s', (SELECT nspowner::regrole FROM pg_namespace \
          WHERE nspname = 'log')); END $$",
    ),
    (
        "ALTER SCHEMA tenant_2 RENAME TO moved",
        "tenant acme has no schema tenant_2",
        "ALTER SCHEMA moved RENAME TO tenant_2",
    ),
];

/// Whether the doctor minds how tenants are kept apart, and what he says of it.
fn walls(atlas: &Atlas<'_>) -> (bool, String) {
    let said = atlas.command("public", &["doctor"]).output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    let check = said["checks"].as_array().unwrap().iter().find(|check| check["name"] == "tenants").unwrap();
    (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_hole_in_the_wall_is_named() {
    let place = Place::new().await;
    let atlas = Atlas::of(&place, &place.db.bare());
    atlas.run("public", &["tenant", "create", "acme"]);
    for name in ["public", "acme"] {
        atlas.run(name, &["ingest", "survey", &demo("survey.csv")]);
        atlas.run(name, &["project"]);
    }
    let well = walls(&atlas);
    assert!(well.0, "{well:?}");
    for (wrong, named, right) in WRONG {
        place.db.pool().execute(wrong).await.unwrap();
        let (ok, said) = walls(&atlas);
        assert!(!ok && said.contains(named), "{wrong}: {said}");
        place.db.pool().execute(right).await.unwrap();
        assert_eq!(walls(&atlas), well, "{right}");
    }
    // All at once are all named.
    for (wrong, ..) in WRONG {
        place.db.pool().execute(wrong).await.unwrap();
    }
    let (ok, said) = walls(&atlas);
    let (renamed, others): (Vec<_>, Vec<_>) = WRONG.into_iter().partition(|(_, named, _)| named.contains("tenant_2"));
    assert!(!ok && others.iter().all(|(_, named, _)| said.contains(named)), "{said}");
    assert!(renamed.iter().any(|(_, named, _)| said.contains(named)), "{said}");
}

#[tokio::test]
async fn who_is_not_the_owner_is_told_nothing_of_other_tenants() {
    let place = Place::new().await;
    let atlas = Atlas::of(&place, &place.db.bare());
    atlas.run("public", &["tenant", "create", "acme"]);
    atlas.run("public", &["migrate", "--roles"]);
    let reader = Login::create(&place.db, "reader").await;
    place.db.pool().execute(format!("GRANT atlas_reader TO {}", reader.name).as_str()).await.unwrap();
    place.db.pool().execute("CREATE SCHEMA tenant_3 AUTHORIZATION atlas_owner").await.unwrap();
    let (ok, said) = walls(&Atlas::of(&place, &reader.options()));
    assert!(ok && !said.contains("acme") && !said.contains("tenant_"), "{said}");
    assert!(!walls(&atlas).0);
    reader.drop().await;
}
