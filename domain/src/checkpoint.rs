//! Checkpoints of the C2SP: size and root of the log, as the text of a signed note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use crate::digest::Digest;
use crate::note::{Note, NoteError, SigningKey, VerifyingKey};

/// Why a note is no checkpoint of this log.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CheckpointError {
    /// The note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A note about something else.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
}

/// Where a log stood: its first `size` events have this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Events.
    pub size: u64,
    /// Root of the Merkle tree over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The text that is signed: origin, size and root, each on a line.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root.0))
    }

    /// Signs with every key.
    #[must_use]
    pub fn sign(&self, keys: &[SigningKey]) -> Note {
        Note::sign(self.text(), keys)
    }

    /// Reads the text of a note. Further lines are extensions and say nothing here; none is empty.
    ///
    /// # Errors
    /// When it is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(malformed("no origin on the first line"))?;
        let size = lines.next().unwrap_or_default();
        let number: Option<u64> = size.parse().ok().filter(|number: &u64| number.to_string() == size);
        let number = number.ok_or(malformed("no tree size on the second line"))?;
        let root = lines.next().and_then(|line| BASE64.decode(line).ok()).and_then(|root| Digest::from_slice(&root));
        let root = root.ok_or(malformed("no root hash on the third line"))?;
        // What follows the last line's end is no line.
        let extensions: Vec<&str> = lines.collect();
        if !matches!(extensions.split_last(), Some((&"", lines)) if lines.iter().all(|line| !line.is_empty())) {
            return Err(malformed("an extension line is empty, or the last line does not end"));
        }
        Ok(Self { origin: origin.to_owned(), size: number, root })
    }

    /// Those of the keys that signed this checkpoint's note as the log that it names. A key of another name says
    /// nothing of this log, though it has signed the same text.
    ///
    /// # Errors
    /// When a signature names a given key and is not that key's.
    pub fn signers<'a>(&self, note: &Note, keys: &'a [VerifyingKey]) -> Result<Vec<&'a VerifyingKey>, NoteError> {
        let mut signers = note.signers(keys)?;
        signers.retain(|key| key.name() == self.origin);
        Ok(signers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_that_of_the_specification() {
        // The example checkpoint of the specification.
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.text(), text);
        assert_eq!(Checkpoint::parse(&format!("{text}extension\n")).unwrap(), checkpoint);
    }

    #[test]
    fn a_checkpoint_is_signed_by_keys_of_the_log_that_it_names() {
        let keys = [("log.example", 1), ("log.example", 2), ("other.example", 3)];
        let keys = keys.map(|(name, n)| SigningKey::from_seed(name, &[n; 32]).unwrap());
        let public = keys.each_ref().map(|key| key.public().clone());
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size: 7, root: Digest::of(b"root") };
        let note = checkpoint.sign(&keys);
        assert_eq!(checkpoint.signers(&note, &public).unwrap(), [&public[0], &public[1]]);
        assert_eq!(checkpoint.signers(&note, &public[2..]).unwrap(), Vec::<&VerifyingKey>::new());
        let note = checkpoint.sign(&keys[1..]);
        assert_eq!(checkpoint.signers(&note, &public).unwrap(), [&public[1]]);
        let changed = Note::parse(&note.to_string().replace("\n7\n", "\n8\n")).unwrap();
        assert!(checkpoint.signers(&changed, &public).is_err());
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = BASE64.encode([0; 32]);
        for wrong in ["", "\n1\n", "o\n", "o\n01\n", "o\n-1\n", "o\n1\nxx\n"] {
            assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(Checkpoint::parse(&format!("o\n+1\n{root}\n")).is_err());
        assert!(Checkpoint::parse(&format!("o\n1\n{root}\nmore\n")).is_ok());
        for empty in ["", "\n\n", "\nmore\n\n", "\n\nmore\n", "\nmore"] {
            assert!(Checkpoint::parse(&format!("o\n1\n{root}{empty}")).is_err(), "{empty:?}");
        }
    }
}
