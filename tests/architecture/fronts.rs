//! The floors inside the program: fronts parse, call one use case and render; use cases know no front.

use super::files;
use super::statements;
use super::words::{self, Token};

/// What a front reaches only by way of the service.
const BELOW: &[&str] = &["sqlx", "ingest", "replay", "projections"];
/// Folders of what no front is.
const INNER: &[&str] = &["src/service", "src/embedded"];
/// What only fronts know.
const FRONTS: &[&str] = &[
    "clap",
    "axum",
    "indicatif",
    "console",
    "stdin",
    "stdout",
    "stderr",
    "IsTerminal",
    "print",
    "println",
    "eprint",
    "eprintln",
    "args_os",
];
/// Words that begin what loops, where the text of a result is made, or a file is written: by file. What else loops is a
/// use case. This list only gets shorter.
const LOOPS: &[(&str, usize)] = &[
    ("src/cli/command/audit.rs", 1),
    ("src/cli/command/formula/diff.rs", 2),
    ("src/cli/draft.rs", 1),
    ("src/cli/output/cell.rs", 1),
    ("src/cli/output/report.rs", 3),
    ("src/cli/output/table.rs", 4),
];

/// Lines of a source that say words of the command line, comments apart: the program's name with a command, or a flag
/// within a sentence.
fn advising(text: &str) -> usize {
    let flag = |line: &str| {
        let starts = |(at, _): (usize, &str)| line[at + 3..].starts_with(|c: char| c.is_ascii_lowercase());
        [" --", "`--", "(--"].iter().any(|mark| line.match_indices(mark).any(starts))
    };
    let lines = words::without_tests(text).lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.filter(|line| line.contains("`pg-atlas ") || flag(line)).count()
}

/// How often a source loops.
fn loops(text: &str) -> usize {
    let tokens = words::tokens(words::without_tests(text));
    let begins =
        |token: &&Token| matches!(token, Token::Word(word) if ["in", "while", "loop"].contains(&word.as_str()));
    tokens.iter().filter(begins).count()
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
        let word = |at: usize| is(Some(at), &Token::Word(name.to_owned()));
        let crate_path = |at: &usize| word(*at) && is(Some(at + 1), &Token::Path);
        // `use sqlx as other;`, `use sqlx;`, `extern crate sqlx;`
        let brought = |at: usize| {
            let before = |keyword: &str| is(at.checked_sub(1), &Token::Word(keyword.to_owned()));
            word(at) && !own(name) && (before("use") || before("crate"))
        };
        (0..tokens.len()).any(brought) || (0..tokens.len()).filter(crate_path).any(named)
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
fn the_http_front_decides_nothing() {
    let files = files::all();
    let http = files.iter().filter(|file| file.is("rs") && (file.within(&["src/http"]) || file.path == "src/http.rs"));
    let http: Vec<_> = http.collect();
    assert!(http.len() > 6, "{} files", http.len());
    let found = http.iter().filter(|file| !below(&file.text).is_empty() || statements::statements(file) > 0);
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
    assert!(found.is_empty(), "a front words advice, by kind of notice or error: {found:#?}");
    let text = "// `pg-atlas project`\nlet a = \"run `pg-atlas project`\";\nlet b = \"or use another --data-dir\";\n\
                command.args([\"unshare\", \"--user\"]);\n#[cfg(test)]\nmod tests {\n\"give --key\" }";
    assert_eq!(advising(text), 2);
}

#[test]
fn the_command_line_loops_to_render_alone() {
    let files = files::all();
    let cli = files.iter().filter(|file| file.is("rs") && (file.within(&["src/cli"]) || file.path == "src/cli.rs"));
    let found: Vec<_> = cli.map(|file| (file.path.as_str(), loops(&file.text))).filter(|(_, n)| *n > 0).collect();
    assert_eq!(found, LOOPS, "left: what the command line holds; what an HTTP handler needs too goes to the service");
    assert_eq!(loops("for a in b {} while c {} loop {} impl From<A> for B {} // for d in e"), 3);
}

#[test]
fn the_service_names_no_front() {
    let files = files::all();
    let inner = files.iter().filter(|file| file.is("rs") && file.within(INNER));
    let named = |text: &str| {
        let tokens = words::tokens(words::without_tests(text));
        let front = |word: &Token| [Token::Word("cli".to_owned()), Token::Word("http".to_owned())].contains(word);
        tokens.windows(3).any(|part| part[0] == Token::Word("crate".to_owned()) && front(&part[2]))
    };
    let found: Vec<&str> = inner.filter(|file| named(&file.text)).map(|file| file.path.as_str()).collect();
    assert!(found.is_empty(), "an arrow that runs up: {found:#?}");
    assert!(named("use crate::cli::output;") && !named("use crate::service; // crate::cli::x"));
}

#[test]
fn crates_are_told_from_modules_of_their_name() {
    let none: &[&str] = &[];
    assert_eq!(below("use ingest::Log; fn f() { sqlx::query(a) }"), ["sqlx", "ingest"]);
    assert_eq!(below("use ::replay::log; mod replay;"), ["replay"]);
    assert_eq!(below("use sqlx as other; extern crate ingest;"), ["sqlx", "ingest"]);
    assert_eq!(below("mod ingest; fn f() { ingest::run() }"), none);
    assert_eq!(below("use crate::service::ask::replay::Asked; use super::ingest::Many; // sqlx::query"), none);
}

#[test]
fn fields_are_told_from_streams() {
    let none: &[&str] = &[];
    assert_eq!(of_fronts("use std::io::{self, stderr}; clap::Args"), ["clap", "stderr"]);
    assert_eq!(of_fronts("command.stdin(Stdio::null()); output.stdout"), none);
}
