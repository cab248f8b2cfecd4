//! `formula diff`: what moves between two formulas, and why.

use std::fmt::Write as _;

use domain::recorded::Position;
use serde_json::Value;

use crate::cli::failure::Result;
use crate::cli::output::Output;
use crate::service::ask::formula::{ChangeReason, Direction, FormulaDifference, Summary};

/// Columns of a change, in the order of the contract.
const COLUMNS: &[&str] = &["level", "id", "metric", "before", "after", "rank_before", "rank_after", "because"];
/// Ids named per risk flag in the report for people.
const NAMED: usize = 10;
/// Reasons given per mover in the report for people.
const REASONS: usize = 3;

/// A difference as a result.
pub(super) fn output(found: &FormulaDifference) -> Result<Output> {
    Output::listing(report(found), found, COLUMNS.to_vec(), "changed")
}

/// The difference for people: the summary first, then the largest movers with their reasons.
pub(crate) fn report(FormulaDifference { position, before, after, found }: &FormulaDifference) -> String {
    let Summary { vertices, by_metric, movers, flags } = found.summary();
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} -> {} at position {position}", before.name, after.name);
    let _ = writeln!(
        text,
        "{} values of {vertices} vertices move, {} stay\n\nWhat differs between the formulas",
        found.changed.len(),
        found.unchanged
    );
    for parameter in &found.parameters {
        let _ = writeln!(text, "  {}", sentence(parameter));
    }
    let _ = writeln!(text, "\nWhat moves");
    for ((level, metric), count) in by_metric {
        let _ = writeln!(text, "  {count:>7}  {metric} of a {level}");
    }
    if !flags.is_empty() {
        let _ = writeln!(text, "\nWho crosses a risk flag");
    }
    for (flag, crossing) in flags {
        for (verb, ids) in [("raised", crossing.raised), ("cleared", crossing.cleared)] {
            if !ids.is_empty() {
                let more = ids.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
                let _ = writeln!(text, "  {flag} {verb}: {}{more}", named.join(", "));
            }
        }
    }
    if !movers.is_empty() {
        let _ = writeln!(text, "\nLargest movers");
    }
    for change in movers {
        let rank = |rank: Option<u64>| rank.map_or_else(|| "-".to_owned(), |rank| rank.to_string());
        let _ = writeln!(
            text,
            "  {} {}: {} -> {} (rank {} -> {})",
            change.id,
            change.metric,
            plain(&change.before),
            plain(&change.after),
            rank(change.rank_before),
            rank(change.rank_after),
        );
        let parameter = |reason: &ChangeReason| match reason {
            ChangeReason::Parameter { name, .. } => Some(name.clone()),
            _ => None,
        };
        let parameters: Vec<String> = change.because.iter().filter_map(parameter).collect();
        let _ = writeln!(text, "      by {}", parameters.join(", "));
        let reasons = change.because.iter().filter(|reason| parameter(reason).is_none());
        let reasons: Vec<String> = reasons.map(sentence).collect();
        for reason in reasons.iter().take(REASONS) {
            let _ = writeln!(text, "      {reason}");
        }
        if reasons.len() > REASONS {
            let _ = writeln!(text, "      and {} more", reasons.len() - REASONS);
        }
    }
    let _ = writeln!(text, "\nThe full list, with the reasons of every change: --format json or csv");
    text
}

/// A value for people; of a section its entries, each with its path.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(section) if !section.is_empty() => {
            let entries = section.iter().map(|(name, value)| {
                let joint = if value.is_object() { "." } else { " " };
                plain(value).split(", ").map(|entry| format!("{name}{joint}{entry}")).collect::<Vec<_>>().join(", ")
            });
            entries.collect::<Vec<_>>().join(", ")
        }
        value => value.to_string(),
    }
}

/// A reason in words.
fn sentence(reason: &ChangeReason) -> String {
    let positions = |positions: &[Position]| match positions {
        [] => String::new(),
        [one] => format!(" (event {one})"),
        many => format!(" (events {})", many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    match reason {
        ChangeReason::Parameter { name, before, after } => format!("{name}: {} -> {}", plain(before), plain(after)),
        ChangeReason::Term { name, before, after } => format!("{name} {} -> {}", plain(before), plain(after)),
        ChangeReason::Vertex { id, metric, before, after } => {
            format!("{metric} of {id} {} -> {}", plain(before), plain(after))
        }
        ChangeReason::CommitDays { direction, repo, contributor, position, days } => {
            let commits: u64 = days.iter().map(|(_, commits)| commits).sum();
            let short: String = contributor.to_string().chars().take(8).collect();
            let span = match (days.first(), days.last()) {
                (Some((first, _)), Some((last, _))) => format!(", {first} to {last}"),
                _ => String::new(),
            };
            let verb = word(*direction);
            let at = positions(&position.iter().copied().collect::<Vec<_>>());
            format!("{commits} commits on {} days of {short} {verb} in {repo}{span}{at}", days.len())
        }
        ChangeReason::Dependent { direction, id, by, positions: at } => {
            format!("dependent {id} {} by {by}{}", word(*direction), positions(at))
        }
        ChangeReason::Signal { signal, repo, value, positions: at } => {
            format!("{value} {signal} of {repo}{}", positions(at))
        }
        ChangeReason::Event { says, position } => format!("{says} (event {position})"),
        ChangeReason::More { count } => format!("and {count} more"),
    }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Joined => "joined",
        Direction::Left => "left",
    }
}
