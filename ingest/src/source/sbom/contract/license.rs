//! Whether a text is a licence expression of SPDX: ids joined by words, in brackets. Which ids there are is not asked.

/// Deepest nesting of brackets.
const MAX_NESTING: usize = 64;

/// Whether a text is one.
pub(super) fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words = spaced.split_whitespace();
    let (mut open, mut wants_id) = (0_usize, true);
    for word in words {
        let joins = ["AND", "OR", "WITH"].iter().any(|known| known.eq_ignore_ascii_case(word));
        match word {
            "(" if wants_id && open < MAX_NESTING => open += 1,
            ")" if !wants_id && open > 0 => open -= 1,
            "(" | ")" => return false,
            _ if joins != wants_id => wants_id = joins,
            _ => return false,
        }
    }
    open == 0 && !wants_id
}

#[cfg(test)]
mod tests {
    use super::is_expression;

    #[test]
    fn ids_are_joined_by_words() {
        for text in ["MIT", "NOASSERTION", "MIT OR (Apache-2.0 and GPL-2.0+ WITH Classpath-exception-2.0)", "(MIT)"] {
            assert!(is_expression(text), "{text}");
        }
        for text in ["", "MIT OR OR", "OR MIT", "MIT Apache-2.0", "(MIT", "MIT)", "()", "MIT OR ()"] {
            assert!(!is_expression(text), "{text}");
        }
        assert!(!is_expression(&"(".repeat(100_000)));
    }
}
