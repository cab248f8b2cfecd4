//! How a value from the outside is shown in a refusal or a warning.

/// Greatest number of characters of a value that is shown.
const MAX_SHOWN_CHARS: usize = 120;

/// `value` between backquotes; see [`shown`].
pub(super) fn quoted(value: &str) -> String {
    format!("`{}`", shown(value))
}

/// `value` cut to a readable length, control characters escaped.
pub(super) fn shown(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    for c in chars.by_ref().take(MAX_SHOWN_CHARS) {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_safely() {
        assert_eq!(quoted("größe"), "`größe`");
        assert_eq!(quoted("a\u{1b}[1m\n"), "`a\\u{1b}[1m\\n`");
        assert_eq!(shown(&"x".repeat(200)), format!("{}…", "x".repeat(MAX_SHOWN_CHARS)));
    }
}
