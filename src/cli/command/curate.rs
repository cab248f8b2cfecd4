//! `curate` and `triage resolve`: a maintainer's corrections.

use anyhow::{Context as _, anyhow};
use domain::facts::curation::{Correction, Curated, ProjectField};
use domain::grants::owner_of;
use domain::purl::{self, Purl};
use domain::source::normalised_name;
use domain::{Event, StreamId, StreamKind, redact};
use ingest::Append;
use serde_json::json;

use super::ingest::place;
use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Curate, Decision, Resolution, WhoAndWhy};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};
use crate::service::ask::triage;

/// Greatest length of an author or a corrected value, in bytes.
const MAX_LINE_BYTES: usize = 1_000;
/// Greatest length of a reason, in bytes.
const MAX_REASON_BYTES: usize = 10_000;
/// What a project can be.
const PROJECT_TYPES: [&str; 2] = ["pg_root", "scf_project"];

/// `curate`.
pub(crate) async fn run(session: &Session, command: Curate) -> Result<Output> {
    let (correction, by) = match command {
        Curate::Membership { repo, decision, by } => (membership(&repo, decided(decision))?, by),
        Curate::Owner { owner, decision, by } => (self::owner(&owner, decided(decision))?, by),
        Curate::Publication { package, repo, none: _, by } => (publication(&package, repo.as_deref())?, by),
        Curate::SurveyName { name, project, by } => (survey_name(&name, project)?, by),
        Curate::Project { project, field, value, clear: _, by } => (datum(project, field.into(), value)?, by),
    };
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
    let usage = |fitting: &str| Failure::environment(anyhow!("a {kind} question is settled by {fitting}"));
    let correction = match (kind, project, repo, value) {
        ("membership", project, None, None) => membership(subject, project)?,
        ("owner", project, None, None) => owner(subject, project)?,
        ("publication", None, repo, None) => publication(subject, repo.as_deref())?,
        ("survey-name", Some(project), None, None) => survey_name(subject, project)?,
        ("project", None, None, Some(value)) => datum(subject.to_owned(), ProjectField::Name, Some(value))?,
        ("membership" | "owner", ..) => return Err(usage("--project or --none")),
        ("publication", ..) => return Err(usage("--repo or --none")),
        ("survey-name", ..) => return Err(usage("--project")),
        ("project", ..) => return Err(usage("--value, the project's name")),
        _ => return Err(Failure::environment(anyhow!("`{kind}` is no kind of question that a correction settles"))),
    };
    if !triage::questions(&session.deps).await?.iter().any(|question| question.id == id) {
        return Err(Failure::refused(anyhow!("no open question `{id}`; `curate` corrects what is no question")));
    }
    append(session, correction, by).await
}

fn decided(decision: Decision) -> Option<String> {
    decision.project
}

fn membership(repo: &str, project: Option<String>) -> Result<Correction> {
    Ok(Correction::Membership { repo: repository(repo)?, project: project.map(self::project).transpose()? })
}

fn owner(text: &str, project: Option<String>) -> Result<Correction> {
    // The owner of a repository, so that the rules of its host for names hold.
    let repo = Purl::parse_repository(&format!("{text}/any")).map_err(Failure::environment)?;
    let found = owner_of(&repo.id).filter(|(host, owner)| repo.id == format!("pkg:{host}/{owner}/any"));
    let (host, owner) = found
        .with_context(|| format!("`{text}` names no owner: expected pkg:github/OWNER (or gitlab, bitbucket)"))
        .map_err(Failure::environment)?;
    let (host, owner) = (host.to_owned(), owner.to_owned());
    Ok(Correction::Owner { host, owner, project: project.map(self::project).transpose()? })
}

fn publication(package: &str, repo: Option<&str>) -> Result<Correction> {
    let package = Purl::parse(package).map_err(Failure::environment)?.id;
    if purl::is_repository(&package) {
        return Err(Failure::environment(anyhow!("`{package}` is a repository, no package")));
    }
    Ok(Correction::Publication { package, repo: repo.map(repository).transpose()? })
}

fn survey_name(name: &str, project: String) -> Result<Correction> {
    let name = normalised_name(&line("--name", name)?);
    Ok(Correction::SurveyName { name, project: self::project(project)? })
}

fn datum(project: String, field: ProjectField, value: Option<String>) -> Result<Correction> {
    let value = value.map(|value| line("--value", &value)).transpose()?;
    if let (ProjectField::Type, Some(value)) = (field, &value)
        && !PROJECT_TYPES.contains(&value.as_str())
    {
        return Err(Failure::environment(anyhow!("a project's type is {}", PROJECT_TYPES.join(" or "))));
    }
    Ok(Correction::Project { project: self::project(project)?, field, value })
}

fn repository(text: &str) -> Result<String> {
    Purl::parse_repository(text).map(|purl| purl.id).map_err(Failure::environment)
}

fn project(id: String) -> Result<String> {
    StreamId::new(StreamKind::Project, &id).map_err(|error| Failure::environment(anyhow!("--project: {error}")))?;
    Ok(id)
}

/// A text of one line; e-mail addresses are replaced, as everywhere.
fn line(flag: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_LINE_BYTES || text.chars().any(char::is_control) {
        let reason = anyhow!("{flag}: expected 1 to {MAX_LINE_BYTES} bytes without control characters");
        return Err(Failure::environment(reason));
    }
    Ok(redact::emails(text).into_owned())
}

/// A reason as it is kept.
pub(super) fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.is_empty() || text.len() > MAX_REASON_BYTES || text.chars().any(odd) {
        let reason = anyhow!("--reason: expected 1 to {MAX_REASON_BYTES} bytes of text");
        return Err(Failure::environment(reason));
    }
    Ok(redact::emails(text).into_owned())
}

async fn append(session: &Session, correction: Correction, by: &WhoAndWhy) -> Result<Output> {
    const COLUMNS: &[&str] = &["id", "kind", "reason", "outcome", "position", "event"];
    let author = line("--author", &by.author)?;
    let reason = reason(&by.reason)?;
    let (kind, subject) = question(&correction);
    let event = Event::from(Curated { correction, author: author.clone(), reason: reason.clone() });
    let outcome = session.log().await?.append(Append::from(event), &session.context(Some(&author))).await?;
    let mut row = object(json!({"id": format!("{kind}/{subject}"), "kind": kind, "reason": reason}));
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
