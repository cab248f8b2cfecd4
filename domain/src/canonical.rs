//! RFC 8785 canonical JSON, narrowed to what survives it unchanged: no floats, no integer beyond 2^53 - 1, no NUL.
//!
//! The general canonicaliser silently alters large integers; a payload that could be altered is refused instead.

use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

/// Greatest integer that every JSON reader keeps exactly: 2^53 - 1.
pub const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;
/// Greatest nesting of a payload, in levels.
pub const MAX_DEPTH: usize = 128;

/// Why a value has no canonical form here.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CanonicalError {
    /// Floats and integers beyond 2^53 - 1 do not survive every reader; use decimal strings.
    #[error("number {0} is not an integer within 2^53 - 1")]
    Number(String),
    /// Text columns and other JSON readers cannot hold U+0000.
    #[error("text contains U+0000")]
    Nul,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    Depth,
    /// The value could not be turned into JSON at all.
    #[error("not serialisable: {0}")]
    Serialise(String),
}

/// The canonical bytes of `value`.
///
/// # Errors
/// When the value holds something that has no exact canonical form, see [`CanonicalError`].
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value).map_err(|e| CanonicalError::Serialise(e.to_string()))?;
    value_to_vec(&value)
}

/// The canonical bytes of a JSON tree; see [`to_vec`].
///
/// # Errors
/// As [`to_vec`].
pub fn value_to_vec(value: &Value) -> Result<Vec<u8>, CanonicalError> {
    let mut plain_keys = true;
    check(value, 0, &mut plain_keys)?;
    let bytes = if plain_keys {
        // With ASCII keys the map order of serde_json is RFC 8785's, and its escapes are the same.
        serde_json::to_vec(value)
    } else {
        serde_json_canonicalizer::to_vec(value)
    };
    bytes.map_err(|e| CanonicalError::Serialise(e.to_string()))
}

fn check(value: &Value, depth: usize, plain_keys: &mut bool) -> Result<(), CanonicalError> {
    if depth > MAX_DEPTH {
        return Err(CanonicalError::Depth);
    }
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => {
            let fits = number.as_u64().is_some_and(|n| n <= MAX_SAFE_INTEGER)
                || number.as_i64().is_some_and(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER);
            if fits { Ok(()) } else { Err(CanonicalError::Number(number.to_string())) }
        }
        Value::String(text) => no_nul(text),
        Value::Array(items) => items.iter().try_for_each(|item| check(item, depth + 1, plain_keys)),
        Value::Object(map) => map.iter().try_for_each(|(key, item)| {
            *plain_keys &= key.is_ascii();
            no_nul(key)?;
            check(item, depth + 1, plain_keys)
        }),
    }
}

fn no_nul(text: &str) -> Result<(), CanonicalError> {
    if text.as_bytes().contains(&0) { Err(CanonicalError::Nul) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn refuses_what_would_be_altered() {
        assert!(matches!(to_vec(&json!({"a": 1.5})), Err(CanonicalError::Number(_))));
        assert!(matches!(to_vec(&json!(9_007_199_254_740_993_u64)), Err(CanonicalError::Number(_))));
        assert_eq!(to_vec(&json!("a\u{0}b")), Err(CanonicalError::Nul));
        assert_eq!(to_vec(&json!(-9_007_199_254_740_991_i64)).unwrap(), b"-9007199254740991");
    }

    #[test]
    fn keys_sort_by_utf16_units() {
        let bytes = to_vec(&json!({"\u{20ac}": 1, "\u{1F600}": 2, "\u{fb33}": 3, "a": 4})).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), "{\"a\":4,\"\u{20ac}\":1,\"\u{1F600}\":2,\"\u{fb33}\":3}");
    }

    fn json_tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[^\u{0}]*".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[^\u{0}]{0,6}", inner, 0..6)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn equals_the_general_canonicaliser_and_is_idempotent(value in json_tree()) {
            let bytes = value_to_vec(&value).unwrap();
            prop_assert_eq!(&bytes, &serde_json_canonicalizer::to_vec(&value).unwrap());
            let again: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(value_to_vec(&again).unwrap(), bytes);
        }
    }
}
