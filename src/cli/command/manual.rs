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
    let script = String::from_utf8(script).map_err(Failure::refused)?;
    Ok(Output::Text(if shell == Shell::Bash { joined(&whole, &script) } else { script }))
}

/// The script, whose labels join the words of a name as its variables do: the generator (4.6.12) takes the hyphen of
/// `git-log` for the border of two commands in one of the two places, so that nothing below such a name is completed.
fn joined(command: &Command, script: &str) -> String {
    let name = command.get_name();
    let script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    command.get_subcommands().fold(script, |script, inner| joined(inner, &script))
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
