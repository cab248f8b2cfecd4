//! RFC 8785 canonical JSON, narrowed to what survives it unchanged: no floats, no integer beyond 2^53 - 1, no NUL.
//!
//! A general canonicaliser silently alters large integers; a payload that could be altered is refused instead.

use serde::Serialize;
use thiserror::Error;

use crate::digest::Digest;

mod cut;
mod scanner;
mod writer;

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
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    writer::write(value)
}

/// The digest of canonical bytes without some of their members. `["subject", "spelled"]` is the member `spelled` of the
/// object `subject`; one that is not there is not missed.
pub(crate) fn digest_without(canonical: &[u8], without: &[&[&str]]) -> Digest {
    Digest::of_parts(&cut::cut(canonical, without))
}

/// Whether these bytes are the canonical ones of the value that they say.
#[must_use]
pub fn is_canonical(bytes: &[u8]) -> bool {
    scanner::is_canonical(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json};

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

    #[test]
    fn members_are_left_out_by_their_path() {
        let value = json!({"z": {"b": 1, "a": [{"b": 2}], "c": {"b": 3}}, "b": {"z": 4}, "a": 5});
        let bytes = to_vec(&value).unwrap();
        let without = |paths: &[&[&str]]| String::from_utf8(cut::cut(&bytes, paths).concat()).unwrap();
        assert_eq!(without(&[&["b"], &["z", "b"]]), r#"{"a":5,"z":{"a":[{"b":2}],"c":{"b":3}}}"#);
        assert_eq!(without(&[&["a"], &["z"], &["b", "z"]]), r#"{"b":{}}"#);
        assert_eq!(without(&[&["z"], &["b"], &["a"]]), "{}");
        assert_eq!(without(&[&["z", "a", "b"], &["nowhere"], &[]]).as_bytes(), bytes);
        assert_eq!(cut::cut(b"[1]", &[&["a"]]).concat(), b"[1]");
    }

    #[test]
    fn nesting_ends_somewhere() {
        let nested = |levels: usize| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        let written = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(is_canonical(written(MAX_DEPTH).as_bytes()));
        assert!(!is_canonical(written(MAX_DEPTH + 1).as_bytes()));
        assert!(!is_canonical("[".repeat(1_000_000).as_bytes()));
        assert!(to_vec(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(to_vec(&nested(MAX_DEPTH + 1)), Err(CanonicalError::Depth));
        assert_eq!(to_vec(&json!({"a": nested(MAX_DEPTH)})), Err(CanonicalError::Depth));
    }

    /// Types that serialise in ways a tree does not.
    #[derive(Serialize)]
    enum Shape<'a> {
        Unit,
        One(Option<char>),
        Two(i8, u128),
        Named {
            zeta: (),
            alpha: &'a str,
            #[serde(flatten)]
            rest: BTreeMap<u16, Box<Shape<'a>>>,
        },
    }

    #[test]
    fn what_is_no_tree_is_written_as_its_tree() {
        let inner = Shape::Named { zeta: (), alpha: "\u{1}\"\\\u{7f}/", rest: BTreeMap::new() };
        let rest =
            BTreeMap::from([(7, Box::new(Shape::Two(-3, 4))), (10, Box::new(inner)), (2, Box::new(Shape::Unit))]);
        for shape in
            [Shape::Unit, Shape::One(None), Shape::One(Some('\u{e9}')), Shape::Named { zeta: (), alpha: "", rest }]
        {
            let tree = serde_json::to_value(&shape).unwrap();
            assert_eq!(to_vec(&shape).unwrap(), serde_json_canonicalizer::to_vec(&tree).unwrap(), "{tree}");
        }
        assert!(matches!(to_vec(&1.5_f32), Err(CanonicalError::Number(_))));
        assert!(matches!(to_vec(&u128::MAX), Err(CanonicalError::Number(_))));
        assert!(matches!(to_vec(&BTreeMap::from([("a\0", 1)])), Err(CanonicalError::Nul)));
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
                prop::collection::btree_map("[^\u{0}]{0,6}|[\"\\\\a\n\u{1}\u{e9}\u{fb33}\u{1F600}]{0,3}", inner, 0..6)
                    .prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    /// An object whose members come in any order.
    #[derive(Debug)]
    struct Members(Vec<(String, Value)>);

    impl Serialize for Members {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }

    fn members() -> impl Strategy<Value = Members> {
        let key = "[^\u{0}]{0,3}|[\"\\\\a\n\u{1}\u{e9}\u{fb33}\u{1F600}]{0,3}";
        let members = prop::collection::btree_map(key, json_tree(), 0..6);
        members.prop_map(|members| members.into_iter().collect::<Vec<_>>()).prop_shuffle().prop_map(Members)
    }

    /// What reading the bytes and writing them again says.
    fn is_written_the_same(bytes: &[u8]) -> bool {
        let read = serde_json::from_slice::<Value>(bytes);
        read.is_ok_and(|value| to_vec(&value).is_ok_and(|written| written == bytes))
    }

    #[test]
    fn what_is_written_otherwise_is_not_canonical() {
        let canonical = r#"
            {} [] 0 -1 null 9007199254740991 "\u001f\u000b\b\t\n\f\r\"\\/" {"":[true,false],"\n":{"a":1,"b":2},"\\":3,"a":4}
        "#;
        for text in canonical.split_whitespace().chain(["\"\u{7f}\u{e9} \"", "{\"\u{1F600}\":1,\"\u{fb33}\":2}"]) {
            assert!(is_canonical(text.as_bytes()) && is_written_the_same(text.as_bytes()), "{text}");
        }
        let other = r#"
            01 00 -0 - -01 +1 1.0 1e2 9007199254740992 tru nul [1,] [ [1 { {"a"} {"a":} {"a":1,} {"a":1,"a":1}
            {"b":1,"a":1} {a:1} " "\" "\u0041" "\u001F" "\u0008" "\u0000" "\u00" "\/" "\x" {"\\":1,"\n":2} {}{}
        "#;
        let spaced =
            ["", " 1", "1 ", "1\n", "[1 ,2]", "\"\n\"", "\"\u{0}\"", "{\"\u{fb33}\":1,\"\u{1F600}\":2}", "\u{feff}1"];
        for text in other.split_whitespace().chain(spaced) {
            assert!(!is_canonical(text.as_bytes()) && !is_written_the_same(text.as_bytes()), "{text}");
        }
        assert!(!is_canonical(b"\"\xff\""));
    }

    proptest! {
        #[test]
        fn one_look_tells_what_reading_and_writing_does(
            given in members(),
            changed in any::<prop::sample::Index>(),
            byte in prop::sample::select(&b"{}[]:,\"\\ue0192-.+ tfnab\x00\x1f\x7f\xc3\xa9\xff"[..]),
            how in 0..4,
        ) {
            let mut bytes = to_vec(&given).unwrap();
            prop_assert!(is_canonical(&bytes));
            let plain = serde_json::to_vec(&given).unwrap();
            prop_assert_eq!(is_canonical(&plain), plain == bytes);
            let at = changed.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => _ = bytes.remove(at),
                _ => bytes.truncate(at),
            }
            prop_assert_eq!(is_canonical(&bytes), is_written_the_same(&bytes), "{}", String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn equals_the_general_canonicaliser_and_is_idempotent(value in json_tree()) {
            let bytes = to_vec(&value).unwrap();
            prop_assert_eq!(&bytes, &serde_json_canonicalizer::to_vec(&value).unwrap());
            let again: Value = serde_json::from_slice(&bytes).unwrap();
            prop_assert_eq!(to_vec(&again).unwrap(), bytes);
        }

        #[test]
        fn members_are_sorted_and_left_out_whatever_order_they_come_in(given in members()) {
            let mut tree = serde_json::to_value(&given).unwrap();
            prop_assert_eq!(to_vec(&given).unwrap(), serde_json_canonicalizer::to_vec(&tree).unwrap());
            let Some((key, _)) = given.0.first() else { return Ok(()) };
            // A path is compared with keys as they are written.
            prop_assume!(serde_json::to_string(key).unwrap()[1..] == format!("{key}\""));
            let bytes = to_vec(&given).unwrap();
            // Of each object inside, its first member too.
            let inside: Vec<(String, String)> = given.0.iter().skip(1).filter_map(|(name, value)| {
                let (inner, _) = value.as_object()?.iter().next()?;
                let as_written = |key: &String| serde_json::to_string(key).unwrap()[1..] == format!("{key}\"");
                (as_written(name) && as_written(inner)).then(|| (name.clone(), inner.clone()))
            }).collect();
            tree.as_object_mut().unwrap().remove(key);
            for (name, inner) in &inside {
                tree[name].as_object_mut().unwrap().remove(inner);
            }
            let rest = serde_json_canonicalizer::to_vec(&tree).unwrap();
            let inside: Vec<[&str; 2]> = inside.iter().map(|(name, inner)| [name.as_str(), inner.as_str()]).collect();
            let own = [key.as_str()];
            let paths: Vec<&[&str]> = inside.iter().map(|path| &path[..]).chain([&own[..]]).collect();
            prop_assert_eq!(cut::cut(&bytes, &paths).concat(), rest.clone());
            prop_assert_eq!(digest_without(&bytes, &paths), Digest::of(&rest));
        }
    }
}
