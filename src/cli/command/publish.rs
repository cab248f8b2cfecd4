//! `publish`: the scores at the head, under a label.

use ::ingest::{Append, Context, Log};
use ::replay::quarantine::Quarantine;
use ::replay::{formulas, log, publication};
use anyhow::anyhow;
use domain::Event;
use domain::facts::formula::FormulaAdopted;
use domain::facts::log::ScoresPublished;
use serde_json::json;
use sqlx::PgConnection;

use super::project;
use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

/// Greatest length of a label, in bytes.
const MAX_LABEL_BYTES: usize = 200;

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
    if label.is_empty() || label.len() > MAX_LABEL_BYTES || label.chars().any(char::is_control) {
        let reason = anyhow!("a label is 1 to {MAX_LABEL_BYTES} bytes without control characters");
        return Err(Failure::environment(reason));
    }
    let log = session.log().await?;
    let mut conn = session.connect().await?;
    if publication::all(&mut conn).await?.iter().any(|(_, facts)| facts.label == label) {
        return Err(Failure::conflict(domain::source::Refusal::LabelTaken(label.to_owned())));
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
