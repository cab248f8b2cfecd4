//! What all answers have in common: a shape that fronts derive columns and schemas from.

use serde::de::value::Error as Never;
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;

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
