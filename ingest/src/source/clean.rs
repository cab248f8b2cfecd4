//! Persons and e-mail addresses leave a JSON document before anything of it is stored or read.
//!
//! Work is done on the parsed tree, so no escape, no duplicate key and no nesting can hide an address.

use domain::redact;
use serde::Serialize;
use serde_json::Value;

/// Fields that say who somebody is, in any of the documents that we take: lower case, without `_` and `-`.
const PERSON_FIELDS: [&str; 18] = [
    "auditactions",
    "author",
    "authoremail",
    "authors",
    "contributor",
    "contributors",
    "email",
    "emails",
    "maintainer",
    "maintaineremail",
    "maintainers",
    "npmuser",
    "owners",
    "ownership",
    "publishedby",
    "publisher",
    "user",
    "users",
];

/// Objects whose keys are names of packages, versions or labels and no fields: a dependency may be called `author`.
const DICTIONARIES: [&str; 12] = [
    "bin",
    "dependencies",
    "devDependencies",
    "dist-tags",
    "features",
    "features2",
    "optionalDependencies",
    "peerDependencies",
    "project_urls",
    "releases",
    "time",
    "versions",
];

/// Removes every person field and replaces the addresses in every other text, keys included. Cleaning twice changes
/// nothing more.
pub(crate) fn clean(value: &mut Value) {
    walk(value, false);
}

/// `names`: the keys of an object here are names, see [`DICTIONARIES`].
fn walk(value: &mut Value, names: bool) {
    match value {
        Value::String(text) => scrub(text),
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, false)),
        // Most objects keep their keys, and need not be made anew.
        Value::Object(fields) if fields.keys().all(|key| (names || !is_person_field(key)) && redact::is_clean(key)) => {
            for (key, item) in fields {
                walk(item, !names && DICTIONARIES.contains(&key.as_str()));
            }
        }
        Value::Object(fields) => {
            let old = std::mem::take(fields);
            fields.extend(old.into_iter().filter(|(key, _)| names || !is_person_field(key)).map(|(key, item)| {
                let dictionary = !names && DICTIONARIES.contains(&key.as_str());
                cleaned(key, item, dictionary)
            }));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cleaned(mut key: String, mut item: Value, dictionary: bool) -> (String, Value) {
    walk(&mut item, dictionary);
    scrub(&mut key);
    (key, item)
}

fn scrub(text: &mut String) {
    if let std::borrow::Cow::Owned(clean) = redact::emails(text) {
        *text = clean;
    }
}

fn is_person_field(key: &str) -> bool {
    let plain = || key.bytes().filter(|byte| !b"_-".contains(byte)).map(|byte| byte.to_ascii_lowercase());
    PERSON_FIELDS.binary_search_by(|field| field.bytes().cmp(plain())).is_ok()
}

/// The bytes of cleaned JSON, as stored: compact, keys sorted.
pub(crate) fn to_bytes(tree: &impl Serialize) -> Vec<u8> {
    // A tree with text keys always has a text form.
    serde_json::to_vec(tree).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn cleaned(mut value: Value) -> Value {
        clean(&mut value);
        value
    }

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(PERSON_FIELDS.is_sorted());
        assert!(DICTIONARIES.is_sorted());
    }

    #[test]
    fn persons_go_and_packages_of_the_same_name_stay() {
        let document = json!({
            "author": {"name": "Ann", "email": "ann@x.org"},
            "_npmUser": {"name": "ann"},
            "Author_Email": "ann@x.org",
            "users": {"ann": true},
            "bugs": {"email": "bugs@x.org", "url": "https://x.org"},
            "versions": {"1.0.0": {"maintainers": ["Ann <ann@x.org>"], "dependencies": {"author": "^1", "users": "2"}}},
            "readme": "mail ann@x.org",
            "ann@x.org": ["ann@x.org", 1, null],
        });
        let expected = json!({
            "bugs": {"url": "https://x.org"},
            "versions": {"1.0.0": {"dependencies": {"author": "^1", "users": "2"}}},
            "readme": "mail <email>",
            "<email>": ["<email>", 1, null],
        });
        assert_eq!(cleaned(document), expected);
    }

    #[test]
    fn escapes_hide_nothing() {
        let document: Value = serde_json::from_str(r#"{"a":"ann\u0040x.org","\u0061uthor":1}"#).unwrap();
        assert_eq!(cleaned(document), json!({"a": "<email>"}));
    }

    proptest! {
        #[test]
        fn once_is_enough(keys in prop::collection::vec("(versions|author|a@b\\.io|x){1,2}", 1..6), text in "\\PC{0,8}(a@b\\.io)?") {
            let document = keys.iter().fold(json!(text), |inner, key| json!({key: inner, "list": [text]}));
            let once = cleaned(document);
            prop_assert_eq!(cleaned(once.clone()), once);
        }
    }
}
