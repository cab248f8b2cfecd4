//! A fold in memory, compared with what is live or was published.

use std::time::Instant;

use domain::digest::Digest;
use domain::merkle::Frontier;
use domain::recorded::Position;
use projections::Fold;
use projections::store::schema::FormulaDocument;
use projections::store::{self, Build, StoreError};
use projections::tables::Projection;
use replay::as_of::{self, FoldOutcome};
use replay::decisions::Decisions;
use replay::publication::{self, PublicationRequest as Published};
use replay::quarantine::Quarantine;
use replay::verify::{self, Divergence};
use replay::{ReplayError, formulas, log, snapshot};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::point::PointQuery;
use crate::service::watch::Notice;
use crate::service::{Deps, Result};

mod rows;

/// What is replayed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayQuery {
    /// To which point, and under which formula.
    pub at: PointQuery,
    /// Whether it is compared: with the live build at its own position and formula, where neither is asked for.
    pub verify: bool,
    /// With this publication.
    pub label: Option<String>,
}

/// What a replay came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replayed {
    /// The last position folded.
    pub position: Position,
    /// Name of the formula.
    pub formula: String,
    /// Events folded.
    pub events: u64,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state that they follow from.
    pub state_digest: Digest,
    /// How long it took.
    pub seconds: f64,
    /// Events folded a second.
    pub events_per_second: f64,
    /// Whether all is equal; null where nothing was asked for or found to compare with.
    pub verified: Option<bool>,
    /// Where it differs.
    pub divergences: Vec<Divergence>,
}

/// What a replay starts from.
struct ReplayStart {
    position: Position,
    formula: FormulaDocument,
    /// The publication to compare with.
    published: Option<Published>,
}

/// Folds the log in memory, and compares if asked for.
///
/// # Errors
/// When the point, the formula or the publication does not exist, or the log cannot be folded;
/// [`crate::service::Error::Gone`] for a publication that rests on what is erased,
/// [`crate::service::Error::Unavailable`] for one that rests on versions of families that this program does not hold.
pub async fn replay(deps: &Deps, asked: &ReplayQuery) -> Result<Replayed> {
    let mut conn = deps.read_long().await?;
    // One snapshot: a projector at work must not look like a divergence.
    snapshot::read(&mut conn, async |conn| of_one_moment(deps, conn, asked).await).await
}

async fn of_one_moment(deps: &Deps, conn: &mut PgConnection, asked: &ReplayQuery) -> Result<Replayed> {
    let live = store::live_builds(conn).await?;
    let ReplayStart { position, formula, published } = start(conn, &live, asked).await?;

    let started = Instant::now();
    let mut frontier = Frontier::default();
    let mut progress = deps.begin("replaying", position);
    let mut each = |event: log::Stored| {
        frontier.push(event.leaf_hash);
        progress.step();
    };
    let mut fold = match &published {
        Some(published) => published.fold(conn, &mut each).await?,
        None => as_of::fold(conn, formula, position, &mut each).await?,
    };
    drop(progress);
    let outcome = as_of::outcome(&fold);
    let seconds = started.elapsed().as_secs_f64();

    let mut comparison = Comparison::default();
    if let Some(published) = &published {
        comparison.with_publication(&outcome, &frontier, published);
        if comparison.is_beyond_proof(published) {
            return Err(published.unequal().into());
        }
        if !comparison.divergences.is_empty() {
            comparison.divergences.extend(rows::published(conn, &mut fold, &outcome, &live, published).await?);
        }
    } else if asked.verify {
        comparison.with_what_is_held(conn, &mut fold, &outcome, &frontier, &live).await?;
    }
    let verified = comparison.verified().filter(|_| asked.verify);
    if asked.verify && verified.is_none() {
        let formula = &fold.formula().name;
        if comparison.other_quarantine {
            deps.notice(&Notice::OtherQuarantine);
        } else {
            deps.note(format!("nothing live or published at position {position} under {formula} to compare with"));
        }
    }
    let rate = if seconds > 0.0 { position as f64 / seconds } else { 0.0 };
    Ok(Replayed {
        position,
        formula: fold.formula().name.clone(),
        events: position,
        digest: outcome.digest,
        state_digest: outcome.state_digest,
        seconds,
        events_per_second: rate.round(),
        verified,
        divergences: comparison.divergences,
    })
}

