//! Every table of the log, every verb, every way to say whose a session is.

use super::*;

/// SQLSTATE of a missing right: also that to be a tenant, and what a policy refuses.
const DENIED: &str = "42501";
/// SQLSTATE of what the log's triggers refuse.
const APPEND_ONLY: &str = "0A000";

/// A database with two tenants, each with rows in every table of its log, and a login with every right on the tables
/// that is only the first of them.
struct Two<'a> {
    owner: Login<'a>,
    guest: Login<'a>,
    tables: Vec<String>,
}

impl<'a> Two<'a> {
    async fn create(db: &'a Db) -> Self {
        let (owner, guest) = (Login::owner(db).await, Login::create(db, "guest").await);
        let one = owner.pool(TenantId::PUBLIC);
        ingest::migrate(&one).await.unwrap();
        make_second(&one).await;
        for (tenant, events) in [(TenantId::PUBLIC, 3), (second(), 5)] {
            let pool = owner.pool(tenant);
            let log = Log::new(pool.clone(), tenant);
            for n in 0..events {
                let keyed = crate::support::log::keyed(events::repo("a/b", n), &n.to_string());
                log.append(keyed, &context()).await.unwrap();
            }
            let more = "INSERT INTO log.checkpoint VALUES (0, sha256(''), 'note'); \
                        INSERT INTO log.outbox (append_id, events, leaf_hashes) \
                        VALUES (gen_random_uuid(), 1, sha256(''))";
            sqlx::raw_sql(more).execute(&pool).await.unwrap();
            pool.close().await;
        }
        let grants = format!(
            "GRANT USAGE ON SCHEMA log, tenant_1 TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA log TO {0}; \
             GRANT ALL ON ALL SEQUENCES IN SCHEMA log TO {0}; \
             REVOKE TRUNCATE ON ALL TABLES IN SCHEMA log FROM {0}",
            guest.name
        );
        sqlx::raw_sql(&grants).execute(&one).await.unwrap();
        one.close().await;
        let tables = "SELECT format('log.%I', relname) FROM pg_class \
                       WHERE relnamespace = 'log'::regnamespace AND relkind = 'r' AND relname <> 'tenant' ORDER BY 1";
        let tables = sqlx::query_scalar(tables).fetch_all(db.pool()).await.unwrap();
        assert_eq!(tables.len(), 9, "{tables:?}");
        Self { owner, guest, tables }
    }

    async fn end(self) {
        self.guest.drop().await;
        self.owner.drop().await;
    }
}

async fn set(conn: &mut PgConnection, tenant: Option<&str>) {
    match tenant {
        None => conn.execute("RESET pg_atlas.tenant").await.unwrap(),
        Some(tenant) => conn.execute(format!("SET pg_atlas.tenant = '{tenant}'").as_str()).await.unwrap(),
    };
}

/// SQLSTATE and words of a refusal.
fn refused<T>(what: &str, done: Result<T, sqlx::Error>) -> (String, String) {
    let Err(error) = done else { panic!("{what} was not refused") };
    let error = error.into_database_error().expect("an answer of the database");
    (error.code().unwrap_or_default().into_owned(), error.message().to_owned())
}

/// Lines that a COPY sends.
async fn copied(conn: &mut PgConnection, what: &str) -> Result<usize, sqlx::Error> {
    let mut rows = conn.copy_out_raw(&format!("COPY {what} TO STDOUT")).await?;
    let mut lines = 0;
    while let Some(bytes) = rows.next().await {
        lines += bytes?.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok(lines)
}

async fn rows(conn: &mut PgConnection, table: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(conn).await
}

#[tokio::test]
async fn a_session_that_is_no_tenant_of_its_own_sees_nothing_and_writes_nothing() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    let nobody = "this session names no tenant";
    let stranger = "no such tenant for this user";
    let guest =
        [(None, nobody), (Some(""), nobody), (Some("2"), stranger), (Some("3"), stranger), (Some("x"), stranger)];
    let owner = [(None, nobody), (Some(""), nobody), (Some("3"), stranger)];
    for (login, settings) in [(&two.guest, &guest[..]), (&two.owner, &owner[..])] {
        let mut conn = login.options().connect().await.unwrap();
        for (setting, words) in settings {
            // Changed in mid-session, with statements that are prepared.
            set(&mut conn, Some("1")).await;
            for table in &two.tables {
                rows(&mut conn, table).await.unwrap();
            }
            set(&mut conn, *setting).await;
            for table in &two.tables {
                let what = format!("{setting:?} on {table}");
                let expected = (DENIED.to_owned(), (*words).to_owned());
                assert_eq!(refused(&what, rows(&mut conn, table).await), expected, "{what}: SELECT");
                for verb in ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "INSERT INTO {} DEFAULT VALUES"] {
                    let done = conn.execute(verb.replace("{}", table).as_str()).await;
                    assert_eq!(refused(&what, done), expected, "{what}: {verb}");
                }
                assert_eq!(refused(&what, copied(&mut conn, table).await), expected, "{what}: COPY TO");
                let query = format!("(SELECT * FROM {table})");
                assert_eq!(refused(&what, copied(&mut conn, &query).await), expected, "{what}: COPY of a query");
                let done = conn.copy_in_raw(&format!("COPY {table} FROM STDIN")).await.map(drop);
                assert_eq!(refused(&what, done).0, "0A000", "{what}: COPY FROM");
            }
            assert_eq!(refused("the view", rows(&mut conn, "log.events").await).0, DENIED);
        }
        conn.close().await.unwrap();
    }
    two.end().await;
}

