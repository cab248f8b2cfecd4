//! Why somebody decided something.

use super::Invalid;
use crate::redact;
use crate::unseen::is_invisible;

/// Greatest length of a reason, in bytes.
const MAX_REASON_BYTES: usize = 10_000;

/// A reason as it is kept: trimmed, e-mail addresses replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedReason(String);

impl StatedReason {
    /// The reason that is written so.
    ///
    /// # Errors
    /// When the text is blank, too long or holds characters that nobody sees.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let odd = |c: char| is_invisible(c) || c.is_control() && !matches!(c, '\n' | '\t');
        // Counted as given and as kept: what stands for an address may be longer than the address.
        let kept = redact::emails(text);
        if text.is_empty() || text.len().max(kept.len()) > MAX_REASON_BYTES || text.contains(odd) {
            let reason = format!(
                "expected 1 to {MAX_REASON_BYTES} bytes; of control characters only line breaks and tabs, nothing of \
                 zero width"
            );
            return Err(Invalid::new("reason", reason));
        }
        Ok(Self(kept.into_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives up the wrapper.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_trimmed_and_names_nobody_by_address() {
        assert_eq!(StatedReason::new(" told by ann@example.org\n").unwrap().as_str(), "told by <email>");
        assert_eq!(StatedReason::new("one\n\ttwo").unwrap().into_string(), "one\n\ttwo");
        for text in ["", " \n", "a\u{7}", "a\u{202e}b", "\u{200b}", &"x".repeat(MAX_REASON_BYTES + 1)] {
            assert!(StatedReason::new(text).unwrap_err().reason.contains("1 to 10000 bytes"));
        }
    }
}
