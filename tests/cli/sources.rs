//! `docs/SOURCES.md`: what it shows is read by the program as it says, and it names every kind and variable.

use std::fs;
use std::path::Path;
use std::process::Command;

use ingest::source;

use super::readme::{arguments, shell_lines};
use crate::support::program::{Ran, bare};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SOURCES.md")).unwrap()
}

/// The files of a page: blocks whose fence gives a name behind the language.
fn files(text: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some((_, name)) = line.strip_prefix("```").and_then(|info| info.split_once(' ')) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        files.push((name.to_owned(), body.join("\n") + "\n"));
    }
    files
}

#[test]
fn what_the_page_shows_is_read_without_a_complaint() {
    let (text, folder) = (page(), tempfile::tempdir().unwrap());
    for (name, content) in files(&text) {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let git = |args: &[&str]| {
        let identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"];
        Ran::of(Command::new("git").args(identity).args(args).current_dir(folder.path())).ok();
    };
    git(&["init", "-q"]);
    git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    let mut ran = 0;
    for line in shell_lines(&text) {
        // A registry is not asked by tests.
        let Some(mut args) = arguments(&line).filter(|args| !args.contains(&"registry".to_owned())) else { continue };
        if !args.contains(&"--dry-run".to_owned()) {
            args.push("--dry-run".to_owned());
        }
        let data = folder.path().join("data");
        let said = Ran::of(bare().args(&args).arg("--data-dir").arg(&data).current_dir(folder.path())).ok();
        if !args.contains(&"ndjson".to_owned()) {
            let answer: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
            for key in ["refused", "warnings"] {
                let odd = answer.get(key).and_then(serde_json::Value::as_array).is_some_and(|list| !list.is_empty());
                assert!(!odd, "{line}: {answer:#}");
            }
        }
        ran += 1;
    }
    assert!(ran >= 7, "{ran} commands ran");
}

#[test]
fn the_page_names_every_kind_and_every_address() {
    let text = page();
    for kind in source::NAMES {
        assert!(text.contains(&format!("`ingest {kind}`")) && text.contains(&format!("`{kind}`")), "{kind}");
    }
    use source::registry::variable::{CRATES_API, CRATES_INDEX, NPM, NPM_DOWNLOADS, PYPI, PYPI_DOWNLOADS};
    use source::repo::host::variable::{GITHUB, GITHUB_TOKEN, GITLAB, GITLAB_TOKEN};
    for name in [GITHUB, GITLAB, GITHUB_TOKEN, GITLAB_TOKEN] {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for name in [NPM, NPM_DOWNLOADS, CRATES_INDEX, CRATES_API, PYPI, PYPI_DOWNLOADS, "PG_ATLAS_CONTACT"] {
        assert!(text.contains(&format!("| `{name}` |")), "{name}");
    }
}
