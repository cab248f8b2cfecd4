//! Texts in the form in which two of them are compared: what a reader takes for the same is the same.

use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;

use crate::unseen::is_ignorable;

/// A project name in the form in which two names are compared: NFC, trimmed, white space folded, lower-cased.
#[must_use]
pub fn normalised_name(name: &str) -> String {
    // ASCII is in form NFC already, and asking costs many times the rest.
    let composed = |text: &str| if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
    let words: Vec<String> = composed(name).split_whitespace().map(str::to_lowercase).collect();
    composed(&words.join(" "))
}

/// A label in the form in which two are compared: Unicode's compatibility caseless match (full case folding and NFKC,
/// twice, as Unicode defines it), without white space around it and without what nobody sees.
#[must_use]
pub(super) fn folded(label: &str) -> String {
    if label.is_ascii() {
        return label.trim().to_ascii_lowercase();
    }
    let seen = label.chars().filter(|c| !is_ignorable(*c));
    let once: String = seen.nfd().default_case_fold().nfkc().collect();
    let twice: String = once.chars().default_case_fold().nfkc().collect();
    twice.trim().to_owned()
}
