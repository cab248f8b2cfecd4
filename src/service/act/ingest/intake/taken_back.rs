//! A fact that names no project takes back what its source said of the repository's. Hardly anybody means that who
//! tells what is new of a repository, so it is said.

use std::collections::BTreeMap;

use domain::Event;
use domain::facts::Subject;
use ingest::Log;

use crate::service::{Error, Result};

/// What each of these events takes back, in their order. Nothing of what this login may not read.
pub(super) async fn taken_back(log: &Log, events: &[&Event], looked_at: i64) -> Result<Vec<Option<String>>> {
    let about: Vec<Option<(&Subject, &str)>> =
        events.iter().map(|event| Some((subject(event)?, event.event_type().name()))).collect();
    let silent = about.iter().flatten().filter(|(subject, _)| subject.project.is_none());
    let (ids, types): (Vec<String>, Vec<String>) =
        silent.map(|(subject, kind)| (subject.id.clone(), (*kind).to_owned())).unzip();
    if ids.is_empty() {
        return Ok(vec![None; events.len()]);
    }
    let named = sqlx::query_file!("sql/named_by_source.sql", &ids, &types, looked_at).fetch_all(log.pool()).await;
    let named = match named.map_err(Error::from) {
        Err(error) if error.denied().is_some() => return Ok(vec![None; events.len()]),
        named => named?,
    };
    let mut named: BTreeMap<(String, String), String> =
        named.into_iter().map(|row| ((row.id, row.event_type), row.project)).collect();
    let mut said = Vec::with_capacity(events.len());
    for told in about {
        said.push(told.and_then(|(subject, kind)| {
            let source = (subject.id.clone(), kind.to_owned());
            match &subject.project {
                Some(project) => {
                    named.insert(source, project.clone());
                    None
                }
                None => named.remove(&source).map(|project| {
                    let id = &subject.id;
                    format!("{id}: the document before this one named project {project}; this one names none, and takes that back")
                }),
            }
        }));
    }
    Ok(said)
}

/// The repository that a fact is about, with the project that whoever tells it says it belongs to.
pub(super) fn subject(event: &Event) -> Option<&Subject> {
    match event {
        Event::SbomSubmitted(facts) => Some(&facts.subject),
        Event::GitLogObserved(facts) => Some(&facts.subject),
        Event::RepoObserved(facts) => Some(&facts.subject),
        _ => None,
    }
}
