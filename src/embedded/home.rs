//! Where data goes when nobody says where.

use std::env;
use std::path::{Path, PathBuf};

use super::error::EmbeddedError;
use super::identity;

/// Name of our folder inside the platform's data folder.
const NAME: &str = "pg-atlas";
/// Name of the demo's beside it: what the demo appends stays, so it never goes to somebody's own log unasked.
#[cfg(feature = "ingest")]
const DEMO_NAME: &str = "pg-atlas-demo";
/// Where it is for root without a usable home.
const SYSTEM_WIDE: &str = "/var/lib";

/// The platform's default data folder: `$XDG_DATA_HOME/pg-atlas`, else `~/.local/share/pg-atlas`.
///
/// Root gets `/var/lib/pg-atlas` without a home, or where the server must run as a system user who cannot reach root's
/// home; the folder that exists already is kept.
pub(crate) fn default_data_dir() -> Result<PathBuf, EmbeddedError> {
    folder(NAME)
}

/// The folder of the demo, where nobody says where: beside the default one.
#[cfg(feature = "ingest")]
pub(crate) fn demo_data_dir() -> Result<PathBuf, EmbeddedError> {
    folder(DEMO_NAME)
}

fn folder(name: &str) -> Result<PathBuf, EmbeddedError> {
    let in_home = share().map(|share| share.join(name));
    if !rustix::process::geteuid().is_root() {
        return in_home.ok_or(EmbeddedError::NoHome);
    }
    let system_wide = Path::new(SYSTEM_WIDE).join(name);
    let reachable = |path: &Path| identity::namespaces_work() || identity::server_account_reaches(path);
    Ok(match in_home {
        Some(path) if path.exists() || (!system_wide.exists() && reachable(&path)) => path,
        _ => system_wide,
    })
}

/// The platform's data folder of this user.
fn share() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let entry = || {
        let home = identity::account(&rustix::process::geteuid().as_raw().to_string())?.home;
        Some(PathBuf::from(home)).filter(|path| path.is_dir())
    };
    folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME").or_else(entry)?.join(".local/share")))
}
