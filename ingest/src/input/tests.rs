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
    zstd::stream::encode_all(bytes, 3).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// How a body is packed.
type PackedHow = fn(&[u8]) -> Vec<u8>;

/// As it is, and packed in every way.
const WAYS: [PackedHow; 5] = [<[u8]>::to_vec, gzip, zstd, bzip2, xz];

/// `bytes` in all of [`WAYS`].
fn every_way(bytes: &[u8]) -> [Vec<u8>; 5] {
    WAYS.map(|way| way(bytes))
}

/// The head of a stream that wants a dictionary of 1.5 GiB, made by `xz --lzma2=dict=1536MiB`.
const XZ_GREEDY: &[u8] = b"\
    \xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x25\x00\x00\x00\x3b\x78\x7b\x41\x01\x00\
    \x06\x6f\x6e\x65\x20\x74\x77\x6f\x00\x00\x38\x32\x64\x95\x8b\x58\x23\x7c\x00\x01\x1f\x07\x16\x2e\xb8\x73\
    \x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";
/// Made by `xz -9`: a dictionary of 64 MiB.
const XZ_NINE: &[u8] = b"\
    \xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x1c\x00\x00\x00\x10\xcf\x58\xcc\x01\x00\
    \x06\x6f\x6e\x65\x20\x74\x77\x6f\x00\x00\x38\x32\x64\x95\x8b\x58\x23\x7c\x00\x01\x1f\x07\x16\x2e\xb8\x73\
    \x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

#[test]
fn what_is_read_piece_by_piece_is_unpacked_too() {
    let text = b"{\"kind\":\"sbom\"}\n".repeat(1000);
    for packed in every_way(&text) {
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
fn every_packing_gives_the_same_bytes() {
    let text = b"{\"bomFormat\":\"CycloneDX\"}".repeat(100);
    for body in every_way(&text) {
        assert_eq!(read_from(body.as_slice(), "x", 10_000).unwrap(), text);
    }
    for (one, two) in every_way(b"one ").iter().zip(every_way(b"two")) {
        assert_eq!(read_from([one.as_slice(), &two].concat().as_slice(), "x", 1_000).unwrap(), b"one two");
    }
    for short in [&b""[..], b"{", b"\x1f", b"\x28\xb5", b"BZh", b"BZh0", b"\xfd7zXZ"] {
        assert_eq!(read_from(short, "x", 1_000).unwrap(), short);
    }
}

#[test]
fn the_limit_is_the_last_size_that_passes() {
    let text = vec![b'7'; 5000];
    for body in every_way(&text) {
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
    for bomb in [gzip(&zeros), zstd(&zeros), bzip2(&zeros), xz(&zeros)] {
        assert!(bomb.len() < 100_000);
        assert!(matches!(read_from(bomb.as_slice(), "bomb", 1_000_000), Err(InputError::TooLarge { .. })));
    }
    // Members that unpack to nothing give no output to count: the bound on the input stops them.
    let nothing = gzip(b"").repeat(10_000);
    assert!(matches!(read_from(nothing.as_slice(), "bomb", 100_000), Err(InputError::TooLarge { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_is_read_within_the_limit_or_refused(
        parts in prop::collection::vec(prop::collection::vec(0..4_u8, 0..150), 1..4),
        packing in 0..5_usize,
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..4),
        (lost, inserted) in (prop::option::of((any::<Index>(), any::<Index>())), prop::option::of(any::<Index>())),
        limit in 0..800_u64,
    ) {
        let whole = parts.concat();
        // One after another: members of gzip, frames of zstd, streams of bzip2 and xz.
        let mut body: Vec<u8> = parts.iter().flat_map(|part| WAYS[packing](part)).collect();
        let touched = !changes.is_empty() || lost.is_some() || inserted.is_some();
        for (at, byte) in changes {
            if let Some(place) = body.len().checked_sub(1).map(|last| at.index(last + 1)) {
                body[place] = byte;
            }
        }
        if let Some((one, other)) = lost {
            let (one, other) = (one.index(body.len() + 1), other.index(body.len() + 1));
            body.drain(one.min(other)..one.max(other));
        }
        if let Some(at) = inserted {
            let at = at.index(body.len() + 1);
            body.splice(at..at, gzip(b"inside"));
        }
        let read = read_from(body.as_slice(), "x", limit);
        prop_assert!(read.as_ref().map_or(0, Vec::len) as u64 <= limit);
        if !touched && limit >= body.len().max(whole.len()) as u64 {
            prop_assert_eq!(read.unwrap(), whole);
        }
        let mut piecemeal = Vec::new();
        if let Ok(source) = unpacked(Box::new(io::Cursor::new(body)), "x") {
            let _ = source.take(limit).read_to_end(&mut piecemeal);
        }
    }
}

#[test]
fn damaged_bodies_say_so() {
    let text = [b'x'; 1000];
    for (body, encoding) in [(gzip(&text), "gzip"), (zstd(&text), "zstd"), (bzip2(&text), "bzip2"), (xz(&text), "xz")] {
        let cut = &body[..body.len() - 3];
        let message = read_from(cut, "cut", 10_000).unwrap_err().to_string();
        assert!(message.starts_with(&format!("cut: damaged {encoding} data: ")), "{message}");
    }
}

#[test]
fn rubbish_behind_a_packed_body_is_refused() {
    for packed in &every_way(b"{}")[1..] {
        let refused = read_from([packed.as_slice(), b"rubbish"].concat().as_slice(), "x", 10_000).unwrap_err();
        assert!(matches!(refused, InputError::Damaged { .. }), "{refused}");
        let mut piecemeal = Vec::new();
        let whole = io::Cursor::new([packed.as_slice(), b"rubbish"].concat());
        unpacked(Box::new(whole), "x").unwrap().read_to_end(&mut piecemeal).unwrap_err();
    }
}

#[test]
fn memory_for_xz_is_bounded_and_the_best_of_xz_is_within() {
    assert_eq!(read_from(XZ_NINE, "x", 100).unwrap(), b"one two");
    let refused = read_from(XZ_GREEDY, "x", 100).unwrap_err();
    assert!(matches!(refused, InputError::Damaged { encoding: "xz", .. }), "{refused}");
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
