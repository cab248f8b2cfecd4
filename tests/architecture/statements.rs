//! Statements of SQL: where they stand, and that the compiler has seen them as they are.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::files::{self, File};

/// Crates by their folders, and where their statements stand. The root comes last: its folder holds the others.
const CRATES: &[(&str, &str)] =
    &[("ingest/", "ingest/sql/"), ("projections/", "projections/sql/"), ("replay/", "replay/sql/"), ("", "sql/")];
/// How a statement that reads or writes rows begins.
const VERBS: &[&str] = &["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH "];
/// Statements that stand in the code after all, by file. This list only shrinks: a new statement goes into a file.
const IN_CODE: &[(&str, usize)] = &[
    // From the list of tables and columns, one text for each table.
    ("ingest/src/backup/tables.rs", 1),
    // The payloads of a benchmark's reference, as many to a row as it likes.
    ("ingest/src/bench/batch.rs", 1),
    // Made from the list of tables and columns, one text for each table.
    ("projections/src/store/write.rs", 3),
    // The same; it stood behind a cursor's DECLARE, where it was not seen.
    ("replay/src/verify/ordered.rs", 1),
];

/// Beginnings of the texts in quotation marks of a source file, white space as one blank.
fn texts(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = source;
    // Comments and marks within them do not matter here: no text of theirs begins as a statement does.
    while let Some(at) = rest.find('"') {
        rest = &rest[at + 1..];
        let text = rest.get(..rest.len().min(200)).unwrap_or(rest);
        let words: Vec<&str> = text.split([' ', '\n', '\\']).filter(|word| !word.is_empty()).collect();
        found.push(words.join(" ").trim_start_matches('(').to_owned());
    }
    found
}

pub(super) fn statements(file: &File) -> usize {
    texts(&file.text).iter().filter(|text| VERBS.iter().any(|verb| text.starts_with(verb))).count()
}

#[test]
fn statements_stand_in_files() {
    let files = files::all();
    let code = files.iter().filter(|file| file.is("rs"));
    let code = code.filter(|file| file.within(&["src", "ingest/src", "projections/src", "replay/src"]));
    let found: BTreeMap<&str, usize> =
        code.map(|file| (file.path.as_str(), statements(file))).filter(|(_, n)| *n > 0).collect();
    let listed: BTreeMap<&str, usize> = IN_CODE.iter().copied().collect();
    assert_eq!(found, listed, "left: what the code holds; a number that became smaller is to be made smaller here too");
}

#[test]
fn statements_are_found_in_code() {
    let source =
        "sqlx::query(\"SELECT 1\"); query(\n    r#\"\n   (SELECT 2)\"#); let a = \"a SELECT\"; format!(\"UPDATE {x}\")";
    let found = statements(&File { path: String::new(), text: source.to_owned() });
    assert_eq!(found, 3);
}

#[test]
fn what_the_compiler_knows_of_statements_is_fresh() {
    let files = files::all();
    let mut statements = BTreeSet::new();
    for (folder, sql) in CRATES {
        let code = format!("{folder}src");
        let sources: Vec<&File> = files.iter().filter(|file| file.is("rs") && file.within(&[&code])).collect();
        let own = files.iter().filter(|file| file.path.starts_with(sql) && file.is("sql"));
        for file in own.filter(|file| !file.path.contains("/build/")) {
            let name = format!("\"{}\"", &file.path[folder.len()..]);
            assert!(sources.iter().any(|source| source.text.contains(&name)), "nobody uses {}", file.path);
            let digest: String = Sha256::digest(&file.text).iter().map(|byte| format!("{byte:02x}")).collect();
            statements.insert(format!(".sqlx/query-{digest}.json"));
        }
    }
    assert!(statements.len() > 50, "{} statements", statements.len());
    let known: BTreeSet<String> =
        files.iter().filter(|file| file.path.starts_with(".sqlx/")).map(|file| file.path.clone()).collect();
    let differ: Vec<&String> = statements.symmetric_difference(&known).collect();
    assert!(differ.is_empty(), "run scripts/prepare-sql and commit .sqlx/: {differ:?}");
}

/// Statements about tables of tenants that name none, and why that is right.
const OF_NOBODY: &[(&str, &str)] = &[
    (
        "ingest/sql/backup_next_waiting.sql",
        "on schemas from before there were tenants too; the numbers are everybody's",
    ),
    ("ingest/sql/backup_first_filled_before_tenants.sql", "on schemas from before there were tenants"),
    ("ingest/sql/backup_no_head_before_tenants.sql", "on those too"),
    ("ingest/sql/import_events.sql", "inserts: the column's default is the session's tenant"),
    ("ingest/sql/import_outbox.sql", "inserts"),
    ("ingest/sql/keep_checkpoint.sql", "inserts"),
    ("ingest/sql/may_sequence.sql", "about rights"),
    ("ingest/sql/remember_keys.sql", "inserts"),
    ("projections/sql/as_projector.sql", "about rights"),
    ("sql/is_migrated.sql", "about tables"),
    ("sql/may_read_decisions.sql", "about rights"),
    ("sql/may_read_head.sql", "about rights"),
    ("sql/may_read_people.sql", "about rights"),
];
/// Tables that hold rows of several tenants.
const OF_TENANTS: &[&str] = &[
    "log.stream",
    "log.latest",
    "log.append",
    "log.event",
    "log.idempotency_key",
    "log.outbox",
    "log.commit",
    "log.head",
    "log.tile",
    "log.checkpoint",
    "atlas.build",
    "atlas.live",
    "atlas.person",
];

/// A statement without its remarks.
fn spoken(statement: &str) -> String {
    let lines = statement.lines().map(|line| line.split_once("--").map_or(line, |(said, _)| said));
    lines.collect::<Vec<_>>().join("\n")
}

/// A superuser is above policies, and without the first column of its key no index serves a statement.
#[test]
fn statements_about_what_is_of_tenants_say_whose() {
    let files = files::all();
    let names = |text: &str, name: &str| {
        text.match_indices(name)
            .any(|(at, _)| !text[at + name.len()..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    };
    let own = files.iter().filter(|file| file.is("sql") && CRATES.iter().any(|(_, sql)| file.path.starts_with(sql)));
    let of_log = own.filter(|file| OF_TENANTS.iter().any(|table| names(&spoken(&file.text), table)));
    let silent: BTreeSet<&str> =
        of_log.filter(|file| !spoken(&file.text).contains("tenant")).map(|file| file.path.as_str()).collect();
    assert_eq!(silent, OF_NOBODY.iter().map(|(path, _)| *path).collect());
}
