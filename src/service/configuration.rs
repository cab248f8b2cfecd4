//! The configuration file: where the atlas is, and which registries and hosts it may ask, for all commands of a folder.
//! What a flag or the environment says goes before it. A value may be a secret: no message repeats one.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use domain::TenantName;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Error, Result};
use super::{Settings, database_url};

/// Name of the file that is looked for in the current folder, and in no other.
pub const FILE_NAME: &str = "pg-atlas.toml";
/// Largest file, in bytes.
const MAX_BYTES: u64 = 64 << 10;
/// Tables of addresses.
const TABLES: [&str; 3] = ["hosts", "registries", "service"];
/// Longest key that a message repeats, in bytes: a longer one is no key.
const SHOWN_BYTES: usize = 40;

/// Keys, with the variables of the environment that go before them.
const KEYS: &[(&str, &str)] = &[
    (DATABASE_URL, "DATABASE_URL"),
    (DATA_DIR, "PG_ATLAS_DATA_DIR"),
    (TENANT, "PG_ATLAS_TENANT"),
    ("contact", "PG_ATLAS_CONTACT"),
    ("hosts.github", "PG_ATLAS_GITHUB_URL"),
    ("hosts.gitlab", "PG_ATLAS_GITLAB_URL"),
    ("registries.npm", "PG_ATLAS_NPM_URL"),
    ("registries.npm_downloads", "PG_ATLAS_NPM_DOWNLOADS_URL"),
    ("registries.crates_index", "PG_ATLAS_CRATES_INDEX_URL"),
    ("registries.crates_api", "PG_ATLAS_CRATES_API_URL"),
    ("registries.pypi", "PG_ATLAS_PYPI_URL"),
    ("registries.pypi_downloads", "PG_ATLAS_PYPI_DOWNLOADS_URL"),
    ("service.api_url", "PG_ATLAS_API_URL"),
    ("service.oidc_issuer", "PG_ATLAS_OIDC_ISSUER"),
    ("service.oidc_jwks", "PG_ATLAS_OIDC_JWKS"),
    (TRUSTED_PROXIES, "PG_ATLAS_TRUSTED_PROXIES"),
];
const DATABASE_URL: &str = "database_url";
const DATA_DIR: &str = "data_dir";
const TENANT: &str = "tenant";
const TRUSTED_PROXIES: &str = "service.trusted_proxies";

/// What a configuration file says.
#[derive(Clone, Default)]
pub struct Configuration {
    database_url: Option<String>,
    data_dir: Option<PathBuf>,
    tenant: Option<TenantName>,
    /// The other values, by their variables.
    variables: BTreeMap<&'static str, String>,
}

/// Without what it says, which may be a password.
impl fmt::Debug for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configuration").finish_non_exhaustive()
    }
}

/// A value, and the line that it stands on.
struct ConfiguredValue {
    text: String,
    line: usize,
}

impl Configuration {
    /// What the named file says; else what the one of the current folder says, if there is one. Folders above do not
    /// count: what a command works on is to be seen where it is called.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the named file cannot be read, or the one that was found belongs to somebody else;
    /// [`Error::Invalid`], with the line, when it does not say what it may.
    pub fn find(named: Option<&Path>) -> Result<Self> {
        let here = Path::new(FILE_NAME);
        let (path, open) = match named {
            Some(path) => (path, File::open(path)),
            None => match File::open(here) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
                opened => (here, opened),
            },
        };
        let unreadable = |error: std::io::Error| Error::unavailable(error).of(path.display());
        let file = open.map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        // A file in a folder of all could send somebody's data to a place of its owner's choice.
        let (owner, user) = (metadata.uid(), rustix::process::geteuid().as_raw());
        if named.is_none() && owner != user && owner != 0 {
            let reason = format!("it belongs to user {owner}, not to you ({user}): it is used where it is named");
            return Err(Error::unavailable(reason).of(path.display()));
        }
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        let wrong = |(line, reason): (usize, String)| {
            Error::invalid("configuration", reason).of(format!("{} line {line}", path.display()))
        };
        if text.len() as u64 > MAX_BYTES {
            return Err(wrong((1, format!("larger than {MAX_BYTES} bytes"))));
        }
        let folder = fs::canonicalize(path).map_err(unreadable)?;
        Self::parse(&text, folder.parent().unwrap_or(&folder)).map_err(wrong)
    }

    /// Reads a file's text. A data folder without a leading `/` is one beneath the file's own. An error has its line.
    fn parse(text: &str, folder: &Path) -> std::result::Result<Self, (usize, String)> {
        let mut values = values(text)?;
        let mut configuration = Self::default();
        if let Some(ConfiguredValue { text, line }) = values.remove(DATABASE_URL) {
            database_url::parse(&text).map_err(|error| (line, format!("{DATABASE_URL}: {error}")))?;
            configuration.database_url = Some(text);
        }
        configuration.data_dir = values.remove(DATA_DIR).map(|value| folder.join(value.text));
        if let Some(ConfiguredValue { text, line }) = values.remove(TENANT) {
            let tenant = TenantName::new(&text).map_err(|error| (line, format!("{TENANT}: {}", error.reason)))?;
            configuration.tenant = Some(tenant);
        }
        #[cfg(feature = "ingest")]
        addresses(&values)?;
        let variable = |key: &str| KEYS.iter().find(|(known, _)| *known == key).map(|(_, variable)| *variable);
        configuration.variables =
            values.into_iter().filter_map(|(key, value)| Some((variable(&key)?, value.text))).collect();
        Ok(configuration)
    }

    /// The settings that these flags, else the environment, which the front has read, else this file make.
    #[must_use]
    pub fn settings(
        &self,
        database_url: Option<String>,
        data_dir: Option<PathBuf>,
        tenant: Option<TenantName>,
    ) -> Settings {
        Settings {
            tenant: tenant.or_else(|| self.tenant.clone()).unwrap_or_default(),
            database_url: database_url.or_else(|| self.database_url.clone()),
            data_dir: data_dir.or_else(|| self.data_dir.clone()),
            configured: self.variables.clone(),
        }
    }
}

