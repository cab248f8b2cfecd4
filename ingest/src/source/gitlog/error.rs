//! What can go wrong while a history is read, in words that give no secret and nobody away.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use domain::redact;
use thiserror::Error;

use crate::source::Refused;

/// Greatest length of git's own words in an error, in characters.
const MAX_DETAIL_CHARS: usize = 600;

/// Why there are no facts.
#[derive(Debug, Error)]
pub enum GitLogError {
    /// The source is refused: by its form, its content or its state. Trying again does not help.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Addresses cannot become pseudonyms without a key.
    #[error("there is no key to make pseudonyms with")]
    NoKey,
    /// There is nothing at this path.
    #[error("`{}` does not exist", .0.display())]
    NotFound(PathBuf),
    /// The program `git` is not installed, or not in `PATH`.
    #[error("the program `git` was not found: install git, or give a pseudonymised export")]
    GitMissing,
    /// Git said no.
    #[error("git, {step}: {detail}")]
    Git {
        /// What was being done.
        step: &'static str,
        /// Git's own words, cut, without credentials and addresses.
        detail: String,
    },
    /// It took longer than allowed; every process that was started has been ended.
    #[error("git, {step}: stopped after the time allowed, {} seconds", limit.as_secs())]
    Timeout {
        /// What was being done.
        step: &'static str,
        /// The time allowed for the whole reading.
        limit: Duration,
    },
    /// The user asked to stop; every process that was started has been ended.
    #[error("git, {step}: interrupted")]
    Interrupted {
        /// What was being done.
        step: &'static str,
    },
    /// More than a limit allows.
    #[error("{what}: more than the limit of {limit} {unit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// Its unit.
        unit: &'static str,
    },
    /// The system said no.
    #[error("{what}: {source}")]
    Io {
        /// What was read, written or started.
        what: String,
        /// The system's answer.
        source: io::Error,
    },
}

impl GitLogError {
    /// A refusal of the whole source.
    pub(super) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused(Refused::whole(reason))
    }

    /// Wraps an answer of the system; `what` names the thing it is about.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

/// Git's or a server's words made fit for an error: no control characters (a server could paint the terminal), no
/// credentials of a URL, no address, the end of it if it is long.
pub(super) fn detail(words: &[u8]) -> String {
    let text = String::from_utf8_lossy(words);
    let lines: Vec<&str> = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect();
    let plain: String = lines.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let safe = redact::emails(&without_credentials(&plain)).into_owned();
    let excess = safe.chars().count().saturating_sub(MAX_DETAIL_CHARS);
    let cut: String = safe.chars().skip(excess).collect();
    match (excess, cut.is_empty()) {
        (_, true) => "no reason given".to_owned(),
        (0, _) => cut,
        _ => format!("...{cut}"),
    }
}

/// The text with `scheme://user:password@host` as `scheme://host`.
pub(super) fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| c == '/' || c.is_whitespace() || "'\"<>?#".contains(c)).unwrap_or(part.len());
        let host = part[..end].rfind('@').map_or(0, |at| at + 1);
        out.push_str("://");
        out.push_str(&part[host..]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_others_carry_no_secret() {
        assert_eq!(
            detail(b"fatal: unable to access 'https://ann:s3cret@host.example/x/': refused\n"),
            "fatal: unable to access 'https://host.example/x/': refused"
        );
        assert_eq!(without_credentials("a://u:p@q@h/x b://t@h"), "a://h/x b://h");
        assert_eq!(detail(b"remote: \x1b[31mask ann@example.org\r\n\n"), "remote:  [31mask <email>");
        assert_eq!(detail(b" \n"), "no reason given");
        let long = detail("x".repeat(10_000).as_bytes());
        assert!(long.starts_with("...") && long.len() == MAX_DETAIL_CHARS + 3);
    }
}
