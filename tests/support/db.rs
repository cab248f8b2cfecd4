//! A fresh, migrated database for one story.

use std::str::FromStr;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgPool};

/// A database of its own on the server of `DATABASE_URL`, dropped at the end of the story.
pub(crate) struct Db {
    name: String,
    server: PgConnectOptions,
    pool: PgPool,
}

impl Db {
    /// A fresh database at the newest schema.
    pub(crate) async fn create() -> Self {
        let db = Self::empty().await;
        ingest::migrate(db.pool()).await.expect("migrations apply to an empty database");
        db
    }

    /// A fresh database as the migrations before `version` left it.
    pub(crate) async fn before(version: i64) -> Self {
        let db = Self::empty().await;
        let older = ingest::migrate::MIGRATOR.iter().filter(|migration| migration.version < version).cloned();
        let older = Migrator { migrations: older.collect::<Vec<_>>().into(), ..Migrator::DEFAULT };
        older.run(db.pool()).await.expect("older migrations apply to an empty database");
        db
    }

    /// A fresh database without any table.
    pub(crate) async fn empty() -> Self {
        Self::created("").await
    }

    /// A fresh database that is created with these options.
    pub(crate) async fn created(how: &str) -> Self {
        let server = server();
        let name = format!("atlas_test_{}", uuid::Uuid::now_v7().simple());
        let mut admin = server.connect().await.expect("the server of DATABASE_URL answers");
        admin.execute(format!("CREATE DATABASE {name} {how}").as_str()).await.expect("a database can be created");
        admin.close().await.expect("the connection closes");
        let pool = ingest::connect(server.clone().database(&name));
        Self { name, server, pool }
    }

    /// Connections to it.
    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// How another pool connects to it: to the log of `public`.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.bare().options([domain::TenantId::PUBLIC.setting()])
    }

    /// How another process connects to it: by itself it is no tenant's.
    pub(crate) fn bare(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// The log in it.
    pub(crate) fn log(&self) -> ingest::Log {
        ingest::Log::new(self.pool.clone(), domain::TenantId::PUBLIC)
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        let (name, server) = (self.name.clone(), self.server.clone());
        // A story may end by a panic: the database goes either way, on a thread with a runtime of its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.map(|runtime| {
                runtime.block_on(async {
                    let mut admin = server.connect().await?;
                    admin.execute(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)").as_str()).await?;
                    admin.close().await
                })
            })
        });
        if !matches!(dropped.join(), Ok(Ok(Ok(())))) {
            eprintln!("database {} could not be dropped", self.name);
        }
    }
}

/// The server the stories run on.
fn server() -> PgConnectOptions {
    let url = std::env::var("DATABASE_URL")
        .expect("set DATABASE_URL to a PostgreSQL server on which these tests may create databases");
    PgConnectOptions::from_str(&url).expect("DATABASE_URL is a postgres:// URL")
}
