//! What is not known of a repository that was added.

use std::collections::BTreeSet;

use domain::facts::Subject;
use domain::{EventType, StreamKind};
use projections::store;
use projections::why::Gap;
use sqlx::PgConnection;

use super::AddedEvent;
use crate::service::act::ingest::intake::held_projects;
use crate::service::act::ingest::{Destination, repo as host_facts, sbom, survey};
use crate::service::ask::lag;
use crate::service::{Deps, Result};

/// Something that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// What it depends on: no bill of materials.
    Dependencies(String),
    /// What its host says of it, which did not answer with anything of use.
    Unanswered {
        /// The repository.
        repo: String,
        /// Why not.
        reason: String,
    },
    /// What would change its scores.
    Gap(Gap),
    /// The scores that follow from what the log holds: it is ahead of the live tables.
    Scores,
}

/// What is lacking of a repository after all this was told, and its host said nothing for a reason. A rehearsal knows
/// of what was told alone.
pub(super) async fn of(
    to: &Destination,
    subject: &Subject,
    told: &[AddedEvent],
    unanswered: Option<String>,
) -> Result<Vec<Lacking>> {
    let repo = subject.id.as_str();
    let mut known = BTreeSet::new();
    let mut project = subject.project.clone();
    let mut is_shown = true;
    if let Some(deps) = to.open()? {
        let log = deps.log().await?;
        let mut conn = log.pool().acquire().await?;
        known.extend(types(&mut conn, StreamKind::Repo, repo).await?);
        let shown = shown(&deps).await?;
        is_shown = shown.is_none_or(|shown| told.iter().all(|event| event.position <= Some(shown)));
        if project.is_none() {
            project = held_projects(&deps, &log, &[repo.to_owned()]).await?.remove(repo);
        }
        if let Some(project) = &project {
            known.extend(types(&mut conn, StreamKind::Project, project).await?);
        }
    }
    let is_told = |kind: &str| told.iter().any(|event| event.kind == kind);
    let knows = |event: EventType| known.contains(event.name());
    let depends = is_told(sbom::KIND.name) || knows(EventType::SbomSubmitted);
    let answered = is_told(survey::KIND.name) || knows(EventType::SurveyAnswered);
    let gap = match project {
        None => Some(Gap::Project(repo.to_owned())),
        Some(project) => (!answered && !knows(EventType::GrantObserved)).then_some(Gap::Survey(project)),
    };
    let observed = is_told(host_facts::KIND.name) || knows(EventType::RepoObserved);
    let host = match unanswered {
        Some(reason) => Some(Lacking::Unanswered { repo: repo.to_owned(), reason }),
        None => (!observed).then(|| Lacking::Gap(Gap::HostFacts(repo.to_owned()))),
    };
    let lacking = [
        (!depends).then(|| Lacking::Dependencies(repo.to_owned())),
        host,
        gap.map(Lacking::Gap),
        (!is_shown).then_some(Lacking::Scores),
    ];
    Ok(lacking.into_iter().flatten().collect())
}

/// The types of the events of a stream.
async fn types(conn: &mut PgConnection, kind: StreamKind, id: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_file_scalar!("sql/types_of_stream.sql", kind.name(), id).fetch_all(conn).await?)
}

/// Where the live tables stand; `None` where this login may not look: whoever appends need not be one who reads.
async fn shown(deps: &Deps) -> Result<Option<u64>> {
    let look = async || -> Result<u64> { Ok(lag::position(&store::live_builds(&mut *deps.read().await?).await?)) };
    match look().await {
        Err(error) if error.denied().is_some() => Ok(None),
        position => position.map(Some),
    }
}
