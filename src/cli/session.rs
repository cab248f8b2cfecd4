//! The atlas that the flags name, watched from the terminal.

use std::sync::Arc;

use super::failure::Result;
use super::flags::Common;
use super::terminal::Terminal;
use crate::service::watch::{Notice, Watch as _};
use crate::service::{Deps, Settings};

/// The atlas that the flags name, watched from the terminal.
pub(crate) fn deps(common: &Common) -> Result<Deps> {
    Ok(Deps::open(&settings(common), watch(common))?)
}

/// The terminal, watching.
pub(crate) fn watch(common: &Common) -> Arc<Terminal> {
    Arc::new(Terminal { quiet: common.quiet })
}

/// Where the atlas is.
pub(crate) fn settings(common: &Common) -> Settings {
    Settings { database_url: common.database_url.clone(), data_dir: common.data_dir.clone() }
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
