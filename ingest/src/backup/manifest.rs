//! What a backup says of itself: one JSON document that holds its own digest, so that a byte that changed anywhere in
//! it is found.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use domain::canonical;
use domain::digest::Digest;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::BackupError;

/// The format, which a reader asks for first.
pub const FORMAT: &str = "pg-atlas-backup/1";
/// Name of the manifest's file.
pub(crate) const FILE: &str = "manifest.json";
/// Greatest size of a manifest, in bytes: 64 MiB, a million files.
pub(crate) const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// How an id writes its second.
const SECOND: &str = "%Y%m%dT%H%M%SZ";
/// Random hexadecimal digits of an id.
const RANDOM_DIGITS: usize = 8;

/// Names a backup: the second in which it was begun, and eight digits of its own. Those of later seconds sort
/// later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BackupId(String);

impl BackupId {
    /// A new one.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let random = uuid::Uuid::new_v7(uuid::Timestamp::now(uuid::NoContext)).simple().to_string();
        Self(format!("{}-{}", now.datetime().format(SECOND), &random[random.len() - RANDOM_DIGITS..]))
    }

    /// Reads one.
    ///
    /// # Errors
    /// When the text is no such id.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let is_id = || {
            let (second, random) = text.split_once('-')?;
            let moment = NaiveDateTime::parse_from_str(second, SECOND).ok()?;
            let digits = random.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let same = moment.and_utc().format(SECOND).to_string() == second;
            (random.len() == RANDOM_DIGITS && digits && same && Self::moment(second).is_some()).then_some(())
        };
        is_id().map(|()| Self(text.to_owned())).ok_or_else(|| BackupError::Id(text.to_owned()))
    }

    fn moment(second: &str) -> Option<Timestamp> {
        let parsed: DateTime<Utc> = NaiveDateTime::parse_from_str(second, SECOND).ok()?.and_utc();
        Timestamp::from_datetime(parsed)
    }

    /// The second in which it was begun.
    #[must_use]
    pub fn begun(&self) -> Timestamp {
        self.0.split_once('-').and_then(|(second, _)| Self::moment(second)).expect("an id begins with a time")
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for BackupId {
    type Error = BackupError;

    fn try_from(text: String) -> Result<Self, BackupError> {
        Self::parse(&text)
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.0
    }
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupFile {
    /// Name below the backup's folder.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// The rows of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupTable {
    /// Its name with its schema's.
    pub name: String,
    /// The columns, in the order in which the rows have them.
    pub columns: Vec<String>,
    /// How many rows.
    pub rows: u64,
    /// Where they are.
    pub files: Vec<BackupFile>,
}

/// The raw documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupDocuments {
    /// How many there are.
    pub count: u64,
    /// Their size together, unpacked.
    pub bytes: u64,
    /// Where they are.
    pub files: Vec<BackupFile>,
    /// Those that an event names and that were missing or damaged where the backup was made.
    pub missing: Vec<Digest>,
}

/// What the live tables held, where they stood at the head: what they must hold again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiveDigests {
    /// Name of the formula.
    pub formula: String,
    /// Its digest.
    pub formula_hash: Digest,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state.
    pub state_digest: Digest,
    /// Versions of the families that give them.
    pub families: BTreeMap<String, u32>,
}

/// A backup, by what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupManifest {
    /// [`FORMAT`].
    pub format: String,
    /// Its name.
    pub id: BackupId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// The program that made it.
    pub tool: String,
    /// Version of the tables.
    pub schema: i64,
    /// Events with a position.
    pub head: u64,
    /// Root of the Merkle tree over them.
    pub root: Digest,
    /// Events without a position: they get theirs where the log goes on.
    pub pending: u64,
    /// The newest signed checkpoint that the log keeps.
    pub checkpoint: Option<String>,
    /// What the live tables held; null where they did not stand at the head.
    pub live: Option<LiveDigests>,
    /// Ids of the keys under which contributors are pseudonyms.
    pub pseudonym_keys: Vec<String>,
    /// Size of all files together, this one apart.
    pub bytes: u64,
    /// The tables.
    pub tables: Vec<BackupTable>,
    /// The raw documents.
    pub documents: BackupDocuments,
}

/// A manifest and the SHA-256 of its canonical form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    backup: BackupManifest,
    sha256: Digest,
}

impl BackupManifest {
    /// Every file, in the order in which they were written.
    pub fn files(&self) -> impl Iterator<Item = &BackupFile> {
        self.tables.iter().flat_map(|table| &table.files).chain(&self.documents.files)
    }

    /// The document.
    ///
    /// # Errors
    /// When it has no canonical form.
    pub fn to_json(&self) -> Result<Vec<u8>, BackupError> {
        let sealed = Sealed { backup: self.clone(), sha256: Digest::of(&canonical::to_vec(self)?) };
        let mut text = serde_json::to_vec_pretty(&sealed).map_err(std::io::Error::from)?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads the document of a backup.
    ///
    /// # Errors
    /// [`BackupError::Damaged`] unless it is, byte for byte, what [`Self::to_json`] gives of that backup.
    pub fn from_json(id: &BackupId, text: &[u8]) -> Result<Self, BackupError> {
        let damaged = |found: String| BackupError::Damaged { id: id.to_string(), file: FILE.to_owned(), found };
        // Another format may have another shape; it says so in the same place.
        let format = serde_json::from_slice::<Value>(text).map_err(|error| damaged(error.to_string()))?;
        let format = format["backup"]["format"].as_str().unwrap_or_default();
        if format != FORMAT {
            return Err(damaged(format!("its format is `{format}`, and this program reads {FORMAT}")));
        }
        let sealed: Sealed = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if sealed.backup.to_json()? != text {
            return Err(damaged("it is not what its own digest was made of".to_owned()));
        }
        if sealed.backup.id != *id {
            return Err(damaged(format!("it is of backup {}", sealed.backup.id)));
        }
        Ok(sealed.backup)
    }
}
