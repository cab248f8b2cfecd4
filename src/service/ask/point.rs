//! Points of the log, and a fold at one of them.

use domain::recorded::Position;
use projections::Fold;
use projections::store::schema::FormulaDocument;
use replay::as_of::{self, Point};
use sqlx::PgConnection;

use crate::service::{Deps, Error, Result};

/// A point of the log and a formula, as they are asked for; nothing means now, and what is live.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointQuery {
    /// A position or an RFC 3339 time.
    pub as_of: Option<String>,
    /// A formula by name.
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
        let wrong = |text: &str| {
            Error::invalid("as_of", format!("`{text}`: expected a position (17) or a time (2026-01-31T12:00:00Z)"))
        };
        self.as_of.as_deref().map(|text| Point::parse(text).ok_or_else(|| wrong(text))).transpose()
    }
}

/// Folds to the point and under the formula that are asked for. To be called in a snapshot.
pub(crate) async fn fold(deps: &Deps, conn: &mut PgConnection, at: &PointQuery) -> Result<Fold> {
    let position = as_of::position(conn, at.point()?).await?;
    let formula = as_of::formula(conn, at.formula.as_deref(), position).await?;
    fold_to(deps, conn, position, formula).await
}

/// Folds to a position that the log has. To be called in a snapshot.
pub(crate) async fn fold_to(
    deps: &Deps,
    conn: &mut PgConnection,
    position: Position,
    formula: FormulaDocument,
) -> Result<Fold> {
    let mut progress = deps.begin("replaying", position);
    Ok(as_of::fold(conn, formula, position, None, &mut |_| progress.step()).await?)
}
