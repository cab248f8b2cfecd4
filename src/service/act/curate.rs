//! A maintainer's corrections.

use domain::Event;
use domain::checked::{Actor, StatedReason};
use domain::facts::curation::{Correction, ProjectField, curated};
use ingest::Append;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::placed::Placed;
use crate::service::ask::{known, triage};
use crate::service::deps::context;
use crate::service::watch::Notice;
use crate::service::{Deps, Error, Result};

/// What is corrected, as it is given: ids in any spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A repository belongs to this project, or to none.
    Membership {
        /// The repository.
        repo: String,
        /// The project.
        project: Option<String>,
    },
    /// The repositories of an owner belong to this project, or to none, as far as nothing else claims them.
    Owner {
        /// The owner, `pkg:github/stellar`.
        owner: String,
        /// The project.
        project: Option<String>,
    },
    /// A package is published from this repository, or from none.
    Publication {
        /// The package.
        package: String,
        /// The repository.
        repo: Option<String>,
    },
    /// Survey answers under this name are this project's.
    SurveyName {
        /// The name, as answered.
        name: String,
        /// The project.
        project: String,
    },
    /// A project's data.
    Project {
        /// The project.
        project: String,
        /// Which datum.
        field: ProjectField,
        /// Its value; nothing: back to what the sources say.
        value: Option<String>,
    },
}

/// Who corrects, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who decided.
    pub author: Actor,
    /// Why.
    pub reason: StatedReason,
}

/// What settles an open question: which of these fits depends on its kind. Nothing says "none".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// The project, of membership, owner and survey-name questions.
    pub project: Option<String>,
    /// The repository, of publication questions.
    pub repo: Option<String>,
    /// The project's name, of project questions.
    pub value: Option<String>,
}

/// What settles a question of some kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettledBy {
    /// A project, or that there is none.
    ProjectOrNone,
    /// A repository, or that there is none.
    RepoOrNone,
    /// A project.
    Project,
    /// A project's name.
    Name,
}

impl SettledBy {
    fn words(self) -> &'static str {
        match self {
            Self::ProjectOrNone => "a project, or none",
            Self::RepoOrNone => "a repository, or none",
            Self::Project => "a project",
            Self::Name => "a value, the project's name",
        }
    }
}

/// A resolution that does not fit the question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {kind} question is settled by {}", by.words())]
pub struct Unfit {
    /// Kind of the question.
    pub kind: String,
    /// What would fit.
    pub by: SettledBy,
}

/// A correction in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Corrected {
    /// `KIND/SUBJECT`: the question that it settles.
    pub id: String,
    /// Kind of the question.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// The event that says so.
    #[serde(flatten)]
    pub placed: Placed,
}

/// Corrects what the sources say.
///
/// # Errors
/// [`Error::Invalid`] for what is no id or no value of its field.
pub async fn curate(deps: &Deps, given: Given, by: &By) -> Result<Corrected> {
    let dropped = &mut Vec::new();
    let correction = match given {
        Given::Membership { repo, project } => Correction::membership(&repo, project.as_deref(), dropped),
        Given::Owner { owner, project } => Correction::owner(&owner, project.as_deref(), dropped),
        Given::Publication { package, repo } => Correction::publication(&package, repo.as_deref()),
        Given::SurveyName { name, project } => Correction::survey_name(&name, &project, dropped),
        Given::Project { project, field, value } => Correction::datum(&project, field, value.as_deref(), dropped),
    }?;
    deps.warn_all(dropped);
    deps.warn_all(&strangers(deps, &correction).await?);
    append(deps, correction, by).await
}

/// What a correction names that nothing else does, with the ids that are near: it may be misspelt. Nothing where this
/// login may not look.
async fn strangers(deps: &Deps, correction: &Correction) -> Result<Vec<String>> {
    let named: Vec<&String> = match correction {
        Correction::Membership { repo, project } => [Some(repo), project.as_ref()].into_iter().flatten().collect(),
        // A package that is published from a repository goes by the repository's id.
        Correction::Publication { repo, .. } => repo.iter().collect(),
        Correction::Owner { project, .. } => project.iter().collect(),
        Correction::SurveyName { project, .. } | Correction::Project { project, .. } => vec![project],
    };
    // What the live tables do not know yet the log may.
    let named: Vec<String> = named.into_iter().cloned().collect();
    let told = sqlx::query_file_scalar!("sql/with_a_stream.sql", &named).fetch_all(deps.log().await?.pool()).await?;
    let strange: Vec<String> = named.into_iter().filter(|id| !told.contains(id)).collect();
    if strange.is_empty() {
        return Ok(Vec::new());
    }
    let ids = match known::all(deps).await {
        Err(error) if error.denied().is_some() => return Ok(Vec::new()),
        ids => ids?,
    };
    let strange = strange.iter().filter(|id| !ids.is_empty() && !ids.contains(*id));
    Ok(strange.map(|id| format!("nothing else names {id}{}", known::near(id, &ids))).collect())
}

/// Settles an open question, by the id that [`triage::questions`] gives it, by the correction that fits it.
///
/// # Errors
/// [`Error::Invalid`] where the resolution does not fit the kind, [`Error::NotFound`] where no such question is open.
pub async fn resolve(deps: &Deps, id: &str, with: &Resolution, by: &By) -> Result<Corrected> {
    let no_id =
        || Error::invalid("id", format!("`{id}` is no id of a question: those of the open ones are KIND/SUBJECT"));
    let (kind, subject) = id.split_once('/').ok_or_else(no_id)?;
    let (project, repo, value) = (with.project.as_deref(), with.repo.as_deref(), with.value.as_deref());
    let dropped = &mut Vec::new();
    let unfit = |by| Error::invalid("resolution", Unfit { kind: kind.to_owned(), by });
    let correction = match (kind, project, repo, value) {
        ("membership", project, None, None) => Correction::membership(subject, project, dropped)?,
        ("owner", project, None, None) => Correction::owner(subject, project, dropped)?,
        ("publication", None, repo, None) => Correction::publication(subject, repo)?,
        ("survey-name", Some(project), None, None) => Correction::survey_name(subject, project, dropped)?,
        ("project", None, None, Some(value)) => Correction::datum(subject, ProjectField::Name, Some(value), dropped)?,
        ("membership" | "owner", ..) => return Err(unfit(SettledBy::ProjectOrNone)),
        ("publication", ..) => return Err(unfit(SettledBy::RepoOrNone)),
        ("survey-name", ..) => return Err(unfit(SettledBy::Project)),
        ("project", ..) => return Err(unfit(SettledBy::Name)),
        _ => return Err(Error::invalid("id", format!("`{kind}` is no kind of question that a correction settles"))),
    };
    if !triage::questions(deps).await?.iter().any(|question| question.id == id) {
        let reason = format!("no open question `{id}`; what is no question is corrected without one");
        return Err(Error::not_found("question", id, reason));
    }
    deps.warn_all(dropped);
    append(deps, correction, by).await
}

async fn append(deps: &Deps, correction: Correction, by: &By) -> Result<Corrected> {
    let (kind, subject) = question(&correction);
    let event = Event::from(curated(correction, &by.author, by.reason.clone()));
    let outcome = deps.log().await?.append(Append::from(event), &context(Some(by.author.as_str()))).await?;
    deps.notice(&Notice::Corrected);
    Ok(Corrected {
        id: format!("{kind}/{subject}"),
        kind: kind.to_owned(),
        reason: by.reason.as_str().to_owned(),
        placed: Placed::from(&outcome),
    })
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
