//! The whole pipeline on documents compiled into the program.

use std::time::Instant;

use domain::Timestamp;
use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::identity::PseudonymKey;
use domain::merkle::Frontier;
use domain::number::fit;
use domain::recorded::Position;
use ingest::Append;
use projections::metrics::Level;
use projections::store::{self, Build, query};
use replay::{as_of, formulas, log, publication};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::ingest::intake::Intake;
use super::ingest::{Destination, DocumentSubject, Submission};
use super::publish;
use crate::embedded;
use crate::service::ask::filter::ScoresFilter;
use crate::service::ask::scores::{Scored, Sort};
use crate::service::ask::unsaid::{self, Unsaid};
use crate::service::deps::context;
use crate::service::run::project;
use crate::service::{Deps, Error, Result, Settings};

include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));

/// Label of the demo's publication.
const LABEL: &str = "demo";
/// Who the demo's events are from: how a log of the demo alone is recognised.
const ACTOR: &str = "demo";
/// Rows of the leaderboard.
const LEADERS: usize = 15;

/// The order in which the demo's documents arrive.
#[derive(Deserialize)]
struct DemoManifest {
    ingestions: Vec<Ingestion>,
}

/// One arrival.
#[derive(Deserialize)]
struct Ingestion {
    kind: String,
    file: String,
    repo: Option<String>,
    project: Option<String>,
    observed_at: Timestamp,
}

/// What the demo came to.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Demonstrated {
    /// Events of the log.
    pub events: u64,
    /// Projects in the graph.
    pub projects: u64,
    /// Repositories in the graph.
    pub repos: u64,
    /// Packages of no repository in the graph.
    pub external_repos: u64,
    /// Dependencies in the graph.
    pub edges: u64,
    /// The position whose scores are published.
    pub scores_published_at: Position,
    /// Digest of those scores.
    pub digest: Digest,
    /// Whether a replay gives them: always, what differs is an error.
    pub verified: bool,
    /// How long it took.
    pub seconds: f64,
    /// The most depended-upon repositories.
    pub leaderboard: Vec<Scored>,
    /// What no source says of the repositories.
    #[serde(skip)]
    pub unsaid: Unsaid,
    /// Label of the publication.
    #[serde(skip)]
    pub label: String,
    /// Its formula.
    #[serde(skip)]
    pub formula: String,
}

/// The log holds what is not of the demo: it shows its own log, and mixing it with somebody's facts would help nobody.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this log holds other events")]
pub struct OtherEvents;

/// Where the demo goes: to the place that is named for it, else to a folder of its own.
///
/// # Errors
/// When none is named and this user has no home.
pub fn place(named: Settings) -> Result<Settings> {
    if named.database_url.is_some() || named.data_dir.is_some() {
        return Ok(named);
    }
    Ok(Settings { data_dir: Some(embedded::demo_data_dir().map_err(Error::unavailable)?), ..named })
}

/// Takes the demo's documents in, projects, publishes, and proves what is published by a replay.
///
/// # Errors
/// [`Error::Refused`] for a log with [`OtherEvents`], and when the replay gives other scores; as [`Deps::log`].
pub async fn demo(deps: &Deps) -> Result<Demonstrated> {
    let started = Instant::now();
    let intake = Intake::open(&Destination::Open(deps.clone()), Some(ACTOR)).await?;
    let mut conn = deps.read_long().await?.detach();
    if sqlx::query_file_scalar!("sql/holds_other_actors.sql", ACTOR).fetch_one(&mut conn).await? {
        return Err(Error::refused(OtherEvents));
    }
    let manifest: DemoManifest = serde_json::from_slice(file("manifest.json")?).map_err(Error::refused)?;
    deps.note(format!("reading {} documents", manifest.ingestions.len()));
    for ingestion in manifest.ingestions {
        let name = format!("demo/{}", ingestion.file);
        take(&intake, ingestion).await.map_err(|error| error.of(name))?;
    }
    deps.note("projecting the graph, people, metrics and history");
    project::catch_up(deps, &mut conn).await?;
    let published = publication::all(&mut conn).await?.into_iter().find(|(_, facts)| facts.label == LABEL);
    let published = match published {
        Some((_, facts)) => facts,
        None => publish::scores(deps, LABEL, &context(Some(ACTOR))).await?,
    };
    project::catch_up(deps, &mut conn).await?;
    deps.note("replaying the log to prove the published scores");
    if !prove(deps, &mut conn, &published).await? {
        return Err(Error::refused("the replay does not give the published scores"));
    }
    let head = log::head(&mut conn).await?;
    let counts = query::counts(&mut conn).await?;
    let live = store::live_builds(&mut conn).await?;
    let [projects, repos, external_repos, edges] = counts.map(|rows| fit::<u64>(rows, "rows of a view"));
    Ok(Demonstrated {
        events: head.position,
        projects,
        repos,
        external_repos,
        edges,
        scores_published_at: published.position,
        digest: published.digest,
        verified: true,
        leaderboard: leaders(&mut conn, &live).await?,
        unsaid: unsaid::of_live(&mut conn, &live, &ScoresFilter::default()).await?,
        seconds: started.elapsed().as_secs_f64(),
        label: published.label,
        formula: published.formula,
    })
}

fn file(name: &str) -> Result<&'static [u8]> {
    let found = FILES.iter().find(|(path, _)| *path == name);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| Error::refused(format!("the demo has no file {name}")))
}

/// Takes a document in.
async fn take(intake: &Intake, ingestion: Ingestion) -> Result<()> {
    let bytes = file(&ingestion.file)?.to_vec();
    let observed_at = Some(ingestion.observed_at);
    let about = DocumentSubject { repo: ingestion.repo, project: ingestion.project, purl: None, packages: Vec::new() };
    let key = || Ok(Some(PseudonymKey::public_demo()));
    let reading =
        Submission::of_kind(&ingestion.kind, &about)?.read(vec![(ingestion.file, bytes)], observed_at, key)?;
    let append = |event| Append { event, observed_at, key: None };
    let foreseen = intake.foresee(reading.events.into_iter().map(|read| append(read.event)).collect()).await?;
    intake.keep(&foreseen, reading.documents).await?;
    for fate in intake.append(foreseen).await? {
        fate.map_err(Error::refused)?;
    }
    Ok(())
}

/// Folds the log to the published position under the published formula and compares.
async fn prove(deps: &Deps, conn: &mut PgConnection, published: &ScoresPublished) -> Result<bool> {
    let formula = formulas::hashed(conn, &published.formula, &published.formula_hash).await?;
    let mut frontier = Frontier::default();
    let mut progress = deps.begin("replaying", published.position);
    let fold = as_of::fold(conn, formula, published.position, &mut |event| {
        frontier.push(event.leaf_hash);
        progress.step();
    })
    .await?;
    let outcome = as_of::outcome(&fold);
    Ok(outcome.digest == published.digest
        && outcome.state_digest == published.state_digest
        && frontier.root() == published.root)
}

/// The most depended-upon repositories.
async fn leaders(conn: &mut PgConnection, live: &[Build]) -> Result<Vec<Scored>> {
    let lines = query::scores(conn, live, Level::Repo).await?;
    let mut leaders: Vec<Scored> = lines.into_iter().map(Scored::from).collect();
    Sort::Best.apply(&mut leaders);
    leaders.truncate(LEADERS);
    Ok(leaders)
}
