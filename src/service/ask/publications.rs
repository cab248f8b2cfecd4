//! What was published.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use replay::SNAPSHOT;
use replay::decisions::Decisions;
use replay::publication::other_versions;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::Connection as _;

use crate::service::{Deps, Error, Result};

/// A publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PublishedScores {
    /// Its label.
    pub label: String,
    /// The position whose scores were published.
    pub position: Position,
    /// Position of the event that says so.
    pub event: Position,
    /// Name of the formula.
    pub formula: String,
    /// Hash of its canonical form.
    pub formula_hash: Digest,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state that they follow from.
    pub state_digest: Digest,
    /// Digest of the positions that were passed over.
    pub quarantine_digest: Digest,
    /// Root of the log at the position.
    pub root: Digest,
    /// Versions of the families that the digests rest on.
    pub families: BTreeMap<String, u32>,
    /// Those of which this program holds another.
    pub other_versions: BTreeMap<String, u32>,
    /// The first position that it rests on and whose payload was erased since: it cannot be reproduced any more.
    pub erased: Option<Position>,
}

/// Every publication, in order.
///
/// # Errors
/// When the database fails.
pub async fn all(deps: &Deps) -> Result<Vec<PublishedScores>> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let decisions = Decisions::read(&mut conn).await?;
    let published = decisions.publications();
    Ok(published.map(|(event, facts)| of(event, facts, decisions.of_publication(event, facts).erased)).collect())
}

fn of(event: Position, facts: &ScoresPublished, erased: Option<Position>) -> PublishedScores {
    PublishedScores {
        label: facts.label.clone(),
        position: facts.position,
        event,
        formula: facts.formula.clone(),
        formula_hash: facts.formula_hash,
        digest: facts.digest,
        state_digest: facts.state_digest,
        quarantine_digest: facts.quarantine_digest,
        root: facts.root,
        families: facts.families.clone(),
        other_versions: other_versions(facts),
        erased,
    }
}

/// The publication of a label.
///
/// # Errors
/// [`Error::NotFound`]; as [`all`].
pub async fn one(deps: &Deps, label: &str) -> Result<PublishedScores> {
    let found = all(deps).await?.into_iter().find(|published| published.label == label);
    found.ok_or_else(|| {
        Error::not_found("publication", label, format!("nothing is published under the label `{label}`"))
    })
}
