//! `completions` and `man`: the command line's own description, for shells and readers.

use std::fs;
use std::path::Path;

use clap_complete::Shell;
use serde_json::json;

use crate::cli::failure::{Failure, Result};
use crate::cli::manual::{self, pages};
use crate::cli::output::{Output, object};

/// `completions`.
pub(crate) fn completions(shell: Shell) -> Result<Output> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut manual::command(), "pg-atlas", &mut script);
    Ok(Output::Text(String::from_utf8(script).map_err(Failure::refused)?))
}

/// `man`.
pub(crate) fn man(dir: &Path) -> Result<Output> {
    let at = |path: &Path, error: &std::io::Error| Failure::environment(anyhow::anyhow!("{}: {error}", path.display()));
    fs::create_dir_all(dir).map_err(|error| at(dir, &error))?;
    let pages = pages::pages().map_err(Failure::environment)?;
    for page in &pages {
        let path = dir.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| at(&path, &error))?;
    }
    Ok(Output::Object(object(json!({ "folder": dir, "pages": pages.len() }))))
}
