//! One name, one thing: a type's name that stands in several files is read twice to know which is meant.

use std::collections::{BTreeMap, BTreeSet};

use super::files;
use super::words::{self, Token};

/// Folders of sources.
const CODE: &[&str] = &["domain/src", "ingest/src", "projections/src", "replay/src", "src"];
/// Names that may stand for something in several modules, and why.
const SAME_IDEA: &[&str] = &[
    // What each parser of a document gives; read as `gitlog::Parsed`, `sbom::Parsed`.
    "Parsed",
];
/// Names that still stand for different things, each with the number of its files. This list only gets shorter.
const LEFT: &[(&str, usize)] = &[
    ("Answer", 3),
    ("Answers", 2),
    ("Asked", 8),
    ("At", 3),
    ("Body", 3),
    ("Context", 2),
    ("Criticality", 2),
    ("Decision", 2),
    ("Dependency", 2),
    ("Difference", 2),
    ("Document", 2),
    ("Draft", 3),
    ("Edge", 2),
    ("Ended", 2),
    ("Entry", 3),
    ("Envelope", 2),
    ("Export", 2),
    ("Failure", 2),
    ("Finding", 2),
    ("Foreseen", 2),
    ("Format", 2),
    ("Found", 3),
    ("History", 2),
    ("Imported", 2),
    ("Kept", 3),
    ("Key", 2),
    ("Kind", 2),
    ("Known", 3),
    ("LeftOut", 2),
    ("Line", 3),
    ("Lines", 2),
    ("Link", 2),
    ("Log", 2),
    ("Manifest", 2),
    ("Metadata", 2),
    ("Node", 3),
    ("Ours", 2),
    ("Outcome", 3),
    ("Package", 2),
    ("Parts", 2),
    ("Place", 3),
    ("Progress", 2),
    ("Rank", 2),
    ("Reader", 3),
    ("Reason", 3),
    ("Reference", 3),
    ("Refusal", 2),
    ("RefusedRow", 2),
    ("Report", 2),
    ("Resolution", 2),
    ("Result", 2),
    ("Score", 2),
    ("Shape", 2),
    ("Snapshot", 3),
    ("Span", 2),
    ("Standing", 2),
    ("Start", 2),
    ("Stop", 2),
    ("Target", 2),
    ("Tick", 2),
    ("Trust", 2),
    ("Verdict", 2),
    ("Walk", 2),
    ("Warnings", 2),
    ("Window", 2),
];

/// The types that a source declares; those of a trait's implementation are no names of their own.
fn declared(text: &str) -> BTreeSet<String> {
    let tokens = words::tokens(words::without_tests(text));
    let mut depth = 0_usize;
    let mut found = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark('{') => depth += 1,
            Token::Mark('}') => depth -= 1,
            Token::Word(word) => {
                let kind =
                    matches!(word.as_str(), "struct" | "enum" | "trait" | "union") || (word == "type" && depth == 0);
                if let Some(Token::Word(name)) = tokens.get(at + 1).filter(|_| kind)
                    && name.starts_with(char::is_uppercase)
                {
                    found.insert(name.clone());
                }
            }
            Token::Path | Token::Mark(_) => {}
        }
    }
    found
}

#[test]
fn a_type_has_a_name_of_its_own() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files::all().iter().filter(|file| file.is("rs") && file.within(CODE)) {
        if file.path.contains("/tests/") {
            continue;
        }
        for name in declared(&file.text) {
            places.entry(name).or_default().push(file.path.clone());
        }
    }
    assert!(places.len() > 300, "types are seen at all: {}", places.len());
    let doubled = |name: &String, files: &Vec<String>| files.len() > 1 && !SAME_IDEA.contains(&name.as_str());
    let found: BTreeMap<String, Vec<String>> =
        places.into_iter().filter(|(name, files)| doubled(name, files)).collect();
    let left: BTreeMap<&str, usize> = LEFT.iter().copied().collect();
    let new: Vec<_> =
        found.iter().filter(|(name, files)| left.get(name.as_str()).is_none_or(|known| files.len() > *known)).collect();
    assert!(new.is_empty(), "names that another type has: {new:#?}");
    let count = |name: &str| found.get(name).map_or(0, Vec::len);
    let fewer: Vec<_> = left.iter().filter(|(name, known)| count(name) < **known).collect();
    assert!(fewer.is_empty(), "doubled no more, or in fewer files; shorten the list: {fewer:?}");
}

#[test]
fn only_declarations_count() {
    let text = "pub struct Row; impl Iterator for Row { type Item = u8; } type Alias = Row; // struct Remark\nfn f() { enum Inner { A } }";
    let names: Vec<String> = declared(text).into_iter().collect();
    assert_eq!(names, ["Alias", "Inner", "Row"]);
}
