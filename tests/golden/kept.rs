//! The files beside a golden log: compared, or written where that is asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{families, path};

/// Set to write the files instead of comparing them.
const WRITE: &str = "PG_ATLAS_WRITE_GOLDEN";
/// The one file that nothing writes.
const LOG: &str = "log.ndjson";

/// Compares what came of a log with what is kept.
pub(super) fn compare(name: &str, files: &BTreeMap<String, String>) {
    let folder = path(name, "");
    let kept = held(&folder, files);
    let forgotten = families::not_raised(&kept, files);
    assert!(forgotten.is_empty(), "{}\n{}", differences(&folder, &kept, files).join("\n"), forgotten.join("\n"));
    settle(&folder, &kept, files);
}

/// The files of a folder, and those that came, as they are kept.
pub(crate) fn held(folder: &Path, files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let there = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = there.chain(files.keys().cloned()).filter(|file| file != LOG);
    names.filter_map(|file| fs::read_to_string(folder.join(&file)).ok().map(|text| (file, text))).collect()
}

/// Writes what came where that is asked for; else every file that differs is named with its first differing line.
pub(crate) fn settle(folder: &Path, kept: &BTreeMap<String, String>, files: &BTreeMap<String, String>) {
    if std::env::var_os(WRITE).is_some() {
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        return;
    }
    let advice = format!("if this is meant, run this test once with {WRITE}=1 and look at the difference");
    let differences = differences(folder, kept, files);
    assert!(differences.is_empty(), "{}\n{advice}", differences.join("\n"));
}

fn differences(folder: &Path, kept: &BTreeMap<String, String>, files: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = kept.keys().chain(files.keys()).collect();
    let folder = folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
    let differ = |file: &String| {
        let place = format!("{folder}/{file}");
        let Some(came) = files.get(file) else { return Some(format!("{place}: nothing comes for this file")) };
        let found = first_difference(kept.get(file).map_or("", String::as_str), came);
        found.map(|(line, kept, came)| format!("{place}:{line}:\n  kept: {kept}\n  came: {came}"))
    };
    names.into_iter().filter_map(differ).collect()
}

/// Number of the first line in which two texts differ, and both.
pub(super) fn first_difference<'a>(kept: &'a str, came: &'a str) -> Option<(usize, &'a str, &'a str)> {
    if kept == came {
        return None;
    }
    let (mut left, mut right) = (kept.split_inclusive('\n'), came.split_inclusive('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (left.next(), right.next()) {
            (Some(left), Some(right)) if left == right => {}
            (left, right) => return Some((line, left.unwrap_or("(the end)"), right.unwrap_or("(the end)"))),
        }
    }
}

#[test]
fn a_difference_names_its_line() {
    assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
    assert_eq!(first_difference("a\nb\nc\n", "a\nx\nc\n"), Some((2, "b\n", "x\n")));
    assert_eq!(first_difference("a\n", "a\nb\n"), Some((2, "(the end)", "b\n")));
    assert_eq!(first_difference("a\nb", "a\nb\n"), Some((2, "b", "b\n")));
}
