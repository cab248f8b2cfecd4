//! Git histories: a repository, a clone URL, a bundle or a pseudonymised export becomes one [`GitLogObserved`].
//!
//! Git is a child process in a private folder (`git`); it never sees the machine's or a repository's own
//! configuration. Its log is folded as it comes (`log`): addresses become pseudonyms before anything is stored, and
//! what is kept is the export (`export`), never the raw log.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use domain::Timestamp;
use domain::digest::Digest;
use domain::facts::gitlog::GitLogObserved;
use domain::facts::{DocumentRef, Subject};
use domain::identity::PseudonymKey;
use serde_json::json;

use super::quoted::quoted;
use super::{ReadOptions, Reading, Reads, Refused, SourceKind};

use super::encoding;

mod error;
mod export;
mod git;
mod history;
mod local;
mod log;
mod origin;
mod process;
mod remote;
mod tip;

#[cfg(test)]
mod tests;

pub use error::GitLogError;
pub use export::{Export, FORMAT, MAX_EXPORT_BYTES, VERSION, VERSION_UNSIGNED, parse_export, render};
pub use git::MAX_ANSWER_BYTES;
pub use history::{Cell, CoveredDays, GitHistory, Person, Totals, totals};
pub use local::{MAX_REFERENCE_BYTES, MAX_REFERENCE_FILES};
pub use log::{MAX_COMMITS, MAX_LINE_BYTES, ReadLog, parse_log};
pub use origin::{CloneUrl, GitSource, MAX_URL_BYTES};
pub use process::MAX_FETCHED_BYTES;
pub use tip::{MAX_LOG_BYTES, MAX_MAILMAP_BYTES};

/// Git histories. What is submitted is a pseudonymised export; [`read`] makes one of a repository.
pub const KIND: SourceKind = SourceKind {
    name: "git-log",
    documents: "Git history: a repository, clone URL, bundle or pseudonymised export; one event",
    answer: &["format", "format_version", "commits", "contributors", "bots_excluded", "latest_commit_date", "branch"],
    pseudonymous: true,
    publishing: false,
    reads: Reads::Repository(|document, subject, options| submitted(&document, subject, options)),
};
/// Time that reading one history may take unless the caller says otherwise: 10 minutes.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);
/// Name and version of this parser, as events name it.
pub const PARSER: &str = "git-log/2";

/// How a history is read.
#[derive(Clone, Debug)]
pub struct Options {
    /// When the history is seen; the last covered day is the UTC day it lies in.
    pub observed_at: Timestamp,
    /// Cover so many months back from that day; `None`: all history.
    pub since_months: Option<u32>,
    /// The branch that is read; `None`: the default one. An export is of one branch already.
    pub branch: Option<String>,
    /// Key behind the pseudonyms. An export has its own; with none here, its key is compared with nothing.
    pub key: Option<PseudonymKey>,
    /// Time that all of it may take.
    pub timeout: Duration,
    /// Folder in which the private folder is made; `None`: the system's temporary folder.
    pub scratch: Option<PathBuf>,
    /// Set while a history is read, it ends every git process of that reading, and lets it start no other.
    pub interrupted: Arc<AtomicBool>,
}

/// A history that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The event's payload; its document is `export`.
    pub facts: GitLogObserved,
    /// The pseudonymised export: the bytes to store and, with `--dry-run`, to print.
    pub export: Vec<u8>,
    /// Names and logins, for the side table alone; empty when read from an export.
    pub people: Vec<Person>,
    /// Counts for the answer.
    pub totals: Totals,
    /// The branch that was read, if it has a name.
    pub branch: Option<String>,
    /// What was left out or looks odd.
    pub warnings: Vec<String>,
}

impl Parsed {
    /// Author time of the newest commit up to the last covered day, anybody's.
    #[must_use]
    pub fn latest_commit_date(&self) -> Option<Timestamp> {
        self.facts.latest
    }
}

/// Reads a history. Blocks until git is done; on every way out all processes have ended and the private folder is
/// gone.
///
/// # Errors
/// See [`GitLogError`].
pub fn read(source: &GitSource, subject: Subject, options: &Options) -> Result<Parsed, GitLogError> {
    if let Some(branch) = options.branch.as_deref().filter(|branch| !is_branch(branch)) {
        return Err(GitLogError::refused(format!("{} can be no name of a branch", quoted(branch))));
    }
    let git = |protocol| git::Git::new(options, protocol);
    match source {
        GitSource::Export(_) if options.branch.is_some() => {
            Err(GitLogError::refused("an export is of one branch already: it takes no --branch"))
        }
        GitSource::Export(path) => read_export(&bounded(path)?, subject, options),
        GitSource::Repository(path) => {
            let git = git("")?;
            read_tip(&git, local::open(&git, path, options.branch.as_deref())?, subject, options)
        }
        GitSource::Bundle(path) => {
            let git = git("file")?;
            read_tip(&git, remote::fetch_bundle(&git, path, options.branch.as_deref())?, subject, options)
        }
        GitSource::Url(url) => {
            let git = git(url.protocol())?;
            read_tip(&git, remote::fetch_url(&git, url.as_str(), options.branch.as_deref())?, subject, options)
        }
    }
}

