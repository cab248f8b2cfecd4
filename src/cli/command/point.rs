//! Points of the log, and a fold at one of them.

use anyhow::anyhow;
use replay::as_of::{self, Point};
use sqlx::PgConnection;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::AsOf;
use crate::cli::session::Session;

/// Reads `--as-of`.
pub(crate) fn parse(text: Option<&str>) -> Result<Option<Point>> {
    let wrong = |text: &str| Failure::environment(anyhow!("`{text}` is no position and no RFC 3339 time"));
    text.map(|text| Point::parse(text).ok_or_else(|| wrong(text))).transpose()
}

/// Folds to the point and under the formula that are asked for.
pub(crate) async fn fold(session: &Session, conn: &mut PgConnection, at: &AsOf) -> Result<projections::Fold> {
    let position = as_of::position(conn, parse(at.as_of.as_deref())?).await?;
    let formula = as_of::formula(conn, at.formula.as_deref(), position).await?;
    let mut progress = session.progress("replaying", position);
    Ok(as_of::fold(conn, formula, position, None, &mut |event| progress.event(event)).await?)
}
