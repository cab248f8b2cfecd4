//! Points of the log, and a fold at one of them.

use domain::formula::FormulaError;
use domain::recorded::Position;
use projections::Fold;
use projections::store::{self, schema::FormulaDocument};
use projections::tables::Projection;
use replay::as_of::{self, Point};
use replay::{ReplayError, formulas, publication};
use sqlx::PgConnection;

use super::lag;
use crate::service::{Deps, Error, Result};

/// A point of the log and a formula, as they are asked for; nothing means now, and what is live.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointQuery {
    /// A position, an RFC 3339 time, or `label:` and the label of a publication.
    pub as_of: Option<String>,
    /// A formula by name, or `sha256:` and the beginning of its hash.
    pub formula: Option<String>,
}

impl PointQuery {
    /// Whether what is live answers.
    #[must_use]
    pub fn is_now(&self) -> bool {
        self.as_of.is_none() && self.formula.is_none()
    }

    /// The point.
    ///
    /// # Errors
    /// When it is neither a position nor a time.
    pub fn point(&self) -> Result<Option<Point>> {
        self.as_of.as_deref().map(|text| parsed("as_of", text)).transpose()
    }
}

/// The point that a field names.
pub(super) fn parsed(field: &'static str, text: &str) -> Result<Point> {
    let reason = || format!("`{text}`: expected a position (17) or a time (2026-01-31T12:00:00Z)");
    Point::parse(text).ok_or_else(|| Error::invalid(field, reason()))
}

/// Folds to the point and under the formula that are asked for. To be called in a snapshot.
pub(crate) async fn fold(deps: &Deps, conn: &mut PgConnection, at: &PointQuery) -> Result<Fold> {
    let (position, formula) = placed(deps, conn, at).await?;
    fold_to(deps, conn, position, formula).await
}

/// What names a publication, before its label.
const LABEL: &str = "label:";
/// What names a formula by its hash, before the beginning of that.
const HASH: &str = "sha256:";
/// Least digits of a hash that name a formula.
const HASH_DIGITS: usize = 6;

/// The position and the formula that are asked for. To be called in a snapshot.
pub(crate) async fn placed(
    deps: &Deps,
    conn: &mut PgConnection,
    at: &PointQuery,
) -> Result<(Position, FormulaDocument)> {
    if let Some(label) = at.as_of.as_deref().and_then(|text| text.strip_prefix(LABEL)) {
        let published = publication::all(conn).await?.into_iter().rev().find(|(_, facts)| facts.label == label);
        let (_, facts) = published.ok_or_else(|| ReplayError::NoPublication(label.to_owned()))?;
        let formula = match &at.formula {
            Some(text) => formula(conn, text, facts.position).await?,
            None => formulas::hashed(conn, &facts.formula, &facts.formula_hash).await?,
        };
        return Ok((facts.position, formula));
    }
    let point = at.point()?;
    let position = as_of::position(conn, point).await?;
    if position == 0 && matches!(point, Some(Point::Time(_))) {
        deps.note("nothing was in the log at that time; a date stands for its first moment (00:00 UTC)");
    }
    let formula = match &at.formula {
        Some(text) => formula(conn, text, position).await?,
        None => formulas::promoted(conn, position).await?,
    };
    Ok((position, formula))
}

/// The formula of this name at a position, or of this hash wherever it was adopted.
pub(crate) async fn formula(conn: &mut PgConnection, text: &str, at: Position) -> Result<FormulaDocument> {
    let Some(digits) = text.strip_prefix(HASH) else {
        return formulas::named(conn, text, at).await.map_err(|error| match error {
            ReplayError::Formula(error @ FormulaError::Unknown(_)) => Error::not_found("formula", text, error),
            error => error.into(),
        });
    };
    if digits.len() < HASH_DIGITS {
        let reason = format!("`{text}`: give at least {HASH_DIGITS} digits of the hash");
        return Err(Error::invalid("formula", reason));
    }
    let all = formulas::known(conn, Position::MAX).await?.into_iter().map(|known| known.document);
    let mut found = all.filter(|known| known.formula.hash().to_string().starts_with(&digits.to_lowercase()));
    match (found.next(), found.next()) {
        (Some(formula), None) => Ok(formula),
        (Some(_), Some(_)) => {
            Err(Error::invalid("formula", format!("`{text}` begins several hashes: give more of it")))
        }
        (None, _) => Err(Error::not_found("formula", text, format!("no formula has a hash that begins `{digits}`"))),
    }
}

/// Where an answer about what is shown stands.
pub(crate) struct Shown {
    /// The position.
    pub(crate) position: Position,
    /// The formula.
    pub(crate) formula: FormulaDocument,
    /// How many events the live builds lack.
    pub(crate) lag: u64,
}

/// What the live tables show, where they stand; another point or formula where it is asked for. To be called in a
/// snapshot.
pub(crate) async fn shown(deps: &Deps, conn: &mut PgConnection, at: &PointQuery) -> Result<Shown> {
    let live = store::live_builds(conn).await?;
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
    if let Some(metrics) = metrics.filter(|_| at.is_now()) {
        let formula = as_of::formula(conn, metrics.formula.as_deref(), metrics.position).await?;
        return Ok(Shown { position: metrics.position, formula, lag: lag::of(conn, &live).await? });
    }
    let (position, formula) = placed(deps, conn, at).await?;
    Ok(Shown { position, formula, lag: 0 })
}

/// Folds to a position that the log has. To be called in a snapshot.
pub(crate) async fn fold_to(
    deps: &Deps,
    conn: &mut PgConnection,
    position: Position,
    formula: FormulaDocument,
) -> Result<Fold> {
    let mut progress = deps.begin("replaying", position);
    Ok(as_of::fold(conn, formula, position, &mut |_| progress.step()).await?)
}
