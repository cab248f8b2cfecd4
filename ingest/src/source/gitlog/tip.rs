//! From the tip of a branch to its log: the mailmap at the tip, then every commit it reaches.

use super::error::GitLogError;
use super::git::Git;
use super::log::LogReader;

/// Greatest size of a `.mailmap`, in bytes: 8 MiB.
pub const MAX_MAILMAP_BYTES: u64 = 8 * 1024 * 1024;
/// Greatest size of git's log, in bytes: 2 GiB. It is folded as it comes and never kept.
pub const MAX_LOG_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Newest commit of the branch that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tip {
    /// Its id, hexadecimal.
    pub(super) commit: String,
    /// Name of the branch, if it has one.
    pub(super) branch: Option<String>,
    /// Whether trees and files may be missing that the `origin` of the private repository has.
    pub(super) filtered: bool,
    /// Why this branch, where nobody says which is the default one: a warning.
    pub(super) guess: Option<String>,
}

impl Tip {
    /// A tip of which everything is here.
    pub(super) fn of(commit: String, branch: Option<&str>) -> Self {
        Self { commit, branch: branch.map(str::to_owned), filtered: false, guess: None }
    }
}

/// The warning for a branch that was taken for the default one.
pub(super) fn guessed(branch: &str, why: &str) -> String {
    format!("the default branch is a guess: `{branch}`, {why}; --branch names another")
}

/// The refusal of a repository without any branch.
pub(super) fn no_branch(source: &str, tags: bool) -> String {
    if tags {
        format!("`{source}` has tags but no branch, so no default branch: name a branch of it, or clone it with one")
    } else {
        format!("`{source}` is empty: it has no commit yet")
    }
}

const MAILMAP: &str = "reading .mailmap at the tip of the default branch";

/// Feeds every commit that the tip reaches to the reader.
pub(super) fn read_log(git: &Git, tip: &Tip, reader: &mut LogReader<'_>) -> Result<(), GitLogError> {
    let mailmap = format!("mailmap.blob={}", mailmap(git, tip)?.unwrap_or_default());
    let format = format!("--format=tformat:{}", super::log::FORMAT);
    let arguments = ["-c", &mailmap, "log", &format, "--use-mailmap", "--no-color", "--end-of-options", &tip.commit];
    let mut bytes = 0;
    git.stream("reading the log", &arguments, &mut |chunk| {
        bytes += chunk.len() as u64;
        if bytes > MAX_LOG_BYTES {
            return Err(GitLogError::TooLarge { what: "the log", limit: MAX_LOG_BYTES, unit: "bytes" });
        }
        reader.feed(chunk)
    })
}

/// The object id of `.mailmap` at the tip, if it is a file there. A link is none: git does not follow it either.
fn mailmap(git: &Git, tip: &Tip) -> Result<Option<String>, GitLogError> {
    let tree = git.ask(MAILMAP, &["log", "-1", "--format=%T", "--end-of-options", &tip.commit])?.output(MAILMAP)?;
    let tree = String::from_utf8_lossy(&tree).trim().to_owned();
    ensure(git, tip, &tree)?;
    let listed = git.ask(MAILMAP, &["ls-tree", "-z", &tree, "--", ".mailmap"])?.output(MAILMAP)?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let words: Vec<&str> = listed.split([' ', '\t']).collect();
    let [mode, "blob", id, ..] = words[..] else { return Ok(None) };
    if !mode.starts_with("100") {
        return Ok(None);
    }
    ensure(git, tip, id)?;
    let size = git.ask(MAILMAP, &["cat-file", "-s", id])?.output(MAILMAP)?;
    let size: Option<u64> = String::from_utf8_lossy(&size).trim().parse().ok();
    if size.is_none_or(|size| size > MAX_MAILMAP_BYTES) {
        return Err(GitLogError::TooLarge { what: "the .mailmap", limit: MAX_MAILMAP_BYTES, unit: "bytes" });
    }
    Ok(Some(id.to_owned()))
}

/// Fetches a tree or file that a history fetched without them lacks. For a local repository there is nowhere to ask:
/// the command that needs it says that it is missing.
fn ensure(git: &Git, tip: &Tip, object: &str) -> Result<(), GitLogError> {
    if !tip.filtered || git.ask(MAILMAP, &["cat-file", "-e", object])?.is_yes() {
        return Ok(());
    }
    let arguments = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head"];
    let arguments = [&arguments[..], &["--filter=tree:0", "origin", object]].concat();
    git.ask(MAILMAP, &arguments)?.output(MAILMAP).map(|_| ())
}
