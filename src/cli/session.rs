//! The atlas that the flags name, and the manner of speaking that they ask for.

#[cfg(feature = "ingest")]
use std::path::PathBuf;
use std::sync::Arc;

use replay::log::Stored;
use sqlx::PgConnection;

use super::failure::Result;
use super::flags::Common;
use super::terminal::Terminal;
#[cfg(feature = "ingest")]
pub(crate) use crate::service::deps::context;
use crate::service::watch::{Notice, Watch as _};
use crate::service::{Deps, Settings, watch};

/// A running command.
pub(crate) struct Session {
    /// What the user asked for.
    pub(crate) common: Common,
    /// What use cases stand on.
    pub(crate) deps: Deps,
}

impl Session {
    /// Finds the database: the one named, else the embedded one.
    pub(crate) fn open(common: &Common) -> Result<Self> {
        let deps = deps(common)?;
        Ok(Self { common: common.clone(), deps })
    }

    /// A connection to a migrated database.
    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        Ok(self.deps.read_long().await?.detach())
    }

    /// A connection to the database as it is.
    #[cfg(feature = "ingest")]
    pub(crate) async fn bare(&self) -> Result<PgConnection> {
        Ok(self.deps.bare().await?)
    }

    /// A progress bar over positions; silent unless stderr is a terminal.
    pub(crate) fn progress(&self, what: &'static str, total: u64) -> Progress {
        Progress(self.deps.begin(what, total))
    }
}

#[cfg(feature = "ingest")]
impl Session {
    /// The log, to write to, in a migrated database.
    pub(crate) async fn log(&self) -> Result<ingest::Log> {
        Ok(self.deps.log().await?)
    }

    /// Where raw documents are kept.
    pub(crate) fn store(&self) -> Result<ingest::artifact::Store> {
        Ok(self.deps.store()?)
    }

    /// Who appends.
    pub(crate) fn context(&self, actor: Option<&str>) -> ingest::Context {
        context(actor)
    }
}

/// The atlas that the flags name, watched from the terminal.
pub(crate) fn deps(common: &Common) -> Result<Deps> {
    Ok(Deps::open(&settings(common), Arc::new(Terminal { quiet: common.quiet }))?)
}

/// Where the atlas is.
pub(crate) fn settings(common: &Common) -> Settings {
    Settings { database_url: common.database_url.clone(), data_dir: common.data_dir.clone() }
}

/// A count of things whose number is not known beforehand; silent unless stderr is a terminal.
#[cfg(feature = "ingest")]
pub(crate) fn counter(common: &Common, what: &'static str) -> Progress {
    Progress(Terminal { quiet: common.quiet }.begin(what, None))
}

/// Where artifacts, keys and the embedded server live.
#[cfg(feature = "ingest")]
pub(crate) fn data_dir(common: &Common) -> Result<PathBuf> {
    Ok(settings(common).data_dir()?)
}

/// Says something to the user, on stderr.
pub(crate) fn say(common: &Common, text: &str) {
    Terminal { quiet: common.quiet }.notice(&Notice::Note(text.to_owned()));
}

/// Progress over events.
pub(crate) struct Progress(Box<dyn watch::Progress>);

impl Progress {
    /// Another event.
    pub(crate) fn event(&mut self, _: &Stored) {
        self.0.step();
    }

    /// So many so far.
    #[cfg(feature = "ingest")]
    pub(crate) fn at(&mut self, done: u64) {
        self.0.reach(done);
    }

    /// So many so far, of so many that are known now.
    #[cfg(feature = "ingest")]
    pub(crate) fn of(&mut self, done: u64, known: u64) {
        self.0.reach_of(done, known);
    }

    /// Another item.
    #[cfg(feature = "ingest")]
    pub(crate) fn step(&mut self) {
        self.0.step();
    }
}
