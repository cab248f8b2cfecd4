//! Points of the log, and a fold at one of them.

use anyhow::anyhow;
use replay::as_of::Point;

use crate::cli::failure::{Failure, Result};

/// Reads `--as-of`.
pub(crate) fn parse(text: Option<&str>) -> Result<Option<Point>> {
    let wrong = |text: &str| {
        Failure::environment(anyhow!("`{text}`: expected a position (17) or a time (2026-01-31T12:00:00Z)"))
    };
    text.map(|text| Point::parse(text).ok_or_else(|| wrong(text))).transpose()
}
