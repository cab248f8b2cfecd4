//! `doctor`.

use std::sync::Arc;

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::Output;
use crate::cli::session::settings;
use crate::cli::terminal::Terminal;
use crate::service::ask::doctor::{Check, checkup};

/// `doctor`. Exit code 1 when something is to be mended.
pub(crate) async fn run(common: &Common) -> Result<(Output, u8)> {
    let found = checkup(&settings(common), Arc::new(Terminal { quiet: common.quiet })).await?;
    let line =
        |Check { name, ok, detail }: &Check| format!("{} {name}: {detail}\n", if *ok { "ok   " } else { "MEND " });
    let text: String = found.checks.iter().map(line).collect();
    Ok((Output::report(text, &found)?, if found.is_well() { 0 } else { REFUSED }))
}
