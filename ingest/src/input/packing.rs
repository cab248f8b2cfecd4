//! How a body is packed, told by its first bytes, and the reader that unpacks it.

use std::io::{self, BufReader, Chain, Cursor, Read};

/// Greatest window a zstd body may ask for, as a power of two in bytes: 128 MiB.
pub(crate) const MAX_ZSTD_WINDOW_LOG: u32 = 27;
/// Greatest memory that unpacking xz may take, in KiB: what `xz -9` asks for, a dictionary of 64 MiB and its tables.
pub(crate) const MAX_XZ_MEMORY_KIB: u32 = 65 * 1024;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BZIP2_MAGIC: &[u8] = b"BZh";
const XZ_MAGIC: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];
/// Bytes that tell every packing.
const HEAD_BYTES: usize = XZ_MAGIC.len();

/// How a body is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

/// A source whose first bytes were looked at.
pub(super) type WholeSource<R> = Chain<Cursor<Vec<u8>>, R>;

/// How `source` is packed, and `source` from its first byte on.
pub(super) fn told<R: Read>(mut source: R) -> io::Result<(Packing, WholeSource<R>)> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    source.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let packing = match &*head {
        head if head.starts_with(GZIP_MAGIC) => Packing::Gzip,
        head if head.starts_with(ZSTD_MAGIC) => Packing::Zstd,
        head if head.starts_with(BZIP2_MAGIC) && matches!(head.get(3), Some(b'1'..=b'9')) => Packing::Bzip2,
        head if head.starts_with(XZ_MAGIC) => Packing::Xz,
        _ => Packing::Plain,
    };
    Ok((packing, Cursor::new(head).chain(source)))
}

impl Packing {
    /// The name as errors have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// The reader that unpacks `source`. Members or streams one after another are one body; what stands behind the
    /// last and is none is an error.
    pub(super) fn unpack<R: Read>(self, source: R) -> io::Result<Unpacked<R>> {
        Ok(match self {
            Self::Plain => Unpacked::Plain(source),
            Self::Gzip => Unpacked::Gzip(Box::new(flate2::read::MultiGzDecoder::new(source))),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(source)?;
                decoder.window_log_max(MAX_ZSTD_WINDOW_LOG)?;
                Unpacked::Zstd(Box::new(decoder))
            }
            Self::Bzip2 => Unpacked::Bzip2(Box::new(bzip2::read::MultiBzDecoder::new(source))),
            Self::Xz => {
                let buffered = BufReader::new(source);
                Unpacked::Xz(Box::new(lzma_rust2::XzReader::new_mem_limit(buffered, true, MAX_XZ_MEMORY_KIB)))
            }
        })
    }
}

/// A body while it is unpacked.
pub(super) enum Unpacked<R: Read> {
    Plain(R),
    Gzip(Box<flate2::read::MultiGzDecoder<R>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<R>>>),
    Bzip2(Box<bzip2::read::MultiBzDecoder<R>>),
    Xz(Box<lzma_rust2::XzReader<BufReader<R>>>),
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
            Self::Bzip2(decoder) => decoder.read(buffer),
            Self::Xz(decoder) => decoder.read(buffer),
        }
    }
}
