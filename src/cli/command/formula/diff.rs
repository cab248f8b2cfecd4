//! `formula diff`: what moves between two formulas, and why.

use domain::recorded::Position;
use serde_json::Value;

use crate::cli::failure::Result;
use crate::cli::output::{Output, cell, looks};
use crate::service::ask::formula::{Change, ChangeReason, Direction, FormulaDifference, Summary};

/// Columns of a change, in the order of the contract.
const COLUMNS: &[&str] = &["level", "id", "metric", "before", "after", "rank_before", "rank_after", "because"];
/// Ids named per risk flag in the report for people.
const NAMED: usize = 10;
/// Reasons given per value in the report for people.
const REASONS: usize = 3;
/// Values named in the report for people; of more, those that move most places.
const LISTED: usize = 20;

/// A difference as a result.
pub(super) fn output(found: &FormulaDifference) -> Result<Output> {
    Output::listing(report(found), found, COLUMNS.to_vec(), "changed")
}

/// The difference for people: the summary first, then the values that move, with their reasons.
pub(crate) fn report(FormulaDifference { position, before, after, found }: &FormulaDifference) -> String {
    let Summary { vertices, by_metric, movers, flags } = found.summary();
    let (moved, stay) = (found.changed.len(), found.unchanged);
    let sum = match moved {
        0 => format!("no value moves, {stay} stay"),
        moved => format!("{moved} values of {vertices} projects, repositories and packages move, {stay} stay"),
    };
    let mut text = format!("{} -> {} at position {position}\n{sum}\n", before.name, after.name);
    if !found.parameters.is_empty() {
        text.push_str("\nWhat differs between the formulas\n");
    }
    let line = |indent: usize, said: &str| {
        let room = looks().width.saturating_sub(indent + 2);
        let wrapped = cell::wrapped(said, room).into_iter().enumerate();
        wrapped.map(|(n, line)| format!("{:1$}{line}\n", "", indent + 2 * n.min(1))).collect::<String>()
    };
    text.extend(found.parameters.iter().map(|parameter| line(2, &sentence(parameter))));
    if moved > 0 {
        text.push_str("\nWhat moves\n");
    }
    text.extend(
        by_metric
            .into_iter()
            .map(|((level, metric), count)| format!("  {count:>7}  {} of {}\n", cell::header(metric), of_level(level))),
    );
    if !flags.is_empty() {
        text.push_str("\nWho crosses a risk flag\n");
    }
    for (flag, crossing) in flags {
        let crossing = [("raised", crossing.raised), ("cleared", crossing.cleared)].into_iter();
        text.extend(crossing.filter(|(_, ids)| !ids.is_empty()).map(|(verb, ids)| {
            let more = ids.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
            line(2, &format!("{flag} {verb}: {}{more}", named.join(", ")))
        }));
    }
    let all = moved <= LISTED || movers.is_empty();
    let listed: Vec<&Change> = if all { found.changed.iter().take(LISTED).collect() } else { movers };
    text.push_str(&match moved - listed.len() {
        0 if moved == 0 => String::new(),
        0 => "\nValues that move\n".to_owned(),
        more if all => format!("\nValues that move, and {more} more\n"),
        more => format!("\nValues that move most places, and {more} more\n"),
    });
    for change in listed {
        text.push_str(&line(2, &headline(change)));
        text.extend(reasons(change).iter().map(|reason| line(6, reason)));
    }
    text.push('\n');
    if moved > 0 {
        text.push_str("Every value with all its reasons: --format json or csv\n");
    }
    text.push_str("What the parameters mean: docs/FORMULAS.md\n");
    text
}

/// A value before and after, with its places where they move.
fn headline(change: &Change) -> String {
    let Change { id, metric, before, after, .. } = change;
    let rank = |rank: Option<u64>| rank.map_or_else(|| "-".to_owned(), |rank| rank.to_string());
    let places = match change.places() {
        0 => String::new(),
        _ => format!(" (rank {} -> {})", rank(change.rank_before), rank(change.rank_after)),
    };
    format!("{id} {}: {} -> {}{places}", cell::header(metric), plain(before), plain(after))
}

/// Why it moves, the parameters first.
fn reasons(change: &Change) -> Vec<String> {
    let parameter = |reason: &ChangeReason| match reason {
        ChangeReason::Parameter { name, .. } => Some(name.clone()),
        _ => None,
    };
    let parameters: Vec<String> = change.because.iter().filter_map(parameter).collect();
    let others = || change.because.iter().filter(|reason| parameter(reason).is_none());
    let more = others().count().saturating_sub(REASONS);
    let by = (!parameters.is_empty()).then(|| format!("by {}", parameters.join(", ")));
    let rest = (more > 0).then(|| format!("and {more} more"));
    by.into_iter().chain(others().take(REASONS).map(sentence)).chain(rest).collect()
}

/// What the vertices of a level are called.
fn of_level(level: &str) -> &str {
    match level {
        "project" => "projects",
        "repo" => "repositories",
        "external" => "external packages",
        other => other,
    }
}

/// A value for people; of a section its entries, each with its path.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
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
