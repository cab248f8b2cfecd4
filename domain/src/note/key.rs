//! Keys as text: what those of logs and those of witnesses have in common.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::NoteError;
use crate::digest::Digest;

/// Greatest length of a key's name, in bytes.
pub const MAX_NAME_BYTES: usize = 255;
/// The byte before the key of a log: Ed25519.
pub(crate) const ED25519_BYTE: u8 = 0x01;
/// The byte before the key of a witness: Ed25519 with a time.
pub(crate) const WITNESS_BYTE: u8 = 0x04;
/// Bytes of a key's id.
pub(crate) const ID_BYTES: usize = 4;
/// What a signing key begins with.
pub(crate) const SECRET_PREFIX: &str = "PRIVATE+KEY+";

/// A secret key whose id is another's.
pub(crate) const OTHER_ID: NoteError =
    NoteError::Key { kind: "signing", reason: "its id is not that of name and seed" };

/// The id of a key: the first four bytes of SHA-256(name || newline || kind || key).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; ID_BYTES]);

impl KeyId {
    pub(crate) fn of(name: &str, kind: u8, key: &[u8; 32]) -> Self {
        let hash = Digest::of_parts(&[name.as_bytes(), b"\n", &[kind], key]).0;
        Self([hash[0], hash[1], hash[2], hash[3]])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Whether a text may be the name of a key: without white space and `+`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(odd)
}

fn parts(text: &str) -> Option<(&str, &str, &str)> {
    // The key's base64 may hold a plus, name and id cannot.
    let (name, rest) = text.split_once('+')?;
    let (id, key) = rest.split_once('+')?;
    Some((name, id, key))
}

/// Name, id and key of a verification key of this kind.
pub(crate) fn public(text: &str, kind: u8) -> Result<(String, KeyId, [u8; 32]), NoteError> {
    let error = |reason| NoteError::Key { kind: "verification", reason };
    let (name, id, key) = parts(text.trim()).ok_or_else(|| error("expected NAME+ID+KEY"))?;
    if !is_name(name) {
        return Err(error("its name is empty, too long or holds white space"));
    }
    let key = key_bytes(kind, key).map_err(error)?;
    let expected = KeyId::of(name, kind, &key);
    if expected.to_string() != id {
        return Err(error("its id is not that of name and key"));
    }
    Ok((name.to_owned(), expected, key))
}

/// Name, id and seed of a signing key of this kind.
pub(crate) fn secret_parts(text: &str, kind: u8) -> Result<(&str, &str, [u8; 32]), NoteError> {
    let error = |reason| NoteError::Key { kind: "signing", reason };
    let rest = text.trim().strip_prefix(SECRET_PREFIX);
    let (name, id, seed) = rest.and_then(parts).ok_or_else(|| error("expected PRIVATE+KEY+NAME+ID+SEED"))?;
    Ok((name, id, key_bytes(kind, seed).map_err(error)?))
}

/// The pair of keys of a name and a seed.
pub(crate) fn pair(name: &str, seed: &[u8; 32]) -> Result<Ed25519KeyPair, NoteError> {
    let error = |reason| NoteError::Key { kind: "signing", reason };
    if !is_name(name) {
        return Err(error("its name is empty, too long or holds white space"));
    }
    Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| error("not an Ed25519 seed"))
}

/// The key of a pair that checks.
pub(crate) fn public_half(pair: &Ed25519KeyPair) -> Result<[u8; 32], NoteError> {
    let error = |_| NoteError::Key { kind: "signing", reason: "not an Ed25519 seed" };
    pair.public_key().as_ref().try_into().map_err(error)
}

/// Whether a signature under a key fits.
pub(crate) fn accepts(key: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
}

/// A key in base64 after the byte that says its kind.
pub(crate) fn encoded(kind: u8, key: &[u8; 32]) -> String {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(key);
    BASE64.encode(bytes)
}

/// The key in a text, or why there is none of this kind.
fn key_bytes(kind: u8, text: &str) -> Result<[u8; 32], &'static str> {
    const NONE: &str = "expected base64 of an Ed25519 key";
    let bytes = BASE64.decode(text).map_err(|_| NONE)?;
    match bytes.split_first() {
        Some((found, key)) if *found == kind => key.try_into().map_err(|_| NONE),
        Some((&WITNESS_BYTE, _)) => Err("it is the key of a witness, which cosigns and has no log"),
        Some((&ED25519_BYTE, _)) => Err("it is the key of a log, which cosigns nothing"),
        _ => Err(NONE),
    }
}
