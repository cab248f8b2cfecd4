//! `init`.

use std::path::Path;

use crate::cli::failure::Result;
use crate::cli::gap::quoted;
use crate::cli::output::Output;
use crate::service::act::init::{Initialised, init};

/// `init`.
pub(crate) fn run(folder: &Path) -> Result<Output> {
    let made = init(folder)?;
    Output::report(report(&made), &made)
}

fn report(Initialised { folder, files }: &Initialised) -> String {
    format!(
        "Made in {}: {}\n\nNext, in that folder, whose pg-atlas.toml keeps the data there:\n  \
           cd {}\n  \
           pg-atlas ingest batch batch.ndjson      the examples, to try; or fill in your own\n  \
           pg-atlas project\n  \
           pg-atlas scores --level repo\n",
        folder.display(),
        files.join(", "),
        quoted(&folder.to_string_lossy()),
    )
}
