//! A repository with all that can be told of it in one go: its history, a bill of materials, its project, what that
//! project answers the survey, and what its host says. Everything is read, and tried against the log, before the first
//! event is appended. What others give is taken whole or not at all; what the host says is a gift, and its refusal
//! leaves the rest as it is.

use domain::Timestamp;
use domain::recorded::Position;
use ingest::key_file::KeyDraft;
use ingest::source::{NamedDocument, Reading, gitlog, repo, sbom, survey};
use ingest::{Append, AppendError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ingest::git_log::{self, AskedHistory, ReadHistory};
use super::ingest::intake::Intake;
use super::ingest::one::one;
use super::ingest::{Circumstances, Destination, DocumentSubject, Submission, now};
use crate::service::run::Stop;
use crate::service::{Error, Result};

mod host;
mod lacking;
mod place;

pub use self::lacking::Lacking;
pub use self::place::Unnamed;

/// Which repository, and what is told of it.
#[derive(Clone, Debug, Default)]
pub struct AskedAddition {
    /// A clone URL, a purl, or a checkout on this machine.
    pub place: String,
    /// The repository, where the place does not say which it is, or another than it says.
    pub repo: Option<String>,
    /// Its bill of materials.
    pub sbom: Option<NamedDocument>,
    /// The project that it belongs to.
    pub project: Option<String>,
    /// How that project is called.
    pub project_name: Option<String>,
    /// What that project answers the survey: `live`, `in-dev` or `discontinued`.
    pub status: Option<String>,
}

/// A repository that was added.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Added {
    /// The repository.
    pub repo: String,
    /// What was told of it, in the order of the log.
    pub ingested: Vec<AddedEvent>,
    /// What is not known of it yet.
    #[serde(skip)]
    pub lacking: Vec<Lacking>,
}

/// A document of it that became an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AddedEvent {
    /// The kind of document, as `ingest` calls it.
    pub kind: String,
    /// `appended`, `duplicate` where the log held it before, or `dry-run`.
    pub outcome: String,
    /// Its position; null in a dry run.
    pub position: Option<Position>,
    /// What the document is: the keys are those of its kind.
    #[serde(skip)]
    pub summary: Map<String, Value>,
}

/// A document, read.
struct ReadPart {
    kind: &'static str,
    reading: Reading,
    circumstances: Circumstances,
    /// The key behind its pseudonyms, where it was made for them.
    new_key: Option<KeyDraft>,
}

