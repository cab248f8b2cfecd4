//! The files beside a golden log: compared, or written where that is asked for.

use std::collections::BTreeMap;
use std::fs;

use super::{families, path};

/// Set to write the files instead of comparing them.
const WRITE: &str = "PG_ATLAS_WRITE_GOLDEN";
/// The one file that nothing writes.
const LOG: &str = "log.ndjson";

/// Compares what came of a log with what is kept. Every file that differs is named with its first differing line.
pub(super) fn compare(name: &str, files: &BTreeMap<String, String>) {
    let held = fs::read_dir(path(name, "")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = held.chain(files.keys().cloned()).filter(|file| file != LOG).collect();
    names.sort_unstable();
    names.dedup();
    let kept = |file: &String| Some((file.clone(), fs::read_to_string(path(name, file)).ok()?));
    let kept: BTreeMap<String, String> = names.iter().filter_map(kept).collect();
    let differences: Vec<String> = names.iter().filter_map(|file| difference(name, file, &kept, files)).collect();
    let forgotten = families::not_raised(&kept, files);
    assert!(forgotten.is_empty(), "{}\n{}", differences.join("\n"), forgotten.join("\n"));
    if std::env::var_os(WRITE).is_some() {
        for (file, text) in files {
            fs::write(path(name, file), text).unwrap();
        }
        return;
    }
    let advice = format!("if this is meant, run this test once with {WRITE}=1 and look at the difference");
    assert!(differences.is_empty(), "{}\n{advice}", differences.join("\n"));
}

fn difference(
    name: &str,
    file: &str,
    kept: &BTreeMap<String, String>,
    files: &BTreeMap<String, String>,
) -> Option<String> {
    let kept = kept.get(file).map_or("", String::as_str);
    let place = format!("tests/golden/{name}/{file}");
    let Some(came) = files.get(file) else { return Some(format!("{place}: nothing comes of the log for this file")) };
    first_difference(kept, came).map(|(line, kept, came)| format!("{place}:{line}:\n  kept: {kept}\n  came: {came}"))
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
