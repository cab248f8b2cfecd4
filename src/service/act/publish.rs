//! Scores enter the log under a label. The head is taken once: whoever appends meanwhile, or moves the live builds,
//! keeps nobody waiting.

use domain::Event;
use domain::checked::Label;
use domain::decide::BrokenRule;
use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::formula::SHIPPED;
use domain::recorded::Position;
use ingest::{Append, AppendContext, Log};
use projections::store::schema::FormulaDocument;
use replay::projector::Projector;
use replay::{formulas, log, present, publication};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::service::deps::context;
use crate::service::{Deps, Error, Result};

/// Scores that were published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Published {
    /// The position that they are of.
    pub position: Position,
    /// The label.
    pub label: String,
    /// Name of the formula.
    pub formula: String,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state that they follow from.
    pub state_digest: Digest,
    /// Root of the log at the position.
    pub root: Digest,
}

/// Publishes the scores at the head under a label.
///
/// # Errors
/// [`Error::Conflict`] for a label that was used before; as [`Deps::log`].
pub async fn publish(deps: &Deps, label: &str, actor: Option<&str>) -> Result<Published> {
    let facts = scores(deps, label, &context(actor)).await?;
    let ScoresPublished { position, label, formula, digest, state_digest, root, .. } = facts;
    Ok(Published { position, label, formula, digest, state_digest, root })
}

/// Catches up, evaluates at the head and appends the publication.
pub(crate) async fn scores(deps: &Deps, label: &str, context: &AppendContext) -> Result<ScoresPublished> {
    let label = Label::new(label)?;
    let label = label.as_str();
    let writer = deps.log().await?;
    // Of its own: where builds are made anew, the connection is their maker's.
    let mut conn = deps.read_long().await?.detach();
    let used = publication::all(&mut conn).await?;
    if let Some((_, facts)) = used.into_iter().find(|(_, facts)| Label::are_one(&facts.label, label)) {
        return Err(Error::conflict(BrokenRule::LabelTaken { label: label.to_owned(), used: facts.label }));
    }
    // A shipped formula goes into the log before the scores it gives. Another may be promoted at any moment, as often
    // as there are such formulas that the log lacks.
    for _ in 0..=SHIPPED.len() {
        let formula = present::formula(&mut conn).await?;
        adopt(&writer, &mut conn, &formula, context).await?;
        let (present, projector) = {
            let mut progress = deps.begin("evaluating", log::head(&mut conn).await?.position);
            present::evaluate(&mut conn, &mut |_| progress.step()).await?
        };
        if formulas::to_adopt(&mut conn, &present.formula, present.position).await?.is_none() {
            let facts = present.published(label);
            let appended = writer.append(Append::from(Event::from(facts.clone())), context).await?;
            follow(deps, &mut conn, projector, appended.place().position).await;
            return Ok(facts);
        }
    }
    Err(Error::conflict("other formulas were promoted while the scores were evaluated: try again"))
}

/// Brings the live builds to the publication itself, by the projector that brought them to what it is of. Another one
/// that moves them goes there as well; whatever else is in the way, the scores are published.
async fn follow(deps: &Deps, conn: &mut PgConnection, projector: Option<Projector>, to: Position) {
    let Some(mut projector) = projector else { return };
    match projector.catch_up(conn, to, &mut |_| {}).await {
        Err(error) if !error.is_fenced() => deps.warn(format!("published, and the live tables lack it: {error}")),
        _ => {}
    }
}

/// Takes a formula into the log where it is a shipped one that the log lacks.
async fn adopt(log: &Log, conn: &mut PgConnection, formula: &FormulaDocument, context: &AppendContext) -> Result<()> {
    if let Some(facts) = formulas::to_adopt(conn, formula, Position::MAX).await? {
        log.append(Append::from(Event::from(facts)), context).await?;
    }
    Ok(())
}
