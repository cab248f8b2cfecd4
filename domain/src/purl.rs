//! Identities of repositories and packages: canonical, versionless package URLs.
//!
//! The specification and its type definitions say what a text means ([`PackageUrl`]); this module adds what the graph
//! needs: one vertex per package, so version, qualifiers and subpath are cut off, and repository hosts are told apart.

use std::borrow::Cow;

use thiserror::Error;

mod parts;
mod percent;
mod private;
mod types;
mod written;

pub use parts::PackageUrl;
pub use private::{generic_id, grouped_id, is_private_to_another};
use written::{Extent, PurlText};

/// Types of purl whose subject is a repository on a code host.
pub const REPOSITORY_TYPES: [&str; 3] = ["github", "gitlab", "bitbucket"];
/// Greatest length of a purl, in bytes, as given and in canonical form.
pub const MAX_PURL_BYTES: usize = 1000;
/// What clone URLs put behind the name of a repository; ids are without.
const CLONE_ENDING: &str = ".git";
/// How much of a refused text is shown, in characters.
const SHOWN_CHARS: usize = 120;

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
    /// Not the purl of a repository with owner and name: which text, and what may be meant.
    #[error("{0}")]
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
    /// Parses a package URL. The name of a repository loses the `.git` of its clone URL.
    ///
    /// # Errors
    /// When the text is no package URL, is longer than [`MAX_PURL_BYTES`] or holds control characters.
    pub fn parse(text: &str) -> Result<Self, PurlError> {
        Self::read(text, Extent::Whole).map(|(purl, _)| purl)
    }

    /// Parses the purl of a repository, a code host, an owner and a name, as it has to be written.
    ///
    /// # Errors
    /// As [`Purl::parse`], and when the purl names no repository or a slash follows its name.
    pub(crate) fn parse_exact_repository(text: &str) -> Result<Self, PurlError> {
        match Self::read(text, Extent::Whole)? {
            (purl, false) if is_repository(&purl.id) => Ok(purl),
            (purl, _) => Err(PurlError::NotARepository(format!(
                "`{}` names no repository: expected pkg:github/OWNER/NAME (or gitlab, bitbucket)",
                shown(&purl.id)
            ))),
        }
    }

    /// The purl of a text, and whether a slash follows its name.
    fn read(text: &str, extent: Extent) -> Result<(Self, bool), PurlError> {
        let error = |reason: Cow<'_, str>| PurlError::Malformed { text: shown(text), reason: reason.into_owned() };
        if text.len() > MAX_PURL_BYTES {
            return Err(error(format!("longer than {MAX_PURL_BYTES} bytes").into()));
        }
        if has_control(text) {
            return Err(error("control characters".into()));
        }
        let written = PurlText::of(text.trim()).map_err(error)?;
        let ends_in_slash = written.ends_in_slash;
        if has_control(&written.namespace) || has_control(&written.name) {
            return Err(error("control characters".into()));
        }
        let mut spelled = match &*written.namespace {
            "" => written.name.as_ref().to_owned(),
            namespace => [namespace, "/", &written.name].concat(),
        };
        let mut purl = written.canonical(extent).map_err(error)?;
        if REPOSITORY_TYPES.contains(&&*purl.kind) {
            let bare = without_clone_ending(&purl.name);
            spelled.truncate(spelled.len() - (purl.name.len() - bare.len()));
            let kept = bare.len();
            match &mut purl.name {
                Cow::Borrowed(name) => *name = &name[..kept],
                Cow::Owned(name) => name.truncate(kept),
            }
        }
        let id = purl.bare();
        // Percent-encoding may triple the length, and ids are index keys.
        if id.len() > MAX_PURL_BYTES {
            return Err(error(format!("longer than {MAX_PURL_BYTES} bytes in canonical form").into()));
        }
        let version = purl.version.map(Cow::into_owned).filter(|version| !version.contains('\0'));
        Ok((Self { id, version, spelled }, ends_in_slash))
    }
}

/// What the subject of an event would be called were it fed again: `id` and `spelled` are as the event keeps them. An
/// earlier program wrote some types in another case, and what it lost of a name only the spelling still tells.
///
/// # Errors
/// When it would be refused.
pub fn read_again(id: &str, spelled: Option<&str>) -> Result<String, PurlError> {
    let slashes = |text: &str| text.matches('/').count();
    let is_name = |path: &str, of: &str| decoded(path).eq_ignore_ascii_case(of) && slashes(path) == slashes(of);
    let is_its_name = |spelled: &&str| split(id).is_some_and(|(_, path)| is_name(path, spelled));
    let text = match (spelled.filter(is_its_name), split(id)) {
        (Some(spelled), Some((kind, _))) => {
            let mut text = format!("pkg:{kind}/");
            percent::encode_path_into(&mut text, spelled);
            text
        }
        _ => id.to_owned(),
    };
    Purl::read(&text, Extent::Id).map(|(purl, _)| purl.id)
}

