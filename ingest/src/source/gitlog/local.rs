//! A local repository, read without trusting it: its references are copied into the private repository, its objects
//! are borrowed, its configuration is never in force and no process runs in it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::error::GitLogError;
use super::git::{Answer, Git};
use super::tip::{Tip, guessed, no_branch};
use crate::source::quoted::shown;

/// Greatest number of reference files that are copied.
pub const MAX_REFERENCE_FILES: u64 = 200_000;
/// Greatest total size of what is copied, in bytes: 256 MiB.
pub const MAX_REFERENCE_BYTES: u64 = 256 * 1024 * 1024;
/// Greatest size of a file that holds one line, in bytes.
const MAX_POINTER_BYTES: u64 = 16 * 1024;
/// Greatest depth of folders below `refs`.
const MAX_REFERENCE_DEPTH: usize = 32;

const STEP: &str = "reading the references";

/// Prepares the private repository for the history of the one at `path` and finds the tip of a branch: the
/// one that is asked for, else the default one.
pub(super) fn open(git: &Git, path: &Path, branch: Option<&str>) -> Result<Tip, GitLogError> {
    let source = git_folder(path)?;
    refuse_partial(&source)?;
    let CloneSettings { hash, references, bare } = settings(git, &source)?;
    git.init(&hash, &references)?;
    copy_references(&source, &git.repository(), &references)?;
    borrow_objects(&source, &git.repository())?;
    Clone { git, path, bare }.tip(branch)
}

/// The folder with `HEAD`, `refs` and `objects`: the path itself if bare, else `.git` in it. The `.git` file of a
/// linked work tree or a submodule is followed to the repository it belongs to.
fn git_folder(path: &Path) -> Result<PathBuf, GitLogError> {
    let inner = path.join(".git");
    let mut folder = path.to_owned();
    if inner.is_dir() {
        folder = inner;
    } else if inner.is_file() {
        let text = pointer(&inner)?;
        let target = text.trim().strip_prefix("gitdir:").map(str::trim);
        folder = path.join(target.ok_or_else(|| GitLogError::refused(format!("`{}` is malformed", inner.display())))?);
    }
    let common = folder.join("commondir");
    if common.is_file() {
        folder = folder.join(pointer(&common)?.trim());
    }
    if folder.join("HEAD").exists() && folder.join("objects").is_dir() {
        return fs::canonicalize(&folder).map_err(GitLogError::io(folder.display().to_string()));
    }
    let name = path.display();
    Err(GitLogError::refused(format!("`{name}` is no git repository: give its top folder, or a bare repository")))
}

/// Refuses a repository without its whole history: counts from it would be too small, for good.
fn refuse_partial(source: &Path) -> Result<(), GitLogError> {
    let filled = |name: &str| fs::metadata(source.join(name)).is_ok_and(|file| file.len() > 0);
    if filled("shallow") {
        return Err(GitLogError::refused(SHALLOW));
    }
    let linked = fs::symlink_metadata(source.join("objects")).is_ok_and(|objects| objects.is_symlink());
    if linked || filled("objects/info/alternates") {
        return Err(GitLogError::refused(
            "the repository borrows objects of another one: run `git repack -a -d` in a full clone, or give a bundle",
        ));
    }
    Ok(())
}

/// Why a history that is cut off is refused, and what to do about it.
pub(super) const SHALLOW: &str =
    "the repository is a shallow clone, its history is cut off: run `git fetch --unshallow` and try again";

/// What matters of a repository's configuration.
struct CloneSettings {
    /// `sha1` or `sha256`.
    hash: String,
    /// `files` or `reftable`.
    references: String,
    /// Whether it has no work tree.
    bare: bool,
}

/// A copy of a repository's configuration, read as plain data.
struct Foreign<'a> {
    git: &'a Git,
    file: PathBuf,
}

impl<'a> Foreign<'a> {
    /// The copy; none where the repository has no configuration.
    fn copied(git: &'a Git, source: &Path) -> Result<Option<Self>, GitLogError> {
        let file = git.file("foreign-config");
        let is_there = Budget::new().copy(&source.join("config"), &file)?;
        Ok(is_there.then_some(Self { git, file }))
    }

