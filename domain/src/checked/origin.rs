//! Where a submission comes from: what whoever vouches for it says of the run that made it. Becomes metadata of the
//! event beside actor and tool, hashed into its leaf and never erased.

use std::collections::BTreeMap;

use crate::redact;
use crate::unseen::is_control_or_format;

/// Greatest length of one thing that is said, in bytes; a longer one is cut. All of them, escaped, fit into what the
/// database takes as metadata.
const MAX_SAID_BYTES: usize = 200;
/// Most things that are said.
const MAX_SAID: usize = 9;

/// Where a submission comes from. Nothing where nobody says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin(BTreeMap<&'static str, String>);

impl Origin {
    /// What is said under these names, as far as it can be kept: on one line, without addresses, and cut.
    ///
    /// # Panics
    /// When there are more than nine, or one is called as what every event has.
    #[must_use]
    pub fn of(said: &[(&'static str, &str)]) -> Self {
        assert!(said.len() <= MAX_SAID, "an origin says more than fits");
        let kept = said.iter().filter_map(|(name, text)| {
            assert!(!["actor", "tool"].contains(name), "an origin says who or what");
            let text: String = text.chars().filter(|c| !is_control_or_format(*c)).collect();
            let text = redact::emails(&text);
            let end = (0..=MAX_SAID_BYTES.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            // What was cut may have become an address, or nothing.
            let text = redact::emails(&text[..end]);
            (!text.trim().is_empty()).then(|| (*name, text.into_owned()))
        });
        Self(kept.collect())
    }

    /// Names and texts, by name.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, text)| (*name, text.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_short_and_names_nobody() {
        let long = "\u{e9}".repeat(300);
        let said =
            [("ref", "refs/heads/ann@example.org\n"), ("workflow", long.as_str()), ("sha", " "), ("run_id", "4")];
        let origin = Origin::of(&said);
        let kept: Vec<_> = origin.said().collect();
        assert_eq!(kept, [("ref", "refs/heads/<email>"), ("run_id", "4"), ("workflow", &long[..200])]);
    }
}
