//! What every use case stands on: the database, the data folder, whoever watches. Made once, cloned freely.

#[cfg(feature = "serve")]
mod beside;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use domain::{TenantId, TenantName};
use replay::SCHEMA;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, Postgres};
#[cfg(feature = "ingest")]
use sqlx::{PgPool, migrate::Migration};
#[cfg(feature = "ingest")]
use tokio::sync::OnceCell;

use super::database_url;
#[cfg(feature = "ingest")]
use super::environment;
use super::error::{Error, Result};
use super::pools::{Sizes, Work};
use super::watch::{Notice, Progress, Unwatched, Watch};
use super::ways::Ways;
use crate::embedded::{self, Embedded, Purpose};

/// The program, as the log and bundles name it.
pub(crate) const TOOL: &str = concat!("pg-atlas ", env!("CARGO_PKG_VERSION"));

/// Name of the folder of the tenants' folders, inside the data folder, and of their backups where a place is named.
pub(crate) const TENANTS: &str = "tenants";

/// Where an atlas is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The database; without one the private PostgreSQL of the data folder.
    pub database_url: Option<String>,
    /// Folder of artifacts, keys and the private PostgreSQL; without one the platform's place for data.
    pub data_dir: Option<PathBuf>,
    /// Whose log it is.
    pub tenant: TenantName,
    /// What a configuration file says in place of variables of the environment, by their names.
    pub configured: BTreeMap<&'static str, String>,
}

impl Settings {
    /// The value of a variable: as the environment has it, else as the configuration file does.
    ///
    /// # Errors
    /// When it is no text.
    #[cfg(feature = "ingest")]
    pub(crate) fn variable(&self, name: &'static str) -> Result<Option<String>> {
        Ok(environment::variable(name)?.or_else(|| self.configured.get(name).cloned()))
    }

    /// The folder of the private PostgreSQL, which all tenants share.
    fn root_dir(&self) -> Result<PathBuf> {
        self.data_dir.clone().map_or_else(|| embedded::default_data_dir().map_err(Error::unavailable), Ok)
    }

    /// The data folder of the tenant: that of `public` is the whole one, those of others are within it.
    ///
    /// # Errors
    /// When none is named and this user has no home.
    pub fn data_dir(&self) -> Result<PathBuf> {
        let root = self.root_dir()?;
        Ok(if self.tenant.is_public() { root } else { root.join(TENANTS).join(self.tenant.as_str()) })
    }
}

/// The database's schema is not the one that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database's schema has version {found}, this program reads {SCHEMA}")]
pub struct OtherSchema {
    /// Its version.
    pub found: i64,
}

impl OtherSchema {
    /// Whether it is to be brought up to date; else the program is.
    #[must_use]
    pub fn is_older(self) -> bool {
        self.found < SCHEMA
    }
}

/// What every use case stands on.
#[derive(Clone)]
pub struct Deps {
    settings: Settings,
    data_dir: PathBuf,
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "who reads needs his connections alone"))]
    tenant: TenantId,
    ways: Ways,
    watch: Arc<dyn Watch>,
    /// Whether the schema is the one that this program reads.
    ready: Arc<OnceLock<()>>,
    /// Whether the schema was brought up to date.
    #[cfg(feature = "ingest")]
    migrated: Arc<OnceCell<()>>,
    /// Keeps the private server running.
    _embedded: Option<Arc<Embedded>>,
}

impl Deps {
    /// Finds the database: the one named, else the private one, which is started where it does not run. Blocks while
    /// it starts, and while a tenant other than `public` is looked up; else opens no connection to one that is named.
    ///
    /// # Errors
    /// When the settings name no database that could be one, the private server does not start, or this user has no
    /// such tenant.
    pub fn open(settings: &Settings, watch: Arc<dyn Watch>) -> Result<Self> {
        let told = Arc::clone(&watch);
        Self::opened(settings, watch, told.as_ref(), Purpose::Atlas)
    }

    /// As [`Deps::open`]; a private server that is made there lets databases be made, to measure in.
    ///
    /// # Errors
    /// As [`Deps::open`].
    #[cfg(feature = "ingest")]
    pub(crate) fn open_to_measure(settings: &Settings, watch: Arc<dyn Watch>) -> Result<Self> {
        let told = Arc::clone(&watch);
        Self::opened(settings, watch, told.as_ref(), Purpose::Measuring)
    }

