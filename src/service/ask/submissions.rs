//! Documents about repositories as they came in: bills of materials and git logs. Bills of materials that became no
//! event of their own, refused or told again, are listed with the others.

use std::collections::BTreeMap;

use domain::EventType;
use domain::digest::Digest;
use domain::facts::document;
use domain::number::fit;
use domain::recorded::Position;
use domain::time::Timestamp;
use replay::log::Stored;
use replay::{SNAPSHOT, log};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

pub use self::content::content_hash;
pub use self::order::DocumentOrder;
use self::order::{BesideRow, Listed};
use super::resident::Resident;
use super::visibility::{HOST, SaidPrivate};
use crate::service::{Deps, Error, Result};

mod content;
mod order;

/// Numbers from here on are of submissions that are no events; below they are positions.
const BESIDE: u64 = 1 << 52;

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

/// A document that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDocument {
    /// Its number outside.
    pub number: u64,
    /// Position of its event, or of the one that it repeats; none where it was refused.
    pub position: Option<Position>,
    /// The repository it is about: as the stream has it, or as whoever sent it does.
    pub repo: String,
    /// The repository as whoever sent it writes it, where that is told.
    pub claim: Option<String>,
    /// Who sent it; empty where that was erased.
    pub actor: String,
    /// When it came in.
    pub recorded_at: Timestamp,
    /// Digest of the stored document; none where it was erased or refused.
    pub digest: Option<Digest>,
    /// What its content is told by, where that is known without looking.
    pub content: Option<Digest>,
    /// Whether its repository was for everybody to see when it came in, where that is told.
    pub public: Option<bool>,
    /// Why it was refused.
    pub refused: Option<String>,
}

/// Some documents of a kind, newest first, and how many there are: of all repositories, in the order that is kept, or
/// of this one, by what is in its stream.
///
/// # Errors
/// When the database fails.
pub async fn list(
    deps: &Deps,
    order: &DocumentOrder,
    kind: DocumentKind,
    repo: Option<&str>,
    limit: u64,
    offset: u64,
) -> Result<(Vec<KeptDocument>, u64)> {
    // What no column holds lies behind every end; a text with a NUL is in no column.
    let (Ok(limit), Ok(offset)) = (i64::try_from(limit), i64::try_from(offset)) else { return Ok((Vec::new(), 0)) };
    match repo {
        Some(repo) if repo.contains('\0') => Ok((Vec::new(), 0)),
        Some(repo) => of_repository(deps, kind, repo, limit, offset).await,
        None => of_all(deps, order, kind, limit, offset).await,
    }
}

async fn of_repository(
    deps: &Deps,
    kind: DocumentKind,
    repo: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<KeptDocument>, u64)> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    if kind == DocumentKind::Sbom {
        let total = sqlx::query_file_scalar!("sql/count_submissions.sql", repo).fetch_one(&mut *conn).await?;
        let rows = sqlx::query_file_as!(SubmissionRow, "sql/submissions.sql", repo, limit, offset);
        let rows = rows.fetch_all(&mut *conn).await?;
        return Ok((submitted(&mut conn, rows).await?, fit(total, "documents")));
    }
    let event_type = kind.event_type().name();
    let total = sqlx::query_file_scalar!("sql/count_documents.sql", event_type, repo).fetch_one(&mut *conn).await?;
    let rows = sqlx::query_file_scalar!("sql/documents_of_type.sql", event_type, repo, limit, offset);
    let positions: Vec<Position> =
        rows.fetch_all(&mut *conn).await?.into_iter().map(|position| fit(position, "position")).collect();
    Ok((at(&mut conn, &positions).await?, fit(total, "documents")))
}

async fn of_all(
    deps: &Deps,
    order: &DocumentOrder,
    kind: DocumentKind,
    limit: i64,
    offset: i64,
) -> Result<(Vec<KeptDocument>, u64)> {
    let (reach, most, left_out) = (offset.checked_add(limit), fit(limit, "documents"), fit(offset, "documents"));
    let mut known = order.locked().await;
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    known.catch_up(&mut conn).await?;
    let total = fit::<u64>(known.count(kind), "documents");
    if kind == DocumentKind::GitLog {
        let positions = known.git_logs(most, left_out);
        drop(known);
        return Ok((at(&mut conn, &positions).await?, total));
    }
    let beside = sqlx::query_file_scalar!("sql/count_submissions_beside.sql").fetch_one(&mut *conn).await?;
    // Without a reach: all.
    let newest = sqlx::query_file_as!(BesideRow, "sql/submissions_beside.sql", reach).fetch_all(&mut *conn).await?;
    let page = known.sboms(&newest, most, left_out);
    drop(known);
    let rows = told_at(&mut conn, &page).await?;
    Ok((rows, total + fit::<u64>(beside, "documents")))
}

/// The documents at these positions, in their order.
async fn at(conn: &mut PgConnection, positions: &[Position]) -> Result<Vec<KeptDocument>> {
    let mut documents = Vec::with_capacity(positions.len());
    log::positions(conn, positions, |stored| {
        documents.push(KeptDocument::of(&stored));
        Ok::<(), Error>(())
    })
    .await?;
    Ok(documents)
}

