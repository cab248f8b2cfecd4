//! How deep a document in JSON is nested, before anything of it is read.

use super::super::NESTING_LIMIT;
use crate::source::Refused;

/// Refuses a document that is nested [`NESTING_LIMIT`] levels or more.
pub(in crate::source::sbom) fn check_depth(text: &str) -> Result<(), Refused> {
    let Some(at) = too_deep(text.as_bytes()) else { return Ok(()) };
    Err(Refused::at(
        format!("line {}", 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()),
        format!("arrays and objects are nested {NESTING_LIMIT} levels deep, more than is read"),
    ))
}

/// Where the nesting reaches [`NESTING_LIMIT`], if it does. Values that are skipped are not bounded otherwise.
fn too_deep(json: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_text(json, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth == NESTING_LIMIT {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the text that begins at `at` has its closing quote.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(next) = json.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))) {
        at += next;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_texts() {
        assert_eq!(too_deep(format!("{{\"a\":{}", "[".repeat(126)).as_bytes()), None);
        assert_eq!(too_deep(format!("{{\"a\":{}", "[".repeat(127)).as_bytes()), Some(5 + 126));
        assert_eq!(too_deep(format!("{{\"\\\"{}\":1}}", "[".repeat(500)).as_bytes()), None);
        assert_eq!(too_deep("[]".repeat(500).as_bytes()), None);
    }
}