    /// The first line that git answers of it, if any.
    fn asked(&self, arguments: &[&str]) -> Result<Option<String>, GitLogError> {
        let file = self.file.as_os_str();
        let all = ["config".as_ref(), "--no-includes".as_ref(), "--file".as_ref(), file];
        let all: Vec<&OsStr> = all.into_iter().chain(arguments.iter().map(OsStr::new)).collect();
        self.git.ask_outside(STEP, &all).map(Answer::line)
    }
}

/// The URL of the remote `origin` of the repository at `path`, as its configuration has it; it may hold credentials.
pub(super) fn origin(git: &Git, path: &Path) -> Result<Option<String>, GitLogError> {
    let foreign = Foreign::copied(git, &git_folder(path)?)?;
    foreign.map_or(Ok(None), |foreign| foreign.asked(&["--get", "remote.origin.url"]))
}

/// What matters of the configuration of a repository.
fn settings(git: &Git, source: &Path) -> Result<CloneSettings, GitLogError> {
    let Some(foreign) = Foreign::copied(git, source)? else {
        return Ok(CloneSettings { hash: "sha1".to_owned(), references: "files".to_owned(), bare: true });
    };
    let asked = |arguments: &[&str]| foreign.asked(arguments);
    let lacking = asked(&["--type=bool", "--get-regexp", r"^remote\..*\.promisor$", "true"])?;
    if has_promises(source)
        && let Some(remote) = lacking.or(asked(&["--get-regexp", "^extensions\\.partialclone$"])?)
    {
        return Err(GitLogError::refused(partial(&remote)));
    }
    let value = |name: &str, default: &str, known: &[&str]| {
        let value = asked(&["--get", name])?.unwrap_or_else(|| default.to_owned());
        match known.iter().find(|name| name.eq_ignore_ascii_case(&value)) {
            Some(known) => Ok((*known).to_owned()),
            None => Err(GitLogError::refused(format!("the repository needs {name} = {value:.20}, which is unknown"))),
        }
    };
    let hash = value("extensions.objectformat", "sha1", &["sha1", "sha256"])?;
    let references = value("extensions.refstorage", "files", &["files", "reftable"])?;
    let bare = asked(&["--type=bool", "--get", "core.bare"])?.is_none_or(|bare| bare == "true");
    Ok(CloneSettings { hash, references, bare })
}

/// Whether objects were fetched on the promise that those they name can be fetched later; git marks these packs.
fn has_promises(source: &Path) -> bool {
    let packs = fs::read_dir(source.join("objects/pack"));
    packs.is_ok_and(|mut packs| {
        packs.any(|pack| pack.is_ok_and(|pack| pack.path().extension().is_some_and(|end| end == "promisor")))
    })
}

/// Why a clone that left files or folders at its origin is refused, and what to do about it; `setting` is what says so:
/// `remote.NAME.promisor true` or `extensions.partialclone NAME`.
fn partial(setting: &str) -> String {
    let name = setting.strip_prefix("remote.").and_then(|rest| rest.rsplit_once(".promisor"));
    let name = shown(name.map_or_else(|| setting.rsplit(' ').next().unwrap_or_default(), |(name, _)| name));
    format!(
        "the repository is a partial clone, some of its objects are elsewhere: run `git fetch --refetch --no-filter \
         {name} && git config --unset-all remote.{name}.promisor` and try again"
    )
}

fn copy_references(source: &Path, target: &Path, references: &str) -> Result<(), GitLogError> {
    let mut budget = Budget::new();
    if references == "reftable" {
        let tables = target.join("reftable");
        fs::remove_dir_all(&tables).map_err(GitLogError::io("the private repository"))?;
        return budget.copy_folder(&source.join("reftable"), &tables, 0);
    }
    budget.copy(&source.join("HEAD"), &target.join("HEAD"))?;
    budget.copy(&source.join("packed-refs"), &target.join("packed-refs"))?;
    for name in ["refs/heads", "refs/remotes"] {
        budget.copy_folder(&source.join(name), &target.join(name), 0)?;
    }
    Ok(())
}