    /// As [`Deps::open`]; what is odd about the settings is said to `told`.
    fn opened(settings: &Settings, watch: Arc<dyn Watch>, told: &dyn Watch, purpose: Purpose) -> Result<Self> {
        let data_dir = settings.data_dir()?;
        let (options, embedded) = match &settings.database_url {
            Some(url) => {
                let (options, unused) = database_url::parse(url)?;
                database_url::ensure_private(&options)?;
                for name in unused {
                    told.notice(&Notice::Warning(format!("the database URL's parameter `{name}` is not used")));
                }
                (options, None)
            }
            None => {
                let embedded = embedded::start_for(&settings.root_dir()?, purpose).map_err(Error::unavailable)?;
                (embedded.options(), Some(Arc::new(embedded)))
            }
        };
        let (sizes, tenant) = (Sizes::of_environment()?, super::tenant::find(&options, &settings.tenant)?);
        Ok(Self {
            settings: settings.clone(),
            data_dir,
            tenant,
            // The private server's login is made by this program, below all policies.
            ways: Ways::new(options, tenant, embedded.is_some(), sizes, Arc::clone(&watch)),
            watch,
            ready: Arc::default(),
            #[cfg(feature = "ingest")]
            migrated: Arc::default(),
            _embedded: embedded,
        })
    }

    /// Where the atlas is, and what it may ask.
    #[cfg(feature = "ingest")]
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where artifacts and keys live.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// How to connect to the server, as whoever the program works as.
    ///
    /// # Errors
    /// When there is no way to it.
    pub async fn server(&self) -> Result<&PgConnectOptions> {
        self.ways.options().await
    }

    /// Whose the log is.
    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whoever watches.
    #[cfg(feature = "ingest")]
    pub(crate) fn watch(&self) -> &dyn Watch {
        self.watch.as_ref()
    }

    /// Something was odd.
    pub(crate) fn warn(&self, text: impl Into<String>) {
        self.notice(&Notice::Warning(text.into()));
    }

    /// Several things were odd.
    pub(crate) fn warn_all(&self, texts: &[String]) {
        for text in texts {
            self.warn(text);
        }
    }

    /// How the work goes on.
    pub(crate) fn note(&self, text: impl Into<String>) {
        self.notice(&Notice::Note(text.into()));
    }

    /// Something is to be said.
    pub(crate) fn notice(&self, notice: &Notice) {
        self.watch.notice(notice);
    }

    /// Work begins, of so many steps.
    pub(crate) fn begin(&self, work: &'static str, steps: u64) -> Box<dyn Progress> {
        self.watch.begin(work, Some(steps))
    }

    /// A connection for an answer from the live tables, of a database with this program's schema.
    ///
    /// # Errors
    /// When there is no way to the database, or its schema is another.
    pub async fn read(&self) -> Result<PoolConnection<Postgres>> {
        self.acquire(Work::Answer).await
    }

    /// The same for work that reads the whole log.
    ///
    /// # Errors
    /// As [`Deps::read`].
    pub async fn read_long(&self) -> Result<PoolConnection<Postgres>> {
        self.acquire(Work::LongRead).await
    }

    /// The same for work that writes builds: the schema is brought up to date first.
    ///
    /// # Errors
    /// As [`Deps::read`], and when the schema cannot be made.
    pub async fn write(&self) -> Result<PoolConnection<Postgres>> {
        #[cfg(feature = "ingest")]
        self.migrate().await?;
        self.read_long().await
    }

    /// A connection outside every pool, for one that writes builds on a runtime of its own.
    ///
    /// # Errors
    /// When there is no way to the database.
    pub(crate) async fn projecting(&self) -> Result<PgConnection> {
        self.ways.connect(Work::LongRead).await
    }

    /// A pool for one listener, on the runtime that asks for it.
    ///
    /// # Errors
    /// When there is no way to the database.
    #[cfg(feature = "ingest")]
    pub(crate) async fn listening_pool(&self) -> Result<PgPool> {
        self.ways.listening_pool().await
    }

    /// The same atlas, found anew: the private server may have to be started again. Blocks as [`Deps::open`], and does
    /// not say again what is odd about the settings.
    ///
    /// # Errors
    /// As [`Deps::open`].
    pub(crate) fn reopen(&self) -> Result<Self> {
        Self::opened(&self.settings, Arc::clone(&self.watch), &Unwatched, Purpose::Atlas)
    }

    /// Closes every connection, once those in use are given back. Clones have none either from then on.
    pub async fn close(&self) {
        self.ways.close().await;
    }

