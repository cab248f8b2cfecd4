//! What all answers have in common: a shape that fronts derive columns and schemas from.

mod csv;

use serde::de::value::Error as Never;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

pub use csv::csv;

/// Names of the fields of a struct, in the order in which it declares them: the columns of its rows.
///
/// A type says them when it is asked to read itself; nothing is read.
#[must_use]
pub fn columns<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // It always ends in an error: there is nothing to read.
    let _ = T::deserialize(FieldNames(&mut fields));
    fields
}

/// Notes the fields that a struct asks for.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Never;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Never> {
        Err(Never::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Never> {
        *self.0 = fields;
        Err(Never::custom("asked"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Whether a field names something: it is of use as a whole, and its end tells more than its beginning.
pub(crate) fn is_id(field: &str) -> bool {
    field == "id" || field.ends_with("_id") || ["in_vertex", "out_vertex", "event", "stream", "purl"].contains(&field)
}

/// Lists and objects without the marks of JSON: what is in them, by separators of each depth.
pub(crate) fn flat(value: &Value, separators: &[&str]) -> String {
    let (separator, rest) = match separators {
        [separator] => (*separator, separators),
        [separator, rest @ ..] => (*separator, rest),
        [] => (" ", separators),
    };
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(|item| flat(item, rest)).collect::<Vec<_>>().join(separator),
        Value::Object(fields) => {
            let known = fields.iter().filter(|(_, value)| !value.is_null());
            known.map(|(name, value)| format!("{name} {}", flat(value, rest))).collect::<Vec<_>>().join(separator)
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only its shape is asked for")]
    struct Row {
        zebra: u64,
        #[serde(rename = "type")]
        kind: Option<String>,
        apple: Vec<u8>,
    }

    #[test]
    fn columns_stand_in_the_order_of_the_type() {
        assert_eq!(super::columns::<Row>(), ["zebra", "type", "apple"]);
        assert!(super::columns::<u64>().is_empty());
    }
}
