//! One line of a batch: what it says, the document it brings, the events it becomes.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use ::ingest::append::part_key;
use ::ingest::source::gitlog::Person;
use ::ingest::source::registry;
use ::ingest::{Append, input, pseudonym_key};
use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::Timestamp;
use domain::digest::Digest;
use domain::facts::Subject;
use domain::identity::PseudonymKey;
use domain::purl::Purl;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{Many, Single, gitlog, grants, repo, row_key, sbom, survey};
use super::lines::{Line, MAX_LINE_BYTES};

/// Most lines without a key of their own in one input: each of them is remembered, to count equal ones.
const MAX_KEYLESS_LINES: usize = 5_000_000;
/// Bytes of a line's digest that are remembered.
const REMEMBERED_BYTES: usize = 16;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Sbom,
    Survey,
    Grants,
    Repo,
    GitLog,
    Registry,
}

/// A line as written. A field that is null is absent; one that is misspelt must not be passed over in silence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    kind: Kind,
    repo: Option<String>,
    project: Option<String>,
    purl: Option<String>,
    observed_at: Option<String>,
    key: Option<String>,
    /// JSON as it is, or a text whose content is the document.
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    /// Relative to the input's folder, and below it: a batch must not reach for other files of this machine.
    path: Option<String>,
    base64: Option<String>,
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
    /// Names for the side table.
    pub(super) people: Vec<Person>,
    /// What is refused: line and reason.
    pub(super) refused: Vec<(u64, String)>,
    /// What was odd.
    pub(super) warnings: Vec<String>,
}

/// Reads lines.
pub(super) struct Reader {
    /// Folder of the input.
    folder: PathBuf,
    /// When lines were observed that do not say it.
    observed_at: Option<Timestamp>,
    /// Key of the whole call.
    key: Option<String>,
    data_dir: PathBuf,
    /// Read when the first git log comes; none is made, for these bring their own.
    pseudonyms: Option<Option<PseudonymKey>>,
    /// How often a line without a key was seen.
    seen: BTreeMap<[u8; REMEMBERED_BYTES], u32>,
}

impl Reader {
    /// A reader of the lines of `file`.
    pub(super) fn new(file: &str, observed_at: Option<Timestamp>, key: Option<String>, data_dir: PathBuf) -> Self {
        let folder = if file == "-" { None } else { Path::new(file).parent() };
        let folder = folder.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
        Self { folder, observed_at, key, data_dir, pseudonyms: None, seen: BTreeMap::new() }
    }

    /// Reads a line. What is wrong with it is in its answer.
    pub(super) fn read(&mut self, line: &Line) -> Item {
        let read = match &line.bytes {
            None => Err(anyhow!("longer than {MAX_LINE_BYTES} bytes; name a large document by its `path`")),
            Some(bytes) => self.events(line.number, bytes),
        };
        let mut item =
            read.unwrap_or_else(|error| Item { refused: vec![(line.number, format!("{error:#}"))], ..Item::default() });
        item.line = line.number;
        item.bytes += line.bytes.as_ref().map_or(0, Vec::len);
        for warning in &mut item.warnings {
            *warning = format!("line {}: {warning}", line.number);
        }
        item
    }

