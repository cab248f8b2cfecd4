//! Identities of repositories and packages: canonical, versionless package URLs.
//!
//! The rules of each type (case, separators) come from the `packageurl` crate; this module adds what the graph needs:
//! one vertex per package, so version, qualifiers and subpath are cut off, and repository hosts are told apart.

use packageurl::PackageUrl;
use thiserror::Error;

use crate::digest::Digest;

/// Types of purl whose subject is a repository on a code host.
pub const REPOSITORY_TYPES: [&str; 3] = ["github", "gitlab", "bitbucket"];
/// Greatest length of a purl, in bytes, as given and in canonical form.
pub const MAX_PURL_BYTES: usize = 1000;

/// Why a text is no usable package URL.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PurlError {
    /// Not a package URL by the specification.
    #[error("`{text}` is no package URL: {reason}; expected pkg:TYPE/NAME or pkg:TYPE/NAMESPACE/NAME")]
    Malformed {
        /// The text as given, cut to a readable length.
        text: String,
        /// What the specification misses.
        reason: String,
    },
    /// A package URL, but not of a repository with owner and name.
    #[error("`{0}` names no repository: expected pkg:github/OWNER/NAME (or gitlab, bitbucket)")]
    NotARepository(String),
}

/// A parsed purl: its canonical versionless form, and what was cut off that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purl {
    /// Canonical, without version, qualifiers and subpath: the identity of a vertex.
    pub id: String,
    /// Version, percent-decoded, when the text had one.
    pub version: Option<String>,
    /// Namespace and name in their original spelling, percent-decoded, for display.
    pub spelled: String,
}

impl Purl {
    /// Parses a package URL.
    ///
    /// # Errors
    /// When the text is no package URL, is longer than [`MAX_PURL_BYTES`] or holds control characters.
    pub fn parse(text: &str) -> Result<Self, PurlError> {
        let error = |reason: String| PurlError::Malformed { text: text.chars().take(120).collect(), reason };
        if text.len() > MAX_PURL_BYTES {
            return Err(error(format!("longer than {MAX_PURL_BYTES} bytes")));
        }
        if text.chars().any(char::is_control) {
            return Err(error("control characters".to_owned()));
        }
        let parsed: PackageUrl = text.trim().parse().map_err(|e: packageurl::Error| error(e.to_string()))?;
        if parsed.name().chars().chain(parsed.namespace().unwrap_or("").chars()).any(char::is_control) {
            return Err(error("control characters".to_owned()));
        }
        let version = parsed.version().map(str::to_owned).filter(|v| !v.is_empty() && !v.contains('\0'));
        let mut bare =
            PackageUrl::new(parsed.ty().to_owned(), parsed.name().to_owned()).map_err(|e| error(e.to_string()))?;
        // Segments that say nothing are dropped, as the specification has it: the canonical form must read as itself.
        let segments = parsed.namespace().unwrap_or("").split('/').filter(|part| !["", ".", ".."].contains(part));
        let namespace = segments.collect::<Vec<_>>().join("/");
        if !namespace.is_empty() {
            bare.with_namespace(namespace).map_err(|e| error(e.to_string()))?;
        }
        let id = bare.to_string();
        // Percent-encoding may triple the length, and ids are index keys.
        if id.len() > MAX_PURL_BYTES {
            return Err(error(format!("longer than {MAX_PURL_BYTES} bytes in canonical form")));
        }
        Ok(Self { id, version, spelled: spelled(text.trim()) })
    }

    /// Parses the purl of a repository: a code host, an owner and a name.
    ///
    /// # Errors
    /// As [`Purl::parse`], and when the purl names no repository.
    pub fn parse_repository(text: &str) -> Result<Self, PurlError> {
        let purl = Self::parse(text)?;
        if is_repository(&purl.id) { Ok(purl) } else { Err(PurlError::NotARepository(purl.id)) }
    }
}

/// Whether a canonical id names a repository on a code host.
#[must_use]
pub fn is_repository(id: &str) -> bool {
    let Some((kind, path)) = id.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) else { return false };
    REPOSITORY_TYPES.contains(&kind) && path.split('/').filter(|part| !part.is_empty()).count() >= 2
}

/// The last segment of a canonical id, percent-decoded: what a person calls it.
#[must_use]
pub fn short_name(id: &str) -> String {
    percent_decoded(id.rsplit('/').next().unwrap_or(id))
}

/// Namespace and name of a canonical id, percent-decoded: `@stellar/stellar-sdk`.
#[must_use]
pub fn full_name(id: &str) -> String {
    percent_decoded(id.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map_or(id, |(_, path)| path))
}

/// The id of a package that carries no purl: private to the subject that names it. Where it would be longer than
/// [`MAX_PURL_BYTES`], the digest of that id stands for it: an edge, which is keyed by two ids, must fit an index.
#[must_use]
pub fn generic_id(subject_id: &str, name: &str) -> String {
    let owner = full_name(subject_id);
    // Two hosts may have repositories of one name. Those of other hosts have a segment more than any of GitHub.
    let owner = match subject_id.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) {
        Some((host, _)) if host != "github" => format!("{host}/{owner}"),
        _ => owner,
    };
    let parse = |name: &str| {
        let mut purl = PackageUrl::new("generic", name.to_owned()).ok()?;
        purl.with_namespace(owner.clone()).ok()?;
        Some(purl.to_string())
    };
    let id = parse(name).or_else(|| parse("unnamed")).unwrap_or_else(|| "pkg:generic/unnamed".to_owned());
    if id.len() > MAX_PURL_BYTES { format!("pkg:generic/{}", Digest::of(id.as_bytes())) } else { id }
}

