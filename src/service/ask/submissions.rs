//! Documents about repositories as they came in: bills of materials and git logs.

use domain::EventType;
use domain::digest::Digest;
use domain::facts::document;
use domain::number::fit;
use domain::recorded::Position;
use domain::time::Timestamp;
use replay::log::Stored;
use replay::{SNAPSHOT, log};
use sqlx::Connection as _;

use crate::service::{Deps, Error, Result};

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// A bill of materials.
    Sbom,
    /// A pseudonymised git log.
    GitLog,
}

impl DocumentKind {
    fn event_type(self) -> EventType {
        match self {
            Self::Sbom => EventType::SbomSubmitted,
            Self::GitLog => EventType::GitLogObserved,
        }
    }
}

/// A document in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDocument {
    /// Position of its event: its number outside.
    pub position: Position,
    /// The repository it is about, as the stream has it.
    pub repo: String,
    /// Who appended it.
    pub actor: String,
    /// When it entered the log.
    pub recorded_at: Timestamp,
    /// Digest of the stored document; none where the event was erased.
    pub digest: Option<Digest>,
}

/// Some documents of a kind, newest first, and how many there are: of all repositories, or of this one. It looks at
/// every event of the repositories, so it costs what the log holds.
///
/// # Errors
/// When the database fails.
pub async fn list(
    deps: &Deps,
    kind: DocumentKind,
    repo: Option<&str>,
    limit: u64,
    offset: u64,
) -> Result<(Vec<KeptDocument>, u64)> {
    // What no column holds lies behind every end; a text with a NUL is in no column.
    let (Ok(limit), Ok(offset)) = (i64::try_from(limit), i64::try_from(offset)) else { return Ok((Vec::new(), 0)) };
    if repo.is_some_and(|repo| repo.contains('\0')) {
        return Ok((Vec::new(), 0));
    }
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let event_type = kind.event_type().name();
    let total = sqlx::query_file_scalar!("sql/count_documents.sql", event_type, repo).fetch_one(&mut *conn).await?;
    let rows = sqlx::query_file_scalar!("sql/documents_of_type.sql", event_type, repo, limit, offset);
    let positions: Vec<Position> =
        rows.fetch_all(&mut *conn).await?.into_iter().map(|position| fit(position, "position")).collect();
    let mut documents = Vec::with_capacity(positions.len());
    log::positions(&mut conn, &positions, |stored| {
        documents.push(KeptDocument::of(&stored));
        Ok::<(), Error>(())
    })
    .await?;
    Ok((documents, fit(total, "documents")))
}

/// The document whose event is at a position; none where there is none of this kind.
///
/// # Errors
/// When the database fails.
pub async fn one(deps: &Deps, kind: DocumentKind, position: Position) -> Result<Option<KeptDocument>> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    if !(1..=log::head(&mut conn).await?.position).contains(&position) {
        return Ok(None);
    }
    let mut found = None;
    log::positions(&mut conn, &[position], |stored| {
        found = (stored.envelope.event_type == kind.event_type().name()).then(|| KeptDocument::of(&stored));
        Ok::<(), Error>(())
    })
    .await?;
    Ok(found)
}

/// The stored document, as text; none where it is gone, damaged or no text, which is told to the program's log.
///
/// # Errors
/// When the place of documents cannot be opened.
pub async fn text(deps: &Deps, kept: &KeptDocument) -> Result<Option<String>> {
    let Some(digest) = &kept.digest else { return Ok(None) };
    let text = match deps.store()?.get(digest).await {
        Ok(bytes) => String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(reason) = &text {
        tracing::warn!(position = kept.position, reason, "a document cannot be shown");
    }
    Ok(text.ok())
}

impl KeptDocument {
    fn of(stored: &Stored) -> Self {
        Self {
            position: stored.position,
            digest: document(&stored.payload).map(|document| document.sha256),
            repo: stored.envelope.stream.id().to_owned(),
            actor: stored.envelope.metadata.get("actor").cloned().unwrap_or_default(),
            recorded_at: stored.envelope.recorded_at,
        }
    }
}
