//! `erase`: what the law demands.

use ::replay::audit::bundle::export::document;
use ::replay::{decisions, forget, log};
use anyhow::anyhow;
use domain::digest::Digest;
use domain::recorded::Position;
use domain::{Event, EventType, StreamKind};
use ingest::artifact::ArtifactError;
use ingest::erase::{self, Target};
use serde_json::json;
use sqlx::PgConnection;

use super::curate::reason;
use super::ingest::place;
use super::project;
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Erase;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// `erase`.
pub(crate) async fn run(session: &Session, what: Erase) -> Result<Output> {
    match what {
        Erase::Contributor { pseudonym } => contributor(session, &pseudonym).await,
        Erase::Payload { position, reason, actor } => payload(session, position, &reason, actor.as_deref()).await,
    }
}

async fn contributor(session: &Session, pseudonym: &str) -> Result<Output> {
    let digest = Digest::parse(pseudonym)
        .ok_or_else(|| Failure::environment(anyhow!("a pseudonym is 64 hexadecimal digits")))?;
    if !erase::contributor(&session.log().await?, &digest).await? {
        return Err(Failure::refused(anyhow!("no name is kept under {digest}")));
    }
    // Nothing of the log is concerned, so nothing is appended to it.
    Ok(Output::Object(object(json!({"erased": digest, "event": null, "position": null}))))
}

/// In this order, so that each step can be taken again after an interruption: the log says so, the raw document goes,
/// the payload goes, and so do the builds that had folded it. What was decided is carried out, never decided twice.
async fn payload(session: &Session, position: u64, why: &str, actor: Option<&str>) -> Result<Output> {
    let reason = reason(why)?;
    let writer = session.log().await?;
    let target = erase::target(&writer, position).await?;
    let target = target.ok_or_else(|| Failure::refused(anyhow!("no event at position {position}")))?;
    if decisions::TYPES.iter().any(|(kind, _)| kind.name() == target.event_type) {
        let reason = anyhow!(
            "position {position} is {}, a decision about the log itself; only facts and corrections are erased",
            target.event_type
        );
        return Err(Failure::refused(reason));
    }
    let mut conn = session.connect().await?;
    let (before, reason) = decided(&mut conn, &target).await?.map_or((None, reason), |(at, said)| (Some(at), said));
    let outcome = erase::decide(&writer, &target, reason, &session.context(actor)).await?;
    let removed = raw(session, &writer, &target).await?;
    erase::payload(&writer, &target).await?;
    drop(project::catch_up(session, &mut conn).await?);
    forget::retired(&mut conn, position).await?;
    if let Some(at) = before.filter(|_| target.payload.is_empty()) {
        let reason = anyhow!("the payload of position {position} is already erased by the event at position {at}");
        return Err(Failure::refused(reason));
    }
    let mut answer = object(json!({"erased": position, "document_removed": removed}));
    answer.extend(place(&outcome));
    Ok(Output::Object(answer))
}

/// Where the log gave up this payload already, and why.
async fn decided(conn: &mut PgConnection, target: &Target) -> Result<Option<(Position, String)>> {
    let decisions = log::of_type(conn, StreamKind::Atlas, EventType::PayloadErased, Position::MAX).await?;
    Ok(decisions.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::PayloadErased(facts)
            if facts.position == target.position && facts.payload_sha256 == target.payload_sha256 =>
        {
            Some((recorded.position, facts.reason))
        }
        _ => None,
    }))
}

/// Removes the raw document, unless another event names it.
async fn raw(session: &Session, log: &ingest::Log, target: &Target) -> Result<bool> {
    let Some(digest) = document(&target.payload) else { return Ok(false) };
    if erase::is_named_elsewhere(log, target, &digest).await? {
        return Ok(false);
    }
    match session.store()?.remove(&digest).await {
        Ok(()) => Ok(true),
        Err(ArtifactError::NotFound(_)) => Ok(false),
        Err(error) => Err(Failure::environment(error)),
    }
}
