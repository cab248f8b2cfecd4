//! Where the server's binaries are, and which major version the data folder wants.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, vec};

use super::error::EmbeddedError;
use super::folder::Folder;
use super::identity;

/// Environment variable that names the folder of `postgres` and `initdb`; nothing else is searched then.
const BIN_VARIABLE: &str = "PG_ATLAS_PG_BIN";
/// The oldest major version we start: older ones get no fixes any more.
const OLDEST_MAJOR: u32 = 15;
/// Where packages put the binaries of one major version: (folder, prefix of the version, folder below).
const PACKAGED: [(&str, &str, &str); 4] = [
    ("/usr/lib/postgresql", "", "bin"), // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),          // PostgreSQL's own packages for Red Hat and its kin
    ("/usr/lib", "postgresql", "bin"),  // SUSE
    ("/usr/libexec", "postgresql", ""), // Alpine
];

/// The binaries to use with a folder.
#[derive(Debug)]
pub(super) struct Binaries {
    /// Holds `postgres` and `initdb`.
    pub(super) bin: PathBuf,
    /// Their major version.
    pub(super) major: u32,
}

impl Binaries {
    /// Chooses the binaries for what `folder` holds: those of its newest data that can be served, else the newest.
    pub(super) fn choose(folder: &Folder) -> Result<Self, EmbeddedError> {
        let named = env::var_os(BIN_VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let mut servers = Servers::among(named.as_deref());
        let majors = folder.majors()?;
        if let Some(major) = majors.iter().rev().copied().find(|major| servers.has(*major)) {
            return Ok(Self { bin: servers.found.remove(&major).unwrap_or_default(), major });
        }
        // All places were asked, unless there is no data yet.
        while servers.ask() {}
        let Some((newest, bin)) = servers.found.last_key_value() else {
            let looked = match named {
                Some(bin) => format!("{BIN_VARIABLE}={}", bin.display()),
                None => "/usr/lib/postgresql/*/bin, /usr/pgsql-*/bin, PATH".to_owned(),
            };
            return Err(EmbeddedError::NoServer { looked, oldest: OLDEST_MAJOR });
        };
        match majors.last() {
            None => Ok(Self { bin: bin.clone(), major: *newest }),
            Some(&cluster) => {
                let list = servers.found.iter().map(|(major, bin)| format!("{major} ({})", bin.display()));
                let found = list.collect::<Vec<_>>().join(", ");
                Err(EmbeddedError::OtherVersion { folder: folder.root.clone(), cluster, found })
            }
        }
    }
}

/// Installed servers. Each is asked for its version, which starts it: no more of them than must be.
struct Servers {
    /// Places not asked yet.
    places: vec::IntoIter<PathBuf>,
    /// By major version; for one version the first place wins.
    found: BTreeMap<u32, PathBuf>,
}

impl Servers {
    fn among(named: Option<&Path>) -> Self {
        let places: Vec<_> = named.map_or_else(|| packaged().chain(on_path()).collect(), |bin| vec![bin.to_path_buf()]);
        Self { places: places.into_iter(), found: BTreeMap::new() }
    }

    /// Whether there is one of this version.
    fn has(&mut self, major: u32) -> bool {
        while !self.found.contains_key(&major) {
            if !self.ask() {
                return false;
            }
        }
        true
    }

    /// Asks the next place; false where there is none.
    fn ask(&mut self) -> bool {
        let Some(bin) = self.places.next() else { return false };
        if let Some(major) = version(&bin).filter(|&major| major >= OLDEST_MAJOR) {
            self.found.entry(major).or_insert(bin);
        }
        true
    }
}

/// Folders of installed packages, whether or not they hold a server.
fn packaged() -> impl Iterator<Item = PathBuf> {
    PACKAGED.into_iter().flat_map(|(folder, prefix, below)| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.filter_map(move |entry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix(prefix)?.parse::<u32>().ok()?;
            Some(entry.path().join(below))
        })
    })
}

/// The folders of PATH.
fn on_path() -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// Asks the binaries themselves: a folder's name promises nothing, and client packages come without a server.
fn version(bin: &Path) -> Option<u32> {
    let postgres = bin.join("postgres");
    if !postgres.is_file() || !bin.join("initdb").is_file() {
        return None;
    }
    let output = identity::clean_command(&postgres).arg("--version").output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout))
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian ...)`, also of `17beta1` and `18devel`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number.get(..digits)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_releases_and_previews() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(major("postgres (PostgreSQL) 18devel"), Some(18));
        assert_eq!(major("something else 12"), None);
    }
}