/// The repository that a checkout is of: the URL of its remote `origin`; `None` where it has none, or is no checkout.
/// Blocks on git for as long as `options` allow. It may hold credentials.
///
/// # Errors
/// See [`GitLogError`].
pub fn origin(source: &GitSource, options: &Options) -> Result<Option<String>, GitLogError> {
    match source {
        GitSource::Repository(path) => local::origin(&git::Git::new(options, "")?, path),
        GitSource::Url(_) | GitSource::Bundle(_) | GitSource::Export(_) => Ok(None),
    }
}

/// Whether git would call a branch so: what means something else to it, an earlier commit or many branches, is none.
fn is_branch(name: &str) -> bool {
    let strange = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    !(name.is_empty() || name.starts_with('-') || name.contains(strange) || name.contains("..") || name.contains("@{"))
}

/// Reads an export that is in memory. Days outside of the asked window are left out.
///
/// # Errors
/// When the export is malformed or covers no day of the window.
pub fn read_export(bytes: &[u8], subject: Subject, options: &Options) -> Result<Parsed, GitLogError> {
    let (bytes, utf16) = encoding::narrow(bytes)?;
    let mut export = parse_export(encoding::without_mark(&bytes))?;
    let mut warnings: Vec<String> = utf16.then(encoding::was_utf16).into_iter().collect();
    let window = CoveredDays::new(options.observed_at, options.since_months);
    let (history, after) = export.history.within(window)?;
    export.history = history;
    if after > 0 {
        warnings.push(log::left_out(after, &format!("dated after {}", window.to)));
    }
    if export.repo != subject.id {
        warnings.push(format!("the export was made of {}", export.repo));
    }
    if let Some(own) = options.key.as_ref().map(PseudonymKey::id)
        && export.pseudonym_key != own
    {
        let key = &export.pseudonym_key;
        warnings.push(format!(
            "the pseudonyms are of key {key}, this deployment's key is {own}: a person seen under both counts twice"
        ));
    }
    parsed(&export, subject, Vec::new(), None, warnings)
}

/// Reads an export that is submitted.
fn submitted(document: &[u8], subject: Subject, options: &ReadOptions) -> Result<Reading, Refused> {
    let ReadOptions { observed_at, key, .. } = options.clone();
    let (timeout, interrupted) = (DEFAULT_TIMEOUT, Arc::default());
    let options = Options { observed_at, since_months: None, branch: None, key, timeout, scratch: None, interrupted };
    match read_export(document, subject, &options) {
        Ok(read) => Ok(read.into()),
        Err(GitLogError::Refused(refused)) => Err(refused),
        Err(error) => Err(Refused::whole(error.to_string())),
    }
}

impl From<Parsed> for Reading {
    fn from(read: Parsed) -> Self {
        let summary = json!({
            "format": read.facts.document.format,
            "format_version": read.facts.document.format_version,
            "commits": read.totals.commits,
            "contributors": read.totals.contributors,
            "bots_excluded": read.totals.bots_excluded,
            "latest_commit_date": read.latest_commit_date(),
            "branch": read.branch,
        });
        Self { people: read.people, ..Self::of_one(read.facts, read.export, read.warnings, summary) }
    }
}

fn read_tip(git: &git::Git, tip: tip::Tip, subject: Subject, options: &Options) -> Result<Parsed, GitLogError> {
    let window = CoveredDays::new(options.observed_at, options.since_months);
    let key = options.key.as_ref().ok_or(GitLogError::NoKey)?;
    let mut reader = log::LogReader::new(window, key);
    tip::read_log(git, &tip, &mut reader)?;
    let ReadLog { history, people, mut warnings } = reader.finish()?;
    warnings.splice(0..0, tip.guess);
    let export = Export { repo: subject.id.clone(), pseudonym_key: key.id(), history };
    parsed(&export, subject, people, tip.branch, warnings)
}

fn parsed(
    export: &Export,
    subject: Subject,
    people: Vec<Person>,
    branch: Option<String>,
    warnings: Vec<String>,
) -> Result<Parsed, GitLogError> {
    let bytes = render(export)?;
    let document = DocumentRef {
        sha256: Digest::of(&bytes),
        bytes: bytes.len() as u64,
        format: FORMAT.to_owned(),
        format_version: Some(export.version().to_string()),
        parser: PARSER.to_owned(),
    };
    let facts = export.history.facts(subject, document, export.pseudonym_key.clone());
    Ok(Parsed { totals: totals(&facts), facts, export: bytes, people, branch, warnings })
}

fn bounded(path: &Path) -> Result<Vec<u8>, GitLogError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_EXPORT_BYTES + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(GitLogError::io(path.display().to_string()))
}
