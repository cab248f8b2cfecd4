//! `rebuild`: build beside, compare, promote.

use std::time::Instant;

use ::replay::catch_up::ensure_live;
use ::replay::projector::Projector;
use ::replay::{ReplayError, formulas, log, rebuild};
use projections::store;
use projections::store::schema::FormulaDocument;
use projections::tables::Projection;
use serde_json::json;
use sqlx::PgConnection;

use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::ProjectionArg;
use crate::cli::output::{Output, fields, object};
use crate::cli::session::Session;
use crate::service::ask::formula::Difference;

/// `rebuild --cancel`.
pub(crate) async fn cancel(session: &Session) -> Result<Output> {
    let mut conn = session.connect_to_write().await?;
    let cancelled = rebuild::cancel(&mut conn).await?;
    Ok(Output::Object(object(json!({"cancelled": cancelled}))))
}

/// `rebuild`.
pub(crate) async fn run(
    session: &Session,
    projection: Option<ProjectionArg>,
    formula: Option<&str>,
    promote: bool,
    actor: Option<&str>,
) -> Result<(Output, u8)> {
    let which = which(projection, formula.is_some());
    let mut conn = session.connect_to_write().await?;
    // The live builds exist from the first projection run on; an empty set is made here as there.
    ensure_live(&mut conn).await?;
    let live = store::live_builds(&mut conn).await?;
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics).ok_or(ReplayError::NoBuild)?;
    let head = log::head(&mut conn).await?.position;
    let formula = match formula {
        Some(name) => formulas::named(&mut conn, name, head).await?,
        None => FormulaDocument {
            formula: metrics.read_formula()?,
            document: metrics.formula_document.clone().unwrap_or_default(),
        },
    };
    let to = metrics.position;
    let started = Instant::now();
    let mut progress = session.progress("rebuilding", to);
    let mut shadow = rebuild::build(&mut conn, &which, &formula, to, &mut |event| progress.event(event)).await?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    let equal = rebuild::equal_to_live(&mut conn, &mut shadow).await?;
    let to = shadow.position();
    let mut result = object(json!({
        "build": shadow.builds().iter().map(|build| build.id).max(),
        "from": 1,
        "to": to,
        "events": to,
        "formula": formula.formula.name,
        "projections": which.iter().map(|projection| projection.name()).collect::<Vec<_>>(),
        "seconds": seconds,
        "events_per_second": if seconds > 0.0 { (to as f64 / seconds).round() } else { 0.0 },
        "equal_to_live": equal,
    }));
    let diverged = equal == Some(false);
    // A rebuild that should have come to the same and did not is never made live.
    let promoted = promote && !diverged;
    result.insert("promoted".into(), promoted.into());
    if promoted {
        let started = Instant::now();
        promote_announced(session, &mut conn, &mut shadow, actor).await?;
        result.insert("promotion_seconds".into(), started.elapsed().as_secs_f64().into());
        return Ok((Output::Object(result), 0));
    }
    rebuild::discard(&mut conn, &shadow).await?;
    let fields = fields(&result);
    let live = metrics.read_formula()?;
    if live.hash() == formula.formula.hash() {
        return Ok((Output::Object(result), if diverged { REFUSED } else { 0 }));
    }
    let world = &shadow.fold().world;
    let found = projections::diff::diff(world, &world.view(), &live, &formula.formula);
    let found = Difference { position: to, before: live, after: formula.formula, found };
    let text = format!("{fields}\n{}", super::formula::diff::report(&found));
    result.extend(super::formula::diff::json(&found));
    Ok((Output::Report(text, result), 0))
}

/// Makes builds live: an event says so, then they follow the log to it, then the switch.
pub(crate) async fn promote_announced(
    session: &Session,
    conn: &mut PgConnection,
    shadow: &mut Projector,
    actor: Option<&str>,
) -> Result<()> {
    ::replay::promote::ready(conn, shadow).await?;
    announce(session, shadow, actor).await?;
    ::replay::promote::promote(conn, shadow).await.map_err(|error| {
        let Failure { code, error } = error.into();
        let so_far = "the log says that these builds are live from here, and they are not yet: run the command again";
        Failure { code, error: error.context(so_far) }
    })
}

fn which(projection: Option<ProjectionArg>, with_formula: bool) -> Vec<Projection> {
    match (projection, with_formula) {
        (Some(ProjectionArg::Graph), _) => vec![Projection::Graph],
        (Some(ProjectionArg::People), _) => vec![Projection::People],
        // Scores and their history answer to one formula and switch together.
        (Some(ProjectionArg::Metrics | ProjectionArg::History), _) | (None, true) => {
            vec![Projection::Metrics, Projection::History]
        }
        (None, false) => Projection::ALL.to_vec(),
    }
}

/// Says in the log what becomes live from here.
#[cfg(feature = "ingest")]
async fn announce(session: &Session, shadow: &Projector, actor: Option<&str>) -> Result<()> {
    let log = session.log().await?;
    let formula = shadow.fold().formula();
    let facts = domain::facts::formula::FormulaPromoted {
        formula: formula.name.clone(),
        hash: formula.hash(),
        projections: shadow.builds().iter().map(|build| build.projection.name().to_owned()).collect(),
        digest: shadow.outcome().digest,
        position: shadow.position(),
    };
    let event = domain::Event::from(facts);
    log.append(ingest::Append::from(event), &session.context(actor)).await?;
    Ok(())
}

/// A program without the append path cannot promote: promotions are events.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn announce(_: &Session, _: &Projector, _: Option<&str>) -> Result<()> {
    Err(crate::cli::failure::Failure::environment(anyhow::anyhow!("this program cannot write to the log")))
}
