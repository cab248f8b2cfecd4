//! Cells of live tables as text: how they are asked for, and when one says what a fold says.

use projections::tables::Row;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

/// A row by its cells, each as text; `None` for null.
pub(super) trait Cells {
    /// The cell of a column.
    fn cell(&self, n: usize) -> Option<&str>;
}

impl Cells for Row {
    fn cell(&self, n: usize) -> Option<&str> {
        self[n].as_deref()
    }
}

/// What a cell is called that the database sent otherwise than it was asked for: no fold says so.
const UNREADABLE: &str = "(not readable as text)";

impl Cells for PgRow {
    fn cell(&self, n: usize) -> Option<&str> {
        self.try_get_unchecked(n).unwrap_or(Some(UNREADABLE))
    }
}

/// Has days written as a fold writes them, whatever the session's settings are: to be asked once a transaction.
pub(super) const DAYS: &str = "SET LOCAL datestyle TO 'ISO'";

/// What is asked for of a column, as text in the form of a fold's cells, once [`DAYS`] was asked.
pub(super) fn asked(name: &str, kind: &str) -> String {
    if kind != "timestamptz" {
        return format!("\"{name}\"::text");
    }
    let form = r#"'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"#;
    format!(
        "CASE WHEN \"{name}\" BETWEEN '0001-01-01T00:00:00Z' AND '9999-12-31T23:59:59.999999Z' \
         THEN to_char(\"{name}\" AT TIME ZONE 'UTC', {form}) ELSE \"{name}\"::text END"
    )
}

/// Whether two cells of a column say the same. Documents and lists have several texts.
pub(super) fn same(kind: &str, replayed: Option<&str>, live: Option<&str>) -> bool {
    match (replayed, live) {
        (replayed, live) if replayed == live => true,
        (Some(replayed), Some(live)) if kind == "jsonb" => {
            let read = |text: &str| serde_json::from_str::<Value>(text).ok();
            read(replayed).is_some_and(|replayed| read(live) == Some(replayed))
        }
        (Some(replayed), Some(live)) if kind.ends_with("[]") => {
            list(replayed).is_some_and(|replayed| list(live) == Some(replayed))
        }
        _ => false,
    }
}

/// The elements of a list of one dimension, as Postgres writes it; `None` for any other text.
fn list(text: &str) -> Option<Vec<Option<String>>> {
    let mut rest = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    while !rest.is_empty() {
        let (element, behind) = if let Some(quoted) = rest.strip_prefix('"') {
            let (element, behind) = unquoted(quoted)?;
            (Some(element), behind)
        } else {
            let end = rest.find(',').unwrap_or(rest.len());
            let (element, behind) = rest.split_at(end);
            if element.is_empty() || element.contains(['{', '}', '"', '\\']) {
                return None;
            }
            (Some(element.to_owned()).filter(|element| !element.eq_ignore_ascii_case("null")), behind)
        };
        elements.push(element);
        rest = match behind.strip_prefix(',') {
            Some("") => return None,
            Some(next) => next,
            None if behind.is_empty() => behind,
            None => return None,
        };
    }
    Some(elements)
}

/// The text up to the closing quote, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut element = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((element, &text[at + 1..])),
            '\\' => element.push(chars.next()?.1),
            c => element.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_documents_are_what_they_say_however_they_are_written() {
        for (kind, one, other) in [
            ("text[]", r#"{3,"null","\"live\"","[]"}"#, r#"{"3","null","\"live\"",[]}"#),
            ("bigint[]", "{1,22}", "{1,22}"),
            ("text[]", "{}", "{}"),
            ("jsonb", r#"{"a":1,"b":[2]}"#, r#"{"b": [2], "a": 1}"#),
            ("text", "x", "x"),
        ] {
            assert!(same(kind, Some(one), Some(other)), "{kind}: {one} is {other}");
        }
        for (kind, one, other) in [
            ("text[]", r#"{"null"}"#, "{NULL}"),
            ("text[]", "{1,2}", "{2,1}"),
            ("text[]", "{1,2}", "{1}"),
            ("text[]", "{1}", "[0:0]={1}"),
            ("text[]", "{1}", "{{1}}"),
            ("text[]", "{1}", "{1,}"),
            ("jsonb", "[1]", "[1, 1]"),
            ("text", "[1]", "[ 1]"),
            ("date", "2026-01-01", "2026-01-02"),
        ] {
            assert!(!same(kind, Some(one), Some(other)), "{kind}: {one} is not {other}");
        }
        assert!(same("jsonb", None, None) && !same("jsonb", Some("null"), None));
    }
}
