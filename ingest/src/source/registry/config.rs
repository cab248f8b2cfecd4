//! Where the registries are. No address is built in: whoever runs the program says which registries, or which mirrors
//! of them, it may ask.

use reqwest::Url;
use thiserror::Error;

use super::{Registry, crates, npm, pypi};
use crate::source::fetch::{AnswerShape, UnusableAddress, base, below, check};

/// The environment variables that name the registries.
pub mod variable {
    /// Packuments: `{base}/NAME`.
    pub const NPM: &str = "PG_ATLAS_NPM_URL";
    /// Downloads of npm packages: `{base}/downloads/point/last-month/NAME`.
    pub const NPM_DOWNLOADS: &str = "PG_ATLAS_NPM_DOWNLOADS_URL";
    /// Sparse index of Rust crates: `{base}/se/rd/serde`.
    pub const CRATES_INDEX: &str = "PG_ATLAS_CRATES_INDEX_URL";
    /// Metadata of Rust crates: `{base}/api/v1/crates/NAME`.
    pub const CRATES_API: &str = "PG_ATLAS_CRATES_API_URL";
    /// Python projects: `{base}/pypi/NAME/json`.
    pub const PYPI: &str = "PG_ATLAS_PYPI_URL";
    /// Downloads of Python projects: `{base}/api/packages/NAME/recent?period=month`.
    pub const PYPI_DOWNLOADS: &str = "PG_ATLAS_PYPI_DOWNLOADS_URL";
}

/// Base addresses. Versions and dependencies need the first of each kind; without the second the facts have no
/// downloads (and, for crates, no link and no licence).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistryConfig {
    /// Packuments.
    pub npm: Option<Url>,
    /// Downloads of npm packages.
    pub npm_downloads: Option<Url>,
    /// Sparse index of Rust crates.
    pub crates_index: Option<Url>,
    /// Metadata of Rust crates.
    pub crates_api: Option<Url>,
    /// Python projects.
    pub pypi: Option<Url>,
    /// Downloads of Python projects.
    pub pypi_downloads: Option<Url>,
}

/// A set-up that cannot work.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// An address is needed and not given.
    #[error("looking up pkg:{purl_type} packages needs the registry's base address in {variable}")]
    Unset {
        /// The variable to set.
        variable: &'static str,
        /// Type of the purl that needs it.
        purl_type: &'static str,
    },
    /// An address that cannot be used.
    #[error(transparent)]
    Unusable(#[from] UnusableAddress),
}

/// One answer to fetch.
#[derive(Debug)]
pub(super) struct Part {
    /// Its name among the answers.
    pub(super) name: &'static str,
    /// Where it is.
    pub(super) url: Url,
    /// Its shape.
    pub(super) shape: AnswerShape,
    /// Whether there is no package without it.
    pub(super) main: bool,
}

