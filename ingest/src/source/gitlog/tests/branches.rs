//! Which branch is read, and what is said where nobody says which is the default one.

use std::path::{Path, PathBuf};

use super::support::*;
use crate::source::gitlog::*;

/// A clone of a repository, and git in it.
struct Cloned<'a> {
    origin: &'a Repo,
    path: PathBuf,
}

impl<'a> Cloned<'a> {
    fn of(origin: &'a Repo, name: &str, arguments: &[&str]) -> Self {
        let path = origin.beside(name);
        let source = format!("file://{}", origin.path().display());
        origin.git(&[&["clone", "-q"], arguments, &[&source, path.to_str().unwrap()]].concat());
        Self { origin, path }
    }

    fn git(&self, arguments: &[&str]) {
        self.origin.git(&[&["-C", self.path.to_str().unwrap()], arguments].concat());
    }
}

fn guess(path: &Path) -> (Option<String>, u64, Vec<String>) {
    let parsed = read_path(path).unwrap();
    (parsed.branch, parsed.totals.commits, parsed.warnings)
}

fn warned(branch: &str, why: &str) -> Vec<String> {
    vec![format!("the default branch is a guess: `{branch}`, {why}; --branch names another")]
}

#[test]
fn a_name_that_resolves_to_nothing_names_no_branch() {
    let origin = Repo::new("master");
    origin.commit(ANN, "2025-01-01T12:00:00Z");
    let clone = Cloned::of(&origin, "clone", &[]);
    // Upstream renames its branch and goes on; the clone hears of it and keeps its old one.
    origin.git(&["branch", "-m", "master", "main"]);
    for day in 2..5 {
        origin.commit(ANN, &format!("2025-01-0{day}T12:00:00Z"));
    }
    clone.git(&["fetch", "-q", "--prune"]);
    clone.git(&["checkout", "-q", "-b", "main", "origin/main"]);
    let (branch, commits, warnings) = guess(&clone.path);
    assert_eq!(
        (branch.as_deref(), commits),
        (Some("main"), 4),
        "master is gone at the origin, so its name says nothing"
    );
    assert_eq!(warnings, warned("main", "the one that is checked out"));
}

#[test]
fn the_only_remote_says_which_branch_is_the_default_one() {
    let origin = Repo::new("dev");
    origin.commit(ANN, "2025-01-01T12:00:00Z");
    let clone = Cloned::of(&origin, "clone", &["-o", "upstream"]);
    clone.git(&["checkout", "-q", "-b", "feature"]);
    clone.git(&["commit", "-q", "--allow-empty", "-m", "x", "--author", BOB, "--date", "2025-01-02T12:00:00Z"]);
    assert_eq!(guess(&clone.path), (Some("dev".to_owned()), 1, vec![]));
    clone.git(&["pack-refs", "--all"]);
    assert_eq!(guess(&clone.path), (Some("dev".to_owned()), 1, vec![]), "packed");
    // Two remotes, and none is the origin: nobody says.
    clone.git(&["remote", "add", "other", origin.path().to_str().unwrap()]);
    clone.git(&["fetch", "-q", "other"]);
    let feature = (Some("feature".to_owned()), 2, warned("feature", "the one that is checked out"));
    assert_eq!(guess(&clone.path), feature);
}

#[test]
fn every_guess_is_a_warning() {
    let repo = Repo::new("trunk");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    assert_eq!(guess(repo.path()).2, [""; 0], "its own HEAD is no guess");
    repo.git(&["checkout", "-q", "--detach"]);
    assert_eq!(guess(repo.path()).2, warned("trunk", "the only one"));
    repo.git(&["branch", "master"]);
    assert_eq!(guess(repo.path()).2, warned("master", "by its name"));
    repo.git(&["branch", "main"]);
    assert_eq!(guess(repo.path()).2, warned("main", "by its name"));
    repo.git(&["branch", "-q", "-D", "main", "master", "trunk"]);
    assert_eq!(guess(repo.path()).2, ["no branch is known: the commit that is checked out was read"]);
}

#[test]
fn the_branch_that_is_asked_for_is_read() {
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.git(&["branch", "old"]);
    repo.commit(ANN, "2025-01-02T12:00:00Z");
    let bundle = repo.beside("x.bundle");
    repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "--all"]);
    let asked = |branch: &str| Options { branch: Some(branch.to_owned()), ..options("2026-01-01") };
    for path in [repo.path(), &bundle] {
        let parsed = read_argument(path, &asked("old")).unwrap();
        assert_eq!((parsed.branch.as_deref(), parsed.totals.commits, parsed.warnings.len()), (Some("old"), 1, 0));
        assert!(refusal(read_argument(path, &asked("none"))).ends_with("has no branch `none`"));
        for strange in ["main~1", "main^{tree}", "main@{1}", "a b", "", "-x", "m*", "a..b", "a:b"] {
            assert!(refusal(read_argument(path, &asked(strange))).contains("can be no name of a branch"), "{strange}");
        }
    }
}

#[test]
fn a_partial_clone_is_refused_with_what_mends_it() {
    let origin = Repo::new("main");
    origin.write("f", "text", ANN, "2025-01-01T12:00:00Z");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    for (name, filter) in [("blobless", "--filter=blob:none"), ("treeless", "--filter=tree:0")] {
        let clone = Cloned::of(&origin, name, &[filter, "--bare"]);
        let refused = refusal(read_path(&clone.path));
        let remedy = "git fetch --refetch --no-filter origin && git config --unset-all remote.origin.promisor";
        assert!(refused.contains("partial clone") && refused.contains(remedy), "{refused}");
        for command in remedy.split(" && ") {
            clone.git(&command.split(' ').skip(1).collect::<Vec<_>>());
        }
        assert_eq!(read_path(&clone.path).unwrap().totals.commits, 1, "{name}: the remedy mends it");
    }
}

#[test]
fn a_repository_without_a_branch_says_so() {
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.git(&["tag", "-a", "v1", "-m", "x"]);
    repo.git(&["checkout", "-q", "--detach"]);
    repo.git(&["branch", "-q", "-D", "main"]);
    repo.git(&["symbolic-ref", "HEAD", "refs/heads/main"]);
    assert!(refusal(read_path(repo.path())).contains("has tags but no branch"));
    repo.git(&["pack-refs", "--all"]);
    assert!(refusal(read_path(repo.path())).contains("has tags but no branch"), "packed");
    let bundle = repo.beside("tag.bundle");
    repo.git(&["bundle", "create", "-q", bundle.to_str().unwrap(), "v1"]);
    assert!(refusal(read_path(&bundle)).contains("has tags but no branch"), "in a bundle");
}
