//! The files of the project.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold no file of ours.
const FOREIGN: &[&str] = &["target", ".git", "node_modules"];

/// A text file of the project.
pub(super) struct File {
    /// Path below the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    /// Whether its name ends so.
    pub(super) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether it is in one of these folders.
    pub(super) fn within(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(&format!("{folder}/")))
    }
}

/// Every text file, by path.
pub(super) fn all() -> Vec<File> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.iter().any(|file| file.path == "Cargo.toml") && found.len() > 100);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let link = fs::symlink_metadata(&path).unwrap().is_symlink();
        if FOREIGN.contains(&name) || link {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push(File { path, text });
        }
    }
}
