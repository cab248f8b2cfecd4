//! What the law demands: names beside the log and payloads inside it go.

use domain::checked::StatedReason;
use domain::digest::Digest;
use domain::recorded::Position;
use ingest::erase::{self, EraseError};
use replay::decisions::{self, Decisions};
use replay::{SNAPSHOT, erasure, forget, log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::{Connection as _, PgConnection};

use super::placed::Placed;
use crate::service::deps::context;
use crate::service::run::project::catch_up;
use crate::service::{Deps, Error, Result};

/// A contributor whose names are forgotten. Nothing of the log is concerned, so nothing is appended to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Forgotten {
    /// The pseudonym.
    pub erased: Digest,
    /// Always null.
    pub event: Option<String>,
    /// Always null.
    pub position: Option<Position>,
}

/// Forgets names and handles of a contributor; every score stays provable.
///
/// # Errors
/// [`Error::Invalid`] for what is no pseudonym, [`Error::NotFound`] where no name is kept under it.
pub async fn contributor(deps: &Deps, pseudonym: &str) -> Result<Forgotten> {
    let digest =
        Digest::parse(pseudonym).ok_or_else(|| Error::invalid("pseudonym", "a pseudonym is 64 hexadecimal digits"))?;
    if !erase::contributor(&deps.log().await?, &digest).await? {
        return Err(Error::not_found("contributor", pseudonym, format!("no name is kept under {digest}")));
    }
    Ok(Forgotten { erased: digest, event: None, position: None })
}

/// An event, as far as it matters to whoever decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ToErase {
    /// Its position.
    pub position: Position,
    /// Its stream.
    pub stream: String,
    /// Its type.
    #[serde(rename = "type")]
    pub event_type: String,
}

/// What an erasure would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForeseenErasure {
    /// The event.
    pub target: ToErase,
    /// The published labels that become unprovable.
    pub unprovable: Vec<String>,
    /// Where the log says that the payload is erased, when it is gone already.
    #[serde(skip)]
    pub done: Option<Position>,
}

impl ForeseenErasure {
    /// What would become unprovable, with nothing done.
    ///
    /// # Errors
    /// [`Error::Gone`] when the payload is erased already.
    pub fn dry_run(self) -> Result<DryRun> {
        match self.done {
            Some(at) => Err(already(self.target.position, at)),
            None => Ok(DryRun {
                outcome: "dry-run".to_owned(),
                target: self.target,
                unprovable: self.unprovable,
                erased: None,
                event: None,
                position: None,
            }),
        }
    }
}

/// An erasure that was only foreseen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DryRun {
    /// Always `dry-run`.
    pub outcome: String,
    /// The event.
    pub target: ToErase,
    /// The published labels that would become unprovable.
    pub unprovable: Vec<String>,
    /// Always null.
    pub erased: Option<Position>,
    /// Always null.
    pub event: Option<String>,
    /// Always null.
    pub position: Option<Position>,
}

/// A payload that is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// The position whose payload went.
    pub erased: Position,
    /// The event that it was of.
    pub target: ToErase,
    /// The published labels that became unprovable.
    pub unprovable: Vec<String>,
    /// Whether a raw document went with it.
    pub document_removed: bool,
    /// The event that says so.
    #[serde(flatten)]
    pub placed: Placed,
}

/// What erasing the payload at a position would take. Nothing changes.
///
/// # Errors
/// [`Error::NotFound`] where there is no event, [`Error::Refused`] for a decision about the log itself.
pub async fn foresee(deps: &Deps, position: Position) -> Result<ForeseenErasure> {
    let target = target(&deps.log().await?, position).await?;
    let mut conn = deps.read_long().await?;
    let mut snapshot = conn.begin_with(SNAPSHOT).await?;
    let decisions = Decisions::read(&mut snapshot).await?;
    let decided = decisions.erased(position, &target.payload_sha256).map(|(at, _)| at);
    let done = decided.filter(|_| target.payload.is_empty());
    let unprovable = match done {
        Some(_) => Vec::new(),
        None => unprovable(deps, &mut snapshot, &decisions, position).await?,
    };
    snapshot.rollback().await?;
    let target = ToErase { position, stream: target.stream, event_type: target.event_type };
    Ok(ForeseenErasure { target, unprovable, done })
}

/// Erases what was foreseen, for ever: the payload and its raw document. The leaf stays.
///
/// In this order, so that each step can be taken again after an interruption: the log says so, the raw document goes,
/// the payload goes, and so do the builds that had folded it. What was decided is carried out, never decided twice.
///
/// # Errors
/// [`Error::Gone`] when the payload is erased already; what an interruption has left of it is gone then.
pub async fn payload(
    deps: &Deps,
    foreseen: ForeseenErasure,
    reason: &StatedReason,
    actor: Option<&str>,
) -> Result<Erased> {
    let position = foreseen.target.position;
    let writer = deps.log().await?;
    let target = target(&writer, position).await?;
    // Of its own: where builds are made anew, the connection is their maker's.
    let mut conn = deps.read_long().await?.detach();
    let decisions = Decisions::read(&mut conn).await?;
    let decided = decisions.erased(position, &target.payload_sha256);
    let done = decided.map(|(at, _)| at).filter(|_| target.payload.is_empty());
    let reason = decided.map_or(reason.as_str(), |(_, said)| said).to_owned();
    let outcome = erase::decide(&writer, &target, reason, &context(actor)).await?;
    let removed = erase::carry_out(&writer, &deps.store()?, &target).await?;
    catch_up(deps, &mut conn).await?;
    forget::retired(&mut conn, position).await?;
    if let Some(at) = done {
        return Err(already(position, at));
    }
    let ForeseenErasure { target, unprovable, .. } = foreseen;
    Ok(Erased { erased: position, target, unprovable, document_removed: removed, placed: Placed::from(&outcome) })
}

fn already(position: Position, at: Position) -> Error {
    Error::Gone(format!("the payload of position {position} is already erased by the event at position {at}").into())
}

/// The event at a position, where it may be erased.
async fn target(log: &ingest::Log, position: Position) -> Result<erase::ErasureTarget> {
    let target = erase::target(log, position).await?;
    let missing = || Error::not_found("event", position.to_string(), format!("no event at position {position}"));
    let target = target.ok_or_else(missing)?;
    if decisions::is_decision(&target.event_type) {
        let reason = format!(
            "position {position} is {}, a decision about the log itself; only facts and corrections are erased",
            target.event_type
        );
        return Err(Error::refused(reason));
    }
    Ok(target)
}

/// The labels that become unprovable. To be called in the snapshot that the decisions are of.
async fn unprovable(
    deps: &Deps,
    conn: &mut PgConnection,
    decisions: &Decisions,
    position: Position,
) -> Result<Vec<String>> {
    let head = log::head(conn).await?.position;
    let mut progress = deps.begin("looking for what rests on it", head);
    Ok(erasure::becoming_unprovable(conn, decisions, position, &mut |_| progress.step()).await?)
}

impl From<EraseError> for Error {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Log(error) => error.into(),
            EraseError::Store(error) => Self::unavailable(error),
        }
    }
}
