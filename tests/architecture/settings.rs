//! The table of settings: every flag of all commands, every variable of the environment, every key of the file.

use std::collections::BTreeSet;

use super::files;
use super::words::without_tests;
use crate::support::program::{Ran, bare};

/// The document with the table.
const DOCUMENT: &str = "docs/CONFIGURATION.md";
/// Folders whose programs read the environment when they run.
const SOURCES: &[&str] = &["src", "ingest/src", "projections/src", "replay/src"];
/// Where our own variables are read.
const READERS: &[&str] =
    &["src/service/environment.rs", "src/embedded", "src/cli/flags/common.rs", "ingest/src/source/gitlog"];
/// What is read and is no setting of ours: the compiler's, and what tests say to themselves.
const FOREIGN: &[&str] = &["PG_ATLAS_FOLD_SHA256", "PG_ATLAS_COMPONENTS"];

/// The first three cells of a row: flag, variable, key.
type Row = [String; 3];

fn rows() -> Vec<Row> {
    let files = files::all();
    let document = files.iter().find(|file| file.path == DOCUMENT).expect("the document is there");
    let cell = |text: Option<&str>| text.unwrap_or_default().trim().trim_matches('`').to_owned();
    let lines = document.text.lines().filter(|line| line.starts_with('|')).skip(2);
    let rows: Vec<Row> = lines
        .map(|line| {
            let mut cells = line.trim_matches('|').split('|');
            [cell(cells.next()), cell(cells.next()), cell(cells.next())]
        })
        .collect();
    assert!(rows.len() > 20, "{rows:#?}");
    rows
}

fn column(n: usize) -> BTreeSet<String> {
    rows().into_iter().map(|row| row[n].clone()).filter(|cell| !cell.is_empty()).collect()
}

/// Words in quotation marks that follow one of these marks, and those that begin as our own variables do.
fn variables(text: &str) -> BTreeSet<String> {
    let marks = ["env = ", "env::var(", "env::var_os(", "environment::variable(", "folder("];
    let pieces: Vec<&str> = text.split('"').collect();
    let named = |pair: &[&str]| {
        let name = pair[1];
        let upper = !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let read = name.starts_with("PG_ATLAS_") || marks.iter().any(|mark| pair[0].ends_with(mark));
        (upper && read && !FOREIGN.contains(&name)).then(|| name.to_owned())
    };
    pieces.windows(2).filter_map(named).collect()
}

#[test]
fn every_variable_that_is_read_stands_in_the_table() {
    let files = files::all();
    let sources = files.iter().filter(|file| file.is("rs") && file.within(SOURCES) && !file.path.contains("/tests"));
    let mut read: BTreeSet<String> = sources.flat_map(|file| variables(without_tests(&file.text))).collect();
    // By the logger.
    read.insert("RUST_LOG".to_owned());
    assert_eq!(read, column(1));
    let seen = variables("#[arg(env = \"A_B\")] env::var_os(\"C\") f(\"D\") const X: &str = \"PG_ATLAS_E\";");
    assert_eq!(seen, ["A_B", "C", "PG_ATLAS_E"].map(str::to_owned).into());
}

#[test]
fn the_environment_is_read_in_few_places() {
    let files = files::all();
    let ours = files.iter().filter(|file| file.is("rs") && file.within(SOURCES) && !file.path.contains("/tests"));
    let others = ours.filter(|file| !READERS.iter().any(|reader| file.path.starts_with(reader)));
    let reads = |text: &str| without_tests(text).contains("env::var");
    let found: Vec<&str> = others.filter(|file| reads(&file.text)).map(|file| file.path.as_str()).collect();
    assert!(found.is_empty(), "a variable that is set to nothing is not set; one place knows that: {found:#?}");
}

#[test]
fn every_flag_of_all_commands_stands_in_the_table_with_its_variable() {
    let command = pg_atlas::command();
    let flags = command.get_arguments().filter(|flag| flag.is_global_set() && flag.get_action().takes_values());
    let text = |variable: Option<&std::ffi::OsStr>| variable.map(|name| name.to_str().unwrap().to_owned());
    let said = flags.map(|flag| (format!("--{}", flag.get_long().unwrap()), text(flag.get_env()).unwrap_or_default()));
    let said: BTreeSet<(String, String)> = said.collect();
    assert!(said.len() >= 4, "{said:?}");
    let shown = rows().into_iter().filter(|row| !row[0].is_empty()).map(|[flag, variable, _]| (flag, variable));
    assert_eq!(said, shown.collect());
}

#[test]
fn every_key_of_the_file_stands_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.toml");
    std::fs::write(&file, "nonsense = ''\n").unwrap();
    let complaint = Ran::of(bare().args(["--config", file.to_str().unwrap(), "formula", "list"])).fails(2);
    let known = complaint.split_once("; there are ").expect("what is known").1;
    assert_eq!(known.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(), column(2));
}
