//! Values as texts for people, and what is known of a field by its name.

pub(crate) use crate::service::answer::{flat, is_id};
use std::borrow::Cow;

use console::{measure_text_width, truncate_str};
use serde_json::{Map, Value};

use super::looks::{Tone, looks};
use crate::service::ask::scores::NATURAL;

/// Length of a digest in hexadecimal digits, and how much of it a person needs to recognise it.
const DIGEST: (usize, usize) = (64, 12);
/// What stands for what is left out.
pub(crate) const ELLIPSIS: &str = "…";
/// What stands for what is unknown.
pub(crate) const UNKNOWN: &str = "-";
/// Digits behind the point at most: in a column, and of a number alone.
const DECIMALS: usize = 2;
const LONE_DECIMALS: usize = 3;
/// Short names of fields, beside those of scores.
const SHORT: &[(&str, &str)] = &[
    ("adopted_at", "adopted"),
    ("from_position", "first"),
    ("in_vertex", "dependent"),
    ("leaf_hash", "leaf"),
    ("observed_at", "observed"),
    ("out_vertex", "dependency"),
    ("payload_sha256", "payload"),
    ("recorded_at", "time"),
    ("to_position", "next"),
    ("version_range", "version"),
];
/// Fields that say whether all is well.
pub(crate) const VERDICTS: &[&str] = &["ok", "verified", "trusted", "equal", "equal_to_live", "promoted", "outcome"];

/// The short name of a field.
pub(crate) fn header(field: &str) -> &str {
    let of_scores = NATURAL.iter().map(|(short, long)| (long, short));
    let all = SHORT.iter().map(|(long, short)| (long, short)).chain(of_scores);
    all.into_iter().find(|(long, _)| **long == field).map_or(field, |(_, short)| short)
}

/// Whether a field holds sentences.
pub(crate) fn is_prose(field: &str) -> bool {
    ["because", "description", "detail", "reason"].contains(&field)
}

/// The colour of a value.
pub(crate) fn tone(field: &str, value: &Value) -> Option<Tone> {
    match value {
        Value::Null => Some(Tone::Faint),
        Value::Bool(well) if VERDICTS.contains(&field) => Some(if *well { Tone::Good } else { Tone::Bad }),
        Value::String(text) if ["activity_status", "state"].contains(&field) => match text.as_str() {
            "live" => Some(Tone::Good),
            "in-dev" | "non-responsive" | "building" | "shadow" => Some(Tone::Doubtful),
            "discontinued" => Some(Tone::Bad),
            _ => None,
        },
        Value::Number(number) if field == "lag" && number.as_u64() != Some(0) => Some(Tone::Doubtful),
        Value::Array(labels) if field == "unprovable" && !labels.is_empty() => Some(Tone::Bad),
        _ => None,
    }
}

/// How values are written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextExtent {
    /// Digests and times as people tell them apart.
    Short,
    /// Everything that is known.
    Full,
}

/// A value for people, on one line.
pub(crate) fn text(value: &Value, extent: TextExtent) -> String {
    match value {
        Value::Null => UNKNOWN.to_owned(),
        Value::String(text) if extent == TextExtent::Full => one_line(text),
        Value::String(text) => minute(text).unwrap_or_else(|| one_line(short(text))),
        Value::Number(number) if number.is_f64() => {
            let digits = decimal(value, LONE_DECIMALS);
            digits.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Array(items) if items.is_empty() => UNKNOWN.to_owned(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => one_line(&flat(value, &[", ", " "])),
        Value::Array(_) | Value::Object(_) => one_line(&flat(value, &["; ", ", ", " "])),
        value => value.to_string(),
    }
}

/// Digits behind the point that a number needs, as far as people do.
pub(crate) fn decimals(value: &Value) -> usize {
    let digits = value.as_f64().map(|number| format!("{number:.DECIMALS$}"));
    let fraction = digits.as_deref().and_then(|digits| digits.split_once('.')).map_or("", |(_, fraction)| fraction);
    if value.is_f64() { fraction.trim_end_matches('0').len() } else { 0 }
}

/// A number with so many digits behind the point.
pub(crate) fn decimal(value: &Value, decimals: usize) -> String {
    value.as_f64().filter(|_| value.is_f64()).map_or_else(|| value.to_string(), |number| format!("{number:.decimals$}"))
}

/// A digest as people tell it apart, also where one ends a text (`VERSION+DIGEST`).
pub(crate) fn short(text: &str) -> &str {
    let from = text.rfind('+').map_or(0, |at| at + 1);
    let is_digest = text.len() - from == DIGEST.0 && text[from..].bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_digest { &text[..from + DIGEST.1] } else { text }
}

/// A text without what would move the cursor.
fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_whitespace() => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

/// The minute of a time as this program writes it, `2026-01-31T12:34:56.000000Z`; the day where it is its first.
fn minute(text: &str) -> Option<String> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let shaped = |part: &str, shape: &str| {
        part.len() == shape.len()
            && part.bytes().zip(shape.bytes()).all(|(a, b)| if b == b'0' { a.is_ascii_digit() } else { a == b })
    };
    let is_time = shaped(day, "0000-00-00") && shaped(time, "00:00:00.000000");
    let minute = || if time == "00:00:00.000000" { day.to_owned() } else { format!("{day} {}", &time[..5]) };
    is_time.then(minute)
}

/// A number of bytes for people.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: &[(u64, &str)] = &[(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.1} {unit}", bytes as f64 / *size as f64),
        None => format!("{bytes} bytes"),
    }
}

