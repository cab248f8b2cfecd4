//! Secrets of clients: `pga_<id>_<secret>`. The id finds what is kept of one; of the secret only a digest is, which is
//! enough: it is as random as its digest.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::digest::Digest;

/// What every key begins with.
const PREFIX: &str = "pga_";
/// Bytes of an id and of a secret.
const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A key that was made: shown once.
pub struct NewApiKey {
    /// Its id.
    pub id: String,
    /// All of it.
    pub text: String,
    /// What is kept of it.
    pub digest: Digest,
}

impl NewApiKey {
    /// A new one, from the system's generator.
    ///
    /// # Errors
    /// When there is none.
    pub fn make() -> Result<Self, getrandom::Error> {
        let (mut number, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
        getrandom::fill(&mut number)?;
        getrandom::fill(&mut secret)?;
        let id: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = format!("{PREFIX}{id}_{}", BASE64_URL_SAFE_NO_PAD.encode(secret));
        let digest = Digest::of(text.as_bytes());
        Ok(Self { id, text, digest })
    }
}

/// Whether a text claims to be a key, rather than a token.
#[must_use]
pub fn is_one(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The id of a key, and what is kept of it; none where it can be no key.
#[must_use]
pub fn read(text: &str) -> Option<(&str, Digest)> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let plain = id.len() == 2 * ID_BYTES && id.bytes().all(hexadecimal) && secret.len() <= 2 * SECRET_BYTES;
    plain.then(|| (id, Digest::of(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_id_and_known_by_its_digest() {
        let (one, other) = (NewApiKey::make().unwrap(), NewApiKey::make().unwrap());
        assert_eq!(read(&one.text), Some((one.id.as_str(), one.digest)));
        assert_ne!(one.text, other.text);
        assert!(is_one(&one.text) && !is_one("eyJ.a.b"));
        for text in ["pga_", "pga_0123456789abcdef", "pga_0123456789ABCDEF_x", "pga_0_x", "x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