/// Adds a repository. Asked to stop while git reads, it appends nothing. What the log has already is a duplicate; a
/// status on a later day is a newer answer, as it would be in a survey.
///
/// # Errors
/// [`Error::Invalid`] for what names no repository ([`Unnamed`]), no project or no status; [`Error::Refused`] for a
/// document or a history that cannot be read, and for facts that the log refuses: then nothing is appended.
/// [`Error::Interrupted`] when it was stopped; as [`Deps::log`](crate::service::Deps::log).
pub async fn add(to: &Destination, asked: AskedAddition, circumstances: &Circumstances, stop: &Stop) -> Result<Added> {
    // A host knows the present alone.
    let is_present = circumstances.observed_at.is_none();
    // One moment for all of it: the answer's day is that of the observation.
    let observed_at = circumstances.observed_at.map_or_else(now, Ok)?;
    let circumstances = &Circumstances { observed_at: Some(observed_at), ..circumstances.clone() };
    let (repo, source) = place::found(&asked.place, asked.repo.as_deref(), observed_at).await?;
    let about = DocumentSubject { repo: Some(repo), project: asked.project.clone(), ..DocumentSubject::default() };
    let (subject, _) = about.repository()?;
    let host = if is_present { host::of(to, &subject)? } else { None };
    let mut parts: Vec<ReadPart> = Vec::new();
    let no_key = || Ok(None);
    if let Some(reading) = answer(&asked, observed_at)? {
        parts.push(ReadPart { kind: survey::KIND.name, reading, circumstances: circumstances.clone(), new_key: None });
    }
    if let Some(document) = asked.sbom {
        let name = document.0.clone();
        let submission = Submission::new(&sbom::KIND, &about)?;
        let reading = submission.read(vec![document], circumstances.observed_at, no_key).map_err(|e| e.of(name))?;
        parts.push(ReadPart { kind: sbom::KIND.name, reading, circumstances: circumstances.clone(), new_key: None });
    }
    let asked_history = AskedHistory { source, since_months: None, branch: None, about };
    let ReadHistory { parsed, new_key, .. } = git_log::read(to, asked_history, circumstances, stop).await?;
    let reading = Reading::from(parsed);
    parts.push(ReadPart { kind: gitlog::KIND.name, reading, circumstances: circumstances.clone(), new_key });

    let to = to.open()?.map_or_else(|| to.clone(), Destination::Open);
    tried(&to, &parts).await?;
    let mut unanswered = None;
    if let Some(mut host) = host {
        let answer = tokio::select! {
            biased;
            () = stop.asked() => return Err(Error::Interrupted("interrupted; nothing was appended".into())),
            answer = host.look_up(subject.clone()) => answer.map_err(Error::refused),
        };
        match observed(&to, answer, circumstances).await {
            Ok(part) => parts.push(part),
            Err(Error::Refused(reason)) => unanswered = Some(reason.to_string()),
            Err(error) => return Err(error),
        }
    }
    let mut ingested = Vec::new();
    for ReadPart { kind, reading, circumstances, new_key } in parts {
        let told = one(&to, reading, &circumstances, new_key).await.map_err(|error| error.of(kind))?;
        let kind = kind.to_owned();
        ingested.push(AddedEvent { kind, outcome: told.outcome, position: told.position, summary: told.summary });
    }
    let lacking = lacking::of(&to, &subject, &ingested, unanswered).await?;
    Ok(Added { repo: subject.id, ingested, lacking })
}

/// The answer of the project, as a survey's row says it, on the day of the observation.
fn answer(asked: &AskedAddition, observed_at: Timestamp) -> Result<Option<Reading>> {
    let Some(status) = &asked.status else {
        let unused = || Error::invalid("project_name", "a project is named together with its status");
        return asked.project_name.as_ref().map_or(Ok(None), |_| Err(unused()));
    };
    let project = asked
        .project
        .as_deref()
        .ok_or_else(|| Error::invalid("status", "a status is what a project answers: the project is missing"))?;
    let day = observed_at.day().to_string();
    let name = asked.project_name.as_deref().unwrap_or_default();
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in [["project_id", "project_name", "status", "answered_at"], [project, name, status, &day]] {
        table.write_record(row).map_err(Error::refused)?;
    }
    let bytes = table.into_inner().map_err(|error| Error::refused(error.to_string()))?;
    let submission = Submission::new(&survey::KIND, &DocumentSubject::default())?;
    let reading = submission.read(vec![("answer".to_owned(), bytes)], Some(observed_at), || Ok(None))?;
    match reading.refused.first() {
        Some((_, reason)) => Err(Error::invalid("status", reason.clone())),
        None => Ok(Some(reading)),
    }
}

/// What the host answered, where the log takes it.
async fn observed(to: &Destination, answer: Result<Reading>, circumstances: &Circumstances) -> Result<ReadPart> {
    let part =
        ReadPart { kind: repo::KIND.name, reading: answer?, circumstances: circumstances.clone(), new_key: None };
    tried(to, std::slice::from_ref(&part)).await?;
    Ok(part)
}

/// Asks the log what would become of each part, before there is any.
async fn tried(to: &Destination, parts: &[ReadPart]) -> Result<()> {
    let actor = parts.first().and_then(|part| part.circumstances.actor.clone());
    let intake = Intake::open(to, actor.as_deref()).await?;
    let append = |part: &ReadPart| {
        let events = part.reading.events.iter();
        events
            .map(|read| Append { event: read.event.clone(), observed_at: part.circumstances.observed_at, key: None })
            .collect()
    };
    for part in parts {
        for foreseen in intake.foresee(append(part)).await? {
            foreseen.map_err(|refusal| Error::from(AppendError::from(refusal)).of(part.kind))?;
        }
    }
    Ok(())
}
