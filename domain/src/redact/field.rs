//! The log's door: the first text of a payload that may not enter.

use serde_json::Value;

use super::is_clean;
use super::letter::{may_hold_sign, signs};

/// Where in a JSON text the first string stands, keys included, that holds an address or the credentials of a URL:
/// `packages[3].name`. `None` when every string is clean.
///
/// A text without any `@` is told at the speed of memory; of one with some, the strings around them alone are read.
#[must_use]
pub fn unclean_field(json: &[u8]) -> Option<String> {
    if !may_hold_sign(json) {
        return None;
    }
    let text = std::str::from_utf8(json).ok()?;
    let mut searched = 0;
    for sign in signs(text) {
        if sign.start < searched || begins_a_name(json, sign.start) {
            continue;
        }
        let (start, end) = literal_around(json, sign.start);
        searched = end;
        // What cannot be read cannot be searched.
        let clean = serde_json::from_str::<String>(&text[start..end]).is_ok_and(|content| is_clean(&content));
        if !clean {
            let tree = serde_json::from_str(text).unwrap_or(Value::Null);
            return Some(path(&tree).unwrap_or_default());
        }
    }
    None
}

/// Whether the sign at byte `at` begins a part of a path, as that of `npm/%40scope` does: no address has such a sign,
/// and credentials stand behind two slashes. Texts about packages are full of them.
fn begins_a_name(json: &[u8], at: usize) -> bool {
    matches!(json[..at], [.., before, b'/'] if before != b'/' && before != b'\\')
}

/// The string literal that byte `at` is inside of, quotes included.
fn literal_around(json: &[u8], at: usize) -> (usize, usize) {
    // A quote is one of JSON unless an odd number of backslashes stands before it.
    let is_bound =
        |n: &usize| json[*n] == b'"' && json[..*n].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0;
    let start = (0..at).rev().find(is_bound).unwrap_or(0);
    let end = (at..json.len()).find(is_bound).map_or(json.len(), |last| last + 1);
    (start, end)
}

fn path(tree: &Value) -> Option<String> {
    match tree {
        Value::String(text) => (!is_clean(text)).then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(n, item)| Some(joined(&format!("[{n}]"), &path(item)?)))
        }
        Value::Object(fields) => fields.iter().find_map(|(key, item)| {
            // An address is not repeated in the error that refuses it.
            if is_clean(key) { Some(joined(key, &path(item)?)) } else { Some("a name".to_owned()) }
        }),
        _ => None,
    }
}

fn joined(step: &str, rest: &str) -> String {
    if rest.is_empty() || rest.starts_with('[') { format!("{step}{rest}") } else { format!("{step}.{rest}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_place_is_named() {
        let field = |tree: Value| unclean_field(tree.to_string().as_bytes());
        let scoped = json!({"packages": [{"purl": "pkg:npm/%40a/b.io", "name": "@a/b.io"}], "x": "\\u0040 \"@\""});
        assert_eq!(field(scoped.clone()), None);
        assert_eq!(field(json!("pkg:npm/%40a/b, http://@localhost/@b")), Some(String::new()));
        for dirty in ["ann@x.org", "\"a\\\"b\"@x.org", "ann\\u0040x.org", "\\\"ann b\\\"@x.org", "http://a:b@localhost"]
        {
            let mut tree = scoped.clone();
            tree["packages"][0]["version"] = json!(["1", dirty]);
            assert_eq!(field(tree).as_deref(), Some("packages[0].version[1]"), "{dirty}");
        }
        assert_eq!(field(json!("ann@x.org")).as_deref(), Some(""));
        assert_eq!(field(json!({"ann@x.org": 1})).as_deref(), Some("a name"));
    }

    proptest! {
        #[test]
        fn the_door_asks_every_string(parts in prop::collection::vec("(@|%40|[a-z.:/\"\\\\&#;]|b\\.io|a|\\PC){0,9}", 0..5)) {
            let tree = json!({"list": parts});
            let found = unclean_field(tree.to_string().as_bytes());
            let first = parts.iter().position(|part| !is_clean(part));
            prop_assert_eq!(found, first.map(|n| format!("list[{n}]")));
        }
    }
}
