//! Documents from files and standard input: one bounded read, plain or packed as gz, zst, bz2 or xz.
//!
//! The bound is enforced while reading, before and after decompression, so neither an endless pipe nor a small file
//! that unpacks to terabytes is ever held in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use self::packing::Packing;

mod packing;
#[cfg(test)]
mod tests;

/// Greatest size of a document, in bytes, compressed or not: 256 MiB.
pub const MAX_DOCUMENT_BYTES: u64 = 256 * 1024 * 1024;

/// Why a document could not be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// No such file.
    #[error("{name}: no such file")]
    Missing {
        /// Path as given.
        name: String,
    },
    /// The file may not be read by this user.
    #[error("{name}: permission denied")]
    Denied {
        /// Path as given.
        name: String,
    },
    /// A folder where a document was expected.
    #[error("{name}: is a directory, expected a document")]
    Directory {
        /// Path as given.
        name: String,
    },
    /// More bytes than the limit, before or after decompression.
    #[error("{name}: larger than {limit} bytes, the limit of a document")]
    TooLarge {
        /// Path as given, or `standard input`.
        name: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A compressed body that does not unpack.
    #[error("{name}: damaged {encoding} data: {reason}")]
    Damaged {
        /// Path as given, or `standard input`.
        name: String,
        /// `gzip`, `zstd`, `bzip2` or `xz`.
        encoding: &'static str,
        /// What the decoder met.
        reason: String,
    },
    /// The system could not read it.
    #[error("{name}: {source}")]
    Io {
        /// Path as given, or `standard input`.
        name: String,
        /// The system's error.
        source: io::Error,
    },
}

/// Reads a document from a file, or from standard input when `path` is `-`; packed bodies are unpacked.
///
/// # Errors
/// When the file cannot be read, a compressed body is damaged, or there are more than [`MAX_DOCUMENT_BYTES`].
pub fn read(path: &Path) -> Result<Vec<u8>, InputError> {
    if path == Path::new("-") {
        return read_from(io::stdin().lock(), "standard input", MAX_DOCUMENT_BYTES);
    }
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| by_kind(&name, source))?;
    let metadata = file.metadata().map_err(|source| by_kind(&name, source))?;
    if metadata.is_dir() {
        return Err(InputError::Directory { name });
    }
    if metadata.len() > MAX_DOCUMENT_BYTES {
        return Err(InputError::TooLarge { name, limit: MAX_DOCUMENT_BYTES });
    }
    read_from(file, &name, MAX_DOCUMENT_BYTES)
}

/// Opens a file, or standard input when `path` is `-`, to be read piece by piece; packed bodies are unpacked on the
/// way. Nothing bounds the whole: the caller bounds what it keeps.
///
/// # Errors
/// When the file cannot be opened or is a folder.
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>, InputError> {
    if path == Path::new("-") {
        return unpacked(Box::new(io::stdin()), "standard input");
    }
    unpacked(Box::new(open_file(path)?), &path.display().to_string())
}

/// Opens a file as it is, packed or not.
///
/// # Errors
/// When it cannot be opened or is a folder.
pub fn open_file(path: &Path) -> Result<File, InputError> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| by_kind(&name, source))?;
    if file.metadata().map_err(|source| by_kind(&name, source))?.is_dir() {
        return Err(InputError::Directory { name });
    }
    Ok(file)
}

/// What `source` holds, unpacked as its first bytes say.
///
/// # Errors
/// When the first bytes cannot be read.
pub fn unpacked(source: Box<dyn Read + Send>, name: &str) -> Result<Box<dyn Read + Send>, InputError> {
    let (packing, whole) = packing::told(source).map_err(|source| by_kind(name, source))?;
    Ok(Box::new(packing.unpack(whole).map_err(|source| by_kind(name, source))?))
}

/// Reads a document from `source`, called `name` in errors: at most `limit` + 1 bytes are taken from the source, and
/// at most as many unpacked.
///
/// # Errors
/// As [`read`], with `limit` bytes.
pub fn read_from(source: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, InputError> {
    let mut raw = source.take(limit.saturating_add(1));
    let (packing, whole) = packing::told(&mut raw).map_err(|source| by_kind(name, source))?;
    let mut bytes = Vec::new();
    let unpacked = packing.unpack(whole).and_then(|reader| bounded(reader, limit, &mut bytes));
    if raw.limit() == 0 || bytes.len() as u64 > limit {
        return Err(InputError::TooLarge { name: name.to_owned(), limit });
    }
    match (unpacked, packing) {
        (Ok(()), _) => Ok(bytes),
        (Err(source), Packing::Plain) => Err(by_kind(name, source)),
        (Err(source), packing) => {
            let encoding = packing.name();
            Err(InputError::Damaged { name: name.to_owned(), encoding, reason: source.to_string() })
        }
    }
}

/// Reads `reader` to its end, or to one byte past `limit`.
fn bounded(reader: impl Read, limit: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
    reader.take(limit.saturating_add(1)).read_to_end(bytes).map(|_| ())
}

fn by_kind(name: &str, source: io::Error) -> InputError {
    let name = name.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound => InputError::Missing { name },
        io::ErrorKind::PermissionDenied => InputError::Denied { name },
        io::ErrorKind::IsADirectory => InputError::Directory { name },
        _ => InputError::Io { name, source },
    }
}
