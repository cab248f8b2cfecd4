//! The demo's git figures: committed exports, rebuilt from the figures where those are at hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::identity::PseudonymKey;

use super::support::options;
use crate::source::gitlog::*;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn exports() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("demo/git")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "ndjson")).collect();
    paths.sort();
    paths
}

#[test]
fn the_demo_exports_are_in_canonical_form_under_the_public_key() {
    let options = Options { key: Some(PseudonymKey::public_demo()), ..options("2026-12-31") };
    let mut sums = Totals::default();
    for path in exports() {
        let bytes = fs::read(&path).unwrap();
        let export = parse_export(&bytes).unwrap();
        let subject = Subject { id: export.repo.clone(), spelled: export.repo.clone(), project: None };
        let parsed = read_export(&bytes, subject, &options).unwrap();
        assert_eq!(parsed.export, bytes, "{}", path.display());
        assert_eq!(parsed.warnings, Vec::<String>::new());
        sums.commits += parsed.totals.commits;
        sums.contributors += parsed.totals.contributors;
        sums.bots_excluded += parsed.totals.bots_excluded;
    }
    assert_eq!(exports().len(), 4);
    assert_eq!(sums, Totals { commits: 3055, contributors: 151, bots_excluded: 7 });
}

#[test]
fn the_demo_exports_are_what_the_script_makes_of_the_figures() {
    let figures = workspace().join("../shared/demo/git-days.csv");
    if !figures.exists() {
        println!("skipped: the figures of the demo are not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let script = workspace().join("scripts/demo-git");
    let made = Command::new("python3").arg(script).arg(&figures).arg(folder.path()).output();
    let Ok(made) = made else {
        println!("skipped: no python3");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for path in exports() {
        let again = fs::read(folder.path().join(path.file_name().unwrap())).unwrap();
        assert_eq!(again, fs::read(&path).unwrap(), "{}", path.display());
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), exports().len());
}
