//! Signed notes of the C2SP: a text, a blank line, one line a signature. Ed25519 keys only.
//!
//! A key has a name, and an id of four bytes that name and key give. The verification key is printed as
//! `NAME+ID+KEY`, the signing key is kept as `PRIVATE+KEY+NAME+ID+SEED`, both in base64 after one byte that says
//! Ed25519.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::signature::Ed25519KeyPair;
use thiserror::Error;

mod key;

use key::{ED25519_BYTE, ID_BYTES};
pub use key::{KeyId, MAX_NAME_BYTES, is_name};
pub(crate) use key::{
    OTHER_ID, SECRET_PREFIX, WITNESS_BYTE, accepts, encoded, pair, public, public_half, secret_parts,
};

/// Greatest size of a note, in bytes: 64 KiB.
pub const MAX_NOTE_BYTES: usize = 64 * 1024;
/// Greatest number of signatures on one note.
pub(crate) const MAX_SIGNATURES: usize = 64;

const SIGNATURE_BYTES: usize = 64;
const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// Why a text is no note or no key. No message holds a secret.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum NoteError {
    /// Not the form of a note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// Not the form of a key.
    #[error("not a {kind} key: {reason}")]
    Key {
        /// `verification` or `signing`.
        kind: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
    /// A signature under a known key that does not fit the text.
    #[error("the signature of {0} does not fit the note")]
    Forged(String),
}

/// A key that checks signatures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifyingKey {
    name: String,
    id: KeyId,
    key: [u8; 32],
}

impl VerifyingKey {
    fn new(name: &str, key: [u8; 32]) -> Self {
        Self { name: name.to_owned(), id: KeyId::of(name, ED25519_BYTE, &key), key }
    }

    /// Reads `NAME+ID+KEY`.
    ///
    /// # Errors
    /// When it is something else, or the id is not that of name and key.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, key) = public(text, ED25519_BYTE)?;
        Ok(Self { name, id, key })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        accepts(&self.key, text.as_bytes(), signature)
    }
}

impl fmt::Display for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id, encoded(ED25519_BYTE, &self.key))
    }
}

/// A key that signs. It prints as its verification key.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

impl SigningKey {
    /// The key of a name and 32 random bytes.
    ///
    /// # Errors
    /// When the name is no name.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = pair(name, seed)?;
        let public = public_half(&pair)?;
        Ok(Self { pair, public: VerifyingKey::new(name, public) })
    }

    /// Reads `PRIVATE+KEY+NAME+ID+SEED`.
    ///
    /// # Errors
    /// When it is something else. The text is in no message.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, seed) = secret_parts(text, ED25519_BYTE)?;
        let key = Self::from_seed(name, &seed)?;
        if key.public.id.to_string() == id { Ok(key) } else { Err(OTHER_ID) }
    }

    /// The form in which the key of this name and seed is kept.
    ///
    /// # Errors
    /// As [`SigningKey::from_seed`].
    pub fn secret(name: &str, seed: &[u8; 32]) -> Result<String, NoteError> {
        let key = Self::from_seed(name, seed)?;
        Ok(format!("{SECRET_PREFIX}{name}+{}+{}", key.public.id, encoded(ED25519_BYTE, seed)))
    }

    /// The key that checks its signatures.
    #[must_use]
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }
}

/// A note, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is signed; ends with a newline.
    pub text: String,
    /// Name, id and signature of each line, in order.
    signatures: Vec<(String, KeyId, Vec<u8>)>,
}

impl Note {
    /// Signs a text, which ends with a newline, with every key.
    #[must_use]
    pub fn sign(text: String, keys: &[SigningKey]) -> Self {
        let sign = |key: &SigningKey| {
            (key.public.name.clone(), key.public.id, key.pair.sign(text.as_bytes()).as_ref().to_vec())
        };
        let signatures = keys.iter().map(sign).collect();
        Self { text, signatures }
    }

