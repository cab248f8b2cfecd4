//! Where documents go.

use std::path::PathBuf;
use std::sync::Arc;

use crate::service::watch::{Notice, Watch};
use crate::service::{Deps, Result, Settings};

/// Where documents go.
#[derive(Clone)]
#[allow(clippy::large_enum_variant, reason = "there is one a call, never a list of them")]
pub enum Destination {
    /// An atlas that is open.
    Open(Deps),
    /// The atlas in this place, opened once the documents are read: what is refused needs no database.
    Unopened(Settings, Arc<dyn Watch>),
    /// Nowhere, and no database: what a log would refuse is refused, as far as that can be told without one.
    Rehearsal(Settings, Arc<dyn Watch>),
}

impl Destination {
    /// Whoever watches.
    pub(super) fn watch(&self) -> &dyn Watch {
        match self {
            Self::Open(deps) => deps.watch(),
            Self::Unopened(_, watch) | Self::Rehearsal(_, watch) => watch.as_ref(),
        }
    }

    /// Where the atlas is, and what it may ask.
    pub(in crate::service::act) fn settings(&self) -> &Settings {
        match self {
            Self::Open(deps) => deps.settings(),
            Self::Unopened(settings, _) | Self::Rehearsal(settings, _) => settings,
        }
    }

    /// The folder of documents and keys.
    pub(super) fn data_dir(&self) -> Result<PathBuf> {
        match self {
            Self::Open(deps) => Ok(deps.data_dir().to_owned()),
            Self::Unopened(settings, _) | Self::Rehearsal(settings, _) => settings.data_dir(),
        }
    }

    /// The open atlas; none where all is a rehearsal. Blocks while a private server starts.
    pub(in crate::service::act) fn open(&self) -> Result<Option<Deps>> {
        match self {
            Self::Open(deps) => Ok(Some(deps.clone())),
            Self::Unopened(settings, watch) => Deps::open(settings, Arc::clone(watch)).map(Some),
            Self::Rehearsal(..) => Ok(None),
        }
    }

    /// Says what was odd.
    pub(super) fn warn_all(&self, warnings: &[String]) {
        for warning in warnings {
            self.watch().notice(&Notice::Warning(warning.clone()));
        }
    }
}
