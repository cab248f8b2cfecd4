//! Forbidden words, and sizes. The words stand here in two halves, so that this file is none of the places.

use super::files::{self, File};

/// Greatest length of a source file, in lines.
const MAX_LINES: usize = 400;
/// Greatest length of a line, in characters.
const MAX_COLUMNS: usize = 120;
/// Folders with programs in them.
const CODE: &[&str] = &["src", "domain", "ingest", "projections", "replay", "tests", "migrations", "scripts", "sql"];

/// Lines where `wrong` finds something, as `path:line: what`.
fn lines<'a>(files: impl Iterator<Item = &'a File>, wrong: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (n, line) in file.text.lines().enumerate() {
            found.extend(wrong(line).map(|what| format!("{}:{}: {what}", file.path, n + 1)));
        }
    }
    found
}

fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

/// The first of some words that stands in a line.
fn word(words: &[String]) -> impl Fn(&str) -> Option<String> {
    move |line| words.iter().find(|word| line.contains(word.as_str())).cloned()
}

fn joined(halves: &[(&str, &str)]) -> Vec<String> {
    halves.iter().map(|(one, two)| format!("{one}{two}")).collect()
}

/// Columns of a line without the texts in quotation marks: those are as long as what they say.
fn without_texts(line: &str) -> usize {
    line.split('"').step_by(2).map(|code| code.chars().count()).sum()
}

#[test]
fn files_and_lines_are_short() {
    let files = files::all();
    let long = files.iter().filter(|file| file.is("rs") && file.text.lines().count() > MAX_LINES);
    let long: Vec<String> = long.map(|file| format!("{}: {} lines", file.path, file.text.lines().count())).collect();
    none("one idea a file", &long);
    let wide = |line: &str| {
        let columns = line.chars().count();
        (columns > MAX_COLUMNS && without_texts(line) > MAX_COLUMNS).then(|| format!("{columns} columns"))
    };
    // A migration is never touched again, not even to wrap a line.
    none("lines", &lines(files.iter().filter(|file| file.is("rs")), wide));
}

#[test]
fn nothing_is_left_for_later() {
    let words =
        joined(&[("to", "do!("), ("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("unimple", "mented!("), ("#[ig", "nore")]);
    let files = files::all();
    none("finish it or leave it out", &lines(files.iter().filter(|file| file.within(CODE)), word(&words)));
}

#[test]
fn no_registry_and_no_machine_is_named() {
    let hosts = joined(&[
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("crates", ".io"),
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("deb", ".debian.org"),
        ("proxy.go", "lang.org"),
        ("ruby", "gems.org"),
        ("repo1.", "maven.org"),
        ("packa", "gist.org"),
    ]);
    let places = joined(&[("/wo", "rk/"), ("/tmp/", "wt"), ("/ho", "me/"), ("/ro", "ot/"), ("/Us", "ers/")]);
    let files = files::all();
    // What cargo writes is not ours.
    let ours = || files.iter().filter(|file| file.path != "Cargo.lock");
    none("registries are configured, never built in", &lines(ours(), word(&hosts)));
    none("paths of a machine", &lines(ours(), word(&places)));
}

#[test]
fn the_log_is_written_in_one_place() {
    const VERBS: &[&str] = &[
        "insert into log.",
        "update log.",
        "update only log.",
        "delete from log.",
        "delete from only log.",
        "truncate log.",
        "truncate table log.",
        "merge into log.",
        "copy log.",
        "alter table log.",
        "drop table log.",
        "drop schema log",
        "disable trigger",
    ];
    let mut found = Vec::new();
    for file in files::all().iter().filter(|file| file.within(CODE) && !file.within(&["ingest", "migrations", "tests"]))
    {
        // One line, as Postgres would see it: a statement may be broken anywhere.
        let statement: String = file.text.chars().map(|c| if "\\\"\n".contains(c) { ' ' } else { c }).collect();
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        found.extend(
            VERBS.iter().filter(|verb| statement.contains(**verb)).map(|verb| format!("{}: {verb}", file.path)),
        );
    }
    none("only ingest writes to the log", &found);
}

#[test]
fn connections_are_made_in_few_places() {
    const MAKERS: &[&str] = &["src/service/pools.rs", "ingest/src/connect.rs", "ingest/src/bench.rs", "src/embedded"];
    let words = joined(&[
        ("options().", "connect("),
        (".connect()", ".await"),
        ("connect_", "with(&"),
        ("PgPool", "Options::new"),
        ("PgPool", "::connect"),
        ("PgConnection", "::connect"),
    ]);
    let files = files::all();
    let others = files.iter().filter(|file| {
        file.is("rs")
            && file.within(&["src", "ingest", "projections", "replay"])
            && !MAKERS.iter().any(|maker| file.path.starts_with(maker))
    });
    // A session's own, and the listener on a pool of ours.
    let known = ["session.connect()", "PgListener::connect_with(&"];
    let unknown = |line: &str| if known.iter().any(|call| line.contains(call)) { None } else { word(&words)(line) };
    none("a connection has limits", &lines(others, unknown));
}

#[test]
fn the_framework_and_the_outside_world_stay_where_they_belong() {
    let files = files::all();
    let sources = |folders: &'static [&'static str]| files.iter().filter(|file| file.is("rs") && file.within(folders));
    let framework = joined(&[("cqrs", "_es"), ("postgres", "_es")]);
    none("the framework", &lines(sources(&["src", "domain", "projections", "replay"]), word(&framework)));
    let impure = joined(&[
        ("sq", "lx"),
        ("tok", "io"),
        ("std::", "env"),
        ("std::", "fs"),
        ("std::", "net"),
        ("System", "Time"),
        ("Utc::", "now"),
        ("Hash", "Map"),
        ("Hash", "Set"),
        ("thread_", "rng"),
    ]);
    let comment = |line: &str| line.trim_start().starts_with("//");
    let named = |line: &str| if comment(line) { None } else { word(&impure)(line) };
    none("domain is pure", &lines(sources(&["domain"]), named));
    none("anyhow", &lines(sources(&["domain", "ingest", "projections", "replay"]), word(&joined(&[("any", "how::")]))));
}

#[test]
fn every_dependency_says_why() {
    let manifest = include_str!("../../Cargo.toml");
    let mut inside = false;
    let mut before = "";
    let mut silent = Vec::new();
    let mut seen = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line == "[workspace.dependencies]";
        } else if inside && line.contains(" = ") && !line.starts_with('#') {
            seen += 1;
            let said = line.contains(" # ") || before.starts_with("# ");
            silent.extend((!said).then(|| line.to_owned()));
        }
        before = line;
    }
    assert!(seen > 20);
    none("a dependency without a reason", &silent);
}
