//! Who appends, and with what: the metadata of every event, hashed into its leaf and never erased.

use super::Invalid;
use crate::redact;
use crate::unseen::is_control_or_format;

/// Greatest length of an actor, in bytes. The database checks it too.
pub(crate) const MAX_ACTOR_BYTES: usize = 256;
/// Greatest length of the name and version of a program, in bytes. The database checks it too.
pub(crate) const MAX_TOOL_BYTES: usize = 256;

/// A person or service, by name or handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// The actor of an append.
    ///
    /// # Errors
    /// When the text is too long, blank, not of one line, or an e-mail address.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        named("actor", text).map(Self)
    }

    /// The author of a correction, who is the actor of its event too.
    ///
    /// # Errors
    /// As [`Actor::new`].
    pub fn author(text: &str) -> Result<Self, Invalid> {
        named("author", text.trim()).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A program with its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool(String);

impl Tool {
    /// The program that appends.
    ///
    /// # Errors
    /// When the text is too long, blank, not of one line, or holds an address or a password.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let tool = line("tool", text, MAX_TOOL_BYTES)?;
        if !redact::is_clean(&tool) {
            return Err(Invalid::new(
                "tool",
                "expected a program and its version; e-mail addresses and passwords are not kept",
            ));
        }
        Ok(Self(tool))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn named(field: &'static str, text: &str) -> Result<String, Invalid> {
    let name = line(field, text, MAX_ACTOR_BYTES)?;
    if !redact::is_clean(&name) || looks_like_address(&name) {
        return Err(Invalid::new(field, "expected a name or handle; e-mail addresses are not kept"));
    }
    Ok(name)
}

fn line(field: &'static str, text: &str, limit: usize) -> Result<String, Invalid> {
    if text.trim().is_empty() || text.len() > limit || text.contains(is_control_or_format) {
        let reason = format!("expected 1 to {limit} bytes without control or format characters");
        return Err(Invalid::new(field, reason));
    }
    Ok(text.to_owned())
}

/// What the database takes for an address, by the same rule (migration 0013): so it never refuses what was taken here.
pub(crate) fn looks_like_address(text: &str) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    text.match_indices('@').any(|(at, _)| {
        let ends = |c: char| c.is_ascii_whitespace() || c == '\u{b}' || c == '@';
        let before = text[..at].chars().next_back().is_some_and(|c| !ends(c));
        let rest = &text[at + 1..];
        let word = &rest.as_bytes()[..rest.find(ends).unwrap_or(rest.len())];
        let top = |(n, byte): (usize, &u8)| *byte == b'.' && is_letter(word.get(n + 1)) && is_letter(word.get(n + 2));
        before && word.iter().enumerate().any(top)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_appends_is_a_name_of_one_line() {
        for actor in ["ann", "Ann B", "github-actions[bot]", "user@host", "@ann", "\u{e9}t\u{e9}", &"x".repeat(256)] {
            assert_eq!(Actor::new(actor).unwrap().as_str(), actor);
        }
        for actor in ["", " ", "a\nb", "a\0", "a\u{202e}b", "ann@example.org", "Ann <ann@x.dev>", &"x".repeat(257)] {
            let refused = Actor::new(actor).unwrap_err();
            assert_eq!(refused.field, "actor", "{actor}");
        }
        assert!(Actor::new("ann@example.org").unwrap_err().reason.contains("e-mail"));
        assert!(Actor::new("").unwrap_err().reason.contains("1 to 256 bytes"));
        assert_eq!(Actor::author(" ann ").unwrap().as_str(), "ann");
        assert_eq!(Actor::author("ann@example.org").unwrap_err().field, "author");
        assert!(Tool::new("pg-atlas 0.1.0").is_ok() && Tool::new("lib@1.2.3").is_ok());
        for tool in ["", "a\nb", "ann@example.org", &"x".repeat(257)] {
            assert_eq!(Tool::new(tool).unwrap_err().field, "tool", "{tool}");
        }
    }

    #[test]
    fn what_the_database_takes_for_an_address_is_none_of_ours() {
        for text in ["git@github.com/o/r", "a@b.co", "x a@1.de y"] {
            assert!(looks_like_address(text) && Actor::new(text).is_err(), "{text}");
        }
        for text in ["a @b.co", "a@ b.co", "lib@v1.2.3", "a@b", "@b.co", "a@b.c"] {
            assert!(!looks_like_address(text), "{text}");
        }
    }
}
