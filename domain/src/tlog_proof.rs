//! Proofs of the C2SP in one text (`tlog-proof`): an entry, its place, the path to the root, and a signed checkpoint.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use thiserror::Error;

use crate::digest::Digest;
use crate::note::MAX_NOTE_BYTES;
use crate::recorded::MAX_ENTRY_BYTES;

/// The first line.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Hashes of the longest path: a tree has at most 2^64 leaves.
const MAX_HASHES: usize = 64;

/// Why a text is no such proof.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not a tlog-proof: {0}")]
pub struct TlogProofError(&'static str);

/// An entry of a log, and that it is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What the leaf is the hash of, where it is there. Nothing vouches for it but that hash.
    pub entry: Option<Vec<u8>>,
    /// Place among the leaves, from 0.
    pub index: u64,
    /// RFC 6962 audit path, from the leaf up.
    pub hashes: Vec<Digest>,
    /// The checkpoint, a signed note, as it was given.
    pub checkpoint: String,
}

impl TlogProof {
    /// Reads a proof. The checkpoint is still to be opened.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        let wrong = TlogProofError;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(wrong("no empty line before the checkpoint"))?;
        if checkpoint.len() > MAX_NOTE_BYTES {
            return Err(wrong("its checkpoint is too large"));
        }
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(wrong("its first line is another"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(|line| &line["extra ".len()..]);
        // Three bytes are four letters.
        let entry = match extra {
            Some(extra) if extra.len() > MAX_ENTRY_BYTES.div_ceil(3) * 4 => {
                return Err(wrong("its entry is too large"));
            }
            Some(extra) => Some(BASE64.decode(extra).map_err(|_| wrong("what follows `extra` is base64"))?),
            None => None,
        };
        let place = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(wrong("no line `index NUMBER`"))?;
        let index: Option<u64> = place.parse().ok().filter(|index: &u64| index.to_string() == place);
        let index = index.ok_or(wrong("no line `index NUMBER`"))?;
        let mut hashes = Vec::new();
        for line in lines {
            let hash = BASE64.decode(line).ok().and_then(|bytes| Digest::from_slice(&bytes));
            hashes.push(hash.ok_or(wrong("a line of the path is the base64 of 32 bytes"))?);
            if hashes.len() > MAX_HASHES {
                return Err(wrong("its path is too long"));
            }
        }
        Ok(Self { entry, index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(entry) = &self.entry {
            writeln!(f, "extra {}", BASE64.encode(entry))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", BASE64.encode(hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_written_and_read_as_the_specification_has_it() {
        let (first, second) = (Digest::of(b"1"), Digest::of(b"2"));
        let text =
            |extra: &str, path: &str| format!("{HEADER}\n{extra}index 5\n{path}\nlog\n7\nroot\n\n\u{2014} log x\n");
        let path = format!("{}\n{}\n", BASE64.encode(first.0), BASE64.encode(second.0));
        for (extra, entry) in [("", None), ("extra eyJhIjoxfQ==\n", Some(b"{\"a\":1}".to_vec()))] {
            for (path, hashes) in [("", vec![]), (path.as_str(), vec![first, second])] {
                let proof = TlogProof::parse(&text(extra, path)).unwrap();
                assert_eq!((&proof.entry, proof.index, &proof.hashes), (&entry, 5, &hashes));
                assert_eq!(proof.checkpoint, "log\n7\nroot\n\n\u{2014} log x\n");
                assert_eq!(proof.to_string(), text(extra, path));
            }
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let long = format!("{HEADER}\nindex 1\n{}\nx\n", format!("{}\n", BASE64.encode([0; 32])).repeat(65));
        let entry = format!("{HEADER}\nextra {}\nindex 1\n\nx\n", BASE64.encode(vec![0; MAX_ENTRY_BYTES + 3]));
        for wrong in [
            "",
            HEADER,
            &format!("{HEADER}\nindex 1\n"),
            &format!("{HEADER}\nindex 01\n\nx\n"),
            &format!("{HEADER}\nindex +1\n\nx\n"),
            &format!("{HEADER}\nindex 1\nindex 1\n\nx\n"),
            &format!("{HEADER}\nindex 1\nextra eyJhIjoxfQ==\n\nx\n"),
            &format!("{HEADER}\nextra ?\nindex 1\n\nx\n"),
            &format!("{HEADER}\nindex 1\nAAAA\n\nx\n"),
            &format!("{HEADER}\r\nindex 1\r\n\r\nx\n"),
            &format!("\u{feff}{HEADER}\nindex 1\n\nx\n"),
            "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
            &long,
            &entry,
        ] {
            assert!(TlogProof::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