/// The width of a text on a terminal, in columns.
pub(crate) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// A text in so many columns, cut at its end.
pub(crate) fn cut_end(text: &str, columns: usize) -> Cow<'_, str> {
    truncate_str(text, columns, ELLIPSIS)
}

/// A text in so many columns, cut at its beginning.
pub(crate) fn cut_start(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(1);
    let fits = |(at, _): &(usize, char)| width(&text[*at..]) <= room;
    let end = text.char_indices().find(fits).map_or("", |(at, _)| &text[at..]);
    Cow::Owned(format!("{ELLIPSIS}{end}"))
}

/// A text on lines of so many columns, broken between words.
pub(crate) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line) + 1 + width(word) <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text in lines that fit the terminal, each behind so many blanks.
pub(crate) fn indented(text: &str, indent: usize) -> String {
    let lines = wrapped(text, looks().width.saturating_sub(indent));
    lines.into_iter().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

/// Whether a column holds numbers.
pub(crate) fn is_numeric(field: &str, rows: &[Map<String, Value>]) -> bool {
    rows.iter().any(|row| row.get(field).is_some_and(Value::is_number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_short_for_people_and_whole_where_asked_for() {
        let digest = "0123456789abcdef".repeat(4);
        let both = |value: &Value| (text(value, TextExtent::Short), text(value, TextExtent::Full));
        assert_eq!(both(&json!(digest)), ("0123456789ab".to_owned(), digest.clone()));
        assert_eq!(both(&json!(format!("graph/1+{digest}"))).0, "graph/1+0123456789ab");
        let (noon, day) = ("2026-01-31T12:34:56.000000Z", "2026-01-31T00:00:00.000000Z");
        assert_eq!(both(&json!(noon)), ("2026-01-31 12:34".to_owned(), noon.to_owned()));
        assert_eq!(both(&json!(day)).0, "2026-01-31");
        assert_eq!(both(&json!("2026-01-31TODAY")).0, "2026-01-31TODAY");
        assert_eq!(text(&Value::Null, TextExtent::Short), "-");
        assert_eq!(text(&json!(["a", "b"]), TextExtent::Short), "a, b");
        assert_eq!(text(&json!({"a": {"b": [1, 2]}, "c": null}), TextExtent::Short), "a b 1 2");
        assert_eq!(text(&json!("a\n\u{1b}[31mb"), TextExtent::Full), "a \u{fffd}[31mb", "nobody draws on the terminal");
        assert_eq!(
            (text(&json!(5433.0), TextExtent::Short), text(&json!(0.12345), TextExtent::Short)),
            ("5433".into(), "0.123".into())
        );
    }

    #[test]
    fn texts_are_cut_by_the_columns_that_they_take() {
        assert_eq!(cut_end("Soroban Examples", 10), "Soroban E…");
        assert_eq!(cut_end("共有基础设施", 7), "共有基…", "a wide character takes two");
        assert_eq!(cut_start("pkg:github/stellar/rs-stellar-strkey", 16), "…-stellar-strkey");
        assert_eq!(cut_start("共有基础设施", 6), "…设施", "none of them in halves");
        assert_eq!((cut_end("same", 4), cut_start("same", 4)), ("same".into(), "same".into()));
        assert_eq!(wrapped("a sentence that is long", 10), ["a sentence", "that is", "long"]);
    }
}
