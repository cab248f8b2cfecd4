//! The steps that all facts of documents take: the log is asked what would become of them, their documents are kept,
//! they are appended, and the people that they name are remembered beside the log.
//!
//! Raw documents go to the artifact store before the events that name them, and only with such an event: what the log
//! has already, or refuses, leaves no document behind, and one that was erased does not come back with a document that
//! is told again. When two bring the same facts in the same moment, both keep what they bring and one of them is the
//! duplicate: then a document may lie there unnamed.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use domain::digest::Digest;
use domain::number::fit;
use domain::{Event, StreamKind};
use ingest::append::{ForeseenAppend, Rehearsal, TRIES};
use ingest::artifact::RawDocument;
use ingest::source::gitlog::Person;
use ingest::{Append, AppendContext, AppendError, AppendOutcome, Log, Refusal, pseudonym_key};
use projections::store::{self, few};

use self::taken_back::taken_back;
use super::{Destination, now};
use crate::service::ask::lag;
use crate::service::deps::context;
use crate::service::{Deps, Error, Result};

mod taken_back;

/// How many of the newest facts about a repository are looked at, of those that the live build does not know yet.
const LOOKED_AT: i64 = 16;

/// What would become of an event.
pub(crate) type Foresight = std::result::Result<ForeseenAppend, Refusal>;
/// What became of an event.
pub(crate) type EventFate = std::result::Result<AppendOutcome, Refusal>;

/// The way into a log, or a rehearsal of it.
pub(crate) struct Intake {
    /// None in a rehearsal.
    open: Option<(Deps, Log)>,
    context: AppendContext,
}

impl Intake {
    /// Opens the way.
    ///
    /// # Errors
    /// As [`Deps::open`] and [`Deps::log`].
    pub(crate) async fn open(to: &Destination, actor: Option<&str>) -> Result<Self> {
        let open = match to.open()? {
            Some(deps) => {
                let log = deps.log().await?;
                Some((deps, log))
            }
            None => None,
        };
        Ok(Self { open, context: context(actor) })
    }

    /// Whether nothing is appended.
    pub(crate) fn is_rehearsal(&self) -> bool {
        self.open.is_none()
    }

    /// What would become of events: by the log, or by what can be told without one.
    pub(crate) async fn foresee(&self, appends: Vec<Append>) -> Result<Vec<Foresight>> {
        match &self.open {
            Some((_, log)) => Ok(log.foresee(appends).await?),
            None => self.rehearse(&mut self.rehearsal()?, appends).await,
        }
    }

    /// A rehearsal of many events, which come in several parts.
    pub(crate) fn rehearsal(&self) -> Result<Rehearsal> {
        match &self.open {
            Some(_) => Ok(Rehearsal::default()),
            // The clock of this machine stands for the log's.
            None => Ok(Rehearsal::new(&self.context, now()?).map_err(AppendError::from)?),
        }
    }

    /// What would become of a part, after those before it, none of which is in the log.
    pub(crate) async fn rehearse(&self, before: &mut Rehearsal, appends: Vec<Append>) -> Result<Vec<Foresight>> {
        if let Some((_, log)) = &self.open {
            return Ok(log.rehearse(before, appends).await?);
        }
        before.at(now()?);
        Ok(before.foresee(appends))
    }

    /// Keeps those of these documents that an event which is about to be appended names. In a rehearsal none is kept.
    pub(crate) async fn keep(&self, foreseen: &[Foresight], documents: impl IntoIterator<Item = Bytes>) -> Result<()> {
        let Some((deps, _)) = &self.open else { return Ok(()) };
        let named: BTreeSet<Digest> = foreseen.iter().flatten().filter_map(ForeseenAppend::document).collect();
        let documents =
            documents.into_iter().map(RawDocument::of).filter(|document| named.contains(&document.digest()));
        deps.store()?.put_all(documents).await.map_err(Error::unavailable)
    }

    /// Appends what was foreseen, once its documents are kept. In a rehearsal nothing becomes of anything.
    pub(crate) async fn append(&self, foreseen: Vec<Foresight>) -> Result<Vec<EventFate>> {
        let Some((_, log)) = &self.open else { return Ok(Vec::new()) };
        Ok(log.append_foreseen(foreseen, &self.context).await?)
    }

    /// Appends one event, its document first. In a rehearsal there is no outcome but a refusal.
    pub(crate) async fn one(&self, append: Append, document: Option<Bytes>) -> Result<Option<AppendOutcome>> {
        for _ in 0..TRIES {
            let foreseen = self.foresee(vec![append.clone()]).await?;
            if self.is_rehearsal() {
                for item in foreseen {
                    item.map_err(AppendError::from)?;
                }
                return Ok(None);
            }
            self.keep(&foreseen, document.clone()).await?;
            match self.append(foreseen).await?.pop() {
                None | Some(Err(Refusal::Overtaken(_))) => {}
                Some(outcome) => return Ok(Some(outcome.map_err(AppendError::from)?)),
            }
        }
        Err(AppendError::Conflict { what: "stream".to_owned() }.into())
    }

