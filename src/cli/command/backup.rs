//! `backup`.

use std::path::PathBuf;

use crate::cli::failure::{REFUSED, Result};
use crate::cli::flags::{BackupCommand, Common};
use crate::cli::output::Output;
use crate::cli::session;
use crate::service::act::backup as act;
use crate::service::ask::backup as ask;

/// `backup`.
pub(crate) async fn run(common: &Common, command: BackupCommand) -> Result<(Output, u8)> {
    let settings = session::settings(common);
    match command {
        BackupCommand::Create(place) => {
            let made = act::create(&session::deps(common)?, place.to.as_deref()).await?;
            if let Some(keys) = listed(&made.keys) {
                let why = "whoever has it may read names, and must not sign for this log or tell whose a pseudonym is";
                session::say(common, &format!("not in the backup, to be kept apart from it: {keys}; {why}"));
            }
            if !made.live {
                let why = "the live tables are behind the log: `pg-atlas project` first, and a restore is also compared \
                           with what they hold";
                session::say(common, why);
            }
            Ok((Output::of(&made)?, if made.missing == 0 { 0 } else { REFUSED }))
        }
        BackupCommand::List(place) => Ok((Output::rows(&ask::list(&settings, place.to.as_deref()).await?)?, 0)),
        BackupCommand::Restore { id, drill: true, place } => {
            let (watch, from) = (session::watch(common), place.to.as_deref());
            Ok((Output::of(&act::drill::drill(&settings, watch, from, id.as_deref()).await?)?, 0))
        }
        BackupCommand::Restore { id, place, .. } => {
            let deps = session::deps(common)?;
            let restored = act::restore::restore(&deps, place.to.as_deref(), id.as_deref()).await?;
            if let Some(keys) = listed(&restored.keys) {
                let text =
                    format!("no backup holds keys: put back {keys} before git logs are read or checkpoints signed");
                session::warn(common, &[text]);
            }
            Ok((Output::of(&restored)?, 0))
        }
        BackupCommand::Prune { keep_days, dry_run, place } => {
            let pruned = act::prune::prune(&settings, place.to.as_deref(), keep_days, dry_run).await?;
            Ok((Output::of(&pruned)?, 0))
        }
    }
}

/// Files in a sentence; `None` where there are none.
fn listed(files: &[PathBuf]) -> Option<String> {
    let names: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    (!names.is_empty()).then(|| names.join(" and "))
}