/// Bills of materials, in the order of this list.
async fn told_at(conn: &mut PgConnection, page: &[Listed]) -> Result<Vec<KeptDocument>> {
    let (events, beside): (Vec<Option<i64>>, Vec<Option<i64>>) =
        page.iter().map(|listed| <(Option<i64>, Option<i64>)>::from(*listed)).unzip();
    let rows = sqlx::query_file_as!(SubmissionRow, "sql/submissions_at.sql", &events as &[_], &beside as &[_]);
    let rows = rows.fetch_all(&mut *conn).await?;
    submitted(conn, rows).await
}

/// The document of a number; none where there is none of this kind.
///
/// # Errors
/// When the database fails.
pub async fn one(deps: &Deps, kind: DocumentKind, number: u64) -> Result<Option<KeptDocument>> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    if number < BESIDE && !(1..=log::head(&mut conn).await?.position).contains(&number) {
        return Ok(None);
    }
    if kind == DocumentKind::Sbom {
        let listed = match number.checked_sub(BESIDE) {
            None => Some(Listed::Event(number)),
            Some(beside) => i64::try_from(beside).ok().map(Listed::Beside),
        };
        return Ok(told_at(&mut conn, listed.as_slice()).await?.pop());
    }
    let mut found = None;
    if number < BESIDE {
        log::positions(&mut conn, &[number], |stored| {
            found = (stored.envelope.event_type == kind.event_type().name()).then(|| KeptDocument::of(&stored));
            Ok::<(), Error>(())
        })
        .await?;
    }
    Ok(found)
}

/// The stored document, as text: none where it is not for everybody; nor where it is gone, damaged or no text, which is
/// told to the program's log.
///
/// # Errors
/// When the place of documents cannot be opened, or the database fails.
pub async fn public_text(deps: &Deps, atlas: &Resident, kept: &KeptDocument) -> Result<Option<String>> {
    let (Some(digest), Some(position)) = (&kept.digest, kept.position) else { return Ok(None) };
    if kept.public == Some(false)
        || !SaidPrivate::among(deps, atlas, [kept.repo.as_str()]).await?.allows(atlas, position, &kept.repo)
    {
        return Ok(None);
    }
    let text = match deps.store()?.get(digest).await {
        Ok(bytes) => String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(reason) = &text {
        tracing::warn!(number = kept.number, reason, "a document cannot be shown");
    }
    Ok(text.ok())
}

/// A row of a submission, or of an event that none is kept of.
struct SubmissionRow {
    position: Option<i64>,
    submission: Option<i64>,
    repository: Option<String>,
    public: Option<bool>,
    actor: Option<String>,
    content_hash: Option<Vec<u8>>,
    reason: Option<String>,
    told_at: Option<DateTime<Utc>>,
}

/// Rows with what the log says of them, in their order.
async fn submitted(conn: &mut PgConnection, rows: Vec<SubmissionRow>) -> Result<Vec<KeptDocument>> {
    let mut positions: Vec<Position> =
        rows.iter().filter_map(|row| row.position).map(|position| fit(position, "position")).collect();
    positions.sort_unstable();
    positions.dedup();
    let mut events = BTreeMap::new();
    log::positions(conn, &positions, |stored| {
        if stored.envelope.event_type == EventType::SbomSubmitted.name() {
            events.insert(stored.position, KeptDocument::of(&stored));
        }
        Ok::<(), Error>(())
    })
    .await?;
    Ok(rows.into_iter().filter_map(|row| row.with(&events)).collect())
}

impl SubmissionRow {
    /// As it is listed; none where its event is not there, or another.
    fn with(self, events: &BTreeMap<Position, KeptDocument>) -> Option<KeptDocument> {
        let position: Option<Position> = self.position.map(|position| fit(position, "position"));
        let event = match position {
            Some(position) => Some(events.get(&position)?.clone()),
            None => None,
        };
        let Some(repository) = self.repository else { return event };
        let beside = self.submission.map(|number| BESIDE + fit::<u64>(number, "number of a submission"));
        let told_at = self.told_at.and_then(Timestamp::from_datetime);
        Some(KeptDocument {
            number: beside.or(position)?,
            position,
            repo: event.as_ref().map_or_else(|| format!("{HOST}{repository}"), |event| event.repo.clone()),
            claim: Some(repository),
            actor: self.actor.unwrap_or_default(),
            recorded_at: told_at.or(event.as_ref().map(|event| event.recorded_at))?,
            digest: event.and_then(|event| event.digest),
            content: self.content_hash.as_deref().and_then(Digest::from_slice),
            public: self.public,
            refused: self.reason,
        })
    }
}

impl KeptDocument {
    fn of(stored: &Stored) -> Self {
        let said = |name: &str| stored.envelope.metadata.get(name).cloned();
        let claim = said("repository");
        // Whoever vouches for the repository sent it; the actor of such an event is nobody.
        let actor = if claim.is_some() { None } else { said("actor") };
        Self {
            number: stored.position,
            position: Some(stored.position),
            digest: document(&stored.payload).map(|document| document.sha256),
            repo: stored.envelope.stream.id().to_owned(),
            claim,
            actor: actor.unwrap_or_default(),
            recorded_at: stored.envelope.recorded_at,
            content: None,
            public: said("visibility").map(|visibility| visibility == "public"),
            refused: None,
        }
    }
}
