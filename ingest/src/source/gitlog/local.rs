//! A local repository, read without trusting it: its references are copied into the private repository, its objects
//! are borrowed, its configuration is never in force and no process runs in it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::error::GitLogError;
use super::git::Git;
use super::tip::Tip;

/// Greatest number of reference files that are copied.
pub const MAX_REFERENCE_FILES: u64 = 200_000;
/// Greatest total size of what is copied, in bytes: 256 MiB.
pub const MAX_REFERENCE_BYTES: u64 = 256 * 1024 * 1024;
/// Greatest size of a file that holds one line, in bytes.
const MAX_POINTER_BYTES: u64 = 16 * 1024;
/// Greatest depth of folders below `refs`.
const MAX_REFERENCE_DEPTH: usize = 32;

const STEP: &str = "reading the references";

/// Prepares the private repository for the history of the one at `path` and finds the tip of its default branch.
pub(super) fn open(git: &Git, path: &Path) -> Result<Tip, GitLogError> {
    let source = git_folder(path)?;
    refuse_partial(&source)?;
    let (hash, references) = formats(git, &source)?;
    git.init(&hash, &references)?;
    copy_references(&source, &git.repository(), &references)?;
    borrow_objects(&source, &git.repository())?;
    default_branch(git, path)
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

/// Hash and reference store of a repository, read from a copy of its configuration file as plain data.
fn formats(git: &Git, source: &Path) -> Result<(String, String), GitLogError> {
    let copy = git.file("foreign-config");
    let mut budget = Budget::new();
    if !budget.copy(&source.join("config"), &copy)? {
        return Ok(("sha1".to_owned(), "files".to_owned()));
    }
    let value = |name: &str, default: &str, known: &[&str]| {
        let file = copy.as_os_str();
        let arguments = ["config".as_ref(), "--no-includes".as_ref(), "--file".as_ref(), file];
        let arguments = [&arguments[..], &["--get".as_ref(), name.as_ref()]].concat();
        let value = git.ask_outside(STEP, &arguments)?.line().unwrap_or_else(|| default.to_owned());
        match known.iter().find(|name| name.eq_ignore_ascii_case(&value)) {
            Some(known) => Ok((*known).to_owned()),
            None => Err(GitLogError::refused(format!("the repository needs {name} = {value:.20}, which is unknown"))),
        }
    };
    let hash = value("extensions.objectformat", "sha1", &["sha1", "sha256"])?;
    let references = value("extensions.refstorage", "files", &["files", "reftable"])?;
    Ok((hash, references))
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
    for name in ["refs/heads", "refs/remotes/origin"] {
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

/// The default branch of a local repository: the one its origin calls so, else the one that is checked out, else
/// `main`, else `master`, else the only branch there is, else the commit that is checked out.
fn default_branch(git: &Git, path: &Path) -> Result<Tip, GitLogError> {
    let symbolic = |name: &str| -> Result<Option<String>, GitLogError> {
        Ok(git.ask(STEP, &["symbolic-ref", "--quiet", name])?.line())
    };
    let named = symbolic("refs/remotes/origin/HEAD")?;
    let named = named.as_deref().and_then(|name| name.strip_prefix("refs/remotes/origin/"));
    let head = symbolic("HEAD")?;
    let head = head.as_deref().and_then(|name| name.strip_prefix("refs/heads/"));
    for branch in [named, head, Some("main"), Some("master")].into_iter().flatten() {
        if let Some(commit) = branch_tip(git, branch)? {
            return Ok(Tip { commit, branch: Some(branch.to_owned()), filtered: false });
        }
    }
    let arguments = ["for-each-ref", "--count=2", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"];
    let branches = git.ask(STEP, &arguments)?.output(STEP)?;
    let branches = String::from_utf8_lossy(&branches).into_owned();
    let lines: Vec<&str> = branches.lines().collect();
    if let [only] = lines[..]
        && let Some((commit, branch)) = only.split_once(' ')
    {
        return Ok(Tip { commit: commit.to_owned(), branch: Some(branch.to_owned()), filtered: false });
    }
    match (resolve(git, "HEAD")?, lines.is_empty()) {
        (Some(commit), _) => Ok(Tip { commit, branch: None, filtered: false }),
        (None, true) => Err(GitLogError::refused(format!("`{}` is empty: it has no commit yet", path.display()))),
        (None, false) => Err(GitLogError::refused(format!(
            "`{}` has several branches, but none that is checked out, `main` or `master`",
            path.display()
        ))),
    }
}

/// The tip of a branch: what the clone has, or what its origin had when last asked if that is not part of it.
fn branch_tip(git: &Git, branch: &str) -> Result<Option<String>, GitLogError> {
    let here = resolve(git, &format!("refs/heads/{branch}"))?;
    let there = resolve(git, &format!("refs/remotes/origin/{branch}"))?;
    let (Some(here), Some(there)) = (&here, &there) else { return Ok(here.or(there)) };
    let contained = here == there || {
        let answer = git.ask(STEP, &["merge-base", "--is-ancestor", there.as_str(), here.as_str()])?;
        answer.is_yes()
    };
    Ok(Some(if contained { here.clone() } else { there.clone() }))
}

fn resolve(git: &Git, name: &str) -> Result<Option<String>, GitLogError> {
    Ok(git.ask(STEP, &["rev-parse", "--verify", "--quiet", name])?.line())
}
