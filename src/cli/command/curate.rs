//! `curate` and `triage resolve`: a maintainer's corrections.

use anyhow::{Context as _, anyhow};
use domain::Event;
use domain::checked::{self, Reason};
use domain::facts::curation::{Correction, ProjectField};
use ingest::Append;
use serde_json::json;

use super::ingest::{place, warn};
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Curate, Resolution, WhoAndWhy};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};
use crate::service::ask::triage;

/// `curate`.
pub(crate) async fn run(session: &Session, command: Curate) -> Result<Output> {
    let dropped = &mut Vec::new();
    let (correction, by) = match command {
        Curate::Membership { repo, decision, by } => {
            (Correction::membership(&repo, decision.project.as_deref(), dropped)?, by)
        }
        Curate::Owner { owner, decision, by } => (Correction::owner(&owner, decision.project.as_deref(), dropped)?, by),
        Curate::Publication { package, repo, none: _, by } => (Correction::publication(&package, repo.as_deref())?, by),
        Curate::SurveyName { name, project, by } => (Correction::survey_name(&name, &project, dropped)?, by),
        Curate::Project { project, field, value, clear: _, by } => {
            (Correction::datum(&project, field.into(), value.as_deref(), dropped)?, by)
        }
    };
    warn(&session.common, dropped);
    append(session, correction, &by).await
}

/// `triage resolve`: the correction that fits the question.
pub(crate) async fn resolve(session: &Session, id: &str, with: Resolution, by: &WhoAndWhy) -> Result<Output> {
    let (kind, subject) = id
        .split_once('/')
        .with_context(|| format!("`{id}` is no id that `triage list` prints"))
        .map_err(Failure::environment)?;
    // `--none` is the absence of the others: the parser asks for exactly one of the four.
    let Resolution { project, repo, value, none: _ } = with;
    let (project, repo, value) = (project.as_deref(), repo.as_deref(), value.as_deref());
    let dropped = &mut Vec::new();
    let usage = |fitting: &str| Failure::environment(anyhow!("a {kind} question is settled by {fitting}"));
    let correction = match (kind, project, repo, value) {
        ("membership", project, None, None) => Correction::membership(subject, project, dropped)?,
        ("owner", project, None, None) => Correction::owner(subject, project, dropped)?,
        ("publication", None, repo, None) => Correction::publication(subject, repo)?,
        ("survey-name", Some(project), None, None) => Correction::survey_name(subject, project, dropped)?,
        ("project", None, None, Some(value)) => Correction::datum(subject, ProjectField::Name, Some(value), dropped)?,
        ("membership" | "owner", ..) => return Err(usage("--project or --none")),
        ("publication", ..) => return Err(usage("--repo or --none")),
        ("survey-name", ..) => return Err(usage("--project")),
        ("project", ..) => return Err(usage("--value, the project's name")),
        _ => return Err(Failure::environment(anyhow!("`{kind}` is no kind of question that a correction settles"))),
    };
    if !triage::questions(&session.deps).await?.iter().any(|question| question.id == id) {
        return Err(Failure::refused(anyhow!("no open question `{id}`; `curate` corrects what is no question")));
    }
    warn(&session.common, dropped);
    append(session, correction, by).await
}

/// A reason as it is kept.
pub(super) fn reason(text: &str) -> Result<Reason> {
    Ok(Reason::new(text)?)
}

async fn append(session: &Session, correction: Correction, by: &WhoAndWhy) -> Result<Output> {
    const COLUMNS: &[&str] = &["id", "kind", "reason", "outcome", "position", "event"];
    let reason = reason(&by.reason)?;
    let (kind, subject) = question(&correction);
    let event = Event::from(checked::curated(correction, &by.author, reason.clone()));
    let outcome = session.log().await?.append(Append::from(event), &session.context(Some(by.author.as_str()))).await?;
    let mut row = object(json!({"id": format!("{kind}/{subject}"), "kind": kind, "reason": reason.as_str()}));
    row.extend(place(&outcome));
    session::say(&session.common, "`pg-atlas project` brings it into the live tables");
    Ok(Output::Rows(COLUMNS.to_vec(), vec![row]))
}

/// Kind and subject of the question that a correction settles.
fn question(correction: &Correction) -> (&'static str, String) {
    match correction {
        Correction::Membership { repo, .. } => ("membership", repo.clone()),
        Correction::Publication { package, .. } => ("publication", package.clone()),
        Correction::Owner { host, owner, .. } => ("owner", format!("pkg:{host}/{owner}")),
        Correction::SurveyName { name, .. } => ("survey-name", name.clone()),
        Correction::Project { project, .. } => ("project", project.clone()),
    }
}
