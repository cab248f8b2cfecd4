//! `doctor`.

use std::sync::Arc;

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::Output;
use crate::cli::session::settings;
use crate::cli::terminal::Terminal;
use crate::service::ask::doctor::{Check, Remedy, checkup};

/// `doctor`. Exit code 1 when something is to be mended.
pub(crate) async fn run(common: &Common) -> Result<(Output, u8)> {
    let mut found = checkup(&settings(common), Arc::new(Terminal { quiet: common.quiet })).await?;
    found.checks.iter_mut().for_each(advise);
    let line =
        |Check { name, ok, detail, .. }: &Check| format!("{} {name}: {detail}\n", if *ok { "ok   " } else { "MEND " });
    let text: String = found.checks.iter().map(line).collect();
    Ok((Output::report(text, &found)?, if found.is_well() { 0 } else { REFUSED }))
}

/// Says which command helps.
fn advise(check: &mut Check) {
    check.detail += match check.remedy {
        None => "",
        Some(Remedy::Migrate) => ": run `pg-atlas migrate`",
        Some(Remedy::MigrateAsOwner) => ": run `pg-atlas migrate` as the owner of the database",
        Some(Remedy::Project) => ": run `pg-atlas project`",
        Some(Remedy::OtherFolder) => ": move it away, or choose another with --data-dir",
    };
}
