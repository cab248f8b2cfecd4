//! Source `registry`: what package registries say. Parsers are pure; [`Crawler`] fetches.
//!
//! A registry may answer in several documents (metadata here, downloads there). What is stored, and what the parsers
//! accept beside a registry's own main document, is one JSON document of the cleaned answers by part:
//! `{"responses": {"packument": ..., "downloads": ...}}`.
//!
//! | purl type | parts | dependencies taken |
//! |---|---|---|
//! | `npm` | `packument`, `downloads` | `dependencies` of the version tagged `latest` |
//! | `cargo` | `index`, `crate` | kind normal of the greatest version, on any platform; optional ones if default
//! features switch them on |
//! | `pypi` | `project`, `downloads` | `requires_dist` of the current version, whatever the platform; none that belong
//! to an extra |

use domain::facts::registry::RegistryCrawled;
use domain::purl::Purl;
use serde_json::{Value, json};

use super::{Reading, Reads, Refused, SourceKind};

mod answers;
mod collect;
mod config;
mod crates;
mod crawl;
mod features;
mod npm;
mod pypi;
mod requirement;

pub use config::{ConfigError, RegistryConfig, variable};
pub use crates::parse_crates_index;
pub use crawl::{CrawlProgress, CrawlRefused, CrawlWalk, Crawled, Crawler, CrawlerError};
pub use npm::parse_npm;
pub use pypi::parse_pypi;
pub use reqwest::Url;

/// What registries say of packages.
pub const KIND: SourceKind = SourceKind {
    name: "registry",
    documents: "A package as its registry describes it: npm, cargo or pypi; one event",
    answer: &["format", "format_version", "purl", "latest_version", "releases", "dependencies"],
    pseudonymous: false,
    publishing: false,
    reads: Reads::Package(|document, purl| parse(purl, &document).map(reading)),
};
/// Greatest size of one document, in bytes, after decompression: 128 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024 * 1024;

/// A package that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What the registry says.
    pub facts: RegistryCrawled,
    /// The answers by part, without persons and e-mail addresses; `facts.document` names its digest.
    pub cleaned: Vec<u8>,
    /// The dependencies that are packages of the same registry, in its spelling, sorted by purl: where a crawl goes on.
    pub next: Vec<Purl>,
    /// Fields that were left out, and why.
    pub warnings: Vec<String>,
}

/// Reads a registry's main document, or a document of answers by part, about the package `purl`.
///
/// # Errors
/// When the type of `purl` is none that we read, or the parser of that type refuses the document.
pub fn parse(purl: &Purl, bytes: &[u8]) -> Result<Parsed, Refused> {
    match Registry::of(purl)? {
        Registry::Npm => parse_npm(purl, bytes),
        Registry::Crates => parse_crates_index(purl, bytes),
        Registry::Pypi => parse_pypi(purl, bytes),
    }
}

fn reading(read: Parsed) -> Reading {
    let facts = &read.facts;
    let summary = json!({
        "format": facts.document.format,
        "format_version": facts.document.format_version,
        "purl": facts.purl,
        "latest_version": facts.latest_version,
        "releases": facts.releases.len(),
        "dependencies": facts.dependencies.len(),
    });
    Reading::of_one(read.facts, read.cleaned, read.warnings, summary)
}

/// A registry that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registry {
    /// JavaScript packages, `pkg:npm/...`.
    Npm,
    /// Rust crates, `pkg:cargo/...`.
    Crates,
    /// Python packages, `pkg:pypi/...`.
    Pypi,
}

impl Registry {
    /// The registry of a package.
    fn of(purl: &Purl) -> Result<Self, Refused> {
        match purl.id.strip_prefix("pkg:").and_then(|rest| rest.split('/').next()) {
            Some("npm") => Ok(Self::Npm),
            Some("cargo") => Ok(Self::Crates),
            Some("pypi") => Ok(Self::Pypi),
            _ => Err(Refused::at(&purl.id, "no registry to look this up: expected pkg:npm, pkg:cargo or pkg:pypi")),
        }
    }

