//! Documents from files and standard input: one bounded read, plain, gzip or zstd.
//!
//! The bound is enforced while reading, before and after decompression, so neither an endless pipe nor a small file
//! that unpacks to terabytes is ever held in memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

/// Greatest size of a document, in bytes, compressed or not: 256 MiB.
pub const MAX_DOCUMENT_BYTES: u64 = 256 * 1024 * 1024;
/// Greatest window a zstd body may ask for, as a power of two in bytes: 128 MiB.
pub(crate) const MAX_ZSTD_WINDOW_LOG: u32 = 27;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

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
        /// `gzip` or `zstd`.
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

/// Reads a document from a file, or from standard input when `path` is `-`; gzip and zstd bodies are unpacked.
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

/// Opens a file, or standard input when `path` is `-`, to be read piece by piece; gzip and zstd bodies are unpacked on
/// the way. Nothing bounds the whole: the caller bounds what it keeps.
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
pub fn unpacked(mut source: Box<dyn Read + Send>, name: &str) -> Result<Box<dyn Read + Send>, InputError> {
    let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
    let io_error = |source| by_kind(name, source);
    source.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head).map_err(io_error)?;
    let (gzip, zstd) = (head.starts_with(&GZIP_MAGIC), head.starts_with(&ZSTD_MAGIC));
    let whole = io::Cursor::new(head).chain(source);
    Ok(if gzip {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else if zstd {
        let mut decoder = zstd::stream::read::Decoder::new(whole).map_err(io_error)?;
        decoder.window_log_max(MAX_ZSTD_WINDOW_LOG).map_err(io_error)?;
        Box::new(decoder)
    } else {
        Box::new(whole)
    })
}

