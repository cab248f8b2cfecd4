//! One line of a batch: what it says, the document it brings, the events it becomes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::digest::Digest;
use domain::identity::PseudonymKey;
use domain::{Timestamp, redact};
use ingest::append::part_key;
use ingest::source::{self, Reading, SourceKind};
use ingest::{Append, input};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::lines::{Line, MAX_LINE_BYTES};
use crate::service::act::ingest::reason::reason;
use crate::service::act::ingest::{Circumstances, DocumentSubject, Submission, existing_key, row_key};
use crate::service::act::key::KeyScope;
use crate::service::error::Cause;
use crate::service::{Error, Result};

/// Most lines without a key of their own in one input: each of them is remembered, to count equal ones.
const MAX_KEYLESS_LINES: usize = 5_000_000;
/// Bytes of a line's digest that are remembered.
const REMEMBERED_BYTES: usize = 16;

/// A line as written. A field that is null is absent; one that is misspelt must not be passed over in silence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    #[serde(deserialize_with = "kind")]
    kind: &'static SourceKind,
    repo: Option<String>,
    project: Option<String>,
    purl: Option<String>,
    /// Packages that are published from the repository: one, or a list.
    #[serde(default)]
    package: Packages,
    observed_at: Option<String>,
    key: Option<String>,
    /// JSON as it is, or a text whose content is the document.
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    /// Relative to the input's folder, and below it: a batch must not reach for other files of this machine.
    path: Option<String>,
    base64: Option<String>,
}

/// Packages as a line names them.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Packages {
    One(String),
    Several(Vec<String>),
    #[default]
    None,
}

impl From<Packages> for Vec<String> {
    fn from(packages: Packages) -> Self {
        match packages {
            Packages::One(one) => vec![one],
            Packages::Several(several) => several,
            Packages::None => Self::new(),
        }
    }
}

/// The kind of the name that is written.
fn kind<'de, D: Deserializer<'de>>(written: D) -> std::result::Result<&'static SourceKind, D::Error> {
    let name = Cow::<str>::deserialize(written)?;
    source::named(&name).ok_or_else(|| D::Error::unknown_variant(&redact::emails(&name), source::NAMES))
}

/// A line, read: ready to be appended.
#[derive(Default)]
pub(super) struct Item {
    /// Its number.
    pub(super) line: u64,
    /// Size of line and documents.
    pub(super) bytes: usize,
    /// Its events.
    pub(super) appends: Vec<Append>,
    /// The place of each in the document, where it holds many.
    pub(super) places: Vec<Option<String>>,
    /// The raw documents, as they are kept.
    pub(super) documents: Vec<Bytes>,
    /// Why it, or a record of its document, is refused.
    pub(super) refused: Vec<String>,
    /// What was odd.
    pub(super) warnings: Vec<String>,
}

/// Reads lines.
pub(super) struct LineReader {
    /// Below which the files lie that lines name; none are read where there is none.
    folder: Option<PathBuf>,
    /// When lines were observed that do not say it.
    observed_at: Option<Timestamp>,
    /// Key of the whole call.
    key: Option<String>,
    data_dir: PathBuf,
    /// Read when the first git log comes; none is made, for these bring their own.
    pseudonyms: Option<Option<PseudonymKey>>,
    /// What may be told by whoever tells.
    scope: Option<Arc<KeyScope>>,
    /// How often each line without a key was seen.
    seen: BTreeMap<[u8; REMEMBERED_BYTES], u32>,
}

impl LineReader {
    /// A reader of lines that name files below `folder`.
    pub(super) fn new(folder: Option<PathBuf>, circumstances: &Circumstances, data_dir: PathBuf) -> Self {
        let Circumstances { observed_at, key, scope, .. } = circumstances.clone();
        Self { folder, observed_at, key, data_dir, pseudonyms: None, scope, seen: BTreeMap::new() }
    }

