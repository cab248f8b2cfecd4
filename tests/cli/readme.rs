//! Every command that the documents show exists, with the flags it is shown with.

use std::fs;
use std::path::Path;

use crate::support::program::{Ran, bare};

/// Documents that show commands.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "demo/README.md",
    "migrations/README.md",
    "docs/ADD_A_FAMILY.md",
    "docs/ADD_A_SOURCE.md",
    "docs/AUDIT.md",
    "docs/AUDIT_FORMATS.md",
    "docs/CONFIGURATION.md",
    "docs/ERASURE.md",
    "docs/FORMULAS.md",
    "docs/INSTALL.md",
    "docs/OPERATIONS.md",
    "docs/SOURCES.md",
];

/// The lines of the shell blocks of a document, continued ones joined.
pub(crate) fn shell_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut fence: Option<bool> = None;
    let mut open = String::new();
    for line in text.lines() {
        match (fence, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => fence = Some(matches!(language.trim(), "sh" | "bash" | "shell" | "console")),
            (Some(_), Some(_)) => fence = None,
            (Some(true), None) => {
                open.push_str(line.trim_start_matches("$ ").trim_end_matches('\\'));
                if !line.ends_with('\\') {
                    lines.push(std::mem::take(&mut open));
                }
            }
            _ => {}
        }
    }
    lines
}

/// The blocks of a language.
pub(crate) fn fenced(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut lines = text.lines();
    let mut blocks = Vec::new();
    while lines.any(|line| line == fence) {
        blocks.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
    }
    blocks
}

/// The arguments of a call of the program; `None` for other commands. What another command does with the result is cut.
pub(crate) fn arguments(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut started) = (String::new(), None, false);
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => (quote, started) = (Some(c), true),
            (None, '#' | '|' | ';' | '>' | '<' | '&') if !started => break,
            (None, c) if c.is_whitespace() => {
                if started {
                    words.push(std::mem::take(&mut word));
                }
                started = false;
            }
            (None, c) => {
                word.push(c);
                started = true;
            }
        }
    }
    let program = words.iter().position(|word| !word.contains('=') || word.starts_with('-'))?;
    let name = Path::new(&words[program]).file_name()?.to_str()?;
    (name == "pg-atlas").then(|| words.split_off(program + 1))
}

#[test]
fn every_command_that_is_shown_parses() {
    let mut shown = 0;
    for document in DOCUMENTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
        let Ok(text) = fs::read_to_string(&path) else {
            println!("skipped: no {document} here");
            continue;
        };
        for line in shell_lines(&text) {
            let Some(args) = arguments(&line) else { continue };
            shown += 1;
            // Unknown commands, flags and values are complained about before the help is shown.
            let ran = Ran::of(bare().args(&args).arg("--help"));
            assert_eq!(ran.code, 0, "{document}: `{line}`\n{}", ran.stderr);
        }
    }
    println!("{shown} commands are shown");
}

#[test]
fn lines_are_read_as_a_shell_reads_them() {
    let lines = shell_lines(
        "```sh\n$ A=1 target/release/pg-atlas scores \\\n  --sort 'a b:desc' | head # x\nls\n```\n```text\npg-atlas no\n```",
    );
    let read: Vec<_> = lines.iter().filter_map(|line| arguments(line)).collect();
    assert_eq!(read, [["scores", "--sort", "a b:desc"]]);
    assert_eq!(arguments("./scripts/demo   # pg-atlas demo"), None);
    assert_ne!(Ran::of(bare().args(["scores", "--no-such-flag", "--help"])).code, 0, "help does not hide a mistake");
    assert_ne!(Ran::of(bare().args(["no-such-command", "--help"])).code, 0);
}
