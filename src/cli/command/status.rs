//! `status`: in one screen.

use std::fmt::Write as _;

use crate::cli::failure::Result;
use crate::cli::output::looks::Tone;
use crate::cli::output::{Output, cell, looks, objects, table};
use crate::service::Deps;
use crate::service::ask::status::{LiveBuilds, Status, status};

/// What is said of a live build.
const LIVE: &[&str] = &["name", "build", "position", "lag", "formula"];
/// What is said of one that is not live.
const OTHER: &[&str] = &["build", "projection", "state", "position", "formula", "code"];
/// How many of those, the newest.
const OTHERS: usize = 6;

/// `status`.
pub(crate) async fn run(deps: &Deps) -> Result<Output> {
    let found = status(deps).await?;
    Output::report(text(&found)?, &found)
}

fn text(Status { standing, builds, root, database_bytes, .. }: &Status) -> Result<String> {
    let LiveBuilds { head, projections } = standing;
    let behind = projections.iter().map(|live| live.lag).max().unwrap_or(*head);
    let place = match behind {
        0 => looks().paint(Tone::Good, "all of it is projected"),
        1 => looks().paint(Tone::Doubtful, "1 event is not projected yet"),
        behind => looks().paint(Tone::Doubtful, &format!("{behind} events are not projected yet")),
    };
    let size = cell::bytes(*database_bytes);
    let mut text = format!("head      {head}: {place}\nroot      {root}\ndatabase  {size}\n\n");
    text.push_str(&table(LIVE, &objects(projections)?));
    let mut others: Vec<_> = builds.iter().filter(|build| build.state != "live").collect();
    if !others.is_empty() {
        let (count, is_wide) = (others.len(), looks().show.wide);
        others.reverse();
        others.truncate(if is_wide { count } else { OTHERS });
        // Writing to a String cannot fail.
        let _ = match count - others.len() {
            0 => writeln!(text, "\nBuilds that are not live"),
            _ => writeln!(text, "\nBuilds that are not live: the newest of {count} (--wide: all)"),
        };
        text.push_str(&table(OTHER, &objects(&others)?));
    }
    Ok(text)
}