/// Lets the private repository find the objects of the foreign one.
fn borrow_objects(source: &Path, target: &Path) -> Result<(), GitLogError> {
    use std::os::unix::ffi::OsStrExt;
    let objects = source.join("objects");
    let mut line = objects.as_os_str().as_bytes().to_vec();
    if line.contains(&b'\n') {
        return Err(GitLogError::refused("the path of the repository contains a line end"));
    }
    line.push(b'\n');
    let info = target.join("objects/info");
    let written = fs::create_dir_all(&info).and_then(|()| fs::write(info.join("alternates"), line));
    written.map_err(GitLogError::io("the private repository"))
}

/// What may still be copied. Only regular files are: a link could lead out, a pipe would never end.
struct Budget {
    files: u64,
    bytes: u64,
}

impl Budget {
    fn new() -> Self {
        Self { files: MAX_REFERENCE_FILES, bytes: MAX_REFERENCE_BYTES }
    }

    /// Copies a file; `false` if there is no such regular file.
    fn copy(&mut self, source: &Path, target: &Path) -> Result<bool, GitLogError> {
        if !fs::symlink_metadata(source).is_ok_and(|file| file.is_file()) {
            return Ok(false);
        }
        self.files = self.files.checked_sub(1).ok_or(GitLogError::TooLarge {
            what: "the references of the repository",
            limit: MAX_REFERENCE_FILES,
            unit: "files",
        })?;
        let mut bytes = Vec::new();
        let read = File::open(source).and_then(|file| file.take(self.bytes + 1).read_to_end(&mut bytes));
        let length = read.map_err(GitLogError::io(source.display().to_string()))? as u64;
        self.bytes = self.bytes.checked_sub(length).ok_or(GitLogError::TooLarge {
            what: "the references of the repository",
            limit: MAX_REFERENCE_BYTES,
            unit: "bytes",
        })?;
        let written = File::create(target).and_then(|mut file| file.write_all(&bytes));
        written.map(|()| true).map_err(GitLogError::io("the private repository"))
    }