    fn events(&mut self, number: u64, bytes: &[u8]) -> anyhow::Result<Item> {
        let text = std::str::from_utf8(bytes).context("not UTF-8")?;
        // Counted before anything can be refused, so that a refusal that goes away moves no other line's key.
        let ordinal = self.ordinal(bytes)?;
        let written: Written<'_> = serde_json::from_str(text).context("not a line of a batch")?;
        let observed_at = written.observed_at.as_deref().map(Timestamp::parse_time_or_date).transpose();
        let observed_at = observed_at.context("observed_at")?.or(self.observed_at);
        let document = self.document(&written)?;
        let key = match (&written.key, &self.key) {
            (Some(key), _) => key.clone(),
            (None, Some(key)) => part_key(key, &number.to_string()),
            (None, None) => derived_key(bytes, ordinal, written.path.is_some().then(|| Digest::of(&document))),
        };
        let mut item = match written.kind {
            Kind::Sbom => {
                let (subject, dropped) = subject(&written)?;
                single(sbom::read(&document, subject).map_err(|f| f.error)?.also_odd(dropped))
            }
            Kind::Repo => {
                let (subject, dropped) = subject(&written)?;
                single(repo::read(&document, subject).map_err(|f| f.error)?.also_odd(dropped))
            }
            Kind::GitLog => {
                let seen = observed_at.or_else(|| Timestamp::from_datetime(chrono::Utc::now()));
                let seen = seen.context("the clock of this machine is out of range")?;
                let (subject, dropped) = subject(&written)?;
                let read = gitlog::read_export(&document, subject, seen, self.pseudonyms()?).map_err(|f| f.error)?;
                single(read.also_odd(dropped))
            }
            Kind::Registry => package(&document, &written)?,
            Kind::Survey => {
                alone(&written)?;
                many(number, survey::read(&document).map_err(|f| f.error)?)
            }
            Kind::Grants => {
                alone(&written)?;
                let name = written.path.clone().unwrap_or_else(|| "document".to_owned());
                many(number, grants::read(&[(name, document)]).map_err(|f| f.error)?)
            }
        };
        for (n, append) in item.appends.iter_mut().enumerate() {
            append.observed_at = observed_at;
            append.key = Some(row_key(&key, n));
        }
        item.bytes = item.documents.iter().map(Bytes::len).sum();
        Ok(item)
    }

    /// How many lines before were equal to this one.
    fn ordinal(&mut self, line: &[u8]) -> anyhow::Result<u32> {
        let mut short = [0; REMEMBERED_BYTES];
        short.copy_from_slice(&Digest::of(line).0[..REMEMBERED_BYTES]);
        let full = self.seen.len() >= MAX_KEYLESS_LINES;
        match self.seen.entry(short) {
            std::collections::btree_map::Entry::Occupied(mut seen) => {
                *seen.get_mut() += 1;
                Ok(*seen.get())
            }
            std::collections::btree_map::Entry::Vacant(_) if full => {
                Err(anyhow!("more than {MAX_KEYLESS_LINES} different lines in one input: split it"))
            }
            std::collections::btree_map::Entry::Vacant(new) => Ok(*new.insert(0)),
        }
    }

    fn document(&self, written: &Written<'_>) -> anyhow::Result<Vec<u8>> {
        match (written.document, &written.path, &written.base64) {
            (Some(raw), None, None) if raw.get().starts_with('"') => {
                let text: String = serde_json::from_str(raw.get()).context("document")?;
                Ok(text.into_bytes())
            }
            (Some(raw), None, None) => Ok(raw.get().as_bytes().to_vec()),
            (None, Some(path), None) => Ok(input::read(&self.below(path)?)?),
            (None, None, Some(text)) => {
                let packed = BASE64_STANDARD.decode(text.trim()).context("base64")?;
                Ok(input::read_from(&packed[..], "base64", input::MAX_DOCUMENT_BYTES)?)
            }
            _ => Err(anyhow!("expected exactly one of `document`, `path` and `base64`")),
        }
    }

    /// The file that a path names, below the folder of the input even after following links.
    fn below(&self, path: &str) -> anyhow::Result<PathBuf> {
        let relative = Path::new(path);
        let plain = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        ensure!(plain && !path.is_empty(), "path: `{path}` must lie below the folder of the input");
        let folder = self.folder.canonicalize().with_context(|| self.folder.display().to_string())?;
        let file = folder.join(relative).canonicalize().with_context(|| format!("path: {path}"))?;
        ensure!(file.starts_with(&folder), "path: `{path}` leads out of the folder of the input");
        ensure!(file.is_file(), "path: `{path}` is no file");
        Ok(file)
    }

