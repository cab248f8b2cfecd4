//! Two tenants, every table and view of either, every verb, through every role, whatever the session says it is.

use std::collections::BTreeMap;

use ingest::roles;

use super::wall::{DENIED, Two, copied, rows, set};
use super::*;

/// What a statement that is refused may end with: a right, a policy or a trigger; a view that takes no such verb.
const REFUSED: [&str; 4] = [DENIED, "0A000", "55000", "42809"];

/// The tables of a tenant's builds, and its views.
async fn relations(db: &Db, tenant: i32) -> Vec<String> {
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
          WHERE c.relkind = 'r' AND n.nspname IN (SELECT 'build_' || id FROM atlas.build WHERE tenant_id = {tenant}) \
             OR c.relkind = 'v' AND n.nspname = CASE {tenant} WHEN 1 THEN 'public' ELSE 'tenant_{tenant}' END ORDER BY 1"
    );
    sqlx::query_scalar(&sql).fetch_all(db.pool()).await.unwrap()
}

fn code(what: &str, error: sqlx::Error) -> String {
    let error = error.into_database_error().unwrap_or_else(|| panic!("{what}: an answer of the database"));
    error.code().unwrap_or_default().into_owned()
}

/// A login of one tenant, in one of the groups.
struct Asking<'a> {
    role: &'static str,
    tenant: i32,
    options: PgConnectOptions,
    conn: PgConnection,
    /// The group that it acts as, if any.
    acting: Option<&'static str>,
    /// Tables of all tenants, with how many rows this one has.
    tables: &'a BTreeMap<String, i64>,
    foreign: &'a [String],
    own: &'a [String],
    /// What was seen or done, not merely refused.
    answered: u64,
}

