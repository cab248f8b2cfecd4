//! What was published, under which label.

use domain::event::{Event, EventType};
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use domain::stream::StreamKind;
use sqlx::PgConnection;

use crate::{ReplayError, log};

/// Every publication, in order, with its position.
///
/// # Errors
/// When the database refuses.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<(Position, ScoresPublished)>, ReplayError> {
    let recorded = log::of_type(conn, StreamKind::Atlas, EventType::ScoresPublished, Position::MAX).await?;
    let published = recorded.into_iter().filter_map(|recorded| match recorded.event {
        Event::ScoresPublished(facts) => Some((recorded.position, facts)),
        _ => None,
    });
    Ok(published.collect())
}

/// The publication of a label.
///
/// # Errors
/// When there is none.
pub async fn labelled(conn: &mut PgConnection, label: &str) -> Result<ScoresPublished, ReplayError> {
    let found = all(conn).await?.into_iter().find(|(_, facts)| facts.label == label);
    found.map(|(_, facts)| facts).ok_or_else(|| ReplayError::NoPublication(label.to_owned()))
}
