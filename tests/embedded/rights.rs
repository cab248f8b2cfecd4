//! The embedded database works without a superuser: the program alone comes in, and is above nothing.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use ingest::roles::{ABOVE, ALL};
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use super::hands::{Hands, SUPERUSER, binaries};
use super::server::{BINARY, Data, Ping, cluster, data, refused};
use crate::support::earlier;

/// The role that the program logs in as.
const PROGRAM: &str = "atlas_program";
/// Who owns what is neither the server's own nor an extension's: each once.
const OWNERS: &str = "WITH made (oid, owner) AS ( \
     SELECT oid, nspowner FROM pg_namespace UNION ALL SELECT oid, proowner FROM pg_proc \
     UNION ALL SELECT oid, typowner FROM pg_type WHERE typtype IN ('d', 'e') \
     UNION ALL SELECT oid, relowner FROM pg_class WHERE relkind IN ('r', 'v', 'S')) \
    SELECT DISTINCT pg_get_userbyid(owner)::text FROM made \
     WHERE oid >= 16384 AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e') \
    UNION SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'pg_atlas' ORDER BY 1";

/// The program on a data folder.
fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG_ATLAS_") && name != "PG_ATLAS_PG_BIN") {
        command.env_remove(name);
    }
    command.env_remove("DATABASE_URL").env("PG_ATLAS_DATA_DIR", data).args(args);
    command
}

fn run(command: &mut Command) -> Value {
    let said = command.output().unwrap();
    assert!(said.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said.stderr));
    serde_json::from_slice(&said.stdout).unwrap()
}

fn come_in(server: &Ping, user: &str, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass().socket(&server.socket).username(user).database(database)
}

async fn is_let_in_nowhere(server: &Ping, user: &str) {
    for database in ["pg_atlas", "postgres", "template1"] {
        let refused = come_in(server, user, database).connect().await.unwrap_err();
        let code = refused.into_database_error().unwrap().code().unwrap().into_owned();
        assert_eq!(code, "28000", "{user} in {database}");
    }
}

async fn owners(conn: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(OWNERS).fetch_all(conn).await.unwrap()
}

/// The program alone comes in, owns all there is, and is above nothing.
async fn is_the_programs(server: &Ping) {
    for user in [SUPERUSER, "postgres", "atlas_backup", "atlas_auditor_all", "atlas_projector"] {
        is_let_in_nowhere(server, user).await;
    }
    let mut conn = come_in(server, PROGRAM, "pg_atlas").connect().await.unwrap();
    let flags = "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication FROM pg_roles \
                  WHERE rolname = current_user";
    assert!(!sqlx::query_scalar::<_, bool>(flags).fetch_one(&mut conn).await.unwrap());
    let owners = owners(&mut conn).await;
    assert!(owners.iter().all(|owner| owner == PROGRAM || owner == "atlas_projector"), "{owners:?}");
    for role in ALL.into_iter().chain(ABOVE) {
        let there = "SELECT rolbypassrls AND NOT rolcanlogin OR rolname <> ALL($2) AND NOT rolcanlogin FROM pg_roles \
                      WHERE rolname = $1 AND NOT rolsuper";
        let there = sqlx::query_scalar(there).bind(role).bind(&ABOVE[..]).fetch_optional(&mut conn).await.unwrap();
        assert_eq!(there, Some(true), "{role}");
    }
    for sql in [
        "CREATE ROLE intruder",
        "CREATE DATABASE intruder",
        "SET ROLE atlas",
        "SET SESSION AUTHORIZATION atlas",
        "ALTER ROLE atlas_program SUPERUSER",
        "SET session_replication_role = replica",
        "SELECT pg_read_file('pg_hba.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "LOAD 'auto_explain'",
        "ALTER SYSTEM SET fsync = off",
    ] {
        let refused = conn.execute(sql).await.expect_err(sql).into_database_error().unwrap();
        assert_eq!(refused.code().unwrap(), "42501", "{sql}: {refused}");
    }
    conn.close().await.unwrap();
}

