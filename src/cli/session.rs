//! What every command stands on: the database, the data folder, the manner of speaking.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
#[cfg(feature = "ingest")]
use domain::checked::Actor;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use replay::SCHEMA;
use replay::log::Stored;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};

use crate::cli::flags::Common;
use crate::cli::connection::{self, Work};
use crate::service::database_url;
use crate::embedded::{self, Embedded};
use crate::cli::failure::{Failure, Result};

/// A running command.
pub(crate) struct Session {
    /// What the user asked for.
    pub(crate) common: Common,
    /// Where artifacts and keys live.
    #[cfg_attr(not(feature = "ingest"), allow(dead_code, reason = "who only reads makes neither"))]
    pub(crate) data_dir: PathBuf,
    options: PgConnectOptions,
    /// What its connections are for.
    work: Work,
    /// Keeps the embedded server running while this command does.
    _embedded: Option<Embedded>,
}

impl Session {
    /// Finds the database, for short work: the one named, else the embedded one.
    pub(crate) fn open(common: &Common) -> Result<Self> {
        Self::open_for(common, Work::Answer)
    }

    /// As [`Session::open`], for any work.
    pub(crate) fn open_for(common: &Common, work: Work) -> Result<Self> {
        let data_dir = data_dir(common)?;
        let (options, embedded) = match &common.database_url {
            Some(url) => {
                let (options, unused) = database_url::parse(url)?;
                for name in unused {
                    say(common, &format!("warning: the database URL's parameter `{name}` is not used"));
                }
                (options, None)
            }
            None => {
                let embedded = embedded::start(&data_dir).map_err(Failure::environment)?;
                (embedded.options(), Some(embedded))
            }
        };
        Ok(Self { common: common.clone(), data_dir, options, work, _embedded: embedded })
    }

    /// How to connect to the server.
    #[cfg(feature = "ingest")]
    pub(crate) fn server(&self) -> &PgConnectOptions {
        &self.options
    }

    /// What its connections are for.
    pub(crate) fn work(&self) -> Work {
        self.work
    }

    /// A connection to a migrated database.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        let mut conn = self.bare().await?;
        let migrated = sqlx::query_file_scalar!("sql/is_migrated.sql").fetch_one(&mut conn).await?;
        if !migrated {
            self.migrate().await?;
            return Ok(conn);
        }
        // Who may not read the history gets no advice, and everything else.
        let found = sqlx::query_file_scalar!("sql/schema_version.sql").fetch_one(&mut conn).await;
        let advice = match found {
            Ok(Some(found)) if found < SCHEMA => "run `pg-atlas migrate`",
            Ok(Some(found)) if found > SCHEMA => "use a newer program",
            _ => return Ok(conn),
        };
        let found = found.ok().flatten().unwrap_or_default();
        let reason = format!("the database's schema has version {found}, this program reads {SCHEMA}: {advice}");
        Err(Failure::environment(anyhow!(reason)))
    }

    /// A connection to a database that is brought to the newest schema first, for commands that write.
    pub(crate) async fn connect_to_write(&self) -> Result<PgConnection> {
        #[cfg(feature = "ingest")]
        self.migrate().await?;
        self.connect().await
    }

    /// A connection to the database as it is.
    pub(crate) async fn bare(&self) -> Result<PgConnection> {
        connection::connect(&self.options, self.work).await
    }

    /// Brings the schema up to date.
    #[cfg(feature = "ingest")]
    pub(crate) async fn migrate(&self) -> Result<()> {
        // A pool would try for a while, and then say only that it timed out.
        self.bare().await?.close().await?;
        let pool = ingest::connect(self.options.clone());
        let migrated = ingest::migrate(&pool).await;
        pool.close().await;
        migrated.context("cannot bring the schema up to date").map_err(Failure::environment)
    }

    /// Makes the database roles and grants them their rights.
    #[cfg(feature = "ingest")]
    pub(crate) async fn grant_roles(&self) -> Result<()> {
        let pool = ingest::connect(self.options.clone());
        let granted = ingest::roles::grant(&pool).await;
        pool.close().await;
        granted.context("cannot make the roles").map_err(Failure::environment)
    }

    /// An auditor's program makes no schema.
    #[cfg(not(feature = "ingest"))]
    #[allow(clippy::unused_async, reason = "the same signature in every build")]
    pub(crate) async fn migrate(&self) -> Result<()> {
        Err(Failure::environment(anyhow!("this database holds no log")))
    }

    /// The log, to write to, in a migrated database.
    #[cfg(feature = "ingest")]
    pub(crate) async fn log(&self) -> Result<ingest::Log> {
        self.migrate().await?;
        Ok(ingest::Log::new(ingest::connect(self.options.clone())))
    }

    /// Where raw documents are kept.
    #[cfg(feature = "ingest")]
    pub(crate) fn store(&self) -> Result<ingest::artifact::Store> {
        ingest::artifact::Store::local(&self.data_dir).map_err(Failure::environment)
    }

    /// Who appends.
    #[cfg(feature = "ingest")]
    pub(crate) fn context(&self, actor: Option<&str>) -> ingest::Context {
        context(actor)
    }

    /// A progress bar over positions; silent unless stderr is a terminal.
    pub(crate) fn progress(&self, what: &'static str, total: u64) -> Progress {
        let bar = ProgressBar::with_draw_target(
            Some(total),
            if self.common.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() },
        );
        let style = ProgressStyle::with_template("{msg} {bar:32} {pos}/{len} {per_sec} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what);
        Progress { bar, seen: 0 }
    }
}