    /// A connection of one's own, for who looks at the database as it is and changes nothing of it.
    ///
    /// # Errors
    /// When there is no way to it.
    #[cfg(feature = "ingest")]
    pub(crate) async fn looking(&self) -> Result<PgConnection> {
        self.ways.looking().await
    }

    /// A pooled connection to a database with this program's schema.
    async fn acquire(&self, work: Work) -> Result<PoolConnection<Postgres>> {
        let mut conn = self.ways.pooled(work).await?;
        if self.ready.get().is_none() {
            self.check(&mut conn).await?;
            let _ = self.ready.set(());
        }
        Ok(conn)
    }

    /// Whether the schema is ours; an empty database gets it.
    async fn check(&self, conn: &mut PgConnection) -> Result<()> {
        let migrated = sqlx::query_file_scalar!("sql/is_migrated.sql").fetch_one(&mut *conn).await?;
        if !migrated {
            return self.migrate().await;
        }
        // Who may not read the history gets no advice, and everything else.
        let found = sqlx::query_file_scalar!("sql/schema_version.sql").fetch_one(conn).await;
        match found.ok().flatten() {
            Some(found) if found != SCHEMA => Err(Error::unavailable(OtherSchema { found })),
            _ => Ok(()),
        }
    }

    /// An auditor's program makes no schema.
    #[cfg(not(feature = "ingest"))]
    #[allow(clippy::unused_async, reason = "the same signature in every build")]
    async fn migrate(&self) -> Result<()> {
        Err(Error::unavailable("this database holds no log"))
    }
}

#[cfg(feature = "ingest")]
impl Deps {
    /// Brings the schema up to date: once for this atlas and its clones, unless it failed.
    ///
    /// # Errors
    /// When there is no way to the database, or this login may not.
    pub async fn migrate(&self) -> Result<()> {
        let migrated = self.migrated.get_or_try_init(async || {
            let told = &mut |next: &Migration| {
                self.note(format!("bringing the database to schema {}: {}", next.version, next.description));
            };
            let migrated = ingest::migrate::migrate_telling(self.ways.intake().await?, told).await;
            migrated.map_err(|error| Error::unavailable(error).of("cannot bring the schema up to date"))
        });
        migrated.await.copied()
    }

    /// The log, to append to, in a migrated database.
    ///
    /// # Errors
    /// As [`Deps::migrate`].
    pub async fn log(&self) -> Result<ingest::Log> {
        self.migrate().await?;
        Ok(ingest::Log::new(self.ways.intake().await?.clone(), self.tenant))
    }

    /// Where raw documents are kept.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn store(&self) -> Result<ingest::artifact::Store> {
        ingest::artifact::Store::local(&self.data_dir).map_err(Error::unavailable)
    }
}

/// Who appends: `actor`, else the user logged in.
#[cfg(feature = "ingest")]
#[must_use]
pub fn context(actor: Option<&str>) -> ingest::AppendContext {
    // A login may be an address, or no name at all; an actor that is one was refused.
    let login = || {
        let user = environment::variable("USER").ok()??;
        domain::checked::Actor::new(&domain::redact::emails(&user)).ok()
    };
    let actor = actor.map(str::to_owned).or_else(|| login().map(|actor| actor.as_str().to_owned()));
    ingest::AppendContext::new(actor.unwrap_or_else(|| "unknown".to_owned()), TOOL)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Keeps what is said.
    #[derive(Default)]
    struct Ear(Mutex<Vec<Notice>>);

    impl Watch for Ear {
        fn notice(&self, notice: &Notice) {
            self.0.lock().unwrap().push(notice.clone());
        }

        fn begin(&self, _: &'static str, _: Option<u64>) -> Box<dyn Progress> {
            Box::new(Unwatched)
        }
    }

    #[tokio::test]
    async fn what_is_odd_about_the_settings_is_said_once() {
        let (ear, folder) = (Arc::new(Ear::default()), tempfile::tempdir().unwrap());
        let url = "postgres://nobody@localhost/nothing?flavour=odd";
        let settings = Settings {
            database_url: Some(url.to_owned()),
            data_dir: Some(folder.path().to_owned()),
            ..Settings::default()
        };
        let deps = Deps::open(&settings, Arc::clone(&ear) as Arc<dyn Watch>).unwrap();
        deps.reopen().unwrap();
        let said = ear.0.lock().unwrap();
        assert!(matches!(&said[..], [Notice::Warning(text)] if text.contains("`flavour`")), "{said:?}");
    }
}