#[tokio::test]
async fn the_program_alone_comes_in_and_is_above_nothing() {
    let data = Data::empty();
    let server = Ping::hold(data.path());
    is_the_programs(&server).await;
    run(&mut command(data.path(), &["demo"]));
    run(&mut command(data.path(), &["tenant", "create", "acme"]));
    let granted = run(&mut command(data.path(), &["migrate", "--roles"]));
    assert_eq!(granted["roles"].as_array().unwrap().len(), ALL.len() + ABOVE.len());
    run(&mut command(data.path(), &["rebuild", "--promote"]));
    run(&mut command(data.path(), &["project"]));
    let checks = run(&mut command(data.path(), &["doctor"]))["checks"].clone();
    let session = checks.as_array().unwrap().iter().find(|check| check["name"] == "session").unwrap();
    assert_eq!(session["detail"], format!("works as {PROGRAM}, for whom policies hold"));
    is_the_programs(&server).await;
    // Policies hold, and whoever dumps all of it says so first.
    let mut conn = come_in(&server, PROGRAM, "pg_atlas").connect().await.unwrap();
    assert!(conn.execute("SELECT FROM log.event").await.is_err(), "of no tenant");
    conn.execute("SET ROLE atlas_backup").await.unwrap();
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM log.event").fetch_one(&mut conn).await.unwrap();
    assert!(events > 50, "{events}");
    conn.close().await.unwrap();
    server.stop();
}

#[tokio::test]
async fn what_a_server_lacks_is_left_out_and_said() {
    let data = data();
    let hands = Hands::on(&data);
    hands.single("postgres", &["DROP ROLE atlas_auditor_all", "DROP ROLE atlas_backup"]);
    let said = command(data.path(), &["migrate", "--roles"]).output().unwrap();
    let warned = String::from_utf8_lossy(&said.stderr).into_owned();
    let expected = "warning: atlas_auditor_all and atlas_backup not made: that takes a login which may make roles";
    assert!(said.status.success() && warned.contains(expected), "{warned}");
    let granted: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(granted["roles"], serde_json::json!(ALL));
}

#[test]
fn it_is_measured_on_a_private_server_that_goes_away() {
    let (data, temporary) = (Data::empty(), tempfile::tempdir().unwrap());
    let small = ["bench", "replay", "--repos", "20", "--edges", "50", "--events", "100"];
    let report = run(command(data.path(), &small).env("TMPDIR", temporary.path()));
    assert_eq!(report["work"], "replay");
    assert!(fs::read_dir(data.path()).unwrap().next().is_none(), "the data folder is as it was");
    assert!(fs::read_dir(temporary.path()).unwrap().next().is_none(), "nothing stays behind");
}

/// A data folder as an early program left it, where the superuser did all the work; with the kinds of events.
async fn of_an_early_program() -> (Data, u64) {
    let data = Data::empty();
    let hands = Hands::initialise(&data);
    let served = hands.serve();
    let mut admin = served.options(SUPERUSER, "postgres").connect().await.unwrap();
    admin.execute("CREATE DATABASE pg_atlas").await.unwrap();
    admin.close().await.unwrap();
    let pool = ingest::connect(served.options(SUPERUSER, "pg_atlas"));
    earlier::migrate(&pool).await;
    let events = earlier::fill(&pool, "kinds").await;
    // What its owner has put beside the log is his as well.
    let own = "CREATE TYPE public.mood AS ENUM ('good'); CREATE VIEW public.mine AS SELECT 'good'::public.mood AS mood; \
               CREATE FUNCTION public.own() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE public.own_number; \
               CREATE SCHEMA own; CREATE TABLE own.\"a table\" (id serial); CREATE EXTENSION IF NOT EXISTS pg_trgm";
    sqlx::raw_sql(own).execute(&pool).await.unwrap();
    pool.close().await;
    drop(served);
    (data, events)
}

