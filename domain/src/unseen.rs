//! Characters that nobody sees, and texts without them.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

/// Whether a character controls or formats others and is no text itself: the categories Cc and Cf of Unicode, and the
/// separators of lines and paragraphs.
#[must_use]
pub(crate) fn is_control_or_format(c: char) -> bool {
    matches!(c.general_category(), GeneralCategory::Control | GeneralCategory::Format)
        || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether a character takes no room or turns the direction of others: two texts that differ by nothing else look the
/// same.
#[must_use]
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{feff}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Whether a character may go unseen wherever it stands: Unicode's Default_Ignorable_Code_Point, that is the invisible
/// ones, joiners, blank fillers and what selects a variant of the letter before it.
#[must_use]
pub(crate) fn is_ignorable(c: char) -> bool {
    is_invisible(c)
        || matches!(c,
            '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2065}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

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
    fn what_is_invisible_is_a_format_character_and_the_visible_ones_stay() {
        let all = || (0..=0x0010_ffff).filter_map(char::from_u32);
        assert!(all().filter(|c| is_invisible(*c)).all(is_control_or_format));
        // Signs of the Arabic, Syriac and Kaithi scripts are format characters too, and are seen.
        assert!(['\u{600}', '\u{70f}', '\u{110bd}'].into_iter().all(|c| is_control_or_format(c) && !is_invisible(c)));
        assert!(['\0', '\n', '\u{7f}', '\u{85}'].into_iter().all(|c| is_control_or_format(c) && !is_invisible(c)));
    }

    #[test]
    fn what_nobody_sees_is_dropped_and_said() {
        let mut warnings = Vec::new();
        assert_eq!(shed("name", "caf\u{e9} \u{4e2d}", &mut warnings), "caf\u{e9} \u{4e2d}");
        assert!(warnings.is_empty());
        assert_eq!(shed("name", "\u{feff}a\u{200b}b\u{202e}c\u{2066}\u{e0041}", &mut warnings), "abc");
        assert_eq!(warnings, ["name: zero-width or bidirectional control characters dropped: 5"]);
    }
}