async fn start(conn: &mut PgConnection, live: &[Build], asked: &ReplayQuery) -> Result<ReplayStart> {
    if let Some(label) = &asked.label {
        let published = Published::of(&Decisions::read(conn).await?, label)?;
        let (position, formula) = (published.facts.position, published.formula.clone());
        return Ok(ReplayStart { position, formula, published: Some(published) });
    }
    // Without a point or a name, what is live is verified: its position, its formula. An empty log needs no build.
    let against_live = asked.verify && asked.at.is_now();
    match live.iter().find(|build| build.projection == Projection::Metrics) {
        Some(metrics) if against_live => {
            let hash = registered(metrics, metrics.formula_hash, "formula hash")?;
            let name = registered(metrics, metrics.formula.clone(), "formula")?;
            let formula = formulas::hashed(conn, &name, &hash).await?;
            Ok(ReplayStart { position: metrics.position, formula, published: None })
        }
        None if against_live && log::head(conn).await?.position > 0 => Err(ReplayError::NoBuild.into()),
        _ => {
            let position = as_of::position(conn, asked.at.point()?).await?;
            let formula = as_of::formula(conn, asked.at.formula.as_deref(), position).await?;
            Ok(ReplayStart { position, formula, published: None })
        }
    }
}

/// What the register of builds says of one that folded an event.
fn registered<T>(build: &Build, said: Option<T>, what: &str) -> Result<T> {
    said.ok_or_else(|| {
        let (row, reason) = (build.id.to_string(), format!("it has no {what}"));
        StoreError::Inconsistent { build: build.id, table: "atlas.build", row, reason }.into()
    })
}

/// What a replay was compared with, and where it differs.
#[derive(Default)]
struct Comparison {
    scores: bool,
    /// The live build at this position was folded under another quarantine, and was not compared.
    other_quarantine: bool,
    divergences: Vec<Divergence>,
}

impl Comparison {
    /// Whether all is equal; `None` where no scores were compared.
    fn verified(&self) -> Option<bool> {
        let compared = self.scores && !self.other_quarantine;
        (compared || !self.divergences.is_empty()).then_some(self.divergences.is_empty())
    }

    fn equal(&mut self, id: &str, metric: &str, replayed: &Digest, held: &Digest) {
        if replayed != held {
            let (id, metric) = (id.to_owned(), metric.to_owned());
            let (replayed, live) = (Some(replayed.to_string()), Some(held.to_string()));
            self.divergences.push(Divergence { table: None, id, metric, replayed, live });
        }
    }

    /// Whether what differs is no divergence: the publication rests on what is erased, or its digests on other
    /// versions of families. A log that differs is one, whoever published.
    fn is_beyond_proof(&self, published: &Published) -> bool {
        let of_the_log = self.divergences.iter().any(|divergence| divergence.id == "log");
        let others = !publication::other_versions(&published.facts).is_empty();
        !self.divergences.is_empty() && (published.erased.is_some() || (others && !of_the_log))
    }

    fn with_publication(&mut self, outcome: &FoldOutcome, frontier: &Frontier, published: &Published) {
        self.scores = true;
        let facts = &published.facts;
        self.equal("log", "root", &frontier.root(), &facts.root);
        self.equal("scores", "digest", &outcome.digest, &facts.digest);
        self.equal("state", "state_digest", &outcome.state_digest, &facts.state_digest);
        self.equal("log", "quarantine", &published.quarantine.digest(), &facts.quarantine_digest);
    }

    /// With all that stands for the position and the formula of the fold: the head's root, the live build,
    /// publications.
    async fn with_what_is_held(
        &mut self,
        conn: &mut PgConnection,
        fold: &mut Fold,
        outcome: &FoldOutcome,
        frontier: &Frontier,
        live: &[Build],
    ) -> Result<()> {
        let (position, formula) = (fold.world.position, fold.formula().hash());
        let head = log::head(conn).await?;
        if head.position == position {
            self.equal("log", "root", &frontier.root(), &head.root);
            // An empty log holds nothing else that could differ.
            self.scores |= position == 0;
        }
        // What was built or published before an event was quarantined, or let in again, is another state.
        let quarantine = Quarantine::read(conn).await?.digest();
        let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
        let metrics = metrics.filter(|metrics| metrics.position == position && metrics.formula_hash == Some(formula));
        self.other_quarantine = metrics.is_some() && live.iter().any(|build| build.quarantine_digest != quarantine);
        if let Some(metrics) = metrics.filter(|_| !self.other_quarantine) {
            self.scores = true;
            // Who moves the live builds notes none: those that were made to here say what came out.
            metrics.output_digest.iter().for_each(|noted| self.equal("scores", "digest", &outcome.digest, noted));
            let noted = metrics.state_digest.iter();
            noted.for_each(|noted| self.equal("state", "state_digest", &outcome.state_digest, noted));
            self.divergences.extend(verify::against_live(conn, fold, live).await?);
        }
        let decisions = Decisions::read(conn).await?;
        for (_, facts) in publication::all(conn).await? {
            let comparable = facts.position == position && facts.formula_hash == formula;
            // What other versions published is verified by its label.
            let comparable = comparable && publication::other_versions(&facts).is_empty();
            if comparable && facts.quarantine_digest == quarantine {
                self.with_publication(outcome, frontier, &Published::of(&decisions, &facts.label)?);
            }
        }
        Ok(())
    }
}