/// What such a folder gives, and that it is the program's.
async fn is_handed_over(data: &Data, events: u64) {
    let server = Ping::hold(data.path());
    let migrated = run(&mut command(data.path(), &["project"]));
    assert_eq!(migrated["head"], events);
    is_the_programs(&server).await;
    let mut conn = come_in(&server, PROGRAM, "pg_atlas").connect().await.unwrap();
    assert_eq!(owners(&mut conn).await.last().map(String::as_str), Some(PROGRAM));
    conn.execute("ALTER TABLE own.\"a table\" ADD COLUMN more int; DROP VIEW public.mine").await.unwrap();
    conn.execute("CREATE VIEW public.mine AS SELECT 'good'::public.mood AS mood").await.unwrap();
    conn.close().await.unwrap();
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_an_early_program_is_handed_over_and_gives_what_it_gave() {
    let (data, events) = of_an_early_program().await;
    is_handed_over(&data, events).await;
    let access = cluster(data.path()).join("pg_hba.conf");
    let written = fs::metadata(&access).unwrap().ino();
    let kept = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/kinds/digests.txt")).unwrap();
    let replayed = run(&mut command(data.path(), &["replay"]));
    let [digest, state] = ["digest", "state_digest"].map(|field| replayed[field].as_str().unwrap().to_owned());
    let line = format!("{events} {}* {digest} {state}", replayed["formula"].as_str().unwrap());
    assert!(kept.lines().any(|kept| kept == line), "{line} is not in\n{kept}");
    assert_eq!(run(&mut command(data.path(), &["replay", "--verify"]))["verified"], true);
    let verified = run(&mut command(data.path(), &["audit", "verify", "--allow-unprovable"]));
    assert_eq!(verified["ok"], true, "{verified}");
    // Once: nothing of it is done again.
    assert_eq!(fs::metadata(&access).unwrap().ino(), written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handing_over_that_is_killed_anywhere_is_resumed() {
    let (early, events) = of_an_early_program().await;
    let real = binaries(None);
    // Before, in the middle of, and after each of the two runs of the superuser.
    for (run, moment) in [(1, "before"), (1, "during"), (1, "after"), (2, "before"), (2, "during"), (2, "after")] {
        let (data, bin) = (Data::empty(), tempfile::tempdir().unwrap());
        let copied = Command::new("cp").arg("-a").arg(early.path().join("postgres")).arg(data.path()).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(bin.path(), Permissions::from_mode(0o777)).unwrap();
        let script = KILLING.replace("REAL", real.to_str().unwrap()).replace("BIN", bin.path().to_str().unwrap());
        let script = script.replace("RUN", &format!("{run}")).replace("MOMENT", moment);
        fs::write(bin.path().join("postgres"), script).unwrap();
        fs::write(bin.path().join("initdb"), "#!/bin/sh\nexit 1\n").unwrap();
        for program in ["postgres", "initdb"] {
            fs::set_permissions(bin.path().join(program), Permissions::from_mode(0o755)).unwrap();
        }
        let mut killed = super::server::command(data.path());
        let killed = killed.env("PG_ATLAS_PG_BIN", bin.path()).output().unwrap();
        assert!(killed.status.success(), "{run} {moment}: {}", String::from_utf8_lossy(&killed.stderr));
        assert!(bin.path().join("killed").exists(), "{run} {moment}");
        is_handed_over(&data, events).await;
    }
}

/// A server's binary at whose RUNth run as the superuser whoever started it is killed, at some MOMENT.
const KILLING: &str = "#!/bin/sh
[ \"$1\" = --single ] || exec REAL/postgres \"$@\"
runs=$(($(cat BIN/runs 2>/dev/null || echo 0) + 1))
echo $runs > BIN/runs
[ $runs = RUN ] || exec REAL/postgres \"$@\"
cat > BIN/statements
case MOMENT in
  during) # All is done, and nothing is flushed but the log of it.
    printf 'COPY (SELECT 1) TO PROGRAM $$touch BIN/done; sleep 20$$;\\n\\n' >> BIN/statements
    REAL/postgres \"$@\" < BIN/statements > /dev/null 2>&1 &
    while ! [ -e BIN/done ]; do sleep 0.02; done
    kill -9 $! ;;
  after) REAL/postgres \"$@\" < BIN/statements > /dev/null 2>&1 ;;
esac
touch BIN/killed
kill -9 $PPID
exit 1
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_an_early_program_is_at_work_the_folder_is_not_handed_over() {
    let (data, events) = of_an_early_program().await;
    let path = cluster(data.path());
    // A server whose supervisor lives and that knows no role but its superuser's.
    let hands = Hands::on(&data);
    let lock = fs::OpenOptions::new().create(true).append(true).open(data.path().join("postgres/supervisor.lock"));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    let served = hands.serve();
    let error = refused(&mut super::server::command(data.path()));
    assert!(error.contains("is in use by an earlier version of pg-atlas"), "{error}");
    let access = fs::read_to_string(path.join("pg_hba.conf")).unwrap();
    assert!(!access.contains(PROGRAM), "nothing is changed");
    drop(served);
    lock.unlock().unwrap();
    is_handed_over(&data, events).await;
}
