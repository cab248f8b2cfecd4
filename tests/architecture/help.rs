//! The command line explains itself: what `--help` of every command says, at 80 columns.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Command;

use crate::cli::readme::arguments;
use crate::support::program::{Ran, bare};

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Options that say which form their values have, each with a word of that form.
const FORMS: [(&str, &str); 5] = [
    ("as_of", "2026-01-31"),
    ("observed_at", "2026-01-31"),
    ("project", "daoip-5:"),
    ("repo", "pkg:github/"),
    ("formula", "formula list"),
];

/// Every command that is shown, by the words that call it; whether it has none below it.
fn commands() -> Vec<(Vec<String>, Command)> {
    fn walk(command: &Command, words: &[String], found: &mut Vec<(Vec<String>, Command)>) {
        found.push((words.to_vec(), command.clone()));
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set() && inner.get_name() != "help") {
            walk(inner, &[words, &[inner.get_name().to_owned()]].concat(), found);
        }
    }
    let mut found = Vec::new();
    walk(&pg_atlas::command(), &[], &mut found);
    found
}

/// What a command prints, not on a terminal.
fn help(words: &[String], flag: &str) -> String {
    Ran::of(bare().args(words).arg(flag)).ok().stdout
}

/// The lines below a heading of help.
fn part<'a>(help: &'a str, heading: &str) -> Option<Vec<&'a str>> {
    let mut lines = help.lines().skip_while(|line| *line != heading);
    lines.next()?;
    Some(lines.take_while(|line| line.is_empty() || line.starts_with(' ')).collect())
}

/// The commands of examples: lines that begin with four blanks, continued ones joined.
fn examples(help: &str) -> Vec<String> {
    let lines = part(help, "Examples:").unwrap_or_default();
    let text: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("    ")).map(str::trim).collect();
    text.join("\n").replace("\\\n", "").lines().map(str::to_owned).collect()
}

#[test]
fn help_fits_and_sets_what_every_command_takes_apart() {
    for (words, _) in commands() {
        for flag in ["-h", "--help"] {
            let text = help(&words, flag);
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "{words:?} {flag}: `{line}`");
            }
            let general = part(&text, "General options:").unwrap_or_else(|| panic!("{words:?} {flag}:\n{text}"));
            let own = part(&text, "Options:").unwrap_or_default();
            for name in ["--database-url", "--data-dir", "--format", "--quiet", "--verbose", "--help", "--version"] {
                let says = |lines: &[&str]| lines.iter().any(|line| line.contains(&format!("{name}")));
                assert!(says(&general) && !says(&own), "{words:?} {flag} {name}:\n{text}");
            }
        }
    }
}

#[test]
fn every_command_shows_examples_that_parse_and_the_page_that_says_more() {
    for (words, command) in commands() {
        let text = help(&words, "--help");
        let found = examples(&text);
        let is_leaf = command.get_subcommands().next().is_none();
        assert!(!found.is_empty() || !is_leaf, "no example of {words:?}: src/cli/manual/examples.rs\n{text}");
        let mut own = 0;
        for line in found {
            let parts = line.split('|').filter_map(|part| arguments(part.trim()));
            for args in parts {
                let parsed =
                    pg_atlas::command().try_get_matches_from([vec!["pg-atlas".to_owned()], args.clone()].concat());
                assert!(parsed.is_ok(), "{words:?}: `{line}`: {}", parsed.unwrap_err());
                own += usize::from(words.iter().all(|word| args.contains(word)));
            }
        }
        assert!(own > 0 || !is_leaf, "{words:?}: no example calls it\n{text}");
        let page = text.lines().find_map(|line| line.strip_prefix("Documentation: "));
        let page = page.and_then(|line| line.split(',').next()).unwrap_or_else(|| panic!("{words:?}:\n{text}"));
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(page).is_file(), "{words:?}: no {page}");
    }
}

#[test]
fn values_say_their_form() {
    let mut met = BTreeSet::new();
    for (words, command) in commands() {
        for arg in command.get_arguments() {
            let Some((id, form)) = FORMS.iter().find(|(id, _)| arg.get_id() == id && arg.get_action().takes_values())
            else {
                continue;
            };
            met.insert(*id);
            let says = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
            assert!(says.contains(form), "{words:?} --{id} does not say `{form}`: {says}");
        }
    }
    assert_eq!(met.len(), FORMS.len(), "{met:?}");
}
