//! `completions` and `man`: the command line's own description, for shells and readers.

use std::fs;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use serde_json::json;

use crate::cli::failure::{Failure, Result};
use crate::cli::manual::{self, pages};
use crate::cli::output::{Output, object};

/// `completions`.
pub(crate) fn completions(shell: Shell) -> Result<Output> {
    let whole = manual::command();
    // Commands that are hidden are offered to nobody.
    let shown = whole.get_subcommands().filter(|command| !command.is_hide_set());
    let mut offered = Command::new("pg-atlas")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args(whole.get_arguments())
        .subcommands(shown);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut offered, "pg-atlas", &mut script);
    Ok(Output::Text(String::from_utf8(script).map_err(Failure::refused)?))
}

/// `man`.
pub(crate) fn man(dir: &Path) -> Result<Output> {
    let at = |path: &Path, error: &std::io::Error| Failure::environment(anyhow::anyhow!("{}: {error}", path.display()));
    fs::create_dir_all(dir).map_err(|error| at(dir, &error))?;
    let pages = pages::pages().map_err(Failure::environment)?;
    pages.iter().try_for_each(|page| {
        let path = dir.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| at(&path, &error))
    })?;
    Ok(Output::Object(object(json!({ "folder": dir, "pages": pages.len() }))))
}