/// Reads a document from `source`, called `name` in errors: at most `limit` + 1 bytes are taken from the source, and
/// at most as many unpacked.
///
/// # Errors
/// As [`read`], with `limit` bytes.
pub fn read_from(source: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, InputError> {
    let io_error = |source| by_kind(name, source);
    let mut raw = source.take(limit.saturating_add(1));
    let mut head = Vec::with_capacity(ZSTD_MAGIC.len());
    raw.by_ref().take(ZSTD_MAGIC.len() as u64).read_to_end(&mut head).map_err(io_error)?;

    let gzip = head.starts_with(&GZIP_MAGIC);
    let zstd = head.starts_with(&ZSTD_MAGIC);
    let mut whole = io::Cursor::new(head).chain(raw.by_ref());
    let mut bytes = Vec::new();
    let unpacked = if gzip {
        bounded(flate2::read::MultiGzDecoder::new(&mut whole), limit, &mut bytes)
    } else if zstd {
        zstd::stream::read::Decoder::new(&mut whole)
            .and_then(|mut decoder| decoder.window_log_max(MAX_ZSTD_WINDOW_LOG).map(|()| decoder))
            .and_then(|decoder| bounded(decoder, limit, &mut bytes))
    } else {
        bounded(&mut whole, limit, &mut bytes)
    };
    if raw.limit() == 0 || bytes.len() as u64 > limit {
        return Err(InputError::TooLarge { name: name.to_owned(), limit });
    }
    let encoding = if gzip { "gzip" } else { "zstd" };
    match unpacked {
        Ok(()) => Ok(bytes),
        Err(source) if gzip || zstd => {
            Err(InputError::Damaged { name: name.to_owned(), encoding, reason: source.to_string() })
        }
        Err(source) => Err(io_error(source)),
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 19).unwrap()
    }

    #[test]
    fn what_is_read_piece_by_piece_is_unpacked_too() {
        let text = b"{\"kind\":\"sbom\"}\n".repeat(1000);
        for packed in [text.clone(), gzip(&text), zstd(&text)] {
            let mut read = Vec::new();
            unpacked(Box::new(io::Cursor::new(packed)), "x").unwrap().read_to_end(&mut read).unwrap();
            assert_eq!(read, text);
        }
        let mut nothing = Vec::new();
        unpacked(Box::new(io::empty()), "x").unwrap().read_to_end(&mut nothing).unwrap();
        assert!(nothing.is_empty());
    }

    /// Gives zeros for ever and counts what was taken.
    struct Endless<'a>(&'a mut u64);

    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b'0');
            *self.0 += buffer.len() as u64;
            Ok(buffer.len())
        }
    }

    #[test]
    fn plain_gzip_and_zstd_give_the_same_bytes() {
        let text = b"{\"bomFormat\":\"CycloneDX\"}".repeat(100);
        for body in [text.clone(), gzip(&text), zstd(&text)] {
            assert_eq!(read_from(body.as_slice(), "x", 10_000).unwrap(), text);
        }
        let parts = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(read_from(parts.as_slice(), "x", 100).unwrap(), b"one two");
        for short in [&b""[..], b"{", b"\x1f", b"\x28\xb5"] {
            assert_eq!(read_from(short, "x", 100).unwrap(), short);
        }
    }

    #[test]
    fn the_limit_is_the_last_size_that_passes() {
        let text = vec![b'7'; 5000];
        for body in [text.clone(), gzip(&text), zstd(&text)] {
            assert_eq!(read_from(body.as_slice(), "x", 5000).unwrap().len(), 5000);
            let refused = read_from(body.as_slice(), "big.json", 4999).unwrap_err();
            assert_eq!(refused.to_string(), "big.json: larger than 4999 bytes, the limit of a document");
        }
    }

    #[test]
    fn an_endless_source_is_left_after_one_byte_past_the_limit() {
        let mut taken = 0;
        assert!(matches!(read_from(Endless(&mut taken), "pipe", 100_000), Err(InputError::TooLarge { .. })));
        assert_eq!(taken, 100_001);
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let zeros = vec![0; 50_000_000];
        for bomb in [gzip(&zeros), zstd(&zeros)] {
            assert!(bomb.len() < 100_000);
            assert!(matches!(read_from(bomb.as_slice(), "bomb", 1_000_000), Err(InputError::TooLarge { .. })));
        }
        // Members that unpack to nothing give no output to count: the bound on the input stops them.
        let nothing = gzip(b"").repeat(10_000);
        assert!(matches!(read_from(nothing.as_slice(), "bomb", 100_000), Err(InputError::TooLarge { .. })));
    }

    proptest! {
        #[test]
        fn any_body_is_read_within_the_limit_or_refused(
            text in prop::collection::vec(0..4_u8, 0..300),
            packing in 0..3_u8,
            changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
            limit in 0..400_u64,
        ) {
            let mut body = match packing {
                0 => gzip(&text),
                1 => zstd::stream::encode_all(text.as_slice(), 1).unwrap(),
                _ => [text, gzip(b"inside")].concat(),
            };
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if let Ok(read) = read_from(body.as_slice(), "x", limit) {
                prop_assert!(read.len() as u64 <= limit);
            }
            let mut piecemeal = Vec::new();
            if let Ok(source) = unpacked(Box::new(io::Cursor::new(body)), "x") {
                let _ = source.take(limit).read_to_end(&mut piecemeal);
            }
        }
    }

    #[test]
    fn damaged_bodies_say_so() {
        for (body, encoding) in [(gzip(&[b'x'; 1000]), "gzip"), (zstd(&[b'x'; 1000]), "zstd")] {
            let cut = &body[..body.len() - 3];
            let message = read_from(cut, "cut", 10_000).unwrap_err().to_string();
            assert!(message.starts_with(&format!("cut: damaged {encoding} data: ")), "{message}");
        }
    }

    #[test]
    fn paths_are_named_in_errors() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none.json");
        assert_eq!(read(&missing).unwrap_err().to_string(), format!("{}: no such file", missing.display()));
        assert!(matches!(read(folder.path()), Err(InputError::Directory { .. })));

        let file = folder.path().join("some.json.gz");
        std::fs::write(&file, gzip(b"{}")).unwrap();
        assert_eq!(read(&file).unwrap(), b"{}");
    }

    #[test]
    fn a_file_past_the_limit_is_refused_unread() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse.json");
        File::create(&path).unwrap().set_len(300 * 1024 * 1024).unwrap();
        assert!(matches!(read(&path), Err(InputError::TooLarge { limit: MAX_DOCUMENT_BYTES, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_may_not_be_read_is_denied() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.json");
        std::fs::write(&path, b"{}").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(&path).is_ok() {
            println!("skipped: this user reads every file");
            return;
        }
        assert_eq!(read(&path).unwrap_err().to_string(), format!("{}: permission denied", path.display()));
    }
}
