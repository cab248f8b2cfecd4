//! What the program writes of itself: completions that a shell takes, manual pages that `man` reads.

use std::fs;
use std::process::Command;

use crate::support::program::{Ran, bare};
use crate::support::skipped::skipped;

/// Whether a program of this machine is there.
fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn bash_completes_commands_and_flags() {
    let script = Ran::of(bare().args(["completions", "bash"])).ok().stdout;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg-atlas");
    fs::write(&file, script).unwrap();
    for (typed, expected) in [
        ("pg-atlas|ing", "ingest"),
        ("pg-atlas|ingest|sb", "sbom"),
        ("pg-atlas|ingest|git-log|--since", "--since-months"),
        ("pg-atlas|scores|--lev", "--level"),
    ] {
        let words: Vec<&str> = typed.split('|').collect();
        let ask = r#"source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            function="$(complete -p pg-atlas | sed 's/.*-F \([^ ]*\).*/\1/')"
            "$function" pg-atlas "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf '%s\n' "${COMPREPLY[@]}""#;
        let said = Ran::of(Command::new("bash").args(["-c", ask]).arg(&file).args(&words)).ok().stdout;
        assert!(said.lines().any(|word| word == expected), "{typed}: {said}");
    }
}

#[test]
fn every_shell_gets_a_script() {
    for (shell, sign) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef pg-atlas"),
        ("fish", "complete -c pg-atlas"),
        ("elvish", "pg-atlas"),
        ("powershell", "pg-atlas"),
    ] {
        let script = Ran::of(bare().args(["completions", shell])).ok().stdout;
        assert!(script.contains(sign) && script.contains("ingest"), "{shell}");
        assert!(!script.contains("supervise"), "{shell}: what is hidden is not offered");
    }
    Ran::of(bare().args(["completions", "tcsh"])).fails(2);
}

#[test]
fn manual_pages_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("man1");
    let answer = Ran::of(bare().arg("man").arg(&at)).ok().stdout;
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let mut files: Vec<_> = fs::read_dir(&at).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(answer["pages"], files.len());
    for name in ["pg-atlas.1", "pg-atlas-ingest.1", "pg-atlas-ingest-sbom.1", "pg-atlas-scores.1"] {
        assert!(at.join(name).is_file(), "{name}: {files:?}");
    }
    assert!(!at.join("pg-atlas-supervise.1").exists());
    let refused = Ran::of(bare().arg("man").arg("/proc/version/x")).fails(2);
    assert!(refused.contains("/proc/version/x"), "{refused}");
    if !is_there("man") {
        skipped("no man here");
        return;
    }
    for file in files {
        let mut man = Command::new("man");
        man.args(["--warnings", "--encoding=utf8", "--local-file"])
            .arg(&file)
            .env("MANWIDTH", "80")
            .env("LC_ALL", "C.UTF-8");
        let read = Ran::of(man.env("MANPAGER", "cat").env("MAN_KEEP_FORMATTING", "")).ok();
        assert_eq!(read.stderr, "", "{}", file.display());
        for part in ["NAME", "SYNOPSIS", "DESCRIPTION", "GENERAL OPTIONS", "SEE ALSO"] {
            assert!(read.stdout.lines().any(|line| line == part), "{} lacks {part}:\n{}", file.display(), read.stdout);
        }
        let long = read.stdout.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{}", file.display());
    }
}
