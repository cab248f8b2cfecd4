//! Whether an atlas can answer, and what lags where it should not.

use std::time::Duration;

use domain::recorded::Position;
use schemars::JsonSchema;
use serde::Serialize;

use super::held::HeldSnapshot;
use super::status::{self, LiveBuild};
use crate::service::Deps;

/// How long the snapshot may lack events that the log has, or the log not be looked at.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// How long the database may take to say where the live builds stand.
const ASKED: Duration = Duration::from_secs(2);

/// Whether an atlas can answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceReadiness {
    /// `ready`, or `late` where something is lacking.
    pub status: &'static str,
    /// The last position of the snapshot; null before there is one.
    pub position: Option<Position>,
    /// The last position of the log, when it was last looked at.
    pub head: Position,
    /// Events that the snapshot does not know.
    pub lag: u64,
    /// What is lacking.
    pub lacking: Vec<LackingPart>,
    /// Where the live builds of the database stand, which answers do not need; none where it does not say.
    pub projections: Vec<LiveBuild>,
}

/// Something that lags or is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LackingPart {
    /// `snapshot`, `log` or `database`.
    pub what: &'static str,
    /// In words.
    pub reason: String,
}

/// Looks whether an atlas can answer.
pub async fn readiness(deps: &Deps, held: &HeldSnapshot) -> ServiceReadiness {
    let mut lacking = Vec::new();
    let mut lacks = |what, reason: String| lacking.push(LackingPart { what, reason });
    let position = held.now().map(|held| held.position);
    let (head, seconds) = (held.head(), PATIENCE.as_secs());
    if position.is_none() {
        lacks("snapshot", "it is not loaded yet".to_owned());
    }
    let lag = head.saturating_sub(position.unwrap_or(0));
    if held.behind().is_some_and(|since| since > PATIENCE) {
        lacks("snapshot", format!("for more than {seconds} s it has not known the newest {lag} events"));
    }
    if held.unlooked().is_some_and(|since| since > PATIENCE) {
        lacks("log", format!("it was last looked at more than {seconds} s ago"));
    }
    let standing = async { status::standing(&mut *deps.read().await?).await };
    let projections = match tokio::time::timeout(ASKED, standing).await {
        Ok(Ok(standing)) => standing.projections,
        Ok(Err(error)) => {
            tracing::warn!(%error, "the database does not say where the live builds stand");
            lacks("database", "it does not answer".to_owned());
            Vec::new()
        }
        Err(_) => {
            lacks("database", format!("it does not answer within {} s", ASKED.as_secs()));
            Vec::new()
        }
    };
    let status = if lacking.is_empty() { "ready" } else { "late" };
    ServiceReadiness { status, position, head, lag, lacking, projections }
}
