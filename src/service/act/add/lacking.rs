//! What is not known of a repository that was added.

use std::collections::{BTreeMap, BTreeSet};

use domain::{EventType, StreamKind};
use projections::store::{self, few};
use sqlx::PgConnection;

use super::AddedEvent;
use crate::service::act::ingest::{Destination, gitlog, sbom, survey};
use crate::service::ask::lag;
use crate::service::{Deps, Result};

/// Something that is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// What it depends on: no bill of materials.
    Dependencies,
    /// Stars and forks: no host facts.
    HostFacts,
    /// Which project it belongs to.
    Project,
    /// Whether this project is active: no answer and no grants record.
    Status(String),
    /// The scores that follow from what the log holds: it is ahead of the live tables.
    Scores,
}

/// What is lacking of a repository after all this was told. A rehearsal knows of what was told alone.
pub(super) async fn of(
    to: &Destination,
    repo: &str,
    told_project: Option<&str>,
    told: &[AddedEvent],
) -> Result<Vec<Lacking>> {
    let mut known: BTreeSet<String> =
        told.iter().filter_map(|event| Some(event_type(&event.kind)?.to_owned())).collect();
    let mut project = told_project.map(str::to_owned);
    let mut is_shown = true;
    if let Some(deps) = to.open()? {
        let log = deps.log().await?;
        let mut conn = log.pool().acquire().await?;
        known.extend(types(&mut conn, StreamKind::Repo, repo).await?);
        let live = match LiveView::of(&deps, repo).await {
            // Whoever may append need not be one who may look.
            Err(error) if error.denied().is_some() => LiveView::default(),
            live => live?,
        };
        is_shown = told.iter().all(|event| event.position <= Some(live.position));
        if project.is_none() {
            let said = sqlx::query_file_scalar!("sql/told_project.sql", repo).fetch_optional(&mut *conn).await?;
            project = live.project.or(said);
        }
        if let Some(project) = &project {
            known.extend(types(&mut conn, StreamKind::Project, project).await?);
        }
    }
    let knows = |kind: EventType| known.contains(kind.name());
    let described = knows(EventType::SurveyAnswered) || knows(EventType::GrantObserved);
    let status = project.is_some() && !described;
    let lacking = [
        (!knows(EventType::SbomSubmitted)).then_some(Lacking::Dependencies),
        (!knows(EventType::RepoObserved)).then_some(Lacking::HostFacts),
        project.is_none().then_some(Lacking::Project),
        project.filter(|_| status).map(Lacking::Status),
        (!is_shown).then_some(Lacking::Scores),
    ];
    Ok(lacking.into_iter().flatten().collect())
}

/// The type of event that a kind of document becomes here.
fn event_type(kind: &str) -> Option<&'static str> {
    let types = [
        (sbom::KIND.name, EventType::SbomSubmitted),
        (gitlog::KIND.name, EventType::GitLogObserved),
        (survey::KIND.name, EventType::SurveyAnswered),
    ];
    types.into_iter().find(|(name, _)| *name == kind).map(|(_, event)| event.name())
}

/// The types of the events of a stream.
async fn types(conn: &mut PgConnection, kind: StreamKind, id: &str) -> Result<Vec<String>> {
    Ok(sqlx::query_file_scalar!("sql/types_of_stream.sql", kind.name(), id).fetch_all(conn).await?)
}

/// What the live tables know.
#[derive(Default)]
struct LiveView {
    position: u64,
    project: Option<String>,
}

impl LiveView {
    async fn of(deps: &Deps, repo: &str) -> Result<Self> {
        let mut conn = deps.read().await?;
        let builds = store::live_builds(&mut conn).await?;
        let ids = [repo.to_owned()];
        let mut projects =
            if builds.is_empty() { BTreeMap::default() } else { few::projects(&mut conn, &builds, &ids).await? };
        Ok(Self { position: lag::position(&builds), project: projects.remove(repo) })
    }
}
