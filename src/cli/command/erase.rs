//! `erase`: what the law demands.

use std::fmt::Write as _;

use ::replay::decisions::{self, Decisions};
use ::replay::{SNAPSHOT, erasure, forget, log};
use anyhow::anyhow;
use domain::digest::Digest;
use ingest::erase::{self, EraseError, Target};
use serde_json::{Map, Value, json};
use sqlx::{Connection as _, PgConnection};

use super::curate::reason;
use super::ingest::place;
use crate::cli::confirm;
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::Erase;
use crate::cli::output::{Output, object};
use crate::cli::session::Session;
use crate::service::run::project;

/// `erase`.
pub(crate) async fn run(session: &Session, what: Erase) -> Result<Output> {
    match what {
        Erase::Contributor { pseudonym } => contributor(session, &pseudonym).await,
        Erase::Payload { position, reason: why, dry_run, yes, actor } => {
            let asked = Asked { position, reason: reason(&why)?.into_string(), dry_run, yes };
            payload(session, asked, actor.as_deref()).await
        }
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

/// What `erase payload` was asked.
struct Asked {
    position: u64,
    reason: String,
    dry_run: bool,
    yes: bool,
}

/// In this order, so that each step can be taken again after an interruption: the log says so, the raw document goes,
/// the payload goes, and so do the builds that had folded it. What was decided is carried out, never decided twice.
async fn payload(session: &Session, asked: Asked, actor: Option<&str>) -> Result<Output> {
    let position = asked.position;
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
    let decisions = Decisions::read(&mut conn).await?;
    let decided = decisions.erased(position, &target.payload_sha256).map(|(at, said)| (at, said.to_owned()));
    let done = decided.as_ref().map(|(at, _)| *at).filter(|_| target.payload.is_empty());
    let already = |at| anyhow!("the payload of position {position} is already erased by the event at position {at}");
    let mut answer = Map::new();
    match done {
        Some(at) if asked.dry_run => return Err(Failure::refused(already(at))),
        // What an interruption has left of it needs no further yes.
        Some(_) => {}
        None => {
            let unprovable = unprovable(session, &mut conn, position).await?;
            answer = object(json!({"erased": position, "target": about(&target), "unprovable": unprovable}));
            if asked.dry_run {
                answer.extend(object(json!({"erased": null, "outcome": "dry-run", "event": null, "position": null})));
                return Ok(Output::Object(answer));
            }
            if !asked.yes {
                confirm::on_terminal(&shown(&target, &unprovable), "Erase this payload for ever?")?;
            }
        }
    }
    let reason = decided.map_or(asked.reason, |(_, said)| said);
    let outcome = erase::decide(&writer, &target, reason, &session.context(actor)).await?;
    let removed = erase::carry_out(&writer, &session.store()?, &target).await.map_err(|error| match error {
        EraseError::Log(error) => error.into(),
        EraseError::Store(error) => Failure::environment(error),
    })?;
    project::catch_up(&session.deps, &mut conn).await?;
    forget::retired(&mut conn, position).await?;
    if let Some(at) = done {
        return Err(Failure::refused(already(at)));
    }
    answer.insert("document_removed".to_owned(), removed.into());
    answer.extend(place(&outcome));
    Ok(Output::Object(answer))
}

/// The labels that become unprovable.
async fn unprovable(session: &Session, conn: &mut PgConnection, position: u64) -> Result<Vec<String>> {
    let mut snapshot = conn.begin_with(SNAPSHOT).await?;
    let decisions = Decisions::read(&mut snapshot).await?;
    let head = log::head(&mut snapshot).await?.position;
    let mut progress = session.progress("looking for what rests on it", head);
    let mut each = |event: &log::Stored| progress.event(event);
    let labels = erasure::becoming_unprovable(&mut snapshot, &decisions, position, &mut each).await?;
    snapshot.rollback().await?;
    Ok(labels)
}

/// The event, as far as it matters to whoever decides.
fn about(target: &Target) -> Value {
    json!({"position": target.position, "stream": target.stream, "type": target.event_type})
}

/// The same for people.
fn shown(target: &Target, unprovable: &[String]) -> String {
    let mut text = format!("position {}: {} of {}\n", target.position, target.event_type, target.stream);
    // Writing to a String cannot fail.
    let _ = match unprovable {
        [] => writeln!(text, "no published label becomes unprovable"),
        labels => writeln!(text, "labels that become unprovable: {}", labels.join(", ")),
    };
    text
}
