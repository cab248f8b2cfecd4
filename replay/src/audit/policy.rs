//! What an auditor trusts: keys of the log, witnesses, and how many of those have to have cosigned.

use std::collections::BTreeSet;

use domain::checkpoint::{Checkpoint, CheckpointError};
use domain::cosignature::WitnessKey;
use domain::note::{Note, NoteError, VerifyingKey};

use super::tree::Anchor;

/// What an auditor trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Keys of the log.
    pub keys: Vec<VerifyingKey>,
    /// Keys of witnesses.
    pub witnesses: Vec<WitnessKey>,
    /// How many different witnesses have to have cosigned a checkpoint before it vouches for anything.
    pub quorum: usize,
}

/// What a policy makes of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyAnchor {
    /// What the note says of the log. It is trusted where a key of the log that it names has signed and the quorum is
    /// reached.
    pub anchor: Anchor,
    /// Whether a key of the log that it names has signed.
    pub signed: bool,
    /// How many witnesses have cosigned.
    pub cosigned: usize,
}

impl Policy {
    /// How many witnesses there are: a key under two names is one.
    #[must_use]
    pub fn size(&self) -> usize {
        self.witnesses.iter().map(WitnessKey::bytes).collect::<BTreeSet<_>>().len()
    }

    /// Reads a checkpoint that the auditor brings.
    ///
    /// # Errors
    /// When it is none, or a line under one of the keys does not fit.
    pub fn brought(&self, note: &Note, source: impl Fn(u64) -> String) -> Result<PolicyAnchor, CheckpointError> {
        self.read(note, source, |witness| Ok(witness.cosigned(note)?.is_some()))
    }

    /// Reads a checkpoint that the log keeps itself: without witnesses it vouches for nothing, and with them for as
    /// much as one that the auditor brings. A cosignature that does not fit is none.
    ///
    /// # Errors
    /// When it is none, or a signature under one of the log's keys does not fit.
    pub fn kept(&self, note: &str) -> Result<PolicyAnchor, CheckpointError> {
        let note = Note::parse(note)?;
        let source = |size| format!("the kept checkpoint of size {size}");
        let mut found = self.read(&note, source, |witness| Ok(matches!(witness.cosigned(&note), Ok(Some(_)))))?;
        found.anchor.brought = false;
        found.anchor.trusted &= self.quorum > 0;
        Ok(found)
    }

    /// Reads a checkpoint; `has_cosigned` tells whether one of the witnesses counts.
    fn read(
        &self,
        note: &Note,
        source: impl Fn(u64) -> String,
        has_cosigned: impl Fn(&WitnessKey) -> Result<bool, NoteError>,
    ) -> Result<PolicyAnchor, CheckpointError> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        let signed = !checkpoint.signers(note, &self.keys)?.is_empty();
        let mut found = BTreeSet::new();
        for witness in &self.witnesses {
            if has_cosigned(witness)? {
                found.insert(witness.bytes());
            }
        }
        let cosigned = found.len();
        let Checkpoint { size, root, .. } = checkpoint;
        let trusted = signed && cosigned >= self.quorum;
        let anchor = Anchor { size, root, trusted, brought: true, source: source(size) };
        Ok(PolicyAnchor { anchor, signed, cosigned })
    }
}

#[cfg(test)]
mod tests {
    use domain::cosignature::Cosigner;
    use domain::digest::Digest;
    use domain::note::SigningKey;

    use super::*;

    #[test]
    fn a_cosignature_that_does_not_fit_takes_nothing_from_others() {
        let log = SigningKey::from_seed("log.example", &[1; 32]).unwrap();
        let witnesses = [2, 3, 4].map(|n| Cosigner::from_seed(&format!("witness.{n}"), &[n; 32]).unwrap());
        let policy = Policy {
            keys: vec![log.public().clone()],
            witnesses: witnesses.iter().map(|witness| witness.public().clone()).collect(),
            quorum: 2,
        };
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size: 7, root: Digest::of(b"root") };
        let mut note = checkpoint.sign(&[log]);
        witnesses.iter().for_each(|witness| witness.cosign(&mut note, 9).unwrap());
        let whole = policy.kept(&note.to_string()).unwrap();
        assert_eq!((whole.anchor.trusted, whole.signed, whole.cosigned), (true, true, 3));
        // The second witness's line holds the signature of another text.
        let mut other = Checkpoint { size: 8, ..checkpoint }.sign(&[]);
        witnesses[1].cosign(&mut other, 9).unwrap();
        let (note, other) = (note.to_string(), other.to_string());
        let line = |text: &str| text.lines().find(|line| line.contains("witness.3")).unwrap().to_owned();
        let torn = note.replace(&line(&note), &line(&other));
        let found = policy.kept(&torn).unwrap();
        assert_eq!((found.anchor.trusted, found.signed, found.cosigned), (true, true, 2));
        assert!(!Policy { quorum: 3, ..policy.clone() }.kept(&torn).unwrap().anchor.trusted);
        assert!(policy.brought(&Note::parse(&torn).unwrap(), |_| String::new()).is_err());
        // Without witnesses what is kept vouches for nothing.
        let alone = Policy { keys: policy.keys, ..Policy::default() };
        let found = alone.kept(&torn).unwrap();
        assert_eq!((found.anchor.trusted, found.signed), (false, true));
    }
}
