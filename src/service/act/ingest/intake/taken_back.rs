//! A fact that names no project takes back what its source said of the repository's. Hardly anybody means that who
//! tells what is new of a repository, so it is said.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::facts::Subject;
use ingest::{Append, Log};

use crate::service::{Error, Result};

/// What a source says of the project of a repository: when that was so, which is now where nothing is said, and the
/// project. The newest counts, as the fold has it.
type SaidProject = (Option<Timestamp>, Option<String>);

/// What each of these takes back, in their order. Nothing of what this login may not read.
pub(super) async fn taken_back(log: &Log, appends: &[Append], looked_at: i64) -> Result<Vec<Option<String>>> {
    let about: Vec<Option<(&Subject, &str)>> =
        appends.iter().map(|append| Some((append.event.subject()?, append.event.event_type().name()))).collect();
    let silent = about.iter().flatten().filter(|(subject, _)| subject.project.is_none());
    let (ids, types): (Vec<String>, Vec<String>) =
        silent.map(|(subject, kind)| (subject.id.clone(), (*kind).to_owned())).unzip();
    if ids.is_empty() {
        return Ok(vec![None; appends.len()]);
    }
    let named = sqlx::query_file!("sql/named_by_source.sql", &ids, &types, looked_at).fetch_all(log.pool()).await;
    let named = match named.map_err(Error::from) {
        Err(error) if error.denied().is_some() => return Ok(vec![None; appends.len()]),
        named => named?,
    };
    let held = |row: sqlx::types::chrono::DateTime<sqlx::types::chrono::Utc>| Timestamp::from_datetime(row);
    let mut newest: BTreeMap<(String, String), SaidProject> =
        named.into_iter().map(|row| ((row.id, row.event_type), (held(row.observed_at), Some(row.project)))).collect();
    let mut taken = Vec::with_capacity(appends.len());
    for (append, told) in appends.iter().zip(about) {
        taken.push(told.and_then(|(subject, kind)| {
            let source = (subject.id.clone(), kind.to_owned());
            let at = append.observed_at;
            if newest.get(&source).is_some_and(|(held, _)| is_older(at, *held)) {
                return None;
            }
            let (_, before) = newest.insert(source, (at, subject.project.clone()))?;
            let project = before.filter(|_| subject.project.is_none())?;
            let id = &subject.id;
            Some(format!(
                "{id}: the document before this one named project {project}; this one names none, and takes that back"
            ))
        }));
    }
    Ok(taken)
}

/// Whether one is older than another; what says no time is of now.
fn is_older(one: Option<Timestamp>, other: Option<Timestamp>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one < other,
        (one, other) => one.is_some() && other.is_none(),
    }
}
