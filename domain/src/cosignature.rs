//! Cosignatures of the C2SP (`cosignature/v1`, Ed25519): a witness says that the log of a checkpoint is, at a time, the
//! largest one that it has seen, and has only grown.
//!
//! A witness's keys are written as those of logs are ([`crate::note`]), with another byte before the key, so that
//! neither is taken for the other.

use std::fmt;

use ring::signature::Ed25519KeyPair;

use crate::note::{self, KeyId, Note, NoteError, SECRET_PREFIX, WITNESS_BYTE};

/// Bytes of the time before a signature.
const TIME_BYTES: usize = 8;

/// What is signed: the note's text under the time, in seconds since 1970.
fn message(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

/// A key that checks cosignatures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WitnessKey {
    name: String,
    id: KeyId,
    key: [u8; 32],
}

impl WitnessKey {
    /// Reads `NAME+ID+KEY`.
    ///
    /// # Errors
    /// When it is something else, or the key of a log.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, key) = note::public(text, WITNESS_BYTE)?;
        Ok(Self { name, id, key })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key itself. What is signed does not name the witness: one key under two names is one witness.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.key
    }

    /// When this witness cosigned the note last, in seconds since 1970; `None` when it has not.
    ///
    /// # Errors
    /// When a line names this key and is not its cosignature.
    pub fn cosigned(&self, note: &Note) -> Result<Option<u64>, NoteError> {
        let mut newest = None;
        for blob in note.signatures_of(&self.name, self.id) {
            let forged = || NoteError::Forged(self.name.clone());
            let (time, signature) = blob.split_first_chunk::<TIME_BYTES>().ok_or_else(forged)?;
            let time = u64::from_be_bytes(*time);
            let in_range = i64::try_from(time).is_ok_and(|time| time > 0);
            if !in_range || !note::accepts(&self.key, message(time, &note.text).as_bytes(), signature) {
                return Err(forged());
            }
            newest = newest.max(Some(time));
        }
        Ok(newest)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}+{}", self.name, self.id, note::encoded(WITNESS_BYTE, &self.key))
    }
}

/// A key that cosigns. It prints as its verification key.
pub struct Cosigner {
    pair: Ed25519KeyPair,
    public: WitnessKey,
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cosigner({})", self.public)
    }
}

impl Cosigner {
    /// The key of a name and 32 random bytes.
    ///
    /// # Errors
    /// When the name is no name.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = note::pair(name, seed)?;
        let key = note::public_half(&pair)?;
        Ok(Self { pair, public: WitnessKey { name: name.to_owned(), id: KeyId::of(name, WITNESS_BYTE, &key), key } })
    }

    /// Reads `PRIVATE+KEY+NAME+ID+SEED`.
    ///
    /// # Errors
    /// When it is something else. The text is in no message.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let (name, id, seed) = note::secret_parts(text, WITNESS_BYTE)?;
        let key = Self::from_seed(name, &seed)?;
        if key.public.id.to_string() == id { Ok(key) } else { Err(note::OTHER_ID) }
    }

    /// The form in which the key of this name and seed is kept.
    ///
    /// # Errors
    /// As [`Cosigner::from_seed`].
    pub fn secret(name: &str, seed: &[u8; 32]) -> Result<String, NoteError> {
        let key = Self::from_seed(name, seed)?;
        Ok(format!("{SECRET_PREFIX}{name}+{}+{}", key.public.id, note::encoded(WITNESS_BYTE, seed)))
    }

    /// The key that checks its cosignatures.
    #[must_use]
    pub fn public(&self) -> &WitnessKey {
        &self.public
    }

    /// Cosigns a note at a time, in seconds since 1970, in place of what this witness said of it before. Whether the
    /// note is to be cosigned is decided elsewhere: [`crate::witness`].
    ///
    /// # Errors
    /// When the note would have too many signatures.
    pub fn cosign(&self, note: &mut Note, time: u64) -> Result<(), NoteError> {
        let signature = self.pair.sign(message(time, &note.text).as_bytes());
        let blob = [&time.to_be_bytes()[..], signature.as_ref()].concat();
        note.put(&self.public.name, self.public.id, blob)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::digest::Digest;
    use crate::note::{SigningKey, VerifyingKey};

    fn note() -> (SigningKey, Note) {
        let key = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size: 7, root: Digest::of(b"root") };
        let note = checkpoint.sign(std::slice::from_ref(&key));
        (key, note)
    }

    #[test]
    fn a_cosignature_is_laid_out_as_the_specification_has_it() {
        let (_, mut note) = note();
        let cosigner = Cosigner::from_seed("witness.example", &[2; 32]).unwrap();
        cosigner.cosign(&mut note, 1_679_315_147).unwrap();
        let line = note.to_string().lines().last().unwrap().to_owned();
        let blob = line.strip_prefix("\u{2014} witness.example ").unwrap();
        let blob = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, blob).unwrap();
        assert_eq!(blob.len(), 4 + 8 + 64);
        let id = Digest::of_parts(&[b"witness.example\n\x04", cosigner.public().bytes()]).0;
        assert_eq!((&blob[..4], &blob[4..12]), (&id[..4], &1_679_315_147u64.to_be_bytes()[..]));
        let signed = format!("cosignature/v1\ntime 1679315147\n{}", note.text);
        assert!(note::accepts(cosigner.public().bytes(), signed.as_bytes(), &blob[12..]));
    }

    #[test]
    fn a_note_keeps_one_cosignature_a_witness_and_the_logs_own() {
        let (log, mut note) = note();
        let cosigner = Cosigner::from_seed("witness.example", &[2; 32]).unwrap();
        let key = WitnessKey::parse(&cosigner.public().to_string()).unwrap();
        assert_eq!(key.cosigned(&note), Ok(None));
        cosigner.cosign(&mut note, 5).unwrap();
        cosigner.cosign(&mut note, 9).unwrap();
        let read = Note::parse(&note.to_string()).unwrap();
        assert_eq!((key.cosigned(&read), read.to_string().lines().count()), (Ok(Some(9)), 6));
        assert_eq!(read.signers(&[log.public().clone()]).unwrap().len(), 1);
        let changed = Note::parse(&note.to_string().replace("\n7\n", "\n8\n")).unwrap();
        assert!(key.cosigned(&changed).is_err());
        let stranger = Cosigner::from_seed("witness.example", &[3; 32]).unwrap();
        assert_eq!(stranger.public().cosigned(&read), Ok(None));
    }

    #[test]
    fn keys_of_witnesses_and_of_logs_are_not_taken_for_each_other() {
        let witness = Cosigner::from_seed("w", &[2; 32]).unwrap().public().to_string();
        let log = SigningKey::from_seed("w", &[2; 32]).unwrap().public().to_string();
        assert!(VerifyingKey::parse(&witness).unwrap_err().to_string().contains("a witness"));
        assert!(WitnessKey::parse(&log).unwrap_err().to_string().contains("a log"));
        let secret = Cosigner::secret("w", &[2; 32]).unwrap();
        assert_eq!(Cosigner::parse(&secret).unwrap().public().to_string(), witness);
        assert!(SigningKey::parse(&secret).is_err());
        assert!(Cosigner::parse(&SigningKey::secret("w", &[2; 32]).unwrap()).is_err());
        assert!(!format!("{:?}", Cosigner::parse(&secret).unwrap()).contains(secret.rsplit('+').next().unwrap()));
    }
}
