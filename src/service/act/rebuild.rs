//! Builds beside the live ones: made, compared, and made live.

use std::time::Instant;

use projections::diff;
use projections::store;
use projections::tables::Projection;
use replay::catch_up::ensure_live;
use replay::projector::Projector;
use replay::{ReplayError, formulas, log, promote, rebuild};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::service::ask::formula::FormulaDifference;
use crate::service::{Deps, Result};

/// Builds that were dropped before they were done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// How many.
    pub cancelled: u64,
}

/// Drops what interrupted or running rebuilds have made so far.
///
/// # Errors
/// As [`Deps::write`].
pub async fn cancel(deps: &Deps) -> Result<Cancelled> {
    let mut conn = deps.write().await?;
    Ok(Cancelled { cancelled: rebuild::cancel(&mut conn).await? })
}

/// What is rebuilt, and what for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildOrder {
    /// Only this projection, with those that switch together with it.
    pub projection: Option<Projection>,
    /// Under this formula, by name.
    pub formula: Option<String>,
    /// Whether the new builds become live.
    pub promote: bool,
    /// Whether it is found out what another formula than the live one moves.
    pub compared: bool,
    /// Who promotes.
    pub actor: Option<String>,
}

/// What was rebuilt.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Rebuilt {
    /// Number of the newest build.
    pub build: Option<i64>,
    /// First position folded.
    pub from: u64,
    /// Last position folded.
    pub to: u64,
    /// Events folded.
    pub events: u64,
    /// Name of the formula.
    pub formula: String,
    /// What was built.
    pub projections: Vec<String>,
    /// How long the fold took.
    pub seconds: f64,
    /// Events folded a second.
    pub events_per_second: f64,
    /// Whether the live builds hold the same; null where they were made under another formula.
    pub equal_to_live: Option<bool>,
    /// Whether they are live now. A rebuild that should have come to the same and did not is never made live.
    pub promoted: bool,
    /// How long the promotion took, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_seconds: Option<f64>,
    /// What the formula moves, where it is another than the live one and that was asked for.
    #[serde(skip)]
    #[schemars(skip)]
    pub difference: Option<FormulaDifference>,
}

/// Builds beside the live tables, compares at equal positions, and if asked for follows to the head and switches.
///
/// # Errors
/// When there is no such formula, the log cannot be folded, or the switch cannot be made.
pub async fn run(deps: &Deps, asked: &RebuildOrder) -> Result<Rebuilt> {
    let which = which(asked.projection, asked.formula.is_some());
    // Of its own: the connection is the maker's as long as it makes.
    let mut conn = deps.write().await?.detach();
    // The live builds exist from the first projection run on; an empty set is made here as there.
    ensure_live(&mut conn).await?;
    let live = store::live_builds(&mut conn).await?;
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics).ok_or(ReplayError::NoBuild)?;
    let head = log::head(&mut conn).await?.position;
    let formula = match &asked.formula {
        Some(name) => formulas::named(&mut conn, name, head).await?,
        None => formulas::of_builds(&live)?,
    };
    let to = metrics.position;
    let started = Instant::now();
    let mut progress = deps.begin("rebuilding", to);
    let mut shadow = rebuild::build(&mut conn, &which, &formula, to, &mut |_| progress.step()).await?;
    drop(progress);
    let seconds = started.elapsed().as_secs_f64();
    let equal = rebuild::equal_to_live(&mut conn, &mut shadow).await?;
    let to = shadow.position();
    let mut rebuilt = Rebuilt {
        build: shadow.builds().iter().map(|build| build.id).max(),
        from: 1,
        to,
        events: to,
        formula: formula.formula.name.clone(),
        projections: which.iter().map(|projection| projection.name().to_owned()).collect(),
        seconds,
        events_per_second: if seconds > 0.0 { (to as f64 / seconds).round() } else { 0.0 },
        equal_to_live: equal,
        promoted: asked.promote && equal != Some(false),
        promotion_seconds: None,
        difference: None,
    };
    let before = metrics.read_formula()?;
    if asked.compared && before.hash() != formula.formula.hash() {
        let world = &shadow.fold().world;
        let found = diff::diff(world, &world.view(), &before, &formula.formula);
        rebuilt.difference = Some(FormulaDifference { position: to, before, after: formula.formula, found });
    }
    if rebuilt.promoted {
        let started = Instant::now();
        make_live(deps, &mut conn, &mut shadow, asked.actor.as_deref()).await?;
        rebuilt.promotion_seconds = Some(started.elapsed().as_secs_f64());
    } else {
        rebuild::discard(&mut conn, &shadow).await?;
    }
    Ok(rebuilt)
}

/// Makes builds live: an event says so, then they follow the log to it, then the switch.
pub(super) async fn make_live(
    deps: &Deps,
    conn: &mut PgConnection,
    shadow: &mut Projector,
    actor: Option<&str>,
) -> Result<()> {
    promote::ready(conn, shadow).await?;
    announce(deps, shadow, actor).await?;
    promote::promote(conn, shadow).await.map_err(|error| {
        let so_far = "the log says that these builds are live from here, and they are not yet: run the command again";
        crate::service::Error::from(error).of(so_far)
    })
}

fn which(projection: Option<Projection>, with_formula: bool) -> Vec<Projection> {
    match projection {
        None if with_formula => switched_with(Projection::Metrics),
        None => Projection::ALL.to_vec(),
        Some(projection) => switched_with(projection),
    }
}

/// The projections that switch together with one: those that a formula decides answer to one.
pub(super) fn switched_with(projection: Projection) -> Vec<Projection> {
    let together = |other: &Projection| *other == projection || (other.needs_formula() && projection.needs_formula());
    Projection::ALL.into_iter().filter(together).collect()
}

/// Says in the log what becomes live from here.
#[cfg(feature = "ingest")]
async fn announce(deps: &Deps, shadow: &Projector, actor: Option<&str>) -> Result<()> {
    let formula = shadow.fold().formula();
    let facts = domain::facts::formula::FormulaPromoted {
        formula: formula.name.clone(),
        hash: formula.hash(),
        projections: shadow.builds().iter().map(|build| build.projection.name().to_owned()).collect(),
        digest: shadow.outcome().digest,
        position: shadow.position(),
    };
    let event = domain::Event::from(facts);
    deps.log().await?.append(ingest::Append::from(event), &crate::service::deps::context(actor)).await?;
    Ok(())
}

/// A program without the append path cannot promote: promotions are events.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn announce(_: &Deps, _: &Projector, _: Option<&str>) -> Result<()> {
    Err(crate::service::Error::unavailable("this program cannot write to the log"))
}
