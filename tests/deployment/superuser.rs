//! A server given by a superuser's URL: the program works as somebody who is none.

use std::sync::Arc;

use pg_atlas::service::watch::Unwatched;
use pg_atlas::service::{Deps, Settings};
use serde_json::Value;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};

use crate::support::cli::{Place, ended};
use crate::support::log::{append, check, count};
use crate::support::wait::until;
use crate::support::{Db, events, live};

/// The role that is made.
const OWNER: &str = "atlas_owner";
/// Who owns what, of all that the program makes in a database: each once.
const OWNERS: &str = "WITH place AS (SELECT oid, nspname, nspowner FROM pg_namespace \
     WHERE nspname IN ('log', 'atlas') OR nspname ~ '^(build|tenant)_[0-9]+$') \
    SELECT DISTINCT pg_get_userbyid(owner)::text FROM ( \
     SELECT nspowner FROM place UNION SELECT relowner FROM pg_class WHERE relnamespace IN (SELECT oid FROM place) \
     UNION SELECT proowner FROM pg_proc WHERE pronamespace IN (SELECT oid FROM place) \
     UNION SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')) \
    AS owned (owner) ORDER BY 1";

async fn owners(db: &Db) -> Vec<String> {
    sqlx::query_scalar(OWNERS).fetch_all(db.pool()).await.unwrap()
}

/// What the doctor says of who works here.
fn session(place: &Place, url: &str) -> (bool, String) {
    let mut doctor = place.command(&["doctor"]);
    let said = doctor.env("DATABASE_URL", url).output().unwrap();
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    let check = said["checks"].as_array().unwrap().iter().find(|check| check["name"] == "session").unwrap();
    (check["ok"].as_bool().unwrap(), check["detail"].as_str().unwrap().to_owned())
}

fn url(db: &Db) -> String {
    db.bare().to_url_lossy().to_string()
}

/// As whom a connection works, and whether policies hold for it.
async fn works_as(conn: &mut PgConnection) -> (String, bool) {
    let asked = "SELECT current_user::text, row_security_active('log.event')";
    sqlx::query_as(asked).fetch_one(conn).await.unwrap()
}

