//! The atlas that the flags name, watched from the terminal.

use std::sync::Arc;

use super::failure::Result;
use super::flags::Common;
use super::terminal::Terminal;
#[cfg(feature = "ingest")]
use crate::service::Configuration;
#[cfg(feature = "ingest")]
use crate::service::act::demo;
use crate::service::watch::{Notice, Watch as _};
use crate::service::{Deps, Settings};

/// The atlas that the flags, the environment or the configuration file name, watched from the terminal.
pub(crate) fn deps(common: &Common) -> Result<Deps> {
    Ok(Deps::open(&settings(common), watch(common))?)
}

/// The terminal, watching.
pub(crate) fn watch(common: &Common) -> Arc<Terminal> {
    Arc::new(Terminal { quiet: common.quiet })
}

/// Where the atlas is.
pub(crate) fn settings(common: &Common) -> Settings {
    common.configuration.settings(common.database_url.clone(), common.data_dir.clone(), common.tenant.clone())
}

/// The demo's atlas: a configuration file is about an atlas that the demo has no part in.
#[cfg(feature = "ingest")]
pub(crate) fn demo(common: &Common) -> Result<Deps> {
    let (url, folder, tenant) = (common.database_url.clone(), common.data_dir.clone(), common.tenant.clone());
    let named = Configuration::default().settings(url, folder, tenant);
    Ok(Deps::open(&demo::place(named)?, watch(common))?)
}

/// Says something to the user, on stderr.
pub(crate) fn say(common: &Common, text: &str) {
    Terminal { quiet: common.quiet }.notice(&Notice::Note(text.to_owned()));
}

/// Says what was odd, on stderr.
pub(crate) fn warn(common: &Common, texts: &[String]) {
    let terminal = Terminal { quiet: common.quiet };
    texts.iter().for_each(|text| terminal.notice(&Notice::Warning(text.clone())));
}