    /// Reads a line. What is wrong with it is in its answer.
    pub(super) fn read(&mut self, line: &Line) -> Item {
        let read = match &line.bytes {
            None => refuse(format!("longer than {MAX_LINE_BYTES} bytes; name a large document by its `path`")),
            Some(bytes) => self.events(line.number, bytes),
        };
        let refused = |error: &Error| vec![error.to_string()];
        let mut item = read.unwrap_or_else(|error| Item { refused: refused(&error), ..Item::default() });
        item.refused.iter_mut().for_each(|text| *text = reason(text));
        item.line = line.number;
        item.bytes += line.bytes.as_ref().map_or(0, Vec::len);
        for warning in &mut item.warnings {
            *warning = format!("line {}: {}", line.number, reason(warning));
        }
        item
    }

    fn events(&mut self, number: u64, bytes: &[u8]) -> Result<Item> {
        let text = std::str::from_utf8(bytes).map_err(because("not UTF-8"))?;
        let written: serde_json::Result<Written<'_>> = serde_json::from_str(text);
        // Counted before anything can be refused, so that a refusal that goes away moves no other line's key. Lines
        // that have a key are not counted: none of them equals one that has none.
        let keyed = self.key.is_some() || written.as_ref().is_ok_and(|written| written.key.is_some());
        let ordinal = if keyed { 0 } else { self.ordinal(bytes)? };
        let written = written.map_err(because("not a line of a batch"))?;
        let observed_at = written.observed_at.as_deref().map(Timestamp::parse_time_or_date).transpose();
        let observed_at = observed_at.map_err(because("observed_at"))?.or(self.observed_at);
        let document = self.document(&written)?;
        let key = match (&written.key, &self.key) {
            (Some(key), _) => key.clone(),
            (None, Some(key)) => part_key(key, &number.to_string()),
            (None, None) => derived_key(bytes, ordinal, written.path.is_some().then(|| Digest::of(&document))),
        };
        let about = DocumentSubject {
            repo: written.repo,
            project: written.project,
            purl: written.purl,
            packages: written.package.into(),
        };
        if let Some(lack) = self.scope.as_ref().and_then(|scope| scope.lacks(written.kind.name, about.named())) {
            return refuse(lack);
        }
        let document = (written.path.unwrap_or_else(|| "document".to_owned()), document);
        let submission = Submission::new(written.kind, &about)?;
        let mut item = Item::from(submission.read(vec![document], observed_at, || self.pseudonyms())?);
        for (n, append) in item.appends.iter_mut().enumerate() {
            append.observed_at = observed_at;
            append.key = Some(row_key(&key, n));
        }
        Ok(item)
    }

    /// How many lines before were equal to this one.
    fn ordinal(&mut self, line: &[u8]) -> Result<u32> {
        let mut short = [0; REMEMBERED_BYTES];
        short.copy_from_slice(&Digest::of(line).0[..REMEMBERED_BYTES]);
        let full = self.seen.len() >= MAX_KEYLESS_LINES;
        match self.seen.entry(short) {
            std::collections::btree_map::Entry::Occupied(mut seen) => {
                *seen.get_mut() += 1;
                Ok(*seen.get())
            }
            std::collections::btree_map::Entry::Vacant(_) if full => {
                refuse(format!("more than {MAX_KEYLESS_LINES} different lines in one input: split it"))
            }
            std::collections::btree_map::Entry::Vacant(new) => Ok(*new.insert(0)),
        }
    }

    fn document(&self, written: &Written<'_>) -> Result<Vec<u8>> {
        match (written.document, &written.path, &written.base64) {
            (Some(raw), None, None) if raw.get().starts_with('"') => {
                let text: String = serde_json::from_str(raw.get()).map_err(because("document"))?;
                Ok(text.into_bytes())
            }
            (Some(raw), None, None) => Ok(raw.get().as_bytes().to_vec()),
            (None, Some(path), None) => input::read(&self.below(path)?).map_err(Error::refused),
            (None, None, Some(text)) => {
                let packed = BASE64_STANDARD.decode(text.trim()).map_err(because("base64"))?;
                input::read_from(&packed[..], "base64", input::MAX_DOCUMENT_BYTES).map_err(Error::refused)
            }
            _ => refuse("expected exactly one of `document`, `path` and `base64`"),
        }
    }