    /// Keeps names and logins beside the log: erasable, used by no score.
    pub(crate) async fn remember(&self, people: &[Person]) -> Result<()> {
        let Some((_, log)) = self.open.as_ref().filter(|_| !people.is_empty()) else { return Ok(()) };
        let pseudonyms: Vec<Vec<u8>> = people.iter().map(|person| person.pseudonym.0.to_vec()).collect();
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        let logins: Vec<Option<&str>> = people.iter().map(|person| person.login.as_deref()).collect();
        sqlx::query_file!("sql/remember_people.sql", &pseudonyms, &names as &[&str], &logins as &[Option<&str>])
            .execute(log.pool())
            .await?;
        Ok(())
    }

    /// What is odd about the projects that are named beside documents, for each of these events: nothing describes it,
    /// neither in the log nor among the events before, the repository had another, or none is named where one was. What
    /// the live build does not know yet of a repository its newest facts tell.
    pub(crate) async fn odd_projects(&self, appends: &[Append]) -> Result<Vec<Vec<String>>> {
        let mut odd = vec![Vec::new(); appends.len()];
        let events: Vec<&Event> = appends.iter().map(|append| &append.event).collect();
        let told: Vec<(usize, (&str, &str))> =
            events.iter().enumerate().filter_map(|(n, event)| Some((n, told_project(event)?))).collect();
        let Some((deps, log)) = &self.open else { return Ok(odd) };
        for (odd, taken) in odd.iter_mut().zip(taken_back(log, appends, LOOKED_AT).await?) {
            odd.extend(taken);
        }
        if told.is_empty() {
            return Ok(odd);
        }
        let (repos, projects): (Vec<String>, Vec<String>) =
            told.iter().map(|(_, (repo, project))| ((*repo).to_owned(), (*project).to_owned())).unzip();
        let described = sqlx::query_file_scalar!("sql/described.sql", &projects).fetch_all(log.pool()).await?;
        let described: BTreeSet<String> = described.into_iter().collect();
        let mut held = held_projects(deps, log, &repos).await?;
        let described_here: BTreeMap<String, usize> =
            events.iter().enumerate().rev().filter_map(|(n, event)| Some((described_project(event)?, n))).collect();
        for (n, (repo, project)) in told {
            let here = described_here.get(project).is_some_and(|first| *first < n);
            if !here && !described.contains(project) {
                odd[n].push(format!(
                    "project {project} is described by no grants record and no survey row: it is made, called by its id"
                ));
            }
            match held.insert(repo.to_owned(), project.to_owned()) {
                Some(held) if held != project => {
                    odd[n].push(format!("{repo} belonged to project {held} and is said to belong to {project} now"));
                }
                _ => {}
            }
        }
        Ok(odd)
    }

    /// A warning where the log holds git logs that were made under another key than this one: a key was lost, and
    /// every contributor of before counts as somebody else.
    pub(crate) async fn other_key(&self, event: &Event) -> Result<Option<String>> {
        let (Some((_, log)), Event::GitLogObserved(facts)) = (&self.open, event) else { return Ok(None) };
        let own = &facts.pseudonym_key;
        let other = pseudonym_key::used(log.pool()).await?.into_iter().find(|key| key != own);
        Ok(other.map(|other| {
            format!("the pseudonym key is {own}, but the log holds git logs {}", pseudonym_key::made_under(&other))
        }))
    }
}

/// The projects that these repositories have: in the live build, or by what it does not know yet. Nothing of what this
/// login may not read: whoever appends need not be one who reads what is live.
pub(in crate::service::act) async fn held_projects(
    deps: &Deps,
    log: &Log,
    repos: &[String],
) -> Result<BTreeMap<String, String>> {
    match live_and_told(deps, log, repos).await {
        Err(error) if error.denied().is_some() => Ok(BTreeMap::new()),
        held => held,
    }
}

async fn live_and_told(deps: &Deps, log: &Log, repos: &[String]) -> Result<BTreeMap<String, String>> {
    let mut conn = deps.read().await?;
    let live = store::live_builds(&mut conn).await?;
    let mut held = if live.is_empty() { BTreeMap::new() } else { few::projects(&mut conn, &live, repos).await? };
    let behind = fit::<i64>(lag::position(&live), "position");
    let told = sqlx::query_file!("sql/told_projects.sql", repos, behind, LOOKED_AT).fetch_all(log.pool()).await;
    match told.map_err(Error::from) {
        // Nor one who reads in which order the log has it.
        Err(error) if error.denied().is_some() => {}
        told => held.extend(told?.into_iter().map(|told| (told.id, told.project))),
    }
    Ok(held)
}

/// The repository that a fact is about, and the project that whoever tells it says it belongs to.
fn told_project(event: &Event) -> Option<(&str, &str)> {
    let subject = event.subject()?;
    Some((&subject.id, subject.project.as_deref()?))
}

/// The project that a fact describes by its stream.
fn described_project(event: &Event) -> Option<String> {
    event.stream().ok().filter(|stream| stream.kind() == StreamKind::Project).map(|stream| stream.id().to_owned())
}
