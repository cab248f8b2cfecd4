//! Which repository is named, where somebody has to name one, and which may be meant by what is nearly its purl.

use crate::purl::{Purl, PurlError, REPOSITORY_TYPES, shown};
use crate::repository_link::{repository_at, repository_of};

impl Purl {
    /// Parses the purl of a repository: a code host, an owner and a name.
    ///
    /// # Errors
    /// As [`Purl::parse`], and when the purl names no repository; the error names the one that is meant, if any.
    pub fn parse_repository(text: &str) -> Result<Self, PurlError> {
        Self::parse_exact_repository(text).map_err(|error| match meant_by(text) {
            Some(meant) => {
                let text = shown(text.trim());
                PurlError::NotARepository(format!("`{text}` is no purl of a repository: did you mean {meant}"))
            }
            None => error,
        })
    }
}

/// The repository that somebody meant who wrote something else than its purl: a link, `o/r`, or a purl with a slash or
/// a path too many.
fn meant_by(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('/');
    let purl = text.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("pkg"));
    let Some((_, rest)) = purl else { return repository_of(text) };
    let (kind, path) = rest.trim_start_matches('/').split_once('/')?;
    let kind = kind.to_ascii_lowercase();
    let path = path.split(['@', '?', '#']).next().unwrap_or(path);
    if REPOSITORY_TYPES.contains(&&*kind) { repository_at(&kind, path) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearly_a_repository_is_told_its_purl() {
        let said = |text: &str| Purl::parse_repository(text).unwrap_err().to_string();
        for text in [
            "https://github.com/o/n",
            "https://github.com/O/n/",
            "git@github.com:o/n.git",
            "o/n",
            " o/n// ",
            "pkg:github/o/n/",
            "PKG:GitHub/O/N/@v1",
            "pkg:github/o/n/tree/main",
        ] {
            let expected = format!("`{}` is no purl of a repository: did you mean pkg:github/o/n", text.trim());
            assert_eq!(said(text), expected);
        }
        assert!(said("https://gitlab.com/G/s/n").ends_with("did you mean pkg:gitlab/g/s/n"));
        for text in ["nonsense", "@scope/name", "pkg:npm/o/n", "./a", "https://example.org/o/n", "pkg:github/o"] {
            assert!(!said(text).contains("did you mean"), "{text}: {}", said(text));
        }
    }
}
