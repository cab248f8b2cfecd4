//! Repositories to read, and short ways to read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use domain::facts::Subject;
use domain::identity::{PseudonymKey, pseudonym};

use crate::source::gitlog::*;

/// Words that must not show up in facts, exports or errors.
pub(super) const SECRETS: [&str; 4] = ["ann@example.org", "Ann Author", "bob@corp.example", "Bob Builder"];

pub(super) const ANN: &str = "Ann Author <ann@example.org>";
pub(super) const BOB: &str = "Bob Builder <bob@corp.example>";

/// A folder that goes away, with git in it that knows no configuration of the machine's.
pub(super) struct Repo {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Repo {
    /// An empty repository with its work tree.
    pub(super) fn new(branch: &str) -> Self {
        Self::with(&["init", "-q", "-b", branch])
    }

    pub(super) fn with(init: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("repo");
        fs::create_dir(&path).unwrap();
        let repo = Self { folder, path };
        repo.git(init);
        repo
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A place beside the repository.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.current_dir(&self.path).env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("GIT_COMMITTER_NAME", "Committer").env("GIT_COMMITTER_EMAIL", "committer@example.org");
        command.env_remove("GIT_DIR");
        command
    }

    /// Runs git, which must succeed; what it printed, trimmed.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// An empty commit of `author` (`Name <address>`) at `date`.
    pub(super) fn commit(&self, author: &str, date: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", "x", "--author", author, "--date", date]);
    }

    /// A commit that adds or changes a file.
    pub(super) fn write(&self, name: &str, text: &str, author: &str, date: &str) {
        fs::write(self.path.join(name), text).unwrap();
        self.git(&["add", "--", name]);
        self.commit(author, date);
    }

    /// A merge of `branch` that is never a fast-forward.
    pub(super) fn merge(&self, branch: &str, author: &str, date: &str) {
        let (name, email) = author.trim_end_matches('>').split_once(" <").unwrap();
        let mut command = self.command();
        command.env("GIT_AUTHOR_NAME", name).env("GIT_AUTHOR_EMAIL", email).env("GIT_AUTHOR_DATE", date);
        assert!(command.args(["merge", "-q", "--no-ff", "-m", "m", branch]).status().unwrap().success());
    }

    /// A commit written byte by byte, on top of nothing, as the tip of `branch`.
    pub(super) fn raw_commit(&self, author_line: &[u8], branch: &str) {
        let tree = self.git(&["hash-object", "-t", "tree", "-w", "/dev/null"]);
        let mut text = format!("tree {tree}\n").into_bytes();
        if let Ok(parent) = self.command().args(["rev-parse", "--verify", "-q", branch]).output()
            && parent.status.success()
        {
            text.extend_from_slice(b"parent ");
            text.extend_from_slice(&parent.stdout);
        }
        text.extend_from_slice(author_line);
        text.extend_from_slice(b"\ncommitter C <c@d.example> 1700000000 +0000\n\nx\n");
        let file = self.beside("raw-commit");
        fs::write(&file, text).unwrap();
        let id = self.git(&["hash-object", "-t", "commit", "-w", "--literally", file.to_str().unwrap()]);
        self.git(&["update-ref", &format!("refs/heads/{branch}"), &id]);
    }
}

/// The key of the tests.
pub(super) fn key() -> PseudonymKey {
    PseudonymKey::new([7; 32])
}

pub(super) fn options(observed_at: &str) -> Options {
    Options {
        observed_at: Timestamp::parse_time_or_date(observed_at).unwrap(),
        since_months: None,
        branch: None,
        key: Some(key()),
        timeout: Duration::from_secs(120),
        scratch: None,
        interrupted: Arc::default(),
    }
}

pub(super) fn subject() -> Subject {
    Subject { id: "pkg:github/o/r".to_owned(), spelled: "o/r".to_owned(), project: None }
}

pub(super) fn read_argument(argument: impl AsRef<std::ffi::OsStr>, options: &Options) -> Result<Parsed, GitLogError> {
    read(&GitSource::from_argument(argument.as_ref())?, subject(), options)
}

/// Reads a path as of the start of 2026, checks that nothing in the result names anybody and that the private folder
/// is gone.
pub(super) fn read_path(path: &Path) -> Result<Parsed, GitLogError> {
    let scratch = tempfile::tempdir().unwrap();
    let options = Options { scratch: Some(scratch.path().to_owned()), ..options("2026-01-01") };
    let result = read_argument(path, &options);
    assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0, "the private folder stayed");
    if let Ok(parsed) = &result {
        assert_nameless(parsed);
    }
    result
}

pub(super) fn assert_nameless(parsed: &Parsed) {
    let facts = serde_json::to_string(&parsed.facts).unwrap();
    let export = String::from_utf8(parsed.export.clone()).unwrap();
    for secret in SECRETS {
        for (text, what) in [(&facts, "facts"), (&export, "export"), (&parsed.warnings.join(" "), "warnings")] {
            assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{what}: {secret}");
        }
    }
    assert!(!export.contains('@'), "no address in {export}");
}

/// (pseudonym, bot) of an address in the facts.
pub(super) fn is_author(parsed: &Parsed, email: &str) -> Option<bool> {
    let wanted = pseudonym(&key(), email);
    parsed.facts.authors.iter().find(|author| author.pseudonym == wanted).map(|author| author.bot)
}

/// (day, commits, merges) of an address, in order.
pub(super) fn days(parsed: &Parsed, email: impl AsRef<[u8]>) -> Vec<(String, u32, u32)> {
    let wanted = pseudonym(&key(), email);
    let of = |index: u32| parsed.facts.authors[index as usize].pseudonym;
    let rows = parsed.facts.days.iter().filter(|row| of(row.author) == wanted);
    rows.map(|row| (row.day.to_string(), row.commits, row.merges)).collect()
}

/// The message of a reading that must be refused.
pub(super) fn refusal(result: Result<Parsed, GitLogError>) -> String {
    match result {
        Err(error @ GitLogError::Refused(_)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}