    /// The file that a path names, below the folder of the input even after following links.
    fn below(&self, path: &str) -> Result<PathBuf> {
        let Some(folder) = &self.folder else { return refuse("path: no files are read here: send the document") };
        let relative = Path::new(path);
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain || path.is_empty() {
            return refuse(format!("path: `{path}` must lie below the folder of the input"));
        }
        let folder = folder.canonicalize().map_err(because(folder.display()))?;
        let file = folder.join(relative).canonicalize().map_err(because(format_args!("path: {path}")))?;
        if !file.starts_with(&folder) {
            return refuse(format!("path: `{path}` leads out of the folder of the input"));
        }
        if !file.is_file() {
            return refuse(format!("path: `{path}` is no file"));
        }
        Ok(file)
    }

    fn pseudonyms(&mut self) -> Result<Option<PseudonymKey>> {
        if let Some(key) = &self.pseudonyms {
            return Ok(key.clone());
        }
        let key = existing_key(&self.data_dir)?;
        Ok(self.pseudonyms.insert(key).clone())
    }
}

/// What reading gives is what is appended; times and keys are to follow.
impl From<Reading> for Item {
    fn from(reading: Reading) -> Self {
        let mut item = Self {
            bytes: reading.documents.iter().map(Bytes::len).sum(),
            documents: reading.documents,
            refused: reading.refused.iter().map(|(place, reason)| format!("{place}: {reason}")).collect(),
            warnings: reading.warnings,
            ..Self::default()
        };
        for read in reading.events {
            item.appends.push(read.event.into());
            item.places.push(read.place.map(|place| place.to_string()));
        }
        item
    }
}

fn refuse<T>(reason: impl Into<Cause>) -> Result<T> {
    Err(Error::refused(reason))
}

/// A cause, said of a part of the line.
fn because<E: Into<Cause>>(part: impl Display) -> impl FnOnce(E) -> Error {
    move |cause| Error::refused(cause).of(part)
}

/// SHA-256 of the line and of how many equal ones came before it. The file that a `path` names is a part of its line:
/// another content under the same name is another document.
fn derived_key(line: &[u8], ordinal: u32, file: Option<Digest>) -> String {
    let ordinal = ordinal.to_string();
    let file = file.map(|digest| format!("\n{digest}")).unwrap_or_default();
    Digest::of_parts(&[line, b"\n", ordinal.as_bytes(), file.as_bytes()]).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A field of a line, likely and unlikely.
    const FIELD: &str = concat!(
        "\"(kind|repo|project|purl|observed_at|key|document|path|base64|x)\":",
        "(\"(sbom|survey|grants|repo|git-log|registry|pkg:(github/a/b|npm/c)",
        "|2026-01-01|e30=|H4sI|\\.\\./x|\\PC{0,9})\"",
        "|null|1|\\{\\}|\\{\"stars\":-?[0-9]{1,3}\\}|\\[null\\]",
        "|\\{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.[0-9]\"\\})",
    );

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_line_is_an_item_or_is_refused_by_its_number(
            fields in prop::collection::vec(FIELD, 0..6),
            noise in prop::option::of(prop::collection::vec(any::<u8>(), 0..40)),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let here = Some(PathBuf::from("."));
            let mut reader = LineReader::new(here, &Circumstances::default(), folder.path().to_owned());
            let bytes = noise.unwrap_or_else(|| format!("{{{}}}", fields.join(",")).into_bytes());
            let item = reader.read(&Line { number: 7, bytes: Some(bytes) });
            prop_assert_eq!(item.line, 7);
            prop_assert_eq!(item.appends.len(), item.places.len());
            prop_assert!(item.appends.iter().all(|append| append.key.is_some()));
            prop_assert!(item.refused.iter().all(|reason| !reason.is_empty()));
            prop_assert!(!item.appends.is_empty() || !item.refused.is_empty() || !item.documents.is_empty());
        }
    }
}
