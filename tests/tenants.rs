//! Tenants: logs beside each other in the same tables, and the wall between them.

use domain::TenantId;
use ingest::Log;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection, PgPool};

use crate::support::cli::Place;
use crate::support::log::{append, check, context, count, put_into_older};
use crate::support::{Db, events};

mod above;
mod commands;
mod doctor;
mod logins;
mod matrix;
mod storm;
mod wall;

/// A login of the server that is neither superuser nor above policies, gone at the end.
struct Login<'a> {
    db: &'a Db,
    name: String,
}

impl<'a> Login<'a> {
    async fn create(db: &'a Db, what: &str) -> Self {
        let name = format!("atlas_test_{what}_{}", uuid::Uuid::now_v7().simple());
        db.pool().execute(format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'").as_str()).await.unwrap();
        Self { db, name }
    }

    /// A login that owns the database, and with it the log that it makes there.
    async fn owner(db: &'a Db) -> Self {
        let owner = Self::create(db, "owner").await;
        let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(db.pool()).await.unwrap();
        db.pool().execute(format!("ALTER DATABASE {database} OWNER TO {}", owner.name).as_str()).await.unwrap();
        db.pool().execute(format!("GRANT ALL ON SCHEMA public TO {}", owner.name).as_str()).await.unwrap();
        owner
    }

    fn options(&self) -> PgConnectOptions {
        self.db.bare().username(&self.name).password("secret")
    }

    /// Connections that append to the log of a tenant.
    fn pool(&self, tenant: TenantId) -> PgPool {
        ingest::connect::pool(self.options(), tenant, 8)
    }

    async fn drop(self) {
        let sql = format!("REASSIGN OWNED BY {0} TO CURRENT_USER; DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        sqlx::raw_sql(&sql).execute(self.db.pool()).await.unwrap();
    }
}

/// A second tenant.
fn second() -> TenantId {
    TenantId::new(2).unwrap()
}

/// Makes it, as the owner of the log.
async fn make_second(owner: &PgPool) {
    let number: i32 = sqlx::query_scalar("SELECT log.make_tenant('second')").fetch_one(owner).await.unwrap();
    assert_eq!(Some(second()), TenantId::new(number));
}

#[tokio::test]
async fn a_log_whose_owner_is_no_superuser_works_behind_its_own_wall() {
    let place = Place::new().await;
    let owner = Login::owner(&place.db).await;
    let pool = owner.pool(TenantId::PUBLIC);
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("DATABASE_URL", owner.options().to_url_lossy().to_string());
        crate::support::cli::ended(0, command).json()
    };
    run(&["demo"]);
    let held = check(&pool).await.len();
    assert!(held > 50, "{held}");
    run(&["publish", "--label", "first"]);
    assert_eq!(run(&["replay", "--verify", "--label", "first"])["verified"], true);
    assert_eq!(run(&["rebuild"])["equal_to_live"], true);
    assert!(run(&["scores"]).as_array().unwrap().len() > 3);
    run(&["project"]);
    run(&["doctor"]);
    pool.close().await;
    owner.drop().await;
}

#[tokio::test]
async fn the_owner_may_be_called_anything() {
    let place = Place::new().await;
    let name = format!("atlas-test {}", uuid::Uuid::now_v7().simple());
    let database: String = sqlx::query_scalar("SELECT current_database()").fetch_one(place.db.pool()).await.unwrap();
    let made = format!(
        "CREATE ROLE \"{name}\" LOGIN PASSWORD 'secret'; ALTER DATABASE {database} OWNER TO \"{name}\"; \
         GRANT ALL ON SCHEMA public TO \"{name}\""
    );
    sqlx::raw_sql(&made).execute(place.db.pool()).await.unwrap();
    let pool = ingest::connect::pool(place.db.bare().username(&name).password("secret"), TenantId::PUBLIC, 2);
    ingest::migrate(&pool).await.unwrap();
    place.run(&["migrate", "--roles"]);
    let is_projector = "SELECT pg_has_role($1, 'atlas_projector', 'USAGE')";
    assert!(sqlx::query_scalar::<_, bool>(is_projector).bind(&name).fetch_one(place.db.pool()).await.unwrap());
    // What anybody else may make, a tenant among it, is the owner's.
    place.run(&["tenant", "create", "second"]);
    place.run(&["migrate", "--roles"]);
    let listed: Vec<i32> =
        sqlx::query_scalar("SELECT tenant_id FROM log.tenant ORDER BY 1").fetch_all(&pool).await.unwrap();
    assert_eq!(listed, [1, 2]);
    assert!(
        sqlx::query_scalar::<_, bool>("SELECT has_schema_privilege('tenant_2', 'USAGE')")
            .fetch_one(&pool)
            .await
            .unwrap()
    );
    pool.close().await;
    let gone = format!("REASSIGN OWNED BY \"{name}\" TO CURRENT_USER; DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\"");
    sqlx::raw_sql(&gone).execute(place.db.pool()).await.unwrap();
}

#[tokio::test]
async fn two_logs_in_the_same_tables_are_each_dense_and_whole() {
    let db = Db::empty().await;
    let owner = Login::owner(&db).await;
    let (one, two) = (owner.pool(TenantId::PUBLIC), owner.pool(second()));
    ingest::migrate(&one).await.unwrap();
    make_second(&one).await;
    let logs = [Log::new(one.clone(), TenantId::PUBLIC), Log::new(two.clone(), second())];
    // The same streams, facts and keys in both, at once.
    let mut tasks = Vec::new();
    for (log, count) in logs.iter().zip([40_u64, 25]) {
        for worker in 0..4 {
            let log = log.clone();
            tasks.push(tokio::spawn(async move {
                for n in 0..count {
                    let event = events::repo(&format!("o/r{}", n % 3), worker * 1_000 + n);
                    let keyed = crate::support::log::keyed(event, &format!("{worker}/{n}"));
                    log.append(keyed, &context()).await.unwrap();
                }
                let batch = (0..30).map(|n| events::repo(&format!("o/b{n}"), worker).into()).collect();
                log.append_batch(batch, &context()).await.unwrap().into_iter().for_each(|done| drop(done.unwrap()));
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((check(&one).await.len(), check(&two).await.len()), (4 * 70, 4 * 55));
    // A tick of one waits for no tick of the other.
    let mut held = one.begin().await.unwrap();
    held.execute("SELECT FROM log.head FOR UPDATE").await.unwrap();
    assert_eq!(append(&logs[1], events::repo("o/free", 1)).await.place().position, 4 * 55 + 1);
    held.rollback().await.unwrap();
    assert_eq!(append(&logs[0], events::repo("o/free", 1)).await.place().position, 4 * 70 + 1);
    for pool in [one, two] {
        pool.close().await;
    }
    owner.drop().await;
}

#[tokio::test]
async fn a_log_from_before_there_were_tenants_is_that_of_public_as_it_stands() {
    let source = Place::new().await;
    source.run(&["demo"]);
    source.run(&["audit", "checkpoint"]);
    let place = Place::of(Db::before(18).await);
    let (from, to) = (source.db.pool(), place.db.pool());
    put_into_older(from, to).await;
    let files = "SELECT sum(pg_relation_filenode(c.oid)::bigint)::bigint FROM pg_class c \
                  WHERE relkind = 'r' AND relnamespace = 'log'::regnamespace AND relname NOT IN ('tenant', 'latest')";
    let before = count(to, files).await;

    place.run(&["migrate"]);
    assert_eq!(count(to, files).await, before, "no table was written anew");
    assert_eq!(check(to).await.len(), check(from).await.len());
    assert_eq!(count(to, "SELECT count(*) FROM log.event WHERE tenant_id <> 1").await, 0);
    place.run(&["project"]);
    for question in [&["scores"][..], &["edges"], &["events"]] {
        let said = |place: &Place| place.ends(0, question).stdout;
        assert_eq!(said(&place), said(&source), "{question:?}");
    }
    // The order goes on.
    let next = append(&place.db.log(), events::repo("o/new", 1)).await.place().position;
    assert_eq!(next, check(from).await.len() as u64 + 1);
}
