//! Every table of `log` and `atlas`, every verb, every way to say whose a session is.

use futures_util::StreamExt as _;

use super::*;

/// SQLSTATE of a missing right: also that to be a tenant, and what a policy refuses.
pub(super) const DENIED: &str = "42501";
/// SQLSTATE of what the log's triggers refuse.
const APPEND_ONLY: &str = "0A000";

/// A database with two tenants, each with rows in every table of its log, and a login with every right on the tables
/// that is only the first of them.
pub(super) struct Two<'a> {
    pub(super) owner: Login<'a>,
    pub(super) guest: Login<'a>,
    pub(super) tables: Vec<String>,
}

impl<'a> Two<'a> {
    pub(super) async fn create(db: &'a Db) -> Self {
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
            let mut conn = owner.options().options([tenant.setting()]).connect().await.unwrap();
            crate::support::live::to_head(&mut conn, &mut |_| {}).await.unwrap();
            conn.execute("INSERT INTO atlas.person VALUES (sha256('ann'), 'Ann')").await.unwrap();
            let beside = "INSERT INTO atlas.submission (outcome, repository, actor, content_hash, reason) \
                          VALUES ('failed', 'a/b', 'ann', sha256('x'), 'no document'); \
                          INSERT INTO atlas.api_key (id, digest, kinds, repos, name) \
                          VALUES ('0123456789abcdef', sha256('x'), '{sbom}', '{*}', 'nightly')";
            sqlx::raw_sql(beside).execute(&mut conn).await.unwrap();
            conn.close().await.unwrap();
            pool.close().await;
        }
        let grants = format!(
            "GRANT USAGE ON SCHEMA log, atlas, tenant_1 TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA log, atlas TO {0}; \
             GRANT ALL ON ALL SEQUENCES IN SCHEMA log, atlas TO {0}; \
             REVOKE TRUNCATE ON ALL TABLES IN SCHEMA log, atlas FROM {0}",
            guest.name
        );
        sqlx::raw_sql(&grants).execute(&one).await.unwrap();
        one.close().await;
        let tables = tables(db).await;
        Self { owner, guest, tables }
    }

    pub(super) async fn end(self) {
        self.guest.drop().await;
        self.owner.drop().await;
    }
}

/// The tables that hold rows of tenants.
pub(super) async fn tables(db: &Db) -> Vec<String> {
    let tables = "SELECT format('%s.%I', relnamespace::regnamespace, relname) FROM pg_class \
                   WHERE relnamespace IN ('log'::regnamespace, 'atlas'::regnamespace) AND relkind = 'r' \
                     AND relname <> 'tenant' ORDER BY 1";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(db.pool()).await.unwrap();
    assert_eq!(tables.len(), 15, "{tables:?}");
    tables
}

