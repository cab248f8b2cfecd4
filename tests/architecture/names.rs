//! One name, one thing: a type's name that stands in several files is read twice to know which is meant.

use std::collections::{BTreeMap, BTreeSet};

use super::files;
use super::words::{self, Token};

/// Folders of sources.
const CODE: &[&str] = &["domain/src", "ingest/src", "projections/src", "replay/src", "src"];
/// Names that may stand for something in several modules, and why.
const SAME_IDEA: &[&str] = &[
    // What each parser of a document gives; read as `gitlog::Parsed`, `sbom::Parsed`. And what functions answer with:
    // the standard result, with the error of their floor.
    "Parsed",
    "Result",
    // A package and a dependency as a document lists it: in the published schema of facts, and in each format's reader.
    "Dependency",
    "Package",
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
    assert!(found.is_empty(), "names that another type has: {found:#?}");
}

#[test]
fn only_declarations_count() {
    let text = "pub struct Row; impl Iterator for Row { type Item = u8; } type Alias = Row; // struct Remark\nfn f() { enum Inner { A } }";
    let names: Vec<String> = declared(text).into_iter().collect();
    assert_eq!(names, ["Alias", "Inner", "Row"]);
}
