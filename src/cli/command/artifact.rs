//! `artifact`.

use std::io::{self, Write as _};

use serde_json::json;

use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::{ArtifactCommand, Common};
use crate::cli::output::{self, Output, object};
use crate::cli::session;
use crate::service::act::artifact::{self as act, Copied};
use crate::service::ask::artifact as ask;

/// `artifact`.
pub(crate) async fn run(common: &Common, command: ArtifactCommand) -> Result<(Output, u8)> {
    if matches!(command, ArtifactCommand::Get { .. }) {
        output::as_it_is(common.format, "a document is written as it is")?;
    }
    let deps = &session::deps(common)?;
    match command {
        ArtifactCommand::Get { digest } => write(&ask::get(deps, &digest).await?).map(|()| (Output::None, 0)),
        ArtifactCommand::History { id } => {
            // The digest is there twice, for programs.
            let columns = vec!["position", "id", "kind", "reason", "bytes", "observed_at"];
            Ok((Output::columned(columns, &ask::history(deps, &id).await?)?, 0))
        }
        ArtifactCommand::Audit => {
            let unsound = ask::check(deps).await?;
            Ok((Output::rows(&unsound)?, if unsound.is_empty() { 0 } else { REFUSED }))
        }
        ArtifactCommand::Migrate { to } => Ok(copied(&to, &act::copy(deps, &to).await?)),
    }
}

/// A document as it is. A reader that has gone away is no failure.
fn write(document: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(document).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

/// A line for the place, and one for each document that stayed behind.
fn copied(to: &str, done: &Copied) -> (Output, u8) {
    let Copied { copied, copied_bytes, present, damaged } = done;
    let mut rows = vec![object(json!({
        "id": to,
        "kind": "migrated",
        "reason": format!("{copied} copied ({copied_bytes} bytes), {present} were there"),
        "copied": copied,
        "copied_bytes": copied_bytes,
        "present": present,
    }))];
    rows.extend(
        damaged
            .iter()
            .map(|digest| object(json!({"id": digest, "kind": "damaged", "reason": "damaged here; not copied"}))),
    );
    (Output::of_columns(vec!["id", "kind", "reason"], rows), if damaged.is_empty() { 0 } else { REFUSED })
}
