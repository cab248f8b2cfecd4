//! `artifact`: the raw documents behind the facts.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;

use ::replay::log;
use anyhow::anyhow;
use domain::digest::Digest;
use domain::facts::DocumentRef;
use domain::purl::Purl;
use domain::{StreamId, Timestamp};
use ingest::artifact::{ArtifactError, Store, migrate};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::ArtifactCommand;
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

/// `artifact`.
pub(crate) async fn run(session: &Session, command: ArtifactCommand) -> Result<(Output, u8)> {
    match command {
        ArtifactCommand::Get { digest } => get(session, &digest).await.map(|()| (Output::None, 0)),
        ArtifactCommand::History { id } => history(session, &id).await.map(|output| (output, 0)),
        ArtifactCommand::Audit => audit(session).await,
        ArtifactCommand::Migrate { to } => copy(session, &to).await,
    }
}

async fn get(session: &Session, digest: &str) -> Result<()> {
    let digest = Digest::parse(digest)
        .ok_or_else(|| Failure::environment(anyhow!("`{digest}` is no SHA-256: expected 64 hexadecimal digits")))?;
    let document = session.store()?.get(&digest).await.map_err(failure)?;
    let mut stdout = io::stdout().lock();
    match stdout.write_all(&document).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::environment(error)),
        _ => Ok(()),
    }
}

/// What of a payload names its document. Of a payload that this program cannot read, too.
#[derive(Deserialize)]
struct Names {
    document: DocumentRef,
}

/// The document that an event was read from. A formula is its document and has none.
fn document(payload: &[u8]) -> Option<DocumentRef> {
    serde_json::from_slice::<Names>(payload).ok().map(|names| names.document)
}

async fn history(session: &Session, id: &str) -> Result<Output> {
    const COLUMNS: &[&str] = &["position", "id", "kind", "reason", "bytes", "observed_at"];
    // A stream, or the id of whatever streams there are about it.
    let (kind, id) = match StreamId::parse(id) {
        Ok(stream) => (Some(stream.kind().name()), stream.id().to_owned()),
        Err(_) => (None, Purl::parse(id).map_or_else(|_| id.to_owned(), |purl| purl.id)),
    };
    let mut conn = session.connect().await?;
    let events = sqlx::query_file!("sql/documents_about.sql", id, kind).fetch_all(&mut conn).await?;
    if events.is_empty() {
        return Err(Failure::refused(anyhow!("the log holds nothing about `{id}`")));
    }
    let mut rows = Vec::new();
    for event in &events {
        let Some(document) = document(&event.payload) else { continue };
        let version = document.format_version.map(|version| format!(" {version}")).unwrap_or_default();
        rows.push(object(json!({
            "id": document.sha256,
            "kind": event.event_type,
            "reason": format!("{}{version}, read by {}", document.format, document.parser),
            "position": event.position,
            "digest": document.sha256,
            "bytes": document.bytes,
            "observed_at": Timestamp::from_datetime(event.observed_at),
        })));
    }
    Ok(Output::Rows(COLUMNS.to_vec(), rows))
}

async fn audit(session: &Session) -> Result<(Output, u8)> {
    const COLUMNS: &[&str] = &["id", "kind", "reason", "position"];
    let store = session.store()?;
    let mut conn = session.connect().await?;
    let head = log::head(&mut conn).await?.position;
    let mut named: BTreeMap<Digest, u64> = BTreeMap::new();
    let mut progress = session.progress("reading the log", head);
    log::read(&mut conn, 1, head, |stored| {
        progress.event(&stored);
        if let Some(document) = document(&stored.payload) {
            named.entry(document.sha256).or_insert(stored.position);
        }
        Ok::<(), Failure>(())
    })
    .await?;
    drop(progress);
    let mut progress = session.progress("reading documents", named.len() as u64);
    let mut rows = Vec::new();
    for (digest, position) in &named {
        progress.step();
        let kind = match store.get(digest).await {
            Ok(_) => continue,
            Err(ArtifactError::NotFound(_)) => "missing",
            Err(ArtifactError::Damaged { .. }) => "damaged",
            Err(error) => return Err(failure(error)),
        };
        let reason = format!("named by the event at position {position}");
        rows.push(object(json!({"id": digest, "kind": kind, "reason": reason, "position": position})));
    }
    drop(progress);
    let sound = named.len() - rows.len();
    session::say(&session.common, &format!("{sound} of {} documents are present and undamaged", named.len()));
    let code = if rows.is_empty() { 0 } else { REFUSED };
    Ok((Output::Rows(COLUMNS.to_vec(), rows), code))
}

async fn copy(session: &Session, to: &str) -> Result<(Output, u8)> {
    const COLUMNS: &[&str] = &["id", "kind", "reason"];
    let done = migrate(&session.store()?, &place(to)?).await.map_err(failure)?;
    let reason = format!("{} copied ({} bytes), {} were there", done.copied, done.copied_bytes, done.present);
    let mut rows: Vec<Map<String, Value>> = vec![object(json!({
        "id": to,
        "kind": "migrated",
        "reason": reason,
        "copied": done.copied,
        "copied_bytes": done.copied_bytes,
        "present": done.present,
    }))];
    let damaged =
        |digest: &Digest| object(json!({"id": digest, "kind": "damaged", "reason": "damaged here; not copied"}));
    rows.extend(done.damaged.iter().map(damaged));
    Ok((Output::Rows(COLUMNS.to_vec(), rows), if done.damaged.is_empty() { 0 } else { REFUSED }))
}

/// The place that `migrate` copies to.
fn place(to: &str) -> Result<Store> {
    if let Some((scheme, _)) = to.split_once("://") {
        #[cfg(feature = "s3")]
        if scheme == "s3" {
            return Store::s3(to).map_err(failure);
        }
        let reason = anyhow!(
            "no place of scheme `{scheme}`: expected a folder, or s3:// in a program built with the feature s3"
        );
        return Err(Failure::environment(reason));
    }
    Store::local(Path::new(to)).map_err(failure)
}

fn failure(error: ArtifactError) -> Failure {
    match error {
        ArtifactError::NotFound(_) | ArtifactError::Damaged { .. } | ArtifactError::TooLarge(_) => {
            Failure::refused(error)
        }
        ArtifactError::Folder { .. } | ArtifactError::Store { .. } => Failure::environment(error),
    }
}