    /// Reads a note.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        if note.len() > MAX_NOTE_BYTES {
            return Err(malformed("it is too large"));
        }
        let odd = |c: char| c != '\n' && c.is_control();
        if note.contains(odd) {
            return Err(malformed("it holds control characters"));
        }
        let split = note.rfind("\n\n").ok_or(malformed("no blank line before the signatures"))?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(malformed("the last line does not end"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            let (name, blob) = line
                .strip_prefix(SIGNATURE_PREFIX)
                .and_then(|line| line.split_once(' '))
                .filter(|(name, _)| is_name(name))
                .ok_or(malformed("a signature line is `\u{2014} NAME BASE64`"))?;
            let blob = BASE64.decode(blob).map_err(|_| malformed("a signature is base64"))?;
            let (id, signature) =
                blob.split_first_chunk::<ID_BYTES>().ok_or(malformed("a signature begins with a key's id"))?;
            signatures.push((name.to_owned(), KeyId(*id), signature.to_vec()));
        }
        if signatures.len() > MAX_SIGNATURES {
            return Err(malformed("too many signatures"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// What the lines of a key hold after its id.
    pub(crate) fn signatures_of(&self, name: &str, id: KeyId) -> impl Iterator<Item = &[u8]> {
        let mine = self.signatures.iter().filter(move |(held, held_id, _)| held == name && *held_id == id);
        mine.map(|(_, _, blob)| blob.as_slice())
    }

    /// Puts a line in place of those of the same key.
    ///
    /// # Errors
    /// When there are too many then.
    pub(crate) fn put(&mut self, name: &str, id: KeyId, blob: Vec<u8>) -> Result<(), NoteError> {
        self.signatures.retain(|(held, held_id, _)| held != name || *held_id != id);
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(NoteError::Malformed("too many signatures"));
        }
        self.signatures.push((name.to_owned(), id, blob));
        Ok(())
    }

    /// Takes in the lines of another note of the same text, in place of those of the same keys, without those under one
    /// name.
    ///
    /// # Errors
    /// When the text is another, or there are too many lines then.
    pub fn join(&mut self, other: &Self, without: &str) -> Result<(), NoteError> {
        if self.text != other.text {
            return Err(NoteError::Malformed("the notes say different things"));
        }
        for (name, id, blob) in &other.signatures {
            if name != without {
                self.put(name, *id, blob.clone())?;
            }
        }
        Ok(())
    }

    /// Those of the keys that signed the note. Signatures of other keys say nothing.
    ///
    /// # Errors
    /// When a signature names a given key and is not that key's.
    pub fn signers<'a>(&self, keys: &'a [VerifyingKey]) -> Result<Vec<&'a VerifyingKey>, NoteError> {
        let mut signers = Vec::new();
        for key in keys {
            let mine = self.signatures.iter().filter(|(name, id, _)| *name == key.name && *id == key.id);
            for (_, _, signature) in mine {
                if signature.len() != SIGNATURE_BYTES || !key.accepts(&self.text, signature) {
                    return Err(NoteError::Forged(key.name.clone()));
                }
                signers.push(key);
            }
        }
        signers.dedup();
        Ok(signers)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for (name, id, signature) in &self.signatures {
            let blob = [&id.0, signature.as_slice()].concat();
            writeln!(f, "{SIGNATURE_PREFIX}{name} {}", BASE64.encode(blob))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification and of the program that it comes from: key, text, note.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
         then you don't know what your problem is.\n\
         \n\
         \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFY\
         C2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn known_vectors_of_signed_notes() {
        let (public, secret) = (VerifyingKey::parse(VKEY).unwrap(), SigningKey::parse(SKEY).unwrap());
        assert_eq!((public.to_string().as_str(), public.name()), (VKEY, "PeterNeumann"));
        assert_eq!(*secret.public(), public);
        let note = Note::parse(NOTE).unwrap();
        let keys = [public];
        assert_eq!(note.signers(&keys).unwrap(), [&keys[0]]);
        assert_eq!(Note::sign(note.text.clone(), &[secret]).to_string(), NOTE);
    }

    #[test]
    fn a_changed_note_has_no_signer() {
        let keys = [VerifyingKey::parse(VKEY).unwrap()];
        let changed = Note::parse(&NOTE.replace("answer", "Answer")).unwrap();
        assert_eq!(changed.signers(&keys), Err(NoteError::Forged("PeterNeumann".to_owned())));
        let stranger = [SigningKey::from_seed("stranger", &[7; 32]).unwrap().public().clone()];
        assert_eq!(Note::parse(NOTE).unwrap().signers(&stranger).unwrap(), Vec::<&VerifyingKey>::new());
        // The same name under another key is a stranger too.
        let namesake = [SigningKey::from_seed("PeterNeumann", &[7; 32]).unwrap().public().clone()];
        assert!(Note::parse(NOTE).unwrap().signers(&namesake).unwrap().is_empty());
    }

    #[test]
    fn two_keys_sign_one_note() {
        let keys = [1, 2].map(|n| SigningKey::from_seed("log.example", &[n; 32]).unwrap());
        let public = [keys[0].public().clone(), keys[1].public().clone()];
        let note = Note::parse(&Note::sign("text\n".to_owned(), &keys).to_string()).unwrap();
        assert_eq!(note.signers(&public).unwrap().len(), 2);
        assert_eq!(note.signers(&public[1..]).unwrap(), [&public[1]]);
    }

    #[test]
    fn what_is_no_note_or_no_key_is_refused() {
        for wrong in
            ["", "text\n", "text\n\n", "text\n\nno dash\n", &NOTE[..NOTE.len() - 1], "t\r\n\n\u{2014} a AAAAAAAA\n"]
        {
            assert!(Note::parse(wrong).is_err(), "{wrong:?}");
        }
        let short = format!("text\n\n\u{2014} PeterNeumann {}\n", BASE64.encode([0xc7, 0x4f, 0x20, 0xa3, 1]));
        assert!(Note::parse(&short).unwrap().signers(&[VerifyingKey::parse(VKEY).unwrap()]).is_err());
        for wrong in ["", "a+b", "Peter+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &VKEY[..VKEY.len() - 4]]
        {
            assert!(VerifyingKey::parse(wrong).is_err(), "{wrong:?}");
        }
        for wrong in [VKEY, &SKEY.replace("Peter", "Petra"), &SKEY[..SKEY.len() - 1]] {
            let error = SigningKey::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("AYEK"), "{error}");
        }
        assert!(!format!("{:?}", SigningKey::parse(SKEY).unwrap()).contains("AYEK"));
        assert!(SigningKey::from_seed("a b", &[0; 32]).is_err() && SigningKey::from_seed("a+b", &[0; 32]).is_err());
    }
}
