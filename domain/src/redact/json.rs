//! Addresses in JSON texts: the strings are cleaned, every other byte stays.

use std::borrow::Cow;

use super::{PLACEHOLDER, emails};

/// Replaces every e-mail address in the strings of a JSON text, keys included; all else stays byte for byte, numbers
/// and spacing too. Text that is no JSON comes back with its quoted parts treated the same way.
#[must_use]
pub fn emails_in_json(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut search = 0;
    while let Some(found) = text[search..].find('"') {
        let start = search + found;
        let Some(length) = literal_length(&text[start..]) else { break };
        let literal = &text[start..start + length];
        search = start + length;
        if let Some(clean) = clean_literal(literal) {
            out.push_str(&text[kept..start]);
            out.push_str(&clean);
            kept = search;
        }
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[kept..]) }
}

/// Length of the string literal that `text` starts with, quotes included.
fn literal_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(end + 2)
}

/// The literal without addresses; `None` when it holds none.
fn clean_literal(literal: &str) -> Option<String> {
    let clean = match serde_json::from_str::<String>(literal) {
        Ok(content) => match emails(&content) {
            Cow::Borrowed(_) => return None,
            Cow::Owned(clean) => clean,
        },
        // What cannot be read cannot be searched.
        Err(_) => PLACEHOLDER.to_owned(),
    };
    serde_json::to_string(&clean).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn json_keeps_every_other_byte() {
        let text = r#"{ "a\n": "x\nann@x.org", "n": 1.50, "v": ["bob\u0040x.org", "\"q\"", "@a/b"], "k@x.org":null }"#;
        let clean = r#"{ "a\n": "x\n<email>", "n": 1.50, "v": ["<email>", "\"q\"", "@a/b"], "<email>":null }"#;
        assert_eq!(emails_in_json(text), clean);
        assert!(matches!(emails_in_json(clean), Cow::Borrowed(_)));
        assert_eq!(emails_in_json(r#"["\ud800 ann@x.org"]"#), r#"["<email>"]"#);
        for text in ["", "\"", "[\"ann@x", "\"\\", "no @ json"] {
            assert_eq!(emails_in_json(text), text);
        }
    }

    proptest! {
        #[test]
        fn json_is_cleaned_as_its_strings_are(parts in prop::collection::vec("[a-z@.\"\\\\\n\u{e9} ]{0,12}", 0..5)) {
            let text = serde_json::to_string_pretty(&parts).unwrap();
            let clean: Vec<String> = parts.iter().map(|part| emails(part).into_owned()).collect();
            prop_assert_eq!(emails_in_json(&text), serde_json::to_string_pretty(&clean).unwrap());
        }

        #[test]
        fn no_text_is_too_strange(text in ".*") {
            let _ = (emails(&text), emails_in_json(&text));
        }
    }
}
