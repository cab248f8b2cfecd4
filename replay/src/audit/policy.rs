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
    /// What the note says of the log. It is trusted where a key of the log has signed and the quorum is reached.
    pub anchor: Anchor,
    /// Whether a key of the log has signed.
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

    /// How many of the witnesses have cosigned a note.
    fn cosigned(&self, note: &Note) -> Result<usize, NoteError> {
        let mut found = BTreeSet::new();
        for witness in &self.witnesses {
            if witness.cosigned(note)?.is_some() {
                found.insert(witness.bytes());
            }
        }
        Ok(found.len())
    }

    /// Reads a checkpoint that the auditor brings.
    ///
    /// # Errors
    /// When it is none, or a line under one of the keys does not fit.
    pub fn brought(&self, note: &Note, source: impl Fn(u64) -> String) -> Result<PolicyAnchor, CheckpointError> {
        let checkpoint = Checkpoint::parse(&note.text)?;
        let signed = !note.signers(&self.keys)?.is_empty();
        let cosigned = self.cosigned(note)?;
        let source = source(checkpoint.size);
        let anchor = match signed && cosigned >= self.quorum {
            true => Anchor::trusted(&checkpoint, &source),
            false => Anchor::said(checkpoint.size, checkpoint.root, &source),
        };
        Ok(PolicyAnchor { anchor, signed, cosigned })
    }

    /// Reads a checkpoint that the log keeps itself: without witnesses it vouches for nothing, and with them for as
    /// much as one that the auditor brings. A cosignature that does not fit is none.
    ///
    /// # Errors
    /// When it is none, or a signature under one of the log's keys does not fit.
    pub fn kept(&self, note: &str) -> Result<PolicyAnchor, CheckpointError> {
        let note = Note::parse(note)?;
        let source = |size| format!("the kept checkpoint of size {size}");
        let alone = Self { keys: self.keys.clone(), ..Self::default() };
        match self.brought(&note, source) {
            Ok(found) if self.quorum > 0 => Ok(found),
            _ => {
                let mut found = alone.brought(&note, source)?;
                found.anchor.trusted = false;
                Ok(found)
            }
        }
    }
}