/// Whether a canonical id looks like one that [`generic_id`] gives to packages of another subject: whoever writes such
/// a purl does not get what is private to that subject.
#[must_use]
pub fn is_private_to_another(id: &str, subject_id: &str) -> bool {
    let Some(path) = id.strip_prefix("pkg:generic/") else { return false };
    let own = generic_id(subject_id, "x");
    let is_own = own.rsplit_once('/').is_some_and(|(own, _)| id.rsplit_once('/').is_some_and(|(of, _)| of == own));
    let is_digest = path.len() == 64 && path.bytes().all(|byte| byte.is_ascii_hexdigit());
    (path.split('/').count() > 2 && !is_own) || is_digest
}

fn spelled(text: &str) -> String {
    let path = text.strip_prefix("pkg:").map(|rest| rest.trim_start_matches('/'));
    let path = path.and_then(|rest| rest.split_once('/')).map_or(text, |(_, path)| path);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let path = match path.rfind('@') {
        Some(at) if at > 0 && !path[at..].contains('/') => &path[..at],
        _ => path,
    };
    percent_decoded(path)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let decoded = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
        bytes.push(decoded.unwrap_or(*first));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// Host (type of purl) and owner of a repository's canonical id.
#[must_use]
pub fn owner_of(repo_id: &str) -> Option<(&str, &str)> {
    let (host, path) = repo_id.strip_prefix("pkg:")?.split_once('/')?;
    let (owner, _) = path.split_once('/')?;
    (!owner.is_empty()).then_some((host, owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> String {
        Purl::parse(text).unwrap().id
    }

    #[test]
    fn identities_are_canonical_and_versionless() {
        assert_eq!(id("pkg:github/Stellar/JS-stellar-sdk@v1"), "pkg:github/stellar/js-stellar-sdk");
        assert_eq!(id("pkg:npm/@stellar/stellar-sdk"), "pkg:npm/%40stellar/stellar-sdk");
        assert_eq!(id("pkg:npm/%40stellar/stellar-sdk@12.0.0"), "pkg:npm/%40stellar/stellar-sdk");
        assert_eq!(id("pkg:pypi/Stellar_SDK@1.0"), "pkg:pypi/stellar-sdk");
        assert_eq!(id("pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie"), "pkg:deb/debian/curl");
        assert_eq!(id("pkg:maven/org.a/b@1?type=jar#sub"), "pkg:maven/org.a/b");
        assert_eq!(id("pkg:golang/./%2F"), "pkg:golang/%2F");
        assert_eq!(id("pkg:golang/a/.././b/c"), "pkg:golang/a/b/c");
    }

    #[test]
    fn keeps_version_and_spelling() {
        let purl = Purl::parse("pkg:npm/%40Stellar/SDK@6.%2A.%2A").unwrap();
        assert_eq!(purl.version.as_deref(), Some("6.*.*"));
        assert_eq!(purl.spelled, "@Stellar/SDK");
        assert_eq!(Purl::parse("pkg:github/Stellar/JS-xdr").unwrap().spelled, "Stellar/JS-xdr");
    }

    #[test]
    fn ids_are_bounded_in_canonical_form_too() {
        assert!(Purl::parse(&format!("pkg:npm/{}", "x".repeat(900))).is_ok());
        assert!(matches!(Purl::parse(&format!("pkg:npm/{}", "x".repeat(1000))), Err(PurlError::Malformed { .. })));
        assert!(matches!(Purl::parse(&format!("pkg:npm/{}", "ü".repeat(450))), Err(PurlError::Malformed { .. })));
    }

    #[test]
    fn tells_repositories_from_packages() {
        assert!(Purl::parse_repository("pkg:github/stellar/js-xdr").is_ok());
        assert!(Purl::parse_repository("pkg:gitlab/group/sub/name").is_ok());
        assert!(matches!(Purl::parse_repository("pkg:npm/x"), Err(PurlError::NotARepository(_))));
        assert!(matches!(Purl::parse_repository("stellar/js-xdr"), Err(PurlError::Malformed { .. })));
        assert!(Purl::parse_repository("pkg:github/lonely").is_err());
    }

    #[test]
    fn packages_without_purl_stay_with_their_subject() {
        assert_eq!(generic_id("pkg:github/a/b", "left pad"), "pkg:generic/a/b/left%20pad");
        assert_ne!(generic_id("pkg:github/a/b", "x"), generic_id("pkg:github/a/c", "x"));
        assert_eq!(generic_id("pkg:gitlab/a/b", "x"), "pkg:generic/gitlab/a/b/x", "another host, another repository");
        assert_ne!(generic_id("pkg:github/gitlab/a", "b/x"), generic_id("pkg:gitlab/a/b", "x"));
        assert_eq!(generic_id("pkg:github/a/b", ""), "pkg:generic/a/b/unnamed");
        let private = |id: &str| is_private_to_another(id, "pkg:github/a/b");
        assert!(private("pkg:generic/a/c/x") && private("pkg:generic/gitlab/a/b/x"));
        assert!(!private("pkg:generic/a/b/x") && !private("pkg:generic/zlib") && !private("pkg:generic/madler/zlib"));
        assert!(!private("pkg:npm/a/c/x"));
        let long = ["語".repeat(170), "語".repeat(169)].map(|name| generic_id("pkg:github/a/b", &name));
        assert!(private(&long[0]), "nobody writes such a purl himself");
        assert!(long[0] != long[1] && long.iter().all(|id| id.len() == "pkg:generic/".len() + 64), "{long:?}");
    }
}
