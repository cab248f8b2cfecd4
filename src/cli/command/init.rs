//! `init`.

use std::path::Path;

use crate::cli::failure::Result;
use crate::cli::gap::quoted;
use crate::cli::output::Output;
use crate::cli::output::cell::indented;
use crate::service::act::init::{Initialised, init};

/// `init`.
pub(crate) fn run(folder: &Path) -> Result<Output> {
    let made = init(folder)?;
    Output::report(report(&made), &made)
}

fn report(Initialised { folder, files }: &Initialised) -> String {
    format!(
        "Made in {}:\n{}\nNext, in that folder, whose pg-atlas.toml keeps the data there:\n  \
           cd {}\n  \
           pg-atlas ingest batch batch.ndjson   the examples, to try; or your own\n  \
           pg-atlas project\n  \
           pg-atlas scores --level repo\n",
        folder.display(),
        indented(&files.join(", "), 2),
        quoted(&folder.to_string_lossy()),
    )
}