/// Who appends: the one named, else the user logged in.
#[cfg(feature = "ingest")]
pub(crate) fn context(actor: Option<&str>) -> ingest::Context {
    // A login may be an address, or no name at all; a flag that is one was refused.
    let login = || {
        let user = std::env::var("USER").ok()?;
        Actor::new(&domain::redact::emails(&user)).ok()
    };
    let actor = actor.map(str::to_owned).or_else(|| login().map(|actor| actor.as_str().to_owned()));
    let tool = concat!("pg-atlas ", env!("CARGO_PKG_VERSION")).to_owned();
    ingest::Context { actor: actor.unwrap_or_else(|| "unknown".to_owned()), tool }
}

/// A count of things whose number is not known beforehand; silent unless stderr is a terminal.
#[cfg(feature = "ingest")]
pub(crate) fn counter(common: &Common, what: &'static str) -> Progress {
    let target = if common.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template("{spinner} {msg} {human_pos} {per_sec} {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_message(what);
    Progress { bar, seen: 0 }
}

/// Where artifacts, keys and the embedded server live.
pub(crate) fn data_dir(common: &Common) -> Result<PathBuf> {
    common.data_dir.clone().map_or_else(|| embedded::default_data_dir().map_err(Failure::environment), Ok)
}

/// Says something to the user, on stderr.
pub(crate) fn say(common: &Common, text: &str) {
    if !common.quiet {
        let _ = writeln!(std::io::stderr(), "{text}");
    }
}

/// Progress over events.
pub(crate) struct Progress {
    bar: ProgressBar,
    seen: u64,
}

/// Events between two drawings of the bar.
const PROGRESS_STEP: u64 = 256;

impl Progress {
    /// Another event.
    pub(crate) fn event(&mut self, _: &Stored) {
        self.step();
    }

    /// So many so far.
    #[cfg(feature = "ingest")]
    pub(crate) fn at(&mut self, done: u64) {
        self.bar.set_position(done);
    }

    /// So many so far, of so many that are known now.
    #[cfg(feature = "ingest")]
    pub(crate) fn of(&mut self, done: u64, known: u64) {
        let style = ProgressStyle::with_template("{msg} {bar:32} {pos}/{len} {elapsed}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_length(known);
        self.bar.set_position(done);
    }

    /// Another item.
    pub(crate) fn step(&mut self) {
        self.seen += 1;
        if self.seen.is_multiple_of(PROGRESS_STEP) {
            self.bar.set_position(self.seen);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
