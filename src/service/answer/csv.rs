//! Comma-separated values: no JSON in a cell, and nothing that a spreadsheet would run.

use std::borrow::{Borrow, Cow};

use serde_json::{Map, Value};

use super::{flat, is_id};
use crate::service::{Error, Result};

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r'];
/// What stands between the items of a list, and of those within.
const SEPARATORS: &[&str] = &["; ", ", ", " "];

/// Rows under a header. Unless they are `raw`, texts that begin as a formula have a `'` in front, ids excepted.
/// # Errors
/// When a row cannot be written.
pub fn csv(columns: &[&str], rows: &[impl Borrow<Map<String, Value>>], raw: bool) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(columns).map_err(Error::refused)?;
    for row in rows {
        let cells = columns.iter().map(|column| cell(column, row.borrow().get(*column), raw));
        writer.write_record(cells.map(|cell| cell.into_owned().into_bytes())).map_err(Error::refused)?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::refused(error.into_error()))?;
    String::from_utf8(bytes).map_err(Error::refused)
}

fn cell<'a>(column: &str, value: Option<&'a Value>, raw: bool) -> Cow<'a, str> {
    let text = match value {
        None | Some(Value::Null) => return Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
        Some(list @ (Value::Array(_) | Value::Object(_))) => Cow::Owned(flat(list, SEPARATORS)),
        Some(value) => return Cow::Owned(value.to_string()),
    };
    if raw || is_id(column) || !text.starts_with(FORMULA) { text } else { Cow::Owned(format!("'{text}")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        if let Value::Object(object) = value { object } else { Map::new() }
    }

    #[test]
    fn nothing_in_a_cell_is_json_or_a_formula() {
        let rows = [
            object(json!({"id": "@scope/a", "name": "=cmd|calc", "list": ["-1", "b"], "n": -1.5})),
            object(
                json!({"id": "b", "name": "\tx", "list": [{"a": 1, "b": ["x", "y"], "c": null}, {"a": 2}], "n": null}),
            ),
            object(json!({"id": "c", "name": "a=b", "list": {"k": {"l": true}}})),
        ];
        let columns = ["id", "name", "list", "n"];
        let text = csv(&columns, &rows, false).unwrap();
        assert_eq!(
            text,
            "id,name,list,n\n@scope/a,'=cmd|calc,'-1; b,-1.5\nb,'\tx,\"a 1, b x y; a 2\",\nc,a=b,k l true,\n"
        );
        let raw = csv(&columns, &rows, true).unwrap();
        assert_eq!(raw, text.replace('\'', ""));
    }
}