impl Asking<'_> {
    /// Asks for everything while the session says that it is `setting`.
    async fn as_tenant(&mut self, setting: Option<&str>) {
        set(&mut self.conn, setting).await;
        let (mine, other) = (self.tenant, 3 - self.tenant);
        let is_own = setting == Some(mine.to_string().as_str());
        for (table, held) in self.tables {
            let what = format!("{} of {mine} as {setting:?} on {table}", self.role);
            let seen = rows(&mut self.conn, table).await;
            for answer in [Some(seen), self.copied(table, setting).await].into_iter().flatten() {
                match answer {
                    Ok(found) => {
                        assert!(is_own && found == *held, "{what}: {found} rows, of {held}");
                        self.answered += 1;
                    }
                    Err(error) => assert_eq!(code(&what, error), DENIED, "{what}"),
                }
            }
            self.takes_no_copy(&what, table).await;
            for verb in [format!("UPDATE {table} SET tenant_id = tenant_id"), format!("DELETE FROM {table}")] {
                match self.conn.execute(format!("{verb} WHERE tenant_id = {other}").as_str()).await {
                    Ok(done) => assert!(is_own && done.rows_affected() == 0, "{what}: {verb}"),
                    Err(error) => assert!(REFUSED.contains(&code(&what, error).as_str()), "{what}: {verb}"),
                }
            }
            let given = self.conn.execute(format!("UPDATE {table} SET tenant_id = {other}").as_str()).await;
            assert!(REFUSED.contains(&code(&what, given.unwrap_err()).as_str()), "{what}: given away");
            if !is_own {
                let made = self.conn.execute(format!("INSERT INTO {table} DEFAULT VALUES").as_str()).await;
                assert_eq!(code(&what, made.unwrap_err()), DENIED, "{what}: INSERT");
            }
        }
        // Whoever projects has the builds of all tenants, a limit that is named.
        if self.role != roles::PROJECTOR {
            for relation in self.foreign {
                self.refused(relation, setting).await;
            }
        }
        for relation in self.own {
            match rows(&mut self.conn, relation).await {
                Ok(_) => self.answered += 1,
                Err(error) => assert_eq!(code(relation, error), DENIED, "{relation}"),
            }
        }
    }

    /// Lines that a COPY sends, on a session of its own: the driver leaves the end of a refused COPY to the next
    /// statement, which would pass for one that was done. Not for every setting, since that takes time.
    async fn copied(&self, what: &str, setting: Option<&str>) -> Option<Result<i64, sqlx::Error>> {
        if setting.is_some_and(|setting| setting != "1" && setting != "2") {
            return None;
        }
        let mut conn = self.options.connect().await.unwrap();
        set(&mut conn, setting).await;
        if let Some(role) = self.acting {
            conn.execute(format!("SET ROLE {role}").as_str()).await.unwrap();
        }
        Some(copied(&mut conn, what).await.map(|lines| lines as i64))
    }

    async fn takes_no_copy(&mut self, what: &str, relation: &str) {
        let taken = self.conn.copy_in_raw(&format!("COPY {relation} FROM STDIN")).await.map(drop);
        assert!(REFUSED.contains(&code(what, taken.unwrap_err()).as_str()), "{what}: COPY FROM");
    }

    /// A build's table or a view of the other tenant.
    async fn refused(&mut self, relation: &str, setting: Option<&str>) {
        let what = format!("{} of {} as {setting:?} on {relation}", self.role, self.tenant);
        assert_eq!(code(&what, rows(&mut self.conn, relation).await.expect_err(&what)), DENIED, "{what}: SELECT");
        if let Some(sent) = self.copied(&format!("(SELECT * FROM {relation})"), setting).await {
            assert_eq!(code(&what, sent.unwrap_err()), DENIED, "{what}: COPY TO");
        }
        self.takes_no_copy(&what, relation).await;
        for verb in ["INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}", "TRUNCATE {}"] {
            let done = self.conn.execute(verb.replace("{}", relation).as_str()).await;
            assert!(REFUSED.contains(&code(&what, done.unwrap_err()).as_str()), "{what}: {verb}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_of_one_tenant_meets_anything_of_another() {
    let db = Db::empty().await;
    let two = Two::create(&db).await;
    roles::grant(db.pool()).await.unwrap();
    // Groups that are no tenant: each login is made one.
    let groups = roles::ALL.join(", ");
    db.pool().execute(format!("REVOKE USAGE ON SCHEMA tenant_1 FROM {groups}").as_str()).await.unwrap();
    let mut logins = Vec::new();
    for tenant in [1, 2] {
        for role in roles::ALL {
            let login = Login::create(&db, "asking").await;
            let sql = format!("GRANT {role} TO {0}; GRANT USAGE ON SCHEMA tenant_{tenant} TO {0}", login.name);
            sqlx::raw_sql(&sql).execute(db.pool()).await.unwrap();
            logins.push((role, tenant, login));
        }
    }
    // What is there already is shared with them, and the groups stay as they were left.
    roles::grant(db.pool()).await.unwrap();
    let (mut held, mut built) = (BTreeMap::new(), BTreeMap::new());
    for tenant in [1, 2] {
        let mut of = BTreeMap::new();
        for table in &two.tables {
            let sql = format!("SELECT count(*) FROM {table} WHERE tenant_id = {tenant}");
            let rows: i64 = sqlx::query_scalar(&sql).fetch_one(db.pool()).await.unwrap();
            assert!(rows > 0, "{table} of {tenant}");
            of.insert(table.clone(), rows);
        }
        held.insert(tenant, of);
        built.insert(tenant, relations(&db, tenant).await);
        assert!(built[&tenant].len() > 15, "{:?}", built[&tenant]);
    }
    for (role, tenant, login) in &logins {
        let (options, acting) = (login.options(), None);
        let conn = options.connect().await.unwrap();
        let (tables, own, foreign) = (&held[tenant], &built[tenant], &built[&(3 - tenant)]);
        let mut asking = Asking { role, tenant: *tenant, options, conn, acting, tables, foreign, own, answered: 0 };
        let (mine, other) = (tenant.to_string(), (3 - tenant).to_string());
        let settings = [None, Some(mine.as_str()), Some(&other), Some(&mine), Some(""), Some("9"), Some("public")];
        for setting in settings {
            asking.as_tenant(setting).await;
        }
        assert!(asking.answered > 0, "{role} of {tenant} sees its own");
        // Whoever acts as the group is still who logged in.
        asking.conn.execute(format!("SET ROLE {role}").as_str()).await.unwrap();
        asking.acting = Some(role);
        for setting in [Some(other.as_str()), None] {
            asking.as_tenant(setting).await;
        }
        asking.conn.close().await.unwrap();
    }
    for (role, _, login) in logins {
        let sees = format!("SELECT has_schema_privilege('{role}', 'tenant_1', 'USAGE')");
        assert!(!sqlx::query_scalar::<_, bool>(&sees).fetch_one(db.pool()).await.unwrap(), "{role}");
        login.drop().await;
    }
    two.end().await;
}
