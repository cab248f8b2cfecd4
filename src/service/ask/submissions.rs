//! Documents about repositories as they came in: bills of materials and git logs.

use domain::digest::Digest;
use domain::facts::document;
use domain::number::fit;
use domain::recorded::Position;
use domain::time::Timestamp;

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
    fn event_type(self) -> &'static str {
        match self {
            Self::Sbom => "SbomSubmitted",
            Self::GitLog => "GitLogObserved",
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
    pub recorded_at: Option<Timestamp>,
    /// Digest of the stored document; none where the event was erased.
    pub digest: Option<Digest>,
}

/// Some documents of a kind, newest first, and how many there are: of all repositories, or of this one.
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
    let found = read(deps, kind, repo, None, limit, offset).await?;
    if found.0.is_empty() && offset > 0 {
        // The page lies behind the end: how many there are says another.
        return Ok((Vec::new(), read(deps, kind, repo, None, 1, 0).await?.1));
    }
    Ok(found)
}

/// The document whose event is at a position.
///
/// # Errors
/// [`Error::NotFound`] where the event there is none of this kind; when the database fails.
pub async fn one(deps: &Deps, kind: DocumentKind, position: Position) -> Result<KeptDocument> {
    let found = match i64::try_from(position) {
        Ok(position) => read(deps, kind, None, Some(position), 1, 0).await?.0.pop(),
        Err(_) => None,
    };
    found.ok_or_else(|| Error::not_found("document", position.to_string(), format!("no document at {position}")))
}

/// The stored document, as text; none where it is gone, damaged or no text.
///
/// # Errors
/// When the place of documents cannot be opened.
pub async fn text(deps: &Deps, submission: &KeptDocument) -> Result<Option<String>> {
    let Some(digest) = &submission.digest else { return Ok(None) };
    let stored = deps.store()?.get(digest).await;
    Ok(stored.ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()))
}

async fn read(
    deps: &Deps,
    kind: DocumentKind,
    repo: Option<&str>,
    position: Option<i64>,
    limit: u64,
    offset: u64,
) -> Result<(Vec<KeptDocument>, u64)> {
    // What no column holds lies behind every end; a text with a NUL is in no column.
    let (Ok(limit), Ok(offset)) = (i64::try_from(limit), i64::try_from(offset)) else { return Ok((Vec::new(), 0)) };
    if repo.is_some_and(|repo| repo.contains('\0')) {
        return Ok((Vec::new(), 0));
    }
    let mut conn = deps.read().await?;
    let rows = sqlx::query_file!("sql/documents_of_type.sql", kind.event_type(), repo, position, limit, offset);
    let rows = rows.fetch_all(&mut *conn).await?;
    let total = rows.first().map_or(0, |row| fit(row.total, "documents"));
    let each = rows.into_iter().map(|row| {
        let metadata: std::collections::BTreeMap<String, String> =
            serde_json::from_str(&row.metadata).map_err(Error::refused)?;
        Ok(KeptDocument {
            position: fit(row.position, "position"),
            repo: row.stream_id,
            actor: metadata.get("actor").cloned().unwrap_or_default(),
            recorded_at: Timestamp::from_datetime(row.recorded_at),
            digest: document(&row.payload).map(|document| document.sha256),
        })
    });
    Ok((each.collect::<Result<_>>()?, total))
}