    fn copy_folder(&mut self, source: &Path, target: &Path, depth: usize) -> Result<(), GitLogError> {
        if !fs::symlink_metadata(source).is_ok_and(|folder| folder.is_dir()) {
            return Ok(());
        }
        if depth > MAX_REFERENCE_DEPTH {
            return Err(GitLogError::TooLarge {
                what: "the references of the repository",
                limit: MAX_REFERENCE_DEPTH as u64,
                unit: "levels of folders",
            });
        }
        fs::create_dir_all(target).map_err(GitLogError::io("the private repository"))?;
        for entry in fs::read_dir(source).map_err(GitLogError::io(source.display().to_string()))? {
            let entry = entry.map_err(GitLogError::io(source.display().to_string()))?;
            let (from, to) = (entry.path(), target.join(entry.file_name()));
            if !self.copy(&from, &to)? {
                self.copy_folder(&from, &to, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// The one line in a file that points elsewhere.
fn pointer(path: &Path) -> Result<String, GitLogError> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(MAX_POINTER_BYTES).read_to_string(&mut text));
    read.map(|_| text).map_err(GitLogError::io(path.display().to_string()))
}

/// A local repository whose references are in the private one.
struct Clone<'a> {
    git: &'a Git,
    path: &'a Path,
    bare: bool,
}

impl Clone<'_> {
    /// The tip of the branch that is asked for, else of the default branch: in a bare repository the one that HEAD
    /// names; else the one that the remote calls so, else the one that is checked out, else `main`, else `master`, else
    /// the only branch there is, else the commit that is checked out. A name that resolves to nothing names no branch.
    /// Where the clone does not say which it is, a warning does.
    fn tip(&self, branch: Option<&str>) -> Result<Tip, GitLogError> {
        let remotes = self.remotes()?;
        let only = remotes.first().filter(|_| remotes.len() == 1);
        let remote = remotes.get("origin").or(only).cloned();
        if let Some(branch) = branch {
            let commit = self.branch_tip(branch, remote.as_deref())?;
            let refused = || GitLogError::refused(format!("`{}` has no branch `{branch}`", self.path.display()));
            return Ok(Tip::of(commit.ok_or_else(refused)?, Some(branch)));
        }
        if let Some(remote) = remote.as_deref().filter(|_| !self.bare) {
            let prefix = format!("refs/remotes/{remote}/");
            let named = self.symbolic(&format!("{prefix}HEAD"))?;
            if let Some(branch) = named.as_deref().and_then(|name| name.strip_prefix(&prefix))
                && self.resolve(&format!("{prefix}{branch}"))?.is_some()
                && let Some(commit) = self.branch_tip(branch, Some(remote))?
            {
                return Ok(Tip::of(commit, Some(branch)));
            }
        }
        let head = self.symbolic("HEAD")?;
        let head = head.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
        let guesses =
            [(head, "the one that is checked out"), (Some("main"), "by its name"), (Some("master"), "by its name")];
        for (branch, why) in guesses.into_iter().filter_map(|(branch, why)| Some((branch?, why))) {
            if let Some(commit) = self.branch_tip(branch, remote.as_deref())? {
                // Without a remote, or a work tree, HEAD is the repository's own word.
                let certain = head == Some(branch) && (self.bare || remotes.is_empty());
                return Ok(Tip { guess: (!certain).then(|| guessed(branch, why)), ..Tip::of(commit, Some(branch)) });
            }
        }
        self.last_resort()
    }

    /// Where no name helps.
    fn last_resort(&self) -> Result<Tip, GitLogError> {
        let arguments = ["for-each-ref", "--count=2", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"];
        let branches = self.git.ask(STEP, &arguments)?.output(STEP)?;
        let branches = String::from_utf8_lossy(&branches).into_owned();
        let lines: Vec<&str> = branches.lines().collect();
        if let [only] = lines[..]
            && let Some((commit, branch)) = only.split_once(' ')
        {
            let guess = Some(guessed(branch, "the only one"));
            return Ok(Tip { guess, ..Tip::of(commit.to_owned(), Some(branch)) });
        }
        let name = self.path.display();
        match (self.resolve("HEAD")?, lines.is_empty()) {
            (Some(commit), _) => {
                let guess = Some("no branch is known: the commit that is checked out was read".to_owned());
                Ok(Tip { guess, ..Tip::of(commit, None) })
            }
            (None, true) => Err(GitLogError::refused(no_branch(&name.to_string(), self.has_tags()?))),
            (None, false) => Err(GitLogError::refused(format!(
                "`{name}` has several branches, but none that is checked out, `main` or `master`: name one with --branch"
            ))),
        }
    }

    /// The remotes of which it has branches. `origin`, or the only one, says which branch is the default.
    fn remotes(&self) -> Result<BTreeSet<String>, GitLogError> {
        let listed =
            self.git.ask(STEP, &["for-each-ref", "--format=%(refname:lstrip=2)", "refs/remotes"])?.output(STEP)?;
        let listed = String::from_utf8_lossy(&listed);
        Ok(listed.lines().filter_map(|name| Some(name.split_once('/')?.0.to_owned())).collect())
    }

    /// Whether there are tags; they were not copied.
    fn has_tags(&self) -> Result<bool, GitLogError> {
        let source = git_folder(self.path)?;
        let loose = fs::read_dir(source.join("refs/tags")).is_ok_and(|mut tags| tags.next().is_some());
        let packed = self.git.ask(STEP, &["for-each-ref", "--count=1", "refs/tags"])?.line().is_some();
        Ok(loose || packed)
    }

    /// The tip of a branch: what the clone has, or what its remote had when last asked if that is not part of it.
    fn branch_tip(&self, branch: &str, remote: Option<&str>) -> Result<Option<String>, GitLogError> {
        let here = self.resolve(&format!("refs/heads/{branch}"))?;
        let there = match remote {
            Some(remote) => self.resolve(&format!("refs/remotes/{remote}/{branch}"))?,
            None => None,
        };
        let (Some(here), Some(there)) = (&here, &there) else { return Ok(here.or(there)) };
        let contained = here == there || {
            let answer = self.git.ask(STEP, &["merge-base", "--is-ancestor", there.as_str(), here.as_str()])?;
            answer.is_yes()
        };
        Ok(Some(if contained { here.clone() } else { there.clone() }))
    }

    fn symbolic(&self, name: &str) -> Result<Option<String>, GitLogError> {
        Ok(self.git.ask(STEP, &["symbolic-ref", "--quiet", name])?.line())
    }

    fn resolve(&self, name: &str) -> Result<Option<String>, GitLogError> {
        Ok(self.git.ask(STEP, &["rev-parse", "--verify", "--quiet", name])?.line())
    }
}
