//! Every fold passes over an event, or no longer.

use domain::checked::StatedReason;
use domain::facts::log::EventQuarantined;
use domain::number::fit;
use domain::recorded::Position;
use domain::{Event, EventType, StreamKind};
use ingest::Append;
use replay::log;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::placed::Placed;
use crate::service::deps::context;
use crate::service::watch::Notice;
use crate::service::{Deps, Error, Result};

/// A decision about an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// The position that it is about.
    pub quarantined: Position,
    /// Whether an earlier quarantine was taken back.
    pub lifted: bool,
    /// The event that says so.
    #[serde(flatten)]
    pub placed: Placed,
}

/// Quarantines the event at a position, or with `lifted` takes that back.
///
/// # Errors
/// [`Error::Refused`] where there is no such event, or it is what is asked for already, or steers the folds itself.
pub async fn quarantine(
    deps: &Deps,
    position: Position,
    reason: &StatedReason,
    lifted: bool,
    actor: Option<&str>,
) -> Result<Decided> {
    let log = deps.log().await?;
    check(&mut *deps.read().await?, position, lifted).await?;
    let event = Event::from(EventQuarantined { position, reason: reason.as_str().to_owned(), lifted });
    let outcome = log.append(Append::from(event), &context(actor)).await?;
    deps.notice(&Notice::PassedOver { lifted });
    Ok(Decided { quarantined: position, lifted, placed: Placed::from(&outcome) })
}

/// The latest decision about a position: where it is, and whether it lifted the one before.
async fn decided(conn: &mut PgConnection, position: Position) -> Result<Option<(Position, bool)>> {
    let decisions = log::of_type(conn, StreamKind::Atlas, EventType::EventQuarantined, Position::MAX).await?;
    Ok(decisions.into_iter().rev().find_map(|recorded| match recorded.event {
        Event::EventQuarantined(facts) if facts.position == position => Some((recorded.position, facts.lifted)),
        _ => None,
    }))
}

async fn check(conn: &mut PgConnection, position: Position, lifted: bool) -> Result<()> {
    let head = log::head(conn).await?.position;
    if position == 0 || position > head {
        let reason = format!("no event at position {position}; the log ends at {head}");
        return Err(Error::not_found("event", position.to_string(), reason));
    }
    if log::erasures(conn).await?.contains_key(&position) {
        return Err(Error::Gone(format!("the payload of position {position} was erased").into()));
    }
    match decided(conn, position).await? {
        Some((at, false)) if !lifted => {
            let reason = format!("position {position} is already quarantined by the event at position {at}");
            return Err(Error::refused(reason));
        }
        None | Some((_, true)) if lifted => {
            return Err(Error::refused(format!("position {position} is not quarantined")));
        }
        _ => {}
    }
    // Only the type is read: the rest may be the very reason for the quarantine.
    let place = fit::<i64>(position, "a position within the log");
    let kind = sqlx::query_file_scalar!("sql/event_type_at.sql", place).fetch_one(conn).await?;
    match EventType::from_name(&kind) {
        // What steers the folds themselves: passing over it would change the rules under which it is passed over.
        Some(known) if known.is_decision() => {
            let reason = format!(
                "position {position} is {kind}, a decision about the log itself; only facts and corrections are passed over"
            );
            Err(Error::refused(reason))
        }
        _ => Ok(()),
    }
}
