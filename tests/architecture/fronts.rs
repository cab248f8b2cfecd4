//! The floors inside the program: fronts parse, call one use case and render; use cases know no front.

use super::files;
use super::statements;
use super::words::{self, Token};

/// What a front reaches only by way of the service.
const BELOW: &[&str] = &["sqlx", "ingest", "replay", "projections"];
/// Folders of what no front is.
const INNER: &[&str] = &["src/service", "src/embedded"];
/// What only fronts know.
const FRONTS: &[&str] = &["clap", "axum", "indicatif", "comfy_table", "stdin", "stdout", "stderr"];
/// Texts of use cases that still advise in words of the command line, by file. This list only gets shorter.
const ADVICE: &[(&str, usize)] = &[
    ("src/embedded/error.rs", 5),
    ("src/service/act/curate.rs", 2),
    ("src/service/ask/doctor.rs", 1),
    ("src/service/ask/doctor/database.rs", 4),
];
/// How such words begin: the program's name, and those of its flags that texts have named.
const COMMANDS: &[&str] =
    &["`pg-atlas ", "--key", "--project", "--repo", "--none", "--value", "--data-dir", "`triage list`", "`curate`"];

/// Lines of a source that say words of the command line, comments apart.
fn advising(text: &str) -> usize {
    let lines = words::without_tests(text).lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.filter(|line| COMMANDS.iter().any(|word| line.contains(word))).count()
}

/// Which of the crates of [`BELOW`] a source names, as a crate: not a module of ours that has the name of one.
fn below(text: &str) -> Vec<&'static str> {
    let tokens = words::tokens(words::without_tests(text));
    let is = |at: Option<usize>, what: &Token| at.and_then(|at| tokens.get(at)).is_some_and(|token| token == what);
    let own = |name: &str| {
        let word = Token::Word(name.to_owned());
        let declared = |pair: &[Token]| pair[0] == Token::Word("mod".to_owned()) && pair[1] == word;
        tokens.windows(2).any(declared)
    };
    let names = |name: &str| {
        let named = |at: usize| {
            let absolute =
                !matches!(at.checked_sub(2).and_then(|at| tokens.get(at)), Some(Token::Word(word)) if word != "use");
            match at.checked_sub(1) {
                before if is(before, &Token::Path) => absolute,
                _ => !own(name),
            }
        };
        let crate_path = |at: &usize| tokens[*at] == Token::Word(name.to_owned()) && is(Some(at + 1), &Token::Path);
        (0..tokens.len()).filter(crate_path).any(named)
    };
    BELOW.iter().copied().filter(|name| names(name)).collect()
}

/// Which words of fronts a source says; a field or method of that name is another thing.
fn of_fronts(text: &str) -> Vec<&'static str> {
    let tokens = words::tokens(words::without_tests(text));
    let said = |name: &str| {
        let word = Token::Word(name.to_owned());
        let other = |at: usize| at > 0 && tokens[at - 1] == Token::Mark('.');
        (0..tokens.len()).any(|at| tokens[at] == word && !other(at))
    };
    FRONTS.iter().copied().filter(|name| said(name)).collect()
}

#[test]
fn the_command_line_decides_nothing() {
    let files = files::all();
    let cli: Vec<_> =
        files.iter().filter(|file| file.is("rs") && (file.within(&["src/cli"]) || file.path == "src/cli.rs")).collect();
    assert!(cli.len() > 30, "{} files", cli.len());
    let found = cli.iter().filter(|file| !below(&file.text).is_empty() || statements::statements(file) > 0);
    let found: Vec<&str> = found.map(|file| file.path.as_str()).collect();
    assert!(found.is_empty(), "a front calls the service, and nothing beneath it: {found:#?}");
}

#[test]
fn use_cases_know_no_front() {
    let files = files::all();
    let inner: Vec<_> = files
        .iter()
        .filter(|file| {
            let module = INNER.iter().any(|folder| file.path == format!("{folder}.rs"));
            file.is("rs") && (module || file.within(INNER))
        })
        .collect();
    assert!(inner.len() > 40, "{} files", inner.len());
    let found: Vec<_> = inner
        .iter()
        .map(|file| (file.path.as_str(), of_fronts(&file.text)))
        .filter(|(_, said)| !said.is_empty())
        .collect();
    assert!(found.is_empty(), "words of a front: {found:#?}");
}

#[test]
fn advice_is_a_matter_of_fronts() {
    let files = files::all();
    let inner = files.iter().filter(|file| file.is("rs") && file.within(INNER));
    let found: Vec<_> =
        inner.map(|file| (file.path.as_str(), advising(&file.text))).filter(|(_, said)| *said > 0).collect();
    assert_eq!(found, ADVICE, "left: what the texts hold; a front words advice, by kind of notice or error");
    assert_eq!(
        advising("// `pg-atlas project`\nlet a = \"run `pg-atlas project`\";\n#[cfg(test)]\nmod tests { \"--key\" }"),
        1
    );
}

#[test]
fn crates_are_told_from_modules_of_their_name() {
    let none: &[&str] = &[];
    assert_eq!(below("use ingest::Log; fn f() { sqlx::query(a) }"), ["sqlx", "ingest"]);
    assert_eq!(below("use ::replay::log; mod replay;"), ["replay"]);
    assert_eq!(below("mod ingest; fn f() { ingest::run() }"), none);
    assert_eq!(below("use crate::service::ask::replay::Asked; use super::ingest::Many; // sqlx::query"), none);
}

#[test]
fn fields_are_told_from_streams() {
    let none: &[&str] = &[];
    assert_eq!(of_fronts("use std::io::{self, stderr}; clap::Args"), ["clap", "stderr"]);
    assert_eq!(of_fronts("command.stdin(Stdio::null()); output.stdout"), none);
}
