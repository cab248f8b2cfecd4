//! What commands stand on whose use cases are still among them.

use std::path::PathBuf;

use replay::log::Stored;
use sqlx::PgConnection;

use super::{deps, settings};
use crate::cli::failure::Result;
use crate::cli::flags::Common;
use crate::cli::terminal::Terminal;
pub(crate) use crate::service::deps::context;
use crate::service::watch::Watch as _;
use crate::service::{Deps, watch};

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

    /// A progress bar over positions; silent unless stderr is a terminal.
    pub(crate) fn progress(&self, what: &'static str, total: u64) -> Progress {
        Progress(self.deps.begin(what, total))
    }

    /// The log, to write to, in a migrated database.
    pub(crate) async fn log(&self) -> Result<ingest::Log> {
        Ok(self.deps.log().await?)
    }

    /// Where raw documents are kept.
    pub(crate) fn store(&self) -> Result<ingest::artifact::Store> {
        Ok(self.deps.store()?)
    }

    /// Who appends.
    pub(crate) fn context(&self, actor: Option<&str>) -> ingest::AppendContext {
        context(actor)
    }
}

/// A count of things whose number is not known beforehand; silent unless stderr is a terminal.
pub(crate) fn counter(common: &Common, what: &'static str) -> Progress {
    Progress(Terminal { quiet: common.quiet }.begin(what, None))
}

/// Where artifacts, keys and the embedded server live.
pub(crate) fn data_dir(common: &Common) -> Result<PathBuf> {
    Ok(settings(common).data_dir()?)
}

/// Progress over events.
pub(crate) struct Progress(Box<dyn watch::Progress>);

impl Progress {
    /// Another event.
    pub(crate) fn event(&mut self, _: &Stored) {
        self.0.step();
    }

    /// So many so far.
    pub(crate) fn at(&mut self, done: u64) {
        self.0.reach(done);
    }

    /// So many so far, of so many that are known now.
    pub(crate) fn of(&mut self, done: u64, known: u64) {
        self.0.reach_of(done, known);
    }
}
