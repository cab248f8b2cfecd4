//! `publish`: the scores at the head, under a label.

use ::ingest::{Append, Context, Log};
use ::replay::quarantine::Quarantine;
use ::replay::{formulas, log, publication};
use domain::Event;
use domain::checked::Label;
use domain::facts::formula::FormulaAdopted;
use domain::facts::log::ScoresPublished;
use domain::source::Refusal;
use serde_json::json;
use sqlx::PgConnection;

use super::project;
use crate::failure::{Failure, Result};
use crate::output::{Output, object};
use crate::session::Session;

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
    let log = session.log().await?;
    let mut conn = session.connect().await?;
    let used = publication::all(&mut conn).await?;
    if let Some((_, facts)) = used.into_iter().find(|(_, facts)| Label::are_one(&facts.label, label)) {
        return Err(Failure::conflict(Refusal::LabelTaken { label: label.to_owned(), used: facts.label }));
    }
    loop {
        let mut projector = project::catch_up(session, &mut conn).await?;
        if adopt_live(&log, &mut conn, projector.fold().formula(), context).await? {
            projector = project::catch_up(session, &mut conn).await?;
        }
        let head = log::head(&mut conn).await?;
        if head.position != projector.position() {
            // Something was appended in between; the root must be that of the position evaluated.
            continue;
        }
        let outcome = projector.outcome();
        let formula = projector.fold().formula();
        let facts = ScoresPublished {
            label: label.to_owned(),
            position: head.position,
            root: head.root,
            formula: formula.name.clone(),
            formula_hash: formula.hash(),
            digest: outcome.digest,
            state_digest: outcome.state_digest,
            quarantine_digest: Quarantine::read(&mut conn).await?.digest(),
        };
        log.append(Append::from(Event::from(facts.clone())), context).await?;
        return Ok(facts);
    }
}

/// Takes the live formula into the log where it is a shipped one that the log lacks. Answers whether it did.
async fn adopt_live(
    log: &Log,
    conn: &mut PgConnection,
    live: &domain::formula::Formula,
    context: &Context,
) -> Result<bool> {
    let known = formulas::known(conn, u64::MAX).await?;
    let hash = live.hash();
    let Some(found) = known.into_iter().find(|known| known.document.formula.hash() == hash) else { return Ok(false) };
    if found.adopted_at.is_some() {
        return Ok(false);
    }
    let facts = FormulaAdopted { name: live.name.clone(), hash, document: found.document.document };
    log.append(Append::from(Event::from(facts)), context).await?;
    Ok(true)
}
