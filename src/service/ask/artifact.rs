//! The raw documents behind the facts.

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::digest::Digest;
use domain::facts::document;
use domain::recorded::Position;
use domain::{StreamId, Timestamp};
use ingest::artifact::ArtifactError;
use replay::log;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::forms_of;
use crate::service::{Deps, Error, Result};

/// A document as an event names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Named {
    /// The event's position.
    pub position: i64,
    /// SHA-256 of the document.
    pub id: Digest,
    /// The event's type.
    pub kind: String,
    /// Its format, and who read it.
    pub reason: String,
    /// Its size.
    pub bytes: u64,
    /// When it was observed, where the time can be told.
    pub observed_at: Option<Timestamp>,
    /// The same as `id`.
    pub digest: Digest,
}

/// A document that is missing or damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unsound {
    /// SHA-256 of the document.
    pub id: Digest,
    /// `missing` or `damaged`.
    pub kind: String,
    /// Who names it.
    pub reason: String,
    /// The first position that does.
    pub position: Position,
}

/// The document of this digest.
///
/// # Errors
/// [`Error::Invalid`] for what is no digest; when it is not there, or damaged.
pub async fn get(deps: &Deps, digest: &str) -> Result<Bytes> {
    let parsed = Digest::parse(digest)
        .ok_or_else(|| Error::invalid("digest", format!("`{digest}` is no SHA-256: expected 64 hexadecimal digits")))?;
    Ok(deps.store()?.get(&parsed).await?)
}

/// The documents of a stream, or of whatever streams there are about an id, by position.
///
/// # Errors
/// [`Error::NotFound`] where the log holds nothing about it.
pub async fn history(deps: &Deps, asked: &str) -> Result<Vec<Named>> {
    let (kind, forms) = match StreamId::parse(asked) {
        Ok(stream) => (Some(stream.kind().name()), vec![stream.id().to_owned()]),
        Err(_) => (None, forms_of(asked)),
    };
    let mut conn = deps.read_long().await?;
    let mut events = Vec::new();
    for id in &forms {
        if events.is_empty() {
            events = sqlx::query_file!("sql/documents_about.sql", id, kind).fetch_all(&mut *conn).await?;
        }
    }
    if events.is_empty() {
        let id = &forms[0];
        return Err(Error::not_found("stream", id, format!("the log holds nothing about `{id}`")));
    }
    let mut named = Vec::new();
    for event in events {
        let Some(document) = document(&event.payload) else { continue };
        let version = document.format_version.map(|version| format!(" {version}")).unwrap_or_default();
        named.push(Named {
            position: event.position,
            id: document.sha256,
            kind: event.event_type,
            reason: format!("{}{version}, read by {}", document.format, document.parser),
            bytes: document.bytes,
            observed_at: Timestamp::from_datetime(event.observed_at),
            digest: document.sha256,
        });
    }
    Ok(named)
}

/// Checks that every document that an event names is there and undamaged; those that are not.
///
/// # Errors
/// When the log or the place of documents cannot be read.
pub async fn check(deps: &Deps) -> Result<Vec<Unsound>> {
    let store = deps.store()?;
    let mut conn = deps.read_long().await?;
    let head = log::head(&mut conn).await?.position;
    let mut named: BTreeMap<Digest, Position> = BTreeMap::new();
    let mut progress = deps.begin("reading the log", head);
    log::read(&mut conn, 1, head, |stored| {
        progress.step();
        if let Some(document) = document(&stored.payload) {
            named.entry(document.sha256).or_insert(stored.position);
        }
        Ok::<(), Error>(())
    })
    .await?;
    drop(progress);
    let mut progress = deps.begin("reading documents", named.len() as u64);
    let mut unsound = Vec::new();
    for (digest, position) in &named {
        progress.step();
        let kind = match store.get(digest).await {
            Ok(_) => continue,
            Err(ArtifactError::NotFound(_)) => "missing",
            Err(ArtifactError::Damaged { .. }) => "damaged",
            Err(error) => return Err(error.into()),
        };
        let reason = format!("named by the event at position {position}");
        unsound.push(Unsound { id: *digest, kind: kind.to_owned(), reason, position: *position });
    }
    drop(progress);
    let sound = named.len() - unsound.len();
    deps.note(format!("{sound} of {} documents are present and undamaged", named.len()));
    Ok(unsound)
}
