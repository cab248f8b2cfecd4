//! Folding in memory: what the scores were, or would be under another formula, at any position.

use domain::Recorded;
use domain::digest::Digest;
use domain::formula::Formula;
use domain::recorded::Position;
use domain::time::Timestamp;
use projections::fold::{Fold, View, World};
use projections::metrics::Scores;
use projections::metrics::digest::{scores_digest, state_digest};
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::log::{Decoded, Stored};
use crate::quarantine::Quarantine;
use crate::threads::{Beside, GivenBatches, ReadEnd};
use crate::{ReplayError, formulas, log};

/// A point of the log, as a user names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A position.
    Position(Position),
    /// What was known at a time.
    Time(Timestamp),
}

impl Point {
    /// Reads a position, a time or a date.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let position = text.parse().ok().map(Self::Position);
        position.or_else(|| Timestamp::parse_time_or_date(text).ok().map(Self::Time))
    }
}

/// The position of a point; the head for none.
///
/// # Errors
/// When it lies beyond the head.
pub async fn position(conn: &mut PgConnection, point: Option<Point>) -> Result<Position, ReplayError> {
    let head = log::head(&mut *conn).await?.position;
    match point {
        None => Ok(head),
        Some(Point::Position(position)) if position <= head => Ok(position),
        Some(Point::Position(position)) => Err(ReplayError::BeyondHead { position, head }),
        Some(Point::Time(time)) => log::position_at(conn, time).await,
    }
}

/// The formula for a fold: the named one, else the one that was live at the position.
///
/// # Errors
/// When there is none of that name.
pub async fn formula(
    conn: &mut PgConnection,
    name: Option<&str>,
    at: Position,
) -> Result<FormulaDocument, ReplayError> {
    match name {
        Some(name) => formulas::named(conn, name, at).await,
        None => formulas::promoted(conn, at).await,
    }
}

/// What a fold came to.
#[derive(Clone, Debug)]
pub struct FoldOutcome {
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state.
    pub state_digest: Digest,
    /// The scores.
    pub scores: Scores,
}

/// Evaluates a fold where it stands.
#[must_use]
pub fn outcome(fold: &Fold) -> FoldOutcome {
    outcome_under(fold, fold.formula())
}

/// Evaluates a fold where it stands, under any formula: the state does not depend on one.
#[must_use]
pub fn outcome_under(fold: &Fold, formula: &Formula) -> FoldOutcome {
    let view = fold.world.view();
    let scores = view.scores(formula);
    let FoldDigests { digest, state_digest } = FoldDigests::of_view(&view, &scores, formula);
    FoldOutcome { digest, state_digest, scores }
}

/// What stands for a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldDigests {
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state.
    pub state_digest: Digest,
}

impl FoldDigests {
    /// The digests of a fold where it stands.
    pub(crate) fn of(fold: &Fold) -> Self {
        let view = fold.world.view();
        Self::of_view(&view, &view.scores(fold.formula()), fold.formula())
    }

    /// The digests of what a view and its scores under a formula give.
    pub(crate) fn of_view(view: &View<'_>, scores: &Scores, formula: &Formula) -> Self {
        let digest = scores_digest(scores);
        Self { digest, state_digest: state_digest(&view.graph, &view.contributions, formula.graph.edges) }
    }
}

/// Folds the log from the beginning to a position, in memory. `each` is given every event as stored.
///
/// # Errors
/// When the log cannot be read to the end, see [`log::read`].
pub async fn fold(
    conn: &mut PgConnection,
    formula: FormulaDocument,
    to: Position,
    each: &mut dyn FnMut(Stored),
) -> Result<Fold, ReplayError> {
    let quarantine = Quarantine::read(&mut *conn).await?;
    folded(conn, Fold::new(World::default(), formula.formula, quarantine.positions, None), to, each).await
}

/// Folds on from where a fold stands to a position, on a thread beside the connection. `each` is given every event as
/// it is read.
///
/// # Errors
/// As [`fold`].
pub async fn folded(
    conn: &mut PgConnection,
    mut fold: Fold,
    to: Position,
    each: &mut dyn FnMut(Stored),
) -> Result<Fold, ReplayError> {
    let from = fold.world.position + 1;
    let mut thread = Beside::start(move |given: GivenBatches<(Position, Result<Recorded, ReplayError>)>| {
        for (position, recorded) in given {
            take_in(&mut fold, position, recorded)?;
        }
        Ok::<_, ReplayError>(fold)
    });
    let read = log::decoded(conn, from, to, |Decoded { stored, recorded }| {
        let (position, bytes) = (stored.position, stored.payload.len());
        each(stored);
        thread.give((position, recorded), bytes)
    })
    .await;
    let fold = thread.end().await?;
    match read {
        Ok(()) | Err(ReadEnd::Unwanted) => Ok(fold),
        Err(ReadEnd::Failed(error)) => Err(error),
    }
}

/// Folds on from where a fold stands to a position.
///
/// # Errors
/// As [`fold`].
pub async fn advance(
    conn: &mut PgConnection,
    fold: &mut Fold,
    to: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<(), ReplayError> {
    let from = fold.world.position + 1;
    log::decoded(conn, from, to, |read| {
        progress(&read.stored);
        take_in(fold, read.stored.position, read.recorded)
    })
    .await
}

/// Folds the next event. A quarantined one is passed over, whether it can be decoded or not.
pub(crate) fn take_in(
    fold: &mut Fold,
    position: Position,
    recorded: Result<Recorded, ReplayError>,
) -> Result<(), ReplayError> {
    if fold.is_quarantined(position) {
        fold.pass(position)?;
    } else {
        fold.apply(&recorded?)?;
    }
    Ok(())
}
