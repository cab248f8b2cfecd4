//! Histories to ingest.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes a repository with one commit by Ann, and answers its path.
pub(crate) fn one_commit(path: &Path) -> String {
    fs::create_dir_all(path).unwrap();
    for args in [&["init", "-q", "-b", "main"][..], &["commit", "-q", "--allow-empty", "-m", "work"]] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-C"]).arg(path).args(args);
        let ran = git.output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
    path.to_str().unwrap().to_owned()
}
