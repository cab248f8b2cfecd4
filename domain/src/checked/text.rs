//! Texts without the characters that nobody sees.

use std::borrow::Cow;

pub use crate::unseen::{is_control_or_format, is_ignorable, is_invisible};

/// The text without zero-width and bidirectional control characters; as it is when it has none.
#[must_use]
pub fn without_invisible(text: &str) -> Cow<'_, str> {
    if text.contains(is_invisible) { Cow::Owned(text.replace(is_invisible, "")) } else { Cow::Borrowed(text) }
}

/// The same, said in a warning where something was dropped.
pub fn shed<'a>(field: &str, text: &'a str, warnings: &mut Vec<String>) -> Cow<'a, str> {
    let kept = without_invisible(text);
    if let Cow::Owned(kept) = &kept {
        let dropped = text.chars().count() - kept.chars().count();
        warnings.push(format!("{field}: zero-width or bidirectional control characters dropped: {dropped}"));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_dropped_and_said() {
        let mut warnings = Vec::new();
        assert_eq!(shed("name", "caf\u{e9} \u{4e2d}", &mut warnings), "caf\u{e9} \u{4e2d}");
        assert!(warnings.is_empty());
        assert_eq!(shed("name", "\u{feff}a\u{200b}b\u{202e}c\u{2066}\u{e0041}", &mut warnings), "abc");
        assert_eq!(warnings, ["name: zero-width or bidirectional control characters dropped: 5"]);
    }
}
