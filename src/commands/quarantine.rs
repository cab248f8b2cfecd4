//! `quarantine`: every fold passes over an event, or no longer.

use ::replay::decisions;
use ::replay::log;
use ::replay::quarantine::Quarantine;
use anyhow::anyhow;
use domain::facts::log::EventQuarantined;
use domain::{Event, EventType};
use ingest::Append;
use serde_json::json;
use sqlx::PgConnection;

use super::curate::reason;
use super::ingest::place;
use crate::failure::{Failure, Result};
use crate::output::{Output, object};
use crate::session::{self, Session};

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
    session::say(&session.common, "`pg-atlas project` builds the live tables anew without it");
    Ok(Output::Object(answer))
}

async fn check(conn: &mut PgConnection, position: u64, lifted: bool) -> Result<()> {
    let head = log::head(conn).await?.position;
    if position == 0 || position > head {
        return Err(Failure::refused(anyhow!("no event at position {position}; the log ends at {head}")));
    }
    if lifted && log::erasures(conn).await?.contains_key(&position) {
        return Err(Failure::refused(anyhow!("the payload of position {position} was erased")));
    }
    if lifted && !Quarantine::read(conn).await?.positions.contains(&position) {
        return Err(Failure::refused(anyhow!("position {position} is not quarantined")));
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
