//! Where in its document a formula's value stands. A path has the keys, and the places in lists from 0, between dots.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value: its path, and its bytes in the document.
pub(super) struct ValuePlace {
    /// The path.
    pub(super) path: String,
    /// The bytes of the value.
    pub(super) span: Range<usize>,
    /// The bytes of the key that it stands under, or of the value where it stands in a list.
    key: Range<usize>,
}

/// The line of a byte, from 1.
pub(super) fn line_of(document: &str, byte: usize) -> usize {
    1 + document.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// The line of the value at a path; where there is none, of what would hold it.
pub(super) fn line(document: &str, path: &str) -> Option<usize> {
    let holds = |place: &&ValuePlace| {
        path.strip_prefix(place.path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let places = places(document);
    let found = places.iter().filter(holds).max_by_key(|place| place.path.len())?;
    Some(line_of(document, found.key.start))
}

/// The innermost value that these bytes, or whose key's bytes, belong to.
pub(super) fn at(document: &str, bytes: &Range<usize>) -> Option<ValuePlace> {
    let within = |outer: &Range<usize>| outer.start <= bytes.start && bytes.end <= outer.end;
    let places = places(document).into_iter().filter(|place| within(&place.span) || within(&place.key));
    places.max_by_key(|place| place.path.len())
}

/// Every value of the document, outer ones first.
fn places(document: &str) -> Vec<ValuePlace> {
    let mut found = Vec::new();
    if let Ok(table) = DeTable::parse(document) {
        of_table(table.get_ref(), "", &mut found);
    }
    found
}

fn of_table(table: &DeTable<'_>, under: &str, found: &mut Vec<ValuePlace>) {
    for (key, value) in table {
        note(format!("{under}{}", key.get_ref()), key.span(), value, found);
    }
}

fn note(path: String, key: Range<usize>, value: &Spanned<DeValue<'_>>, found: &mut Vec<ValuePlace>) {
    let under = format!("{path}.");
    found.push(ValuePlace { path, span: value.span(), key });
    match value.get_ref() {
        DeValue::Table(table) => of_table(table, &under, found),
        DeValue::Array(values) => {
            for (n, value) in values.iter().enumerate() {
                note(format!("{under}{n}"), value.span(), value, found);
            }
        }
        _ => {}
    }
}