#[tokio::test]
async fn a_tenant_meets_its_own_rows_alone() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    for (login, tenant, other) in [(&two.guest, 1, 2), (&two.owner, 1, 2), (&two.owner, 2, 1)] {
        let mut conn = login.options().connect().await.unwrap();
        set(&mut conn, Some(&tenant.to_string())).await;
        for table in &two.tables {
            let what = format!("{tenant} on {table}");
            let of = |tenant: i32| format!("SELECT count(*) FROM {table} WHERE tenant_id = {tenant}");
            let held: i64 = sqlx::query_scalar(&of(tenant)).fetch_one(db.pool()).await.unwrap();
            let foreign: i64 = sqlx::query_scalar(&of(other)).fetch_one(db.pool()).await.unwrap();
            assert!(held > 0 && foreign > 0, "{what}");
            assert_eq!(rows(&mut conn, table).await.unwrap(), held, "{what}");
            assert_eq!(copied(&mut conn, table).await.unwrap() as i64, held, "{what}");
            // A row like its own, of the other.
            let like = format!(
                "INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(r) || \
                 jsonb_build_object('tenant_id', {other}))).* FROM {table} AS r LIMIT 1"
            );
            let (code, said) = refused(&what, conn.execute(like.as_str()).await);
            assert!(code == DENIED && said.contains("row-level security policy"), "{what}: {code} {said}");
            // Its own rows are given to nobody: the policy says so where no trigger of the log says it before.
            let given = conn.execute(format!("UPDATE {table} SET tenant_id = {other}").as_str()).await;
            assert!([DENIED, APPEND_ONLY].contains(&refused(&what, given).0.as_str()), "{what}");
            for verb in [format!("UPDATE {table} SET tenant_id = {tenant}"), format!("DELETE FROM {table}")] {
                let done = conn.execute(format!("{verb} WHERE tenant_id = {other}").as_str()).await.unwrap();
                assert_eq!(done.rows_affected(), 0, "{what}: {verb}");
            }
        }
        let events = rows(&mut conn, "log.event").await.unwrap();
        assert_eq!(rows(&mut conn, "log.events").await.unwrap(), events);
        conn.close().await.unwrap();
    }
    // A superuser passes every policy, and is nobody by default all the same.
    let mut conn = db.bare().connect().await.unwrap();
    let done = conn.execute("INSERT INTO log.append VALUES (gen_random_uuid(), 1, '{}', sha256(''), now())").await;
    assert_eq!(refused("a row of nobody", done).0, DENIED);
    assert_eq!(refused("the view", rows(&mut conn, "log.events").await).0, DENIED);
    two.end().await;
}

#[tokio::test]
async fn who_there_is_the_owner_alone_knows() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    let mut guest = two.guest.options().connect().await.unwrap();
    assert_eq!(rows(&mut guest, "log.tenant").await.unwrap(), 0);
    let done = guest.execute("INSERT INTO log.tenant VALUES (3, 'third')").await;
    assert_eq!(refused("a tenant", done).0, DENIED);
    let mut owner = two.owner.options().connect().await.unwrap();
    assert_eq!(rows(&mut owner, "log.tenant").await.unwrap(), 2);
    // The right to be a tenant ends at the next statement of a running session.
    set(&mut guest, Some("1")).await;
    assert_eq!(rows(&mut guest, "log.event").await.unwrap(), 3);
    owner.execute(format!("REVOKE USAGE ON SCHEMA tenant_1 FROM {}", two.guest.name).as_str()).await.unwrap();
    assert_eq!(refused("a right that was taken", rows(&mut guest, "log.event").await).0, DENIED);
    for conn in [guest, owner] {
        conn.close().await.unwrap();
    }
    two.end().await;
}

#[tokio::test]
async fn no_table_of_the_log_is_open() {
    let db = Db::create().await;
    let open = "SELECT count(*) FROM pg_class c WHERE relnamespace = 'log'::regnamespace AND relkind = 'r' \
                 AND NOT (relrowsecurity AND relforcerowsecurity \
                      AND 1 = (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid AND polpermissive))";
    assert_eq!(count(db.pool(), open).await, 0);
    let keys = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
                 WHERE c.relnamespace = 'log'::regnamespace AND c.relname <> 'tenant' AND i.indkey[0] <> \
                       (SELECT attnum FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id')";
    assert_eq!(count(db.pool(), keys).await, 0, "every key begins with the tenant");
    let views = "SELECT count(*) FROM pg_class WHERE relnamespace = 'log'::regnamespace AND relkind = 'v' \
                  AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'";
    assert_eq!(count(db.pool(), views).await, 0);
}