pub(super) async fn set(conn: &mut PgConnection, tenant: Option<&str>) {
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
pub(super) async fn copied(conn: &mut PgConnection, what: &str) -> Result<usize, sqlx::Error> {
    let mut rows = conn.copy_out_raw(&format!("COPY {what} TO STDOUT")).await?;
    let mut lines = 0;
    while let Some(bytes) = rows.next().await {
        lines += bytes?.iter().filter(|byte| **byte == b'\n').count();
    }
    Ok(lines)
}

pub(super) async fn rows(conn: &mut PgConnection, table: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(conn).await
}

#[tokio::test]
async fn a_session_that_is_no_tenant_of_its_own_sees_nothing_and_writes_nothing() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    let nobody = "this session names no tenant";
    let stranger = "no such tenant for this user";
    // Other spellings of the second's number, of which the guest has the schemas.
    let mine = format!(
        "CREATE SCHEMA tenant_02 AUTHORIZATION {0}; CREATE SCHEMA \"tenant_+2\" AUTHORIZATION {0}",
        two.guest.name
    );
    sqlx::raw_sql(&mine).execute(db.pool()).await.unwrap();
    let guest = [
        (None, nobody),
        (Some(""), nobody),
        (Some("2"), stranger),
        (Some("02"), stranger),
        (Some("+2"), stranger),
        (Some("3"), stranger),
        (Some("x"), stranger),
    ];
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
                "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(NULL::{table}, to_jsonb(r) || \
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
async fn a_login_knows_of_the_tenants_that_it_may_be() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    let mut guest = two.guest.options().connect().await.unwrap();
    let known: Vec<String> = sqlx::query_scalar("SELECT name FROM log.tenant").fetch_all(&mut guest).await.unwrap();
    assert_eq!(known, ["public"]);
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
async fn nothing_is_open() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    ingest::roles::grant(db.pool()).await.unwrap();
    let found = async |what: &str, sql: &str| {
        let found: Vec<String> = sqlx::query_scalar(sql).fetch_all(db.pool()).await.unwrap();
        assert!(found.is_empty(), "{what}: {found:#?}");
    };
    // The register has one more, by its name: what a login may be, it may know.
    let open = "SELECT c.relname::text FROM pg_class c \
                 WHERE relnamespace IN ('log'::regnamespace, 'atlas'::regnamespace) AND relkind IN ('r', 'p') \
                   AND NOT (relrowsecurity AND relforcerowsecurity \
                        AND 1 = (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid AND polpermissive \
                                    AND NOT (relname = 'tenant' AND polname = 'own' AND polcmd = 'r')))";
    found("tables without one policy", open).await;
    let keys = "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid \
                 WHERE c.relnamespace IN ('log'::regnamespace, 'atlas'::regnamespace) AND c.relname <> 'tenant' \
                   AND i.indkey[0] <> \
                       (SELECT attnum FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id')";
    found("keys that do not begin with the tenant", keys).await;
    let foreign = "SELECT conname::text FROM pg_constraint c WHERE contype = 'f' \
                    AND connamespace IN ('log'::regnamespace, 'atlas'::regnamespace) \
                    AND conkey[1] <> \
                        (SELECT attnum FROM pg_attribute WHERE attrelid = conrelid AND attname = 'tenant_id')";
    found("foreign keys without the tenant", foreign).await;
    let views = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE relkind IN ('v', 'm') \
                    AND (n.nspname IN ('log', 'atlas', 'public') OR n.nspname LIKE 'tenant\\_%') \
                    AND NOT coalesce(reloptions, '{}') @> '{security_invoker=true}'";
    found("views with the rights of their owner", views).await;
    let first = count(db.pool(), "SELECT count(*) FROM pg_views WHERE schemaname = 'public'").await;
    let second = count(db.pool(), "SELECT count(*) FROM pg_views WHERE schemaname = 'tenant_2'").await;
    assert!(first == second && second >= 6, "{first} and {second} views");
    let emptied = "SELECT c.relname || ' by ' || a.grantee::regrole FROM pg_class c, aclexplode(c.relacl) a \
                    WHERE c.relnamespace IN ('log'::regnamespace, 'atlas'::regnamespace) \
                      AND a.privilege_type = 'TRUNCATE' AND a.grantee <> c.relowner";
    found("tables that others may empty", emptied).await;
    let definers = "SELECT proname::text FROM pg_proc \
                     WHERE pronamespace IN ('log'::regnamespace, 'atlas'::regnamespace) AND prosecdef \
                       AND (NOT proconfig::text LIKE '%search_path=pg_catalog, pg_temp%' \
                         OR proname <> 'refuse_change' AND has_function_privilege('public', oid, 'EXECUTE'))";
    found("functions with the rights of the owner that are anybody's", definers).await;
    let builds = "SELECT n.nspname || ' for ' || a.grantee::regrole FROM pg_namespace n, aclexplode(n.nspacl) a \
                   WHERE n.nspname LIKE 'build\\_%' \
                     AND a.grantee NOT IN (n.nspowner, to_regrole('atlas_projector')::oid) \
                     AND NOT EXISTS (SELECT FROM atlas.build b WHERE n.nspname = 'build_' || b.id \
                                        AND has_schema_privilege(a.grantee, 'tenant_' || b.tenant_id, 'USAGE'))";
    found("builds that are open to who may not be their tenant", builds).await;
    let others = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'tenant\\_%' AND (nspowner <> \
                   (SELECT nspowner FROM pg_namespace WHERE nspname = 'log') \
                    OR nspname NOT IN (SELECT 'tenant_' || tenant_id FROM log.tenant))";
    found("schemas of tenants that are nobody's", others).await;
    let defaults =
        "SELECT defaclrole::regrole::text FROM pg_default_acl WHERE defaclacl::text LIKE '%atlas\\_reader=%'";
    found("what is open before it is made", defaults).await;
    let makers = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'atlas\\_%' AND rolname NOT LIKE 'atlas\\_test\\_%' \
                   AND NOT rolsuper AND has_database_privilege(rolname, current_database(), 'CREATE')";
    found("groups that make schemas", makers).await;
    two.end().await;
}