/// The name of a repository without the ending of its clone URL, in canonical spelling; never empty.
fn without_clone_ending(mut name: &str) -> &str {
    while let Some(bare) = name.strip_suffix(CLONE_ENDING).filter(|bare| !bare.is_empty()) {
        name = bare;
    }
    name
}

fn has_control(text: &str) -> bool {
    // Most texts are ASCII, and there looking at bytes is enough.
    if text.is_ascii() { text.bytes().any(|byte| byte.is_ascii_control()) } else { text.chars().any(char::is_control) }
}

pub(crate) fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// Type and path of a canonical id.
fn split(id: &str) -> Option<(&str, &str)> {
    id.strip_prefix("pkg:")?.split_once('/')
}

/// Whether a canonical id names a repository on a code host: an owner and a name, groups too on GitLab.
#[must_use]
pub fn is_repository(id: &str) -> bool {
    let Some((kind, path)) = split(id) else { return false };
    let segments = path.split('/').count();
    let fits = if kind == "gitlab" { segments >= 2 } else { segments == 2 };
    REPOSITORY_TYPES.contains(&kind) && fits && path.split('/').all(|part| !part.is_empty() && part != CLONE_ENDING)
}

/// Whether a canonical id names something on a code host, a repository or what lies in one: no package that a registry
/// could know.
#[must_use]
pub fn is_hosted(id: &str) -> bool {
    split(id).is_some_and(|(kind, path)| REPOSITORY_TYPES.contains(&kind) && path.contains('/'))
}

/// The last segment of a canonical id, percent-decoded: what a person calls it.
#[must_use]
pub fn short_name(id: &str) -> String {
    decoded(id.rsplit('/').next().unwrap_or(id))
}

/// Namespace and name of a canonical id, percent-decoded: `@stellar/stellar-sdk`.
#[must_use]
pub fn full_name(id: &str) -> String {
    decoded(split(id).map_or(id, |(_, path)| path))
}

fn decoded(text: &str) -> String {
    percent::decode(text).map_or_else(|| text.to_owned(), Cow::into_owned)
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
        assert!(matches!(Purl::parse_repository("stellar"), Err(PurlError::Malformed { .. })));
        assert!(Purl::parse_repository("pkg:github/lonely").is_err());
        assert!(Purl::parse_repository("pkg:github/o/.git").is_err());
        assert!(is_hosted("pkg:github/o/r/sub") && !is_repository("pkg:github/o/r/sub"));
    }

    #[test]
    fn repositories_lose_the_ending_of_their_clone_url() {
        for (text, id, spelled) in [
            ("pkg:github/Stellar/JS-xdr.git", "pkg:github/stellar/js-xdr", "Stellar/JS-xdr"),
            ("pkg:github/o/R.GIT@v1", "pkg:github/o/r", "o/R"),
            ("pkg:gitlab/G/s/N.git.git", "pkg:gitlab/g/s/n", "G/s/N"),
            ("pkg:github/o/.git", "pkg:github/o/.git", "o/.git"),
            ("pkg:git/host/o/r.git", "pkg:git/host/o/r.git", "host/o/r.git"),
            ("pkg:npm/x.git", "pkg:npm/x.git", "x.git"),
        ] {
            let purl = Purl::parse(text).unwrap();
            assert_eq!((purl.id.as_str(), purl.spelled.as_str()), (id, spelled), "{text}");
        }
    }

    #[test]
    fn what_an_earlier_program_kept_may_read_otherwise() {
        let again = |id: &str, spelled: &str| read_again(id, Some(spelled)).unwrap();
        assert_eq!(again("pkg:npm/jsonstream", "JSONStream"), "pkg:npm/JSONStream");
        assert_eq!(again("pkg:npm/%40a/b", "@a/b"), "pkg:npm/%40a/b");
        assert_eq!(again("pkg:gitlab/GNOME/gtk", "GNOME/gtk"), "pkg:gitlab/gnome/gtk");
        assert_eq!(again("pkg:github/o/r.git", "o/r.git"), "pkg:github/o/r");
        assert_eq!(again("pkg:pypi/zope.interface", "zope.interface"), "pkg:pypi/zope-interface");
        assert_eq!(again("pkg:npm/x", "another name"), "pkg:npm/x", "a spelling that is none of this id");
        assert_eq!(again("pkg:julia/Dates", "Dates"), "pkg:julia/Dates", "ids carry no qualifiers");
        assert_eq!(read_again("pkg:npm/a(b)", None).unwrap(), "pkg:npm/a%28b%29");
        assert!(read_again("pkg:maven/lonely", None).is_err());
    }
}