#[tokio::test]
async fn every_connection_of_a_superusers_url_works_as_an_ordinary_owner() {
    let place = Place::new().await;
    let login: String = sqlx::query_scalar("SELECT session_user::text").fetch_one(place.db.pool()).await.unwrap();
    let (ok, said) = session(&place, &url(&place.db));
    assert!(ok && said.contains(&format!("none yet: {login} is a superuser")) && said.contains(OWNER), "{said}");
    let nothing = "SELECT count(*) FROM pg_database d, aclexplode(d.datacl) a \
                    WHERE datname = current_database() AND a.grantee = to_regrole('atlas_owner')::oid";
    assert_eq!(count(place.db.pool(), nothing).await, 0, "the doctor makes nothing");

    let settings = Settings { database_url: Some(url(&place.db)), data_dir: Some(place.data()), ..Settings::default() };
    let deps = Deps::open(&settings, Arc::new(Unwatched)).unwrap();
    let expected = (OWNER.to_owned(), true);
    let log = deps.log().await.unwrap();
    assert_eq!(works_as(&mut log.pool().acquire().await.unwrap()).await, expected);
    let mut again = log.pool().acquire().await.unwrap();
    assert_eq!(works_as(&mut deps.write().await.unwrap()).await, expected);
    assert_eq!(works_as(&mut deps.read_long().await.unwrap()).await, expected);
    let mut read = deps.read().await.unwrap();
    assert_eq!(works_as(&mut read).await, expected);
    // What a transaction or somebody else's habit takes back is that role again.
    for sql in ["BEGIN; SET LOCAL ROLE pg_monitor; COMMIT", "SET ROLE pg_monitor; RESET ROLE"] {
        sqlx::raw_sql(sql).execute(&mut *read).await.unwrap();
        assert_eq!(works_as(&mut read).await, expected, "{sql}");
    }
    assert_eq!(works_as(&mut again).await, expected);
    drop((again, read));
    deps.close().await;

    place.run(&["demo"]);
    check(place.db.pool()).await;
    place.run(&["tenant", "create", "acme"]);
    assert_eq!(owners(&place.db).await, [OWNER]);
    place.run(&["migrate", "--roles"]);
    place.run(&["rebuild", "--promote"]);
    assert_eq!(owners(&place.db).await, [OWNER, "atlas_projector"]);
    let may = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcanlogin OR rolreplication \
                 FROM pg_roles WHERE rolname = 'atlas_owner'";
    assert!(!sqlx::query_scalar::<_, bool>(may).fetch_one(place.db.pool()).await.unwrap());
    let (ok, said) = session(&place, &url(&place.db));
    assert!(ok && said == format!("{login} logs in, and works as {OWNER}, for whom policies hold"), "{said}");
    place.run(&["project"]);
    place.run(&["doctor"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_a_superuser_made_changes_hands_once_and_is_the_same() {
    let place = Place::of(Db::create().await);
    let db = &place.db;
    for n in 0..5 {
        append(&db.log(), events::repo("a/b", n)).await;
    }
    let mut conn = db.options().connect().await.unwrap();
    live::to_head(&mut conn, &mut |_| {}).await.unwrap();
    // What is somebody else's stays his, and so does what is not of the log.
    db.pool().execute("CREATE TABLE public.mine (); CREATE SCHEMA elsewhere; CREATE TABLE log.odd ()").await.unwrap();
    db.pool().execute("ALTER TABLE log.odd OWNER TO pg_monitor").await.unwrap();
    let login: String = sqlx::query_scalar("SELECT session_user::text").fetch_one(db.pool()).await.unwrap();
    let before = check(db.pool()).await.len();
    let (ok, said) = session(&place, &url(db));
    assert!(ok && said.starts_with("none yet"), "{said}");
    assert_eq!(owners(db).await, [login.as_str(), "pg_monitor"], "the doctor makes nothing");

    // Many at once are told once each at most, and all of them get their answer.
    let asked: Vec<_> = (0..6).map(|_| place.command(&["status"]).spawn().unwrap()).collect();
    let said: Vec<_> = asked.into_iter().map(|asked| asked.wait_with_output().unwrap()).collect();
    assert!(said.iter().all(|said| said.status.success()), "{said:?}");
    let told = format!("{login} is a superuser: the log belongs to the role {OWNER} now, as which this program works");
    assert!(said.iter().any(|said| String::from_utf8_lossy(&said.stderr).contains(&told)), "{said:?}");
    assert_eq!(place.ends(0, &["status"]).stderr, "");
    let mut expected = vec![OWNER.to_owned(), login.clone(), "pg_monitor".to_owned()];
    expected.sort();
    assert_eq!(owners(db).await, expected, "all but `public.mine` and `log.odd`");
    let left = "SELECT count(*) FROM pg_class WHERE relname = 'mine' AND relowner = session_user::regrole \
                 UNION ALL SELECT count(*) FROM pg_namespace \
                            WHERE nspname = 'elsewhere' AND nspowner = session_user::regrole";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_all(db.pool()).await.unwrap(), [1, 1]);
    db.pool().execute("DROP TABLE log.odd, public.mine").await.unwrap();
    assert_eq!(check(db.pool()).await.len(), before);
    assert_eq!(place.run(&["replay", "--verify"])["verified"], true);
    assert_eq!(place.run(&["rebuild", "--promote"])["equal_to_live"], true);
    assert_eq!(owners(db).await, [OWNER]);
    // What a superuser makes there afterwards is given as well.
    db.pool().execute("CREATE OR REPLACE VIEW log.later AS SELECT 1").await.unwrap();
    assert_eq!(place.ends(0, &["status"]).stderr, "");
    assert_eq!(owners(db).await, [OWNER]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_at_work_on_a_log_that_changes_hands_is_not_ended() {
    let place = Place::of(Db::create().await);
    let pool = place.db.pool();
    append(&place.db.log(), events::repo("a/b", 1)).await;
    // A transaction at work: what it holds comes late among what is given, and what it wants next comes before.
    let mut at_work = pool.begin().await.unwrap();
    let last =
        "SELECT max(oid)::regclass::text FROM pg_class WHERE relnamespace = 'log'::regnamespace AND relkind = 'r'";
    let last: String = sqlx::query_scalar(last).fetch_one(&mut *at_work).await.unwrap();
    at_work.execute(format!("LOCK TABLE {last} IN ROW EXCLUSIVE MODE").as_str()).await.unwrap();
    let asked = place.command(&["status"]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' \
                  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until(pool, "it is to change hands", waits, 1).await;
    for table in ["log.stream", "log.event", "log.append", "log.outbox", "log.head"] {
        at_work.execute(format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE").as_str()).await.unwrap();
    }
    at_work.commit().await.unwrap();
    assert!(asked.wait_with_output().unwrap().status.success());
    assert_eq!(owners(&place.db).await, [OWNER]);
}

#[tokio::test]
async fn what_is_somebody_elses_and_only_called_so_stays_his() {
    let place = Place::new().await;
    let foreign = "CREATE TABLE public.projects (id int); CREATE SCHEMA build_7; CREATE TABLE build_7.part ()";
    place.db.pool().execute(foreign).await.unwrap();
    place.ends(0, &["migrate"]);
    let owned = "SELECT count(*) FROM pg_class WHERE oid = ANY(ARRAY['public.projects', 'build_7.part']::regclass[]) \
                  AND relowner = session_user::regrole";
    assert_eq!(count(place.db.pool(), owned).await, 2);
    // Its table stays so when there is a log; schemas of these names are the log's from then on.
    place.ends(0, &["status"]);
    let owned = "SELECT count(*) FROM pg_class WHERE oid = 'public.projects'::regclass \
                  AND relowner = session_user::regrole";
    assert_eq!(count(place.db.pool(), owned).await, 1);
}

#[tokio::test]
async fn a_superuser_works_as_the_owner_that_the_log_has() {
    let place = Place::new().await;
    let name = format!("atlas test \\ {}", uuid::Uuid::now_v7().simple());
    let pool = place.db.pool();
    pool.execute(format!("CREATE ROLE \"{name}\"; GRANT ALL ON SCHEMA public TO \"{name}\"").as_str()).await.unwrap();
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(pool).await.unwrap();
    pool.execute(format!("GRANT CREATE ON DATABASE {database} TO \"{name}\"").as_str()).await.unwrap();
    let mut conn = place.db.options().connect().await.unwrap();
    conn.execute(format!("SET ROLE \"{name}\"").as_str()).await.unwrap();
    ingest::migrate::MIGRATOR.run_direct(&mut conn).await.unwrap();
    place.run(&["demo"]);
    assert_eq!(owners(&place.db).await, [name.as_str()]);
    let (ok, said) = session(&place, &url(&place.db));
    assert!(ok && said.contains(&format!("works as {name}, for whom policies hold")), "{said}");
    let gone = format!("REASSIGN OWNED BY \"{name}\" TO CURRENT_USER; DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"");
    sqlx::raw_sql(&gone).execute(pool).await.unwrap();
}

#[tokio::test]
async fn a_login_above_policies_that_can_be_nobody_else_is_named() {
    let place = Place::new().await;
    place.run(&["demo"]);
    let name = format!("atlas_test_above_{}", uuid::Uuid::now_v7().simple());
    let made = format!("CREATE ROLE {name} LOGIN BYPASSRLS PASSWORD 'secret'");
    place.db.pool().execute(made.as_str()).await.unwrap();
    let theirs = place.db.bare().username(&name).password("secret").to_url_lossy().to_string();
    let (ok, said) = session(&place, &theirs);
    assert!(!ok && said.starts_with(&format!("{name} is above policies")), "{said}");
    let mut doctor = place.command(&["doctor"]);
    doctor.env("DATABASE_URL", &theirs);
    ended(1, doctor);
    // As a member of the owner it is the owner.
    place.db.pool().execute(format!("GRANT {OWNER} TO {name}").as_str()).await.unwrap();
    let (ok, said) = session(&place, &theirs);
    assert!(ok && said == format!("{name} logs in, and works as {OWNER}, for whom policies hold"), "{said}");
    place.db.pool().execute(format!("DROP ROLE {name}").as_str()).await.unwrap();
}

#[tokio::test]
async fn a_role_above_policies_becomes_no_owner_and_stays_what_it_is() {
    let db = Db::create().await;
    let name = format!("atlas_test_above_{}", uuid::Uuid::now_v7().simple());
    for above in ["SUPERUSER", "BYPASSRLS"] {
        db.pool().execute(format!("CREATE ROLE {name} {above}").as_str()).await.unwrap();
        let mut transaction = db.pool().begin().await.unwrap();
        let due = "SELECT set_config('pg_atlas.owner', $1, true)";
        sqlx::query(due).bind(&name).execute(&mut *transaction).await.unwrap();
        let refused = transaction.execute(include_str!("../../src/owner/make.sql")).await.unwrap_err().to_string();
        assert!(refused.contains(&format!("the role {name} is above policies")), "{refused}");
        transaction.rollback().await.unwrap();
        let above = format!("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = '{name}'");
        assert!(sqlx::query_scalar::<_, bool>(&above).fetch_one(db.pool()).await.unwrap());
        db.pool().execute(format!("DROP ROLE {name}").as_str()).await.unwrap();
    }
}
