//! The folder of the server's Unix socket, the only way in.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::error::{AtPath, EmbeddedError};
use super::folder::{Folder, PRIVATE_DIR, make_private};

/// The port is only part of the socket's name; the server listens on no network address.
pub(super) const PORT: u16 = 5432;
/// Longest path of a Unix socket in bytes, without the final NUL.
const SOCKET_PATH_MAX: usize = 107;
/// How many names are tried for a short folder before giving up on a base.
const NAMES_MAX: u32 = 8;

/// Finds or makes the socket folder: inside the server's folder, or a short private one if that path is too long.
pub(super) fn folder_for(folder: &Folder) -> Result<PathBuf, EmbeddedError> {
    let inside = folder.root.join("run");
    if fits(&inside) {
        make_private(&inside, folder.owner, folder.group)?;
        return Ok(inside);
    }
    // The inode names the folder: the same short name at every start, another one for every other folder.
    let identity = fs::metadata(&folder.root).at(&folder.root)?;
    let name = format!("pg-atlas-{:x}-{:x}", identity.dev(), identity.ino());
    for base in bases(folder) {
        for attempt in 0..NAMES_MAX {
            let path = base.join(if attempt == 0 { name.clone() } else { format!("{name}-{attempt}") });
            // Whoever may write to the base could have taken the name: use the folder only if it is private and ours.
            if fits(&path) && make_private(&path, folder.owner, folder.group).is_ok() && is_private(&path, folder.owner)
            {
                return Ok(path);
            }
        }
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidFilename,
        "path too long for a socket, and no short private folder to be had",
    ))
    .at(&folder.root)
}

/// Removes what a killed server left, which would otherwise block the next one if its process number is in use again.
pub(super) fn clear(socket: &Path) {
    for name in [file_name(), format!("{}.lock", file_name())] {
        // Missing is the usual case; anything else makes the server itself refuse, with a message in the log.
        let _ = fs::remove_file(socket.join(name));
    }
}

/// Where a short folder may go: the runtime folder of the user at work, if that is who runs the server, else `/tmp`.
fn bases(folder: &Folder) -> impl Iterator<Item = PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = rustix::process::geteuid().as_raw() == folder.owner;
    runtime.filter(|base| own && base.is_absolute() && base.is_dir()).into_iter().chain([PathBuf::from("/tmp")])
}

fn is_private(path: &Path, owner: u32) -> bool {
    fs::symlink_metadata(path).is_ok_and(|m| m.is_dir() && m.uid() == owner && m.mode() & 0o777 == PRIVATE_DIR)
}

fn fits(folder: &Path) -> bool {
    folder.join(file_name()).as_os_str().as_bytes().len() <= SOCKET_PATH_MAX
}

fn file_name() -> String {
    format!(".s.PGSQL.{PORT}")
}
