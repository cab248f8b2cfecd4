//! What is odd in a document but does not stop it, bounded in number.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Greatest number of warnings that one document gives in full; the rest is counted.
pub const MAX_WARNINGS: usize = 1_000;
/// Greatest length of a text shown in a warning, in characters.
const MAX_SHOWN_CHARS: usize = 120;

/// One oddity and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Path of a field (`packages[3].versionInfo`) or name of a list.
    pub place: String,
    /// What is odd, and what was done about it.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// The warnings of a document while it is read.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    single: Vec<Warning>,
    /// Message, to the place of the first and the number of all that are alike.
    alike: BTreeMap<String, (String, usize)>,
    /// Field that is not there although it must be, to the same.
    missing: BTreeMap<&'static str, (String, usize)>,
    more: usize,
}

impl Warnings {
    /// Adds a warning.
    pub(super) fn push(&mut self, place: impl fmt::Display, message: impl fmt::Display) {
        if self.single.len() < MAX_WARNINGS {
            self.single
                .push(Warning { place: printable(&place.to_string()), message: printable(&message.to_string()) });
        } else {
            self.more += 1;
        }
    }

    /// Adds a warning of a kind that may repeat in every entry, or that is about the whole document: all alike become
    /// one, at the first place, and stand before the others.
    pub(super) fn tally(&mut self, place: impl fmt::Display, message: impl fmt::Display) {
        let message = printable(&message.to_string());
        if let Some((_, count)) = self.alike.get_mut(&message) {
            *count += 1;
        } else if self.alike.len() < MAX_WARNINGS {
            self.alike.insert(message, (printable(&place.to_string()), 1));
        } else {
            self.more += 1;
        }
    }

    /// Adds that a mandatory field is not there; all of one name become one warning. Nothing is formatted but the
    /// first: a document may miss a field a million times.
    pub(super) fn missing(&mut self, place: impl fmt::Display, field: &'static str) {
        self.missing.entry(field).or_insert_with(|| (printable(&place.to_string()), 0)).1 += 1;
    }

    /// All warnings, those that repeat first, and a count of what exceeds [`MAX_WARNINGS`].
    pub(super) fn finish(self) -> Vec<Warning> {
        let missing = self.missing.into_iter().map(|(field, found)| (format!("mandatory {field} is missing"), found));
        let alike = missing.chain(self.alike).map(|(message, (place, count))| {
            let message = if count == 1 { message } else { format!("{message} ({count} alike, this is the first)") };
            Warning { place, message }
        });
        let mut all: Vec<Warning> = alike.chain(self.single).collect();
        let more = self.more + all.len().saturating_sub(MAX_WARNINGS);
        all.truncate(MAX_WARNINGS);
        if more > 0 {
            all.push(Warning { place: "document".to_owned(), message: format!("{more} more warnings") });
        }
        all
    }
}

/// A text of the document as it may stand in a message: without credentials, cut to a readable length.
pub(super) fn shown(text: &str) -> String {
    let text = without_credentials(text);
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("`{}...`", &text[..end]),
        None => format!("`{text}`"),
    }
}

/// Addresses such as `https://user:secret@host` lose what stands before the host.
fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let authority = after.split(['/', '?', '#', '&', ' ']).next().unwrap_or(after);
        let host = authority.rfind('@').map_or(0, |at| at + 1);
        out.push_str(before);
        out.push_str("://");
        rest = &after[host..];
    }
    if out.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

/// Nothing from a document may steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_bounded_and_the_rest_counted() {
        let mut warnings = Warnings::default();
        for n in 0..2_500 {
            warnings.push(format_args!("packages[{n}]"), "odd");
        }
        warnings.missing("packages[0].name", "name");
        warnings.missing("packages[7].name", "name");
        warnings.tally("relationships[0]", "unknown");
        let all = warnings.finish();
        assert_eq!(all.len(), MAX_WARNINGS + 1);
        assert_eq!(all[0].to_string(), "packages[0].name: mandatory name is missing (2 alike, this is the first)");
        assert_eq!(all[1].to_string(), "relationships[0]: unknown");
        assert_eq!(all[2].to_string(), "packages[0]: odd");
        assert_eq!(all[MAX_WARNINGS].to_string(), "document: 1502 more warnings");
    }

    #[test]
    fn texts_of_a_document_are_cut_and_made_harmless() {
        let mut warnings = Warnings::default();
        warnings.push("p", format_args!("{} is long", shown(&"ä\u{1b}".repeat(500))));
        let message = &warnings.finish()[0].message;
        assert_eq!(message.chars().count(), 120 + "`...` is long".len());
        assert!(!message.contains('\u{1b}'));
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(shown("git+https://me:secret@host/x?u=ssh://you@h"), "`git+https://host/x?u=ssh://h`");
        assert_eq!(shown("pkg:npm/@o/a@1?u=https://host/@x"), "`pkg:npm/@o/a@1?u=https://host/@x`");
        assert!(!shown(&format!("https://me:{}@host", "secret".repeat(50))).contains("secret"));
    }
}