    fn pseudonyms(&mut self) -> anyhow::Result<Option<PseudonymKey>> {
        if let Some(key) = &self.pseudonyms {
            return Ok(key.clone());
        }
        let environment = std::env::var(pseudonym_key::ENV_NAME).ok();
        let key = pseudonym_key::existing(environment.as_deref(), &self.data_dir)?;
        Ok(self.pseudonyms.insert(key).clone())
    }
}

/// SHA-256 of the line and of how many equal ones came before it. The file that a `path` names is a part of its line:
/// another content under the same name is another document.
fn derived_key(line: &[u8], ordinal: u32, file: Option<Digest>) -> String {
    let ordinal = ordinal.to_string();
    let file = file.map(|digest| format!("\n{digest}")).unwrap_or_default();
    Digest::of_parts(&[line, b"\n", ordinal.as_bytes(), file.as_bytes()]).to_string()
}

/// The repository of a line, and what was odd about its project.
fn subject(written: &Written<'_>) -> anyhow::Result<(Subject, Vec<String>)> {
    ensure!(written.purl.is_none(), "`purl` is for documents of kind registry; this one is about a `repo`");
    let repo = written.repo.as_deref().context("`repo` is missing")?;
    let mut dropped = Vec::new();
    let subject = Subject::new(repo, written.project.as_deref(), &mut dropped)?;
    Ok((subject, dropped))
}

/// Documents that name what they are about themselves.
fn alone(written: &Written<'_>) -> anyhow::Result<()> {
    let named = written.repo.is_some() || written.project.is_some() || written.purl.is_some();
    ensure!(!named, "documents of this kind say themselves what they are about: no `repo`, `project` or `purl`");
    Ok(())
}

fn package(document: &[u8], written: &Written<'_>) -> anyhow::Result<Item> {
    let stray = written.repo.is_some() || written.project.is_some();
    ensure!(!stray, "a document of kind registry is about a `purl`: no `repo`, no `project`");
    let purl = Purl::parse(written.purl.as_deref().context("`purl` is missing")?).context("purl")?;
    let parsed = registry::parse(&purl, document)?;
    Ok(Item {
        appends: vec![Append { event: parsed.facts.into(), observed_at: None, key: None }],
        places: vec![None],
        documents: vec![parsed.cleaned.into()],
        warnings: parsed.warnings,
        ..Item::default()
    })
}

fn single(read: Single) -> Item {
    Item {
        appends: vec![Append { event: read.event, observed_at: None, key: None }],
        places: vec![None],
        documents: vec![read.document.into()],
        people: read.people,
        warnings: read.warnings,
        ..Item::default()
    }
}

fn many(line: u64, read: Many) -> Item {
    let place = |row: &serde_json::Value| row.as_str().map_or_else(|| format!("row {row}"), str::to_owned);
    Item {
        appends: read.events.into_iter().map(|event| Append { event, observed_at: None, key: None }).collect(),
        places: read.places.into_iter().map(Some).collect(),
        documents: read.documents.into_iter().map(Bytes::from).collect(),
        refused: read.refused.iter().map(|(row, reason)| (line, format!("{}: {reason}", place(row)))).collect(),
        warnings: read.warnings,
        ..Item::default()
    }
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
            let mut reader = Reader::new("-", None, None, folder.path().to_owned());
            let bytes = noise.unwrap_or_else(|| format!("{{{}}}", fields.join(",")).into_bytes());
            let item = reader.read(&Line { number: 7, bytes: Some(bytes) });
            prop_assert_eq!(item.line, 7);
            prop_assert_eq!(item.appends.len(), item.places.len());
            prop_assert!(item.appends.iter().all(|append| append.key.is_some()));
            prop_assert!(item.refused.iter().all(|(line, reason)| *line == 7 && !reason.is_empty()));
            prop_assert!(!item.appends.is_empty() || !item.refused.is_empty() || !item.documents.is_empty());
        }
    }
}
