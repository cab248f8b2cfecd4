//! Reasons as they are said and answered. They quote what was written, whatever that is and however long.

use domain::redact;

/// Most bytes of a reason that is kept, about: what is in the middle of a longer one is left out.
const MAX_REASON_BYTES: usize = 1_000;
/// How many of them the beginning has; the end tells what was expected.
const BEGINNING_BYTES: usize = 600;

/// A reason without the addresses that it quotes, and of bounded length.
pub(super) fn reason(text: &str) -> String {
    // In this order: half an address would be none, and stay.
    let said = redact::emails(text);
    if said.len() <= MAX_REASON_BYTES {
        return said.into_owned();
    }
    let boundary = |at: &usize| said.is_char_boundary(*at);
    let beginning = (0..=BEGINNING_BYTES).rev().find(boundary).unwrap_or(0);
    let end = (said.len() - (MAX_REASON_BYTES - BEGINNING_BYTES)..said.len()).find(boundary).unwrap_or(said.len());
    format!("{} ... ({} bytes) ... {}", &said[..beginning], end - beginning, &said[end..])
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn a_reason_is_short_and_keeps_both_ends() {
        assert_eq!(reason("row 3: ann@example.org"), "row 3: <email>");
        let long = format!("unknown variant `{}`, expected `sbom`", "\u{e9}".repeat(1_000_000));
        let said = reason(&long);
        assert!(said.len() < 1_100 && said.starts_with("unknown variant `\u{e9}"), "{said}");
        assert!(said.ends_with("\u{e9}`, expected `sbom`") && said.contains(" bytes) ... "), "{said}");
        assert_eq!(reason(&"x".repeat(1_000)), "x".repeat(1_000));
    }
}