/// Every value of a file by its key; one that is empty says nothing.
fn values(text: &str) -> std::result::Result<BTreeMap<String, ConfiguredValue>, (usize, String)> {
    let line = |byte: usize| 1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count();
    let table = DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        (line(at), format!("it cannot be read as TOML: {}", error.message()))
    })?;
    let mut found = BTreeMap::new();
    let mut take = |key: String, at: usize, value: &Spanned<DeValue<'_>>| {
        let at = line(at);
        if !KEYS.iter().any(|(known, _)| *known == key) {
            return Err((at, unknown(&key)));
        }
        let Some(text) = value.get_ref().as_str() else {
            return Err((at, format!("{key}: expected a text in quotes")));
        };
        if !text.trim().is_empty() {
            found.insert(key, ConfiguredValue { text: text.trim().to_owned(), line: at });
        }
        Ok(())
    };
    for (key, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(inner) if TABLES.contains(&key.get_ref().as_ref()) => {
                for (name, value) in inner {
                    take(format!("{}.{}", key.get_ref(), name.get_ref()), name.span().start, value)?;
                }
            }
            _ => take(key.get_ref().clone().into_owned(), key.span().start, value)?,
        }
    }
    Ok(found)
}

/// What is said of a key that there is not.
fn unknown(key: &str) -> String {
    let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    let plain =
        key.len() <= SHOWN_BYTES && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    let shown = if plain { format!("`{key}` is no key") } else { "there is no such key".to_owned() };
    format!("{shown}; there are {}", known.join(", "))
}

/// Whether every address can be one.
#[cfg(feature = "ingest")]
fn addresses(values: &BTreeMap<String, ConfiguredValue>) -> std::result::Result<(), (usize, String)> {
    use ingest::source::fetch;
    for (key, _) in KEYS.iter().filter(|(key, _)| key.contains('.') && *key != TRUSTED_PROXIES) {
        let Some(value) = values.get(*key) else { continue };
        fetch::base(key, |_| Ok::<_, Error>(Some(value.text.clone())))
            .map_err(|error| (value.line, error.to_string()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "HUNTER2";

    fn parse(text: &str) -> std::result::Result<Configuration, (usize, String)> {
        Configuration::parse(text, Path::new("/etc/atlas"))
    }

    #[test]
    fn what_it_says_comes_after_flags() {
        let said = parse("database_url = 'postgres://a@h/d'\ndata_dir = \"data\"\ncontact = ''\n").unwrap_or_default();
        let settings = said.settings(None, None, None);
        assert_eq!(settings.database_url.as_deref(), Some("postgres://a@h/d"));
        assert_eq!(settings.data_dir.as_deref(), Some(Path::new("/etc/atlas/data")));
        assert!(settings.configured.is_empty(), "what is empty says nothing");
        let settings = said.settings(Some("other".into()), Some("/elsewhere".into()), None);
        assert_eq!((settings.database_url.as_deref(), settings.data_dir), (Some("other"), Some("/elsewhere".into())));
    }

    #[test]
    fn what_is_wrong_has_its_line_and_no_value() {
        for (text, line, reason) in [
            (
                "data_dir = 'x'\ndatabase = 'HUNTER2'",
                2,
                "`database` is no key; there are database_url, data_dir, tenant, contact",
            ),
            ("# a\n\n[registries]\nnpm = 'HUNTER2'", 4, "registries.npm: expected a base address"),
            ("[registries]\nnpm = 'https://ann:HUNTER2@h/'", 2, "found a user or password in it"),
            ("[registries]\nrubygems = 'https://h/'", 2, "`registries.rubygems` is no key"),
            ("[hosts]\ngithub = 'HUNTER2'", 2, "hosts.github: expected a base address"),
            ("[hosts]\ngithub_token = 'HUNTER2'", 2, "`hosts.github_token` is no key"),
            ("database_url = 'mysql://HUNTER2@h/d'", 1, "database_url: the database URL is not of the form"),
            ("data_dir = ['HUNTER2']", 1, "data_dir: expected a text"),
            ("tenant = 'HUNTER2'", 1, "tenant: expected 1 to 63 of a-z, 0-9 and -"),
            ("registries = 'HUNTER2'", 1, "`registries` is no key"),
            ("data_dir = 'x'\ndatabase_url = postgres://a:HUNTER2@h/d", 2, "it cannot be read as TOML"),
            ("data_dir = 'x'\ndata_dir = 'HUNTER2'", 2, "it cannot be read as TOML"),
            ("database_url = 'postgres://a:HUNTER2@h/d", 1, "it cannot be read as TOML"),
            ("'postgres://a:HUNTER2@h/d' = 1", 1, "there is no such key"),
            ("[[registries]]\nnpm = 'HUNTER2'", 1, "`registries` is no key"),
        ] {
            let Err((at, said)) = parse(text) else { panic!("taken: {text}") };
            assert!(at == line && said.contains(reason), "{text}\n{at}: {said}");
            assert!(!said.contains(CANARY), "{said}");
        }
    }
}