impl RegistryConfig {
    /// Reads the variables through `get`. Unset and empty is the same; an error is the reason why a value is no text.
    ///
    /// # Errors
    /// When an address is not `http(s)://host[:port][/path]`.
    pub fn from_variables<E: ToString>(
        get: impl Fn(&'static str) -> Result<Option<String>, E>,
    ) -> Result<Self, ConfigError> {
        let read = |variable| base(variable, &get);
        Ok(Self {
            npm: read(variable::NPM)?,
            npm_downloads: read(variable::NPM_DOWNLOADS)?,
            crates_index: read(variable::CRATES_INDEX)?,
            crates_api: read(variable::CRATES_API)?,
            pypi: read(variable::PYPI)?,
            pypi_downloads: read(variable::PYPI_DOWNLOADS)?,
        })
    }

    /// Whether every address given can be used.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (variable, url) in self.bases() {
            check(variable, url)?;
        }
        Ok(())
    }

    /// Every address given, with its variable.
    pub(super) fn bases(&self) -> impl Iterator<Item = (&'static str, &Url)> {
        let all = [
            (variable::NPM, &self.npm),
            (variable::NPM_DOWNLOADS, &self.npm_downloads),
            (variable::CRATES_INDEX, &self.crates_index),
            (variable::CRATES_API, &self.crates_api),
            (variable::PYPI, &self.pypi),
            (variable::PYPI_DOWNLOADS, &self.pypi_downloads),
        ];
        all.into_iter().filter_map(|(variable, url)| url.as_ref().map(|url| (variable, url)))
    }

    /// The main address of a registry.
    pub(super) fn base(&self, registry: Registry) -> Result<&Url, ConfigError> {
        let (variable, base) = match registry {
            Registry::Npm => (variable::NPM, &self.npm),
            Registry::Crates => (variable::CRATES_INDEX, &self.crates_index),
            Registry::Pypi => (variable::PYPI, &self.pypi),
        };
        base.as_ref().ok_or(ConfigError::Unset { variable, purl_type: registry.purl_type() })
    }

    /// What to fetch about the package that `registry` calls `name`.
    pub(super) fn parts(&self, registry: Registry, name: &str) -> Result<Vec<Part>, ConfigError> {
        let base = self.base(registry)?;
        let main = |part, url, shape| Part { name: part, url, shape, main: true };
        let side = |part, url| Part { name: part, url, shape: AnswerShape::Json, main: false };
        let mut parts = Vec::new();
        match registry {
            Registry::Npm => {
                parts.push(main(npm::PACKUMENT, below(base, &[name]), AnswerShape::Json));
                let counts = self.npm_downloads.as_ref();
                parts.extend(
                    counts.map(|base| side(npm::DOWNLOADS, below(base, &["downloads", "point", "last-month", name]))),
                );
            }
            Registry::Crates => {
                let name = name.to_ascii_lowercase();
                parts.push(main(crates::INDEX, below(base, &index_path(&name)), AnswerShape::Lines));
                let api = self.crates_api.as_ref();
                parts.extend(api.map(|base| side(crates::CRATE, below(base, &["api", "v1", "crates", &name]))));
            }
            Registry::Pypi => {
                parts.push(main(pypi::PROJECT, below(base, &["pypi", name, "json"]), AnswerShape::Json));
                let counts = self.pypi_downloads.as_ref();
                parts.extend(counts.map(|base| {
                    let mut url = below(base, &["api", "packages", &name.to_ascii_lowercase(), "recent"]);
                    url.set_query(Some("period=month"));
                    side(pypi::DOWNLOADS, url)
                }));
            }
        }
        Ok(parts)
    }
}

/// Where the sparse index keeps a crate: `1/a`, `2/ab`, `3/a/abc`, `ab/cd/abcd`. Names are ASCII.
fn index_path(name: &str) -> Vec<&str> {
    match name.len() {
        0 | 1 => vec!["1", name],
        2 => vec!["2", name],
        3 => vec!["3", &name[..1], name],
        _ => vec![&name[..2], &name[2..4], name],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base: &str) -> Result<RegistryConfig, ConfigError> {
        RegistryConfig::from_variables(|_| Ok::<_, String>(Some(base.to_owned())))
    }

    fn urls(registry: Registry, name: &str) -> Vec<String> {
        let parts = config("https://registry.example/mirror/").unwrap().parts(registry, name).unwrap();
        parts.into_iter().map(|part| part.url.as_str().replace("https://registry.example/mirror/", "")).collect()
    }

    #[test]
    fn addresses_of_packages() {
        let npm = ["@stellar%2Fjs-xdr", "downloads/point/last-month/@stellar%2Fjs-xdr"];
        assert_eq!(urls(Registry::Npm, "@stellar/js-xdr"), npm);
        assert_eq!(urls(Registry::Crates, "Serde_JSON"), ["se/rd/serde_json", "api/v1/crates/serde_json"]);
        assert_eq!(urls(Registry::Crates, "abc")[0], "3/a/abc");
        assert_eq!(urls(Registry::Crates, "a")[0], "1/a");
        let pypi = ["pypi/stellar-sdk/json", "api/packages/stellar-sdk/recent?period=month"];
        assert_eq!(urls(Registry::Pypi, "stellar-sdk"), pypi);
    }

    #[test]
    fn what_is_unset_is_named() {
        let error = RegistryConfig::default().parts(Registry::Crates, "serde").unwrap_err();
        assert!(error.to_string().contains("PG_ATLAS_CRATES_INDEX_URL"), "{error}");
        assert_eq!(config("  ").unwrap(), RegistryConfig::default());
    }
}
