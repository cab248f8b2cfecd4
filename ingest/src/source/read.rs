//! Tolerant reading of a JSON document, field by field: what is absent or null is left out silently, what is there
//! and wrong is left out with a warning that names the field.

use domain::Timestamp;
use domain::canonical::MAX_SAFE_INTEGER;
use serde_json::{Map, Value};

/// Greatest number of warnings kept for one document; the rest is counted.
pub(crate) const MAX_WARNINGS: usize = 100;
/// Greatest length of a name, a version, a link or a licence, in bytes.
pub(crate) const MAX_LINE_BYTES: usize = 1000;
/// Greatest number of releases kept of one package or repository, the newest.
pub(crate) const MAX_RELEASES: usize = 20_000;
/// Greatest length of a description, in bytes.
pub(crate) const MAX_PROSE_BYTES: usize = 10_000;

/// What was wrong with a document that was accepted all the same.
#[derive(Debug, Default)]
pub(crate) struct FieldWarnings {
    kept: Vec<String>,
    dropped: usize,
}

impl FieldWarnings {
    /// Adds a warning about `place`.
    pub(crate) fn add(&mut self, place: &str, problem: impl std::fmt::Display) {
        if self.kept.len() < MAX_WARNINGS {
            let place: String = place.chars().take(MAX_LINE_BYTES).collect();
            self.kept.push(format!("{place}: {problem}"));
        } else {
            self.dropped += 1;
        }
    }

    /// All of them, in the order of discovery.
    pub(crate) fn into_list(mut self) -> Vec<String> {
        if self.dropped > 0 {
            self.kept.push(format!("{} further warnings", self.dropped));
        }
        self.kept
    }

    /// A text of one line: no control characters, at most [`MAX_LINE_BYTES`]. Empty counts as absent.
    pub(crate) fn line(&mut self, place: &str, value: Option<&Value>) -> Option<String> {
        let text = self.expect(place, value, "a text", Value::as_str)?;
        self.line_of(place, text)
    }

    /// The same of a text that is at hand.
    pub(crate) fn line_of(&mut self, place: &str, text: &str) -> Option<String> {
        let text = self.bounded(place, text, MAX_LINE_BYTES)?;
        if text.chars().any(char::is_control) {
            self.add(place, "left out: control characters");
            return None;
        }
        Some(text)
    }

    /// A text of several lines, at most [`MAX_PROSE_BYTES`], without U+0000.
    pub(crate) fn prose(&mut self, place: &str, value: Option<&Value>) -> Option<String> {
        let text = self.expect(place, value, "a text", Value::as_str)?;
        let text = self.bounded(place, text, MAX_PROSE_BYTES)?;
        if text.contains('\0') {
            self.add(place, "left out: U+0000");
            return None;
        }
        Some(text)
    }

    fn bounded(&mut self, place: &str, text: &str, limit: usize) -> Option<String> {
        let text = text.trim();
        if text.len() > limit {
            self.add(place, format_args!("left out: {} bytes, the limit is {limit}", text.len()));
            return None;
        }
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// A count: a whole number from 0 to 2^53 - 1.
    pub(crate) fn count(&mut self, place: &str, value: Option<&Value>) -> Option<u64> {
        let whole = |value: &Value| value.as_u64().filter(|n| *n <= MAX_SAFE_INTEGER);
        self.expect(place, value, "a whole number from 0 to 2^53 - 1", whole)
    }

    /// True or false.
    pub(crate) fn flag(&mut self, place: &str, value: Option<&Value>) -> Option<bool> {
        self.expect(place, value, "true or false", Value::as_bool)
    }

    /// A moment in RFC 3339.
    pub(crate) fn time(&mut self, place: &str, value: Option<&Value>) -> Option<Timestamp> {
        let time = |value: &Value| value.as_str().and_then(|text| Timestamp::parse(text).ok());
        self.expect(place, value, "a time (RFC 3339)", time)
    }

    /// An object.
    pub(crate) fn object<'a>(&mut self, place: &str, value: Option<&'a Value>) -> Option<&'a Map<String, Value>> {
        self.expect(place, value, "an object", Value::as_object)
    }

    /// A list.
    pub(crate) fn list<'a>(&mut self, place: &str, value: Option<&'a Value>) -> Option<&'a [Value]> {
        self.expect(place, value, "a list", |value| value.as_array().map(Vec::as_slice))
    }

    /// The greatest `limit` of `items`, sorted, each once.
    pub(crate) fn newest<T: Ord>(&mut self, place: &str, mut items: Vec<T>, limit: usize) -> Vec<T> {
        items.sort_unstable();
        items.dedup();
        if items.len() > limit {
            self.add(place, format_args!("the newest {limit} of {} are kept", items.len()));
            items.drain(..items.len() - limit);
        }
        items
    }

    fn expect<'a, T>(
        &mut self,
        place: &str,
        value: Option<&'a Value>,
        what: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = value.filter(|value| !value.is_null())?;
        let found = read(value);
        if found.is_none() {
            self.add(place, format_args!("left out: expected {what}, found {}", kind(value)));
        }
        found
    }
}

/// What a value is, in words, without its content unless that is a number.
pub(crate) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "true or false".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_left_out_and_named() {
        let mut warnings = FieldWarnings::default();
        assert_eq!(warnings.count("stars", Some(&json!(-1))), None);
        assert_eq!(warnings.count("stars", Some(&json!(1.5))), None);
        assert_eq!(warnings.count("stars", Some(&json!(9_007_199_254_740_992_u64))), None);
        assert_eq!(warnings.count("stars", Some(&json!("7"))), None);
        assert_eq!(warnings.line("name", Some(&json!("a\u{0}b"))), None);
        assert_eq!(warnings.line("name", Some(&json!("x".repeat(1001)))), None);
        assert_eq!(warnings.prose("text", Some(&json!("a\u{0}b"))), None);
        assert_eq!(warnings.time("at", Some(&json!("yesterday"))), None);
        assert_eq!(warnings.into_list().len(), 8);
    }

    #[test]
    fn what_is_absent_or_null_is_no_matter() {
        let mut warnings = FieldWarnings::default();
        assert_eq!(warnings.count("stars", None), None);
        assert_eq!(warnings.line("name", Some(&Value::Null)), None);
        assert_eq!(warnings.line("name", Some(&json!("  "))), None);
        assert_eq!(warnings.prose("text", Some(&json!("a\nb"))).as_deref(), Some("a\nb"));
        assert!(warnings.into_list().is_empty());
    }

    #[test]
    fn lists_keep_the_newest() {
        let mut warnings = FieldWarnings::default();
        assert_eq!(warnings.newest("releases", vec![3, 1, 2, 3], 2), [2, 3]);
        assert_eq!(warnings.newest("releases", vec![2, 1, 2], 2), [1, 2]);
        assert_eq!(warnings.into_list(), ["releases: the newest 2 of 3 are kept"]);
    }

    #[test]
    fn warnings_are_bounded() {
        let mut warnings = FieldWarnings::default();
        (0..=MAX_WARNINGS).for_each(|n| warnings.add("x", n));
        let list = warnings.into_list();
        assert_eq!(list.len(), MAX_WARNINGS + 1);
        assert_eq!(list.last().map(String::as_str), Some("1 further warnings"));
    }
}
