//! `quarantine`: every fold passes over an event, or no longer.

use ::replay::decisions;
use ::replay::log;
use anyhow::anyhow;
use domain::facts::log::EventQuarantined;
use domain::{Event, EventType, StreamKind};
use ingest::Append;
use serde_json::json;
use sqlx::PgConnection;

use super::curate::reason;
use super::ingest::place;
use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

/// `quarantine`. The answer's `position` and `event` are those of the new event, `quarantined` is the position it is
/// about.
pub(crate) async fn run(
    session: &Session,
    position: u64,
    why: &str,
    lifted: bool,
    actor: Option<&str>,
) -> Result<Output> {
    let reason = reason(why)?;
    let log = session.log().await?;
    let mut conn = session.connect().await?;
    check(&mut conn, position, lifted).await?;
    let event = Event::from(EventQuarantined { position, reason, lifted });
    let outcome = log.append(Append::from(event), &session.context(actor)).await?;
    let mut answer = object(json!({"quarantined": position, "lifted": lifted}));
    answer.extend(place(&outcome));
    let with = if lifted { "with" } else { "without" };
    session::say(&session.common, &format!("`pg-atlas project` builds the live tables anew {with} it"));
    Ok(Output::Object(answer))
}

/// The latest decision about a position: where it is, and whether it lifted the one before.
async fn decided(conn: &mut PgConnection, position: u64) -> Result<Option<(u64, bool)>> {
    let decisions = log::of_type(conn, StreamKind::Atlas, EventType::EventQuarantined, u64::MAX).await?;
    Ok(decisions.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::EventQuarantined(facts) if facts.position == position => Some((recorded.position, facts.lifted)),
        _ => None,
    }))
}

async fn check(conn: &mut PgConnection, position: u64, lifted: bool) -> Result<()> {
    let head = log::head(conn).await?.position;
    if position == 0 || position > head {
        return Err(Failure::refused(anyhow!("no event at position {position}; the log ends at {head}")));
    }
    if log::erasures(conn).await?.contains_key(&position) {
        return Err(Failure::refused(anyhow!("the payload of position {position} was erased")));
    }
    match decided(conn, position).await? {
        Some((at, false)) if !lifted => {
            let reason = anyhow!("position {position} is already quarantined by the event at position {at}");
            return Err(Failure::refused(reason));
        }
        None | Some((_, true)) if lifted => {
            return Err(Failure::refused(anyhow!("position {position} is not quarantined")));
        }
        _ => {}
    }
    // Only the type is read: the rest may be the very reason for the quarantine.
    let kind: String = sqlx::query_scalar(
        "SELECT e.type FROM log.commit c JOIN log.event e USING (append_id) \
          WHERE c.first_position = (SELECT max(first_position) FROM log.commit WHERE first_position <= $1) \
            AND c.first_position + e.idx = $1",
    )
    .bind(i64::try_from(position).unwrap_or(i64::MAX))
    .fetch_one(conn)
    .await?;
    match EventType::from_name(&kind) {
        // What steers the folds themselves: passing over it would change the rules under which it is passed over.
        Some(known) if decisions::TYPES.iter().any(|(kind, _)| *kind == known) => {
            let reason = anyhow!(
                "position {position} is {kind}, a decision about the log itself; only facts and corrections are passed over"
            );
            Err(Failure::refused(reason))
        }
        _ => Ok(()),
    }
}
