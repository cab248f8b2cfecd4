//! An object for people: the verdict first, a line a value, then its lists.

use serde_json::{Map, Value};

use super::cell::{self, TextExtent, VERDICTS};
use super::looks::Looks;
use super::table::table;

/// Blanks between a name and its value, and before what stands in a list.
const GAP: usize = 2;
/// Columns of the names, as far as they are short, and of a word.
const NAME: usize = 14;
/// Words that stand on a line.
const FEW: usize = 4;

/// The values of an object, those that say whether all is well first, without those that are unknown; then each list
/// under its name, a line a text or a table of objects.
pub(crate) fn fields(map: &Map<String, Value>, looks: &Looks) -> String {
    let mut values: Vec<(String, &Value)> = Vec::new();
    let mut lists = Vec::new();
    for (key, value) in map {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) if !is_line(items) => lists.push((key, items)),
            Value::Object(inner) => {
                let known = inner.iter().filter(|(_, value)| !value.is_null());
                values.extend(known.map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            value => values.push((key.clone(), value)),
        }
    }
    let place = |name: &str| VERDICTS.iter().position(|verdict| *verdict == name).unwrap_or(VERDICTS.len());
    values.sort_by_key(|(name, _)| place(name));
    let longest = values.iter().map(|(name, _)| cell::width(name)).filter(|width| *width <= NAME).max().unwrap_or(0);
    let line = |(name, value): &(String, &Value)| {
        let full = cell::text(value, TextExtent::Full);
        // A digest that would be broken is shortened.
        let fits = looks.show.wide || longest.max(cell::width(name)) + GAP + cell::width(&full) <= looks.width;
        let shown = if fits { full } else { cell::text(value, TextExtent::Short) };
        let shown = cell::tone(name, value).map_or_else(|| shown.clone(), |tone| looks.paint(tone, &shown));
        format!("{name:<longest$}{:GAP$}{shown}\n", "")
    };
    let mut text: String = values.iter().map(line).collect();
    for (key, items) in lists {
        let gap = if text.is_empty() { "" } else { "\n" };
        text.push_str(&format!("{gap}{key}\n{}", list(items, looks)));
    }
    text
}

/// Whether a list is short words: it stands on a line.
fn is_line(items: &[Value]) -> bool {
    let is_word = |item: &Value| item.as_str().is_some_and(|text| text.len() <= NAME && !text.contains(' '));
    items.len() <= FEW && items.iter().all(is_word)
}

/// A list inside an object.
fn list(items: &[Value], looks: &Looks) -> String {
    let rows: Option<Vec<Map<String, Value>>> = items.iter().map(|item| item.as_object().cloned()).collect();
    let Some(rows) = rows else {
        let indented = |line: String| format!("{:GAP$}{line}\n", "");
        let wrapped =
            |item: &Value| cell::wrapped(&cell::text(item, TextExtent::Full), looks.width.saturating_sub(GAP));
        return items.iter().flat_map(wrapped).map(indented).collect();
    };
    let mut names: Vec<&str> = Vec::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    table(&names, &rows, looks)
}
