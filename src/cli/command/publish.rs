//! `publish`: the scores at the head, under a label. The head is taken once: whoever appends meanwhile, or moves the
//! live builds, keeps nobody waiting.

use ::ingest::{Append, Context, Log};
use ::replay::{formulas, log, present, publication};
use anyhow::anyhow;
use domain::Event;
use domain::checked::Label;
use domain::facts::log::ScoresPublished;
use domain::formula::SHIPPED;
use domain::recorded::Position;
use domain::source::Refusal;
use projections::store::schema::FormulaDocument;
use serde_json::json;
use sqlx::PgConnection;

use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// `publish`.
pub(crate) async fn run(session: &Session, label: &str, actor: Option<&str>) -> Result<Output> {
    let facts = publish(session, label, &session.context(actor)).await?;
    Ok(Output::Object(object(json!({
        "position": facts.position,
        "label": facts.label,
        "formula": facts.formula,
        "digest": facts.digest,
        "state_digest": facts.state_digest,
        "root": facts.root,
    }))))
}

/// Catches up, evaluates at the head and appends the publication.
pub(crate) async fn publish(session: &Session, label: &str, context: &Context) -> Result<ScoresPublished> {
    let label = Label::new(label)?;
    let label = label.as_str();
    let writer = session.log().await?;
    let mut conn = session.connect().await?;
    let used = publication::all(&mut conn).await?;
    if let Some((_, facts)) = used.into_iter().find(|(_, facts)| Label::are_one(&facts.label, label)) {
        return Err(Failure::conflict(Refusal::LabelTaken { label: label.to_owned(), used: facts.label }));
    }
    // A shipped formula goes into the log before the scores it gives. Another may be promoted at any moment, as often
    // as there are such formulas that the log lacks.
    for _ in 0..=SHIPPED.len() {
        let formula = present::formula(&mut conn).await?;
        adopt(&writer, &mut conn, &formula, context).await?;
        let present = {
            let mut progress = session.progress("evaluating", log::head(&mut conn).await?.position);
            present::evaluate(&mut conn, &mut |event| progress.event(event)).await?
        };
        if formulas::to_adopt(&mut conn, &present.formula, present.position).await?.is_none() {
            let facts = present.published(label);
            writer.append(Append::from(Event::from(facts.clone())), context).await?;
            return Ok(facts);
        }
    }
    Err(Failure::conflict(anyhow!("other formulas were promoted while the scores were evaluated: try again")))
}

/// Takes a formula into the log where it is a shipped one that the log lacks.
async fn adopt(log: &Log, conn: &mut PgConnection, formula: &FormulaDocument, context: &Context) -> Result<()> {
    if let Some(facts) = formulas::to_adopt(conn, formula, Position::MAX).await? {
        log.append(Append::from(Event::from(facts)), context).await?;
    }
    Ok(())
}
