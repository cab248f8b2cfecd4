//! `demo`: the whole pipeline on documents compiled into the program.

use std::fmt::Write as _;
use std::time::Instant;

use ::ingest::{Append, AppendContext, Log};
use ::replay::{as_of, formulas, log, publication};
use anyhow::{Context as _, anyhow};
use domain::Timestamp;
use domain::facts::Subject;
use domain::facts::log::ScoresPublished;
use domain::identity::PseudonymKey;
use projections::metrics::Level;
use projections::store::{self, query};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;

use super::ingest::{Many, Single, gitlog, grants, keep, repo, sbom, survey};
use crate::cli::failure::{Failure, Result};
use crate::cli::output::{Output, object, objects, table};
use crate::cli::session::{self, Session};
use crate::service::act::publish;
use crate::service::ask::scores::Scored;
use crate::service::run::project;

include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));

/// Label of the demo's publication.
const LABEL: &str = "demo";
/// Who the demo's events are from: how a log of the demo alone is recognised.
const ACTOR: &str = "demo";
/// Rows of the leaderboard.
const LEADERS: usize = 15;

/// The order in which the demo's documents arrive.
#[derive(Deserialize)]
struct Manifest {
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

/// `demo`.
pub(crate) async fn run(session: &Session) -> Result<Output> {
    let started = Instant::now();
    let context = session.context(Some(ACTOR));
    let log = session.log().await?;
    let mut conn = session.connect().await?;
    refuse_other_events(&mut conn).await?;

    let manifest: Manifest = serde_json::from_slice(file("manifest.json")?).map_err(Failure::refused)?;
    session::say(&session.common, &format!("reading {} documents", manifest.ingestions.len()));
    for ingestion in &manifest.ingestions {
        ingest(session, &log, &context, ingestion).await.map_err(|failure| Failure {
            error: failure.error.context(format!("demo/{}", ingestion.file)),
            ..failure
        })?;
    }
    session::say(&session.common, "projecting the graph, people, metrics and history");
    project::catch_up(&session.deps, &mut conn).await?;
    let published = publication::all(&mut conn).await?.into_iter().find(|(_, facts)| facts.label == LABEL);
    let published = match published {
        Some((_, facts)) => facts,
        None => publish::scores(&session.deps, LABEL, &context).await?,
    };
    project::catch_up(&session.deps, &mut conn).await?;
    session::say(&session.common, "replaying the log to prove the published scores");
    let verified = prove(session, &mut conn, &published).await?;

    let head = self::log::head(&mut conn).await?;
    let [projects, repos, external_repos, edges] = query::counts(&mut conn).await?;
    let live = store::live_builds(&mut conn).await?;
    let leaders = leaders(&mut conn, &live).await?;
    let result = object(json!({
        "events": head.position,
        "projects": projects,
        "repos": repos,
        "external_repos": external_repos,
        "edges": edges,
        "scores_published_at": published.position,
        "digest": published.digest,
        "verified": verified,
        "seconds": started.elapsed().as_secs_f64(),
        "leaderboard": leaders,
    }));
    let text = report(&result, &leaders, &published);
    let output = Output::Report(text, result);
    if verified { Ok(output) } else { Err(Failure::refused(anyhow!("the replay does not give the published scores"))) }
}

fn file(name: &str) -> Result<&'static [u8]> {
    let found = FILES.iter().find(|(path, _)| *path == name);
    found.map(|(_, bytes)| *bytes).ok_or_else(|| Failure::refused(anyhow!("the demo has no file {name}")))
}

/// The demo shows its own log; mixing it with somebody's facts would help nobody.
async fn refuse_other_events(conn: &mut PgConnection) -> Result<()> {
    let others = sqlx::query_file_scalar!("sql/holds_other_actors.sql", ACTOR).fetch_one(conn).await?;
    if others {
        let reason = anyhow!("this log holds other events; give the demo a folder of its own with --data-dir");
        return Err(Failure::refused(reason));
    }
    Ok(())
}

