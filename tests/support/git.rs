//! Histories to ingest.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes a repository with one commit by Ann, and answers its path.
pub(crate) fn one_commit(path: &Path) -> String {
    one_commit_by(path, "ann@example.org")
}

/// The same by the Ann who has this address.
pub(crate) fn one_commit_by(path: &Path, address: &str) -> String {
    let address = format!("user.email={address}");
    fs::create_dir_all(path).unwrap();
    for args in [&["init", "-q", "-b", "main"][..], &["commit", "-q", "--allow-empty", "-m", "work"]] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ann", "-c", &address, "-C"]).arg(path).args(args);
        let ran = git.output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
    path.to_str().unwrap().to_owned()
}
