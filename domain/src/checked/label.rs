//! Labels of publications: used once, and never two that a reader could take for one another.

use unicode_normalization::UnicodeNormalization as _;

use super::Invalid;
use super::compared::folded;
use crate::redact;
use crate::unseen::is_control_or_format;

/// Greatest length of a label, in bytes.
const MAX_LABEL_BYTES: usize = 200;

/// What a publication is called: trimmed, in form NFC, without control or format characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label(String);

impl Label {
    /// The label that is written so.
    ///
    /// # Errors
    /// When the text is no label.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let refused = |reason: &str| Err(Invalid::new("label", reason));
        let label: String = text.trim().nfc().collect();
        if label.is_empty() || label.len() > MAX_LABEL_BYTES || label.contains(is_control_or_format) {
            return refused(&format!("expected 1 to {MAX_LABEL_BYTES} bytes without control or format characters"));
        }
        if folded(&label).is_empty() {
            return refused("expected a label that can be seen");
        }
        if !redact::is_clean(&label) {
            return refused("a label names a publication; e-mail addresses are not kept");
        }
        Ok(Self(label))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two labels, of whatever program, are one to a reader.
    #[must_use]
    pub fn are_one(one: &str, other: &str) -> bool {
        one == other || Self::compared(one) == Self::compared(other)
    }

    /// The form in which two labels, of whatever program, are compared.
    #[must_use]
    pub fn compared(label: &str) -> String {
        folded(label)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_label_is_trimmed_and_composed() {
        for (text, label) in [("2026-q4", "2026-q4"), ("  q 1 ", "q 1"), ("e\u{301}t\u{e9}", "\u{e9}t\u{e9}")] {
            assert_eq!(Label::new(text).unwrap().as_str(), label);
        }
        assert_eq!(Label::new(&"x".repeat(MAX_LABEL_BYTES)).unwrap().as_str().len(), MAX_LABEL_BYTES);
        let long = "x".repeat(MAX_LABEL_BYTES + 1);
        for text in [
            "",
            " \t",
            "a\nb",
            "a\u{200b}b",
            "\u{202e}a",
            "a\u{feff}",
            "a\u{ad}b",
            "a\u{7f}",
            "a\u{2028}b",
            "\u{3164}",
            "\u{fe0f}",
            "a@example.org",
            &long,
        ] {
            let refused = Label::new(text).unwrap_err();
            assert_eq!(refused.field, "label");
        }
        assert!(Label::new("").unwrap_err().to_string().contains("1 to 200 bytes"));
    }

    #[test]
    fn labels_that_look_alike_are_one() {
        for (one, other) in [
            ("Q1", "q1"),
            ("\u{ff31}\u{ff11}", "q1"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{fb01}nal", "FINAL"),
            ("\u{e9}t\u{e9}", "E\u{301}TE\u{301}"),
            ("\u{3a3}\u{3c2}", "\u{3c3}\u{3c3}"),
            (" q1 ", "q1"),
            ("q\u{200b}1", "Q1"),
            ("q\u{fe0f} 1", "q 1"),
            ("q\u{34f}1", "q1"),
        ] {
            assert!(Label::are_one(one, other), "{one} {other}");
        }
        assert!(!Label::are_one("q1", "q2"));
        assert!(!Label::are_one("q1", "q 1"));
    }

    proptest! {
        #[test]
        fn what_is_made_stands(text in "\\PC{0,40}") {
            if let Ok(label) = Label::new(&text) {
                prop_assert_eq!(&Label::new(label.as_str()).unwrap(), &label);
                prop_assert_eq!(folded(&folded(&text)), folded(&text));
                prop_assert!(Label::are_one(&text, label.as_str()));
            }
        }
    }
}
