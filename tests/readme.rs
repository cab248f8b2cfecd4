//! The read-me works line by line: every command of it, in order, in a home of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::embedded::server::eventually;
use crate::support::git::one_commit;
use crate::support::program::BINARY;

/// A block of the document: its language, and its text.
type Block = (String, String);

/// The blocks of a document.
fn blocks(text: &str) -> Vec<Block> {
    let pieces: Vec<&str> = text.split("\n```").collect();
    assert!(pieces.len() % 2 == 1, "every block is closed");
    let block = |piece: &&str| {
        let (language, text) = piece.split_once('\n').unwrap_or((piece, ""));
        (language.to_owned(), format!("{text}\n"))
    };
    pieces.iter().skip(1).step_by(2).map(block).collect()
}

/// A home in which the document's repository is there already: its checkout and its bill of materials.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let checkout = home.path().join("NAME");
    one_commit(&checkout);
    let url = ["remote", "add", "origin", "https://github.com/OWNER/NAME"];
    assert!(Command::new("git").arg("-C").arg(&checkout).args(url).status().unwrap().success());
    let sbom = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/sbom/js-stellar-sdk.json");
    fs::copy(sbom, home.path().join("sbom.json")).unwrap();
    home
}

/// A line as it is run here: the scripts build, and the tests are these.
fn here(line: &str) -> Option<String> {
    match line.split_whitespace().next()? {
        "./scripts/demo" => Some("pg-atlas demo".to_owned()),
        "./scripts/test" => None,
        _ => Some(line.to_owned()),
    }
}

#[test]
fn every_command_of_the_read_me_runs_in_order() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let home = home();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(BINARY, bin.join("pg-atlas")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut place: PathBuf = home.path().to_owned();
    let mut ran = 0;
    for (language, text) in blocks(&document) {
        // What is shown as a file is made so in the folder that the commands have come to.
        if language == "csv" {
            fs::write(place.join("survey.csv"), text).unwrap();
            continue;
        }
        for line in text.lines().filter(|_| language == "sh").filter_map(here) {
            let mut shell = Command::new("sh");
            shell.args(["-e", "-c", &format!("{line}\npwd > \"$HOME/.place\"")]).current_dir(&place);
            for (name, _) in
                std::env::vars().filter(|(name, _)| name.starts_with("PG_ATLAS_") || name == "DATABASE_URL")
            {
                shell.env_remove(name);
            }
            shell.env_remove("XDG_DATA_HOME").env("HOME", home.path()).env("PATH", &path);
            let output = shell.output().unwrap();
            assert!(output.status.success(), "{line}\n{output:?}");
            place = fs::read_to_string(home.path().join(".place")).unwrap().trim().into();
            ran += 1;
        }
    }
    assert!(ran > 12, "{ran} commands");
    for data in [home.path().join(".local/share/pg-atlas-demo"), home.path().join("my-atlas/data")] {
        let lock = fs::File::open(data.join("postgres/supervisor.lock")).expect("the data is where the document says");
        eventually("the supervisor ends", || lock.try_lock().is_ok());
    }
    assert!(!home.path().join(".local/share/pg-atlas").exists(), "the demo and an atlas of one's own lie apart");
}