async fn ingest(session: &Session, log: &Log, context: &AppendContext, ingestion: &Ingestion) -> Result<()> {
    let bytes = file(&ingestion.file)?;
    let observed_at = Some(ingestion.observed_at);
    let subject = || -> Result<Subject> {
        let purl = ingestion.repo.as_deref().context("the manifest names no repository").map_err(Failure::refused)?;
        Ok(Subject::new(purl, ingestion.project.as_deref(), &mut Vec::new())?)
    };
    let append = |event| Append { event, observed_at, key: None };
    let single: Single = match ingestion.kind.as_str() {
        "sbom" => sbom::read(bytes, subject()?)?,
        "repo" => repo::read(bytes, subject()?)?,
        "git-log" => gitlog::read_export(bytes, subject()?, ingestion.observed_at, Some(PseudonymKey::public_demo()))?,
        kind => {
            let many: Many = match kind {
                "survey" => survey::read(bytes)?,
                "grants" => grants::read(&[(ingestion.file.clone(), bytes.to_vec())])?,
                other => return Err(Failure::refused(anyhow!("the demo knows no kind `{other}`"))),
            };
            let foreseen = log.foresee(many.events.into_iter().map(append).collect()).await?;
            keep::documents(&session.store()?, &foreseen, many.documents).await?;
            for outcome in log.append_foreseen(foreseen, context).await? {
                outcome.map_err(Failure::refused)?;
            }
            return Ok(());
        }
    };
    keep::one(log, &session.store()?, append(single.event), single.document, context).await?;
    Ok(())
}

/// Folds the log to the published position under the published formula and compares.
async fn prove(session: &Session, conn: &mut PgConnection, published: &ScoresPublished) -> Result<bool> {
    let formula = formulas::hashed(conn, &published.formula, &published.formula_hash).await?;
    let mut frontier = domain::merkle::Frontier::default();
    let mut progress = session.progress("replaying", published.position);
    let fold = as_of::fold(conn, formula, published.position, None, &mut |event| {
        frontier.push(event.leaf_hash);
        progress.event(event);
    })
    .await?;
    let outcome = as_of::outcome(&fold);
    Ok(outcome.digest == published.digest
        && outcome.state_digest == published.state_digest
        && frontier.root() == published.root)
}

/// The most depended-upon repositories.
async fn leaders(conn: &mut PgConnection, live: &[store::Build]) -> Result<Vec<Map<String, Value>>> {
    let mut lines = query::scores(conn, live, Level::Repo).await?;
    lines.sort_by(|a, b| b.criticality_score.cmp(&a.criticality_score).then_with(|| a.id.cmp(&b.id)));
    objects(&lines.into_iter().take(LEADERS).map(Scored::from).collect::<Vec<_>>())
}

fn report(result: &Map<String, Value>, leaders: &[Map<String, Value>], published: &ScoresPublished) -> String {
    const COLUMNS: &[&str] = &["name", "criticality_score", "pony_factor", "adoption_score", "activity_status"];
    let mut text = String::from("Repositories by criticality: how many active repositories depend on each\n");
    text.push_str(&table(COLUMNS, leaders));
    let of = |key: &str| result.get(key).cloned().unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n{} events, {} projects, {} repositories, {} external packages, {} dependencies\n\
         Published at position {} under the label `{}`, formula {}\n\
         digest   {}\n\
         verified {}: a replay of the log gives the same scores, bit for bit ({:.1} s in all)\n\n\
         Next:\n  \
           pg-atlas scores --sort criticality_score:desc          projects, most critical first\n  \
           pg-atlas edges --level project                         who depends on whom\n  \
           pg-atlas scores --formula atlas-1 --level repo         the same log under another formula\n  \
           pg-atlas replay --verify --label {}                  prove it again\n  \
           pg-atlas --data-dir MINE ingest sbom FILE --repo pkg:github/OWNER/NAME   your own repository\n",
        of("events"),
        of("projects"),
        of("repos"),
        of("external_repos"),
        of("edges"),
        published.position,
        published.label,
        published.formula,
        published.digest,
        of("verified"),
        of("seconds").as_f64().unwrap_or_default(),
        published.label,
    );
    text
}
