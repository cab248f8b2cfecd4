//! The roles above policies: who reads every tenant, and who dumps them all.

use std::process::Command;

use ingest::roles::{ABOVE, AUDITOR_ALL, BACKUP};

use super::commands::{Atlas, demo};
use super::wall::{DENIED, Two, rows};
use super::*;

/// A login in one of them.
async fn member<'a>(db: &'a Db, role: &str) -> Login<'a> {
    let login = Login::create(db, "above").await;
    db.pool().execute(format!("GRANT {role} TO {}", login.name).as_str()).await.unwrap();
    login
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_audits_all_tenants_reads_every_table_of_each_and_changes_nothing() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    let granted = ingest::roles::grant(db.pool()).await.unwrap();
    assert!(ABOVE.iter().all(|role| granted.contains(role)), "{granted:?}");
    let login = member(&db, AUDITOR_ALL).await;
    let mut conn = login.options().options([TenantId::PUBLIC.setting()]).connect().await.unwrap();
    for acting in [None, Some(AUDITOR_ALL)] {
        if let Some(role) = acting {
            conn.execute(format!("SET ROLE {role}").as_str()).await.unwrap();
        }
        for table in &two.tables {
            let held = format!("SELECT count(*) FROM {table} WHERE tenant_id = 1");
            let all = format!("SELECT count(*) FROM {table}");
            let [public, both] = [count_of(&db, &held).await, count_of(&db, &all).await];
            assert!(public > 0 && public < both, "{table}");
            // A member is above policies only where it says so.
            let seen = rows(&mut conn, table).await.unwrap();
            assert_eq!(seen, if acting.is_some() { both } else { public }, "{table} as {acting:?}");
            for verb in
                ["INSERT INTO {} DEFAULT VALUES", "UPDATE {} SET tenant_id = 1", "DELETE FROM {}", "TRUNCATE {}"]
            {
                let done = conn.execute(verb.replace("{}", table).as_str()).await.unwrap_err();
                let code = done.into_database_error().unwrap().code().unwrap().into_owned();
                assert_eq!(code, DENIED, "{verb} {table}");
            }
        }
    }
    conn.close().await.unwrap();
    login.drop().await;
    two.end().await;
}

async fn count_of(db: &Db, sql: &str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db.pool()).await.unwrap()
}

/// A database with facts, builds and a publication of two tenants.
async fn peopled() -> Place {
    let place = Place::new().await;
    let atlas = Atlas::of(&place, &place.db.bare());
    atlas.run("public", &["tenant", "create", "acme"]);
    let sbom = ["ingest", "sbom", &demo("sbom/js-xdr.json"), "--repo", "pkg:github/stellar/js-xdr"];
    for (name, fact) in [("public", &["ingest", "survey", &demo("survey.csv")][..]), ("acme", &sbom)] {
        atlas.run(name, fact);
        atlas.run(name, &["project"]);
        atlas.run(name, &["publish", "--label", "first"]);
        atlas.run(name, &["project"]);
    }
    atlas.run("public", &["migrate", "--roles"]);
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_login_verifies_every_tenant() {
    let place = peopled().await;
    let login = member(&place.db, AUDITOR_ALL).await;
    let atlas = Atlas::of(&place, &login.options());
    for name in ["public", "acme"] {
        let said = atlas.run(name, &["audit", "verify"]);
        assert_eq!((&said["ok"], said["publications"].as_array().unwrap().len()), (&true.into(), 1), "{said}");
        assert_eq!(atlas.run(name, &["replay", "--verify", "--label", "first"])["verified"], true);
        let repo = ["ingest", "repo", &demo("repo/js-xdr.json"), "--repo", "pkg:github/o/new"];
        for args in [&repo[..], &["publish", "--label", "second"]] {
            let said = atlas.ends(name, 2, args).stderr;
            assert!(said.contains("permission denied"), "{args:?}: {said}");
        }
    }
    login.drop().await;
}

/// A program of PostgreSQL, as a login.
fn postgres(login: &Login<'_>, db: &Db, program: &str, args: &[&str]) -> Result<(), String> {
    let options = db.bare();
    let host = options.get_socket().map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
    let mut command = Command::new(program);
    command.args(["--host", &host, "--port", &options.get_port().to_string(), "--username", &login.name]);
    command.args(args).arg(format!("--dbname={}", options.get_database().unwrap())).env("PGPASSWORD", "secret");
    let ran = command.output().unwrap();
    if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_the_backup_role_holds_every_tenant_and_is_put_back_by_an_ordinary_owner() {
    let one = peopled().await;
    let dump = one.path("atlas.dump").to_str().unwrap().to_owned();
    let args = ["--format=custom", "--file", &dump];
    let dumping = member(&one.db, BACKUP).await;
    let policed = postgres(&dumping, &one.db, "pg_dump", &args).unwrap_err();
    assert!(policed.contains("row-level security"), "{policed}");
    postgres(&dumping, &one.db, "pg_dump", &[&args[..], &["--role", BACKUP]].concat()).unwrap();

    let two = Place::new().await;
    let owner = Login::owner(&two.db).await;
    postgres(&owner, &two.db, "pg_restore", &["--exit-on-error", "--no-owner", "--no-privileges", &dump]).unwrap();
    let copied = Command::new("cp").arg("-R").arg(one.data()).arg(two.data()).status().unwrap();
    assert!(copied.success());
    let (before, after) = (Atlas::of(&one, &one.db.bare()), Atlas::of(&two, &owner.options()));
    for name in ["public", "acme"] {
        for question in [&["events"][..], &["scores"], &["edges"]] {
            assert_eq!(after.ends(name, 0, question).stdout, before.ends(name, 0, question).stdout, "{question:?}");
        }
        assert_eq!(after.run(name, &["audit", "verify"])["ok"], true);
        assert_eq!(after.run(name, &["publish", "--label", "restored"])["label"], "restored");
    }
    let listed = after.run("public", &["tenant", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2, "{listed}");
    owner.drop().await;
    dumping.drop().await;
}