    fn purl_type(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Crates => "cargo",
            Self::Pypi => "pypi",
        }
    }

    /// The purl of the package that the registry calls `name`; `None` when no package can be called that.
    fn purl(self, name: &str) -> Option<Purl> {
        if self.is_name(name) { Purl::parse(&format!("pkg:{}/{name}", self.purl_type())).ok() } else { None }
    }

    /// The name under which to ask for a package.
    fn name(self, purl: &Purl) -> Result<&str, Refused> {
        let name = purl.spelled.as_str();
        if self.is_name(name) { Ok(name) } else { Err(Refused::at(&purl.id, "no package can have this name")) }
    }

    /// The purl of the package that an answer is about, which has to be the one that was asked for.
    fn answered(self, asked: &Purl, name: Option<&Value>) -> Result<Purl, Refused> {
        let name = name.and_then(Value::as_str).ok_or_else(|| Refused::at(&asked.id, "the answer names no package"))?;
        if !self.same(&asked.spelled, name) {
            let shown: String = name.chars().take(100).collect();
            return Err(Refused::at(&asked.id, format!("the answer is about another package, `{shown}`")));
        }
        self.purl(name).ok_or_else(|| Refused::at(&asked.id, "no package can have the name in the answer"))
    }

    /// Whether two names are one package to the registry.
    fn same(self, one: &str, other: &str) -> bool {
        let folded = |name: &str| match self {
            // Old names may differ in case alone.
            Self::Npm => name.to_owned(),
            Self::Crates => name.to_ascii_lowercase().replace('_', "-"),
            // Runs of marks are one.
            Self::Pypi => {
                let words = name.split(['-', '_', '.']).enumerate();
                let words = words.filter(|(n, word)| *n == 0 || !word.is_empty()).map(|(_, word)| word);
                words.collect::<Vec<_>>().join("-").to_ascii_lowercase()
            }
        };
        folded(one) == folded(other)
    }

    fn is_name(self, name: &str) -> bool {
        let plain = |text: &str, marks: &str| {
            text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
                && text.contains(|c: char| c.is_ascii_alphanumeric())
        };
        match self {
            Self::Npm => match name.strip_prefix('@').map(|scoped| scoped.split_once('/')) {
                None => name.len() <= 214 && plain(name, "-._~!'()*"),
                Some(Some((scope, bare))) => name.len() <= 214 && plain(scope, "-._~") && plain(bare, "-._~"),
                Some(None) => false,
            },
            Self::Crates => name.len() <= 64 && plain(name, "-_"),
            Self::Pypi => name.len() <= 255 && plain(name, "-._"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_packages() {
        for (registry, name, id) in [
            (Registry::Npm, "@stellar/js-xdr", "pkg:npm/%40stellar/js-xdr"),
            (Registry::Npm, "JSONStream", "pkg:npm/JSONStream"),
            (Registry::Crates, "serde_json", "pkg:cargo/serde_json"),
            (Registry::Pypi, "Stellar_SDK", "pkg:pypi/stellar-sdk"),
        ] {
            let purl = registry.purl(name).unwrap();
            assert_eq!((purl.id.as_str(), purl.spelled.as_str()), (id, name));
        }
        for name in ["", ".", "..", "a/b", "@a", "@/b", "@a/..", "a b", "a%2fb", "a?b", "a#b", "ä", "@a/b/c"] {
            assert!(!Registry::Npm.is_name(name), "{name}");
        }
        assert!(!Registry::Crates.is_name("a.b"));
    }

    #[test]
    fn an_answer_about_another_package_is_refused() {
        let asked = Purl::parse("pkg:cargo/Serde-JSON").unwrap();
        let answered = Registry::Crates.answered(&asked, Some(&Value::from("serde_json"))).unwrap();
        assert_eq!(answered.id, "pkg:cargo/serde_json");
        assert!(Registry::Crates.answered(&asked, Some(&Value::from("serde"))).is_err());
        let asked = Purl::parse("pkg:npm/JSONStream").unwrap();
        assert!(Registry::Npm.answered(&asked, Some(&Value::from("jsonstream"))).is_err());
        assert!(Registry::Crates.answered(&asked, None).is_err());
    }
}
