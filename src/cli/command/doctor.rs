//! `doctor`.

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::Common;
use crate::cli::output::looks::Tone;
use crate::cli::output::{Output, cell, looks};
use crate::cli::session::{settings, watch};
use crate::service::ask::doctor::{Check, Checkup, Remedy, checkup};

/// What stands before a line that goes on.
const INDENT: &str = "      ";

/// `doctor`. Exit code 1 when something is to be mended.
pub(crate) async fn run(common: &Common) -> Result<(Output, u8)> {
    let mut found = checkup(&settings(common), watch(common)).await?;
    found.checks.iter_mut().for_each(advise);
    Ok((Output::report(text(&found), &found)?, if found.is_well() { 0 } else { REFUSED }))
}

/// What is to be mended first, then every check.
fn text(found: &Checkup) -> String {
    let to_mend = found.checks.iter().filter(|check| !check.ok).count();
    let (tone, verdict) = match to_mend {
        0 => (Tone::Good, "all is well".to_owned()),
        1 => (Tone::Bad, "1 check says what to mend".to_owned()),
        many => (Tone::Bad, format!("{many} checks say what to mend")),
    };
    let check = |Check { name, ok, detail, .. }: &Check| {
        let (tone, mark) = if *ok { (Tone::Good, "ok  ") } else { (Tone::Bad, "MEND") };
        let room = looks().width.saturating_sub(INDENT.len()).max(1);
        let lines = cell::wrapped(&format!("{name}: {detail}"), room);
        format!("{}  {}\n", looks().paint(tone, mark), lines.join(&format!("\n{INDENT}")))
    };
    looks().paint(tone, &verdict) + "\n" + &found.checks.iter().map(check).collect::<String>()
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
