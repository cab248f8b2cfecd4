//! The command line as it explains itself: its flags, and with every command examples and the page that says more.

mod examples;
pub(crate) mod fold;
#[cfg(feature = "ingest")]
pub(crate) mod pages;

use clap::{Command, CommandFactory as _};

use self::examples::EXAMPLES;
use self::fold::folded;
use super::flags::Cli;

/// Columns of help.
const WIDTH: usize = 80;
/// Columns before a usage.
const USAGE: usize = "Usage: ".len();
/// Columns before an example, and before what it goes on with.
const EXAMPLE: [usize; 2] = [4, 6];
/// Where documents are.
const WHERE: &str = "of the source or in /usr/share/doc/pg-atlas";

/// The command line, as help, completions and manual pages describe it.
#[must_use]
pub fn command() -> Command {
    explained(Cli::command(), "pg-atlas")
}

/// A command that is called by the words of `path`, and those below it, with what its long help ends in.
fn explained(command: Command, path: &str) -> Command {
    let below = path.split_once(' ').map_or("", |(_, below)| below);
    let command = command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        explained(inner, &path)
    });
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    // The parser fits all of help but that.
    let command = if USAGE + usage.len() > WIDTH && !usage.contains('\n') {
        command.override_usage(folded(usage, WIDTH, [USAGE, USAGE + 2], ""))
    } else {
        command
    };
    let header = *command.get_styles().get_header();
    let examples = examples(below, EXAMPLE).map(|(what, lines)| format!("  {what}:\n    {lines}\n"));
    let examples: String = examples.collect();
    let heading = if examples.is_empty() { String::new() } else { format!("{header}Examples:{header:#}\n") };
    let blank = if examples.is_empty() { "" } else { "\n" };
    let page = document(below);
    command.after_long_help(format!("{heading}{examples}{blank}{header}Documentation:{header:#} {page}, {WHERE}"))
}

/// The page that says more of a command.
fn document(below: &str) -> &'static str {
    match below.split(' ').next().unwrap_or_default() {
        "artifact" | "conflicts" | "curate" | "ingest" | "triage" => "docs/SOURCES.md",
        "audit" | "replay" => "docs/AUDIT.md",
        "erase" => "docs/ERASURE.md",
        "bench" => "docs/PERFORMANCE.md",
        "alerts" | "backup" | "doctor" | "migrate" | "project" | "serve" | "status" | "tenant" => "docs/OPERATIONS.md",
        "formula" | "history" | "rebuild" | "rollback" | "scores" | "why" => "docs/FORMULAS.md",
        "init" => "docs/CONFIGURATION.md",
        _ => "README.md",
    }
}

/// What is wanted, and the lines that do it, in lines that fit behind so many columns.
fn examples(below: &str, before: [usize; 2]) -> impl Iterator<Item = (&'static str, String)> {
    let of_command = EXAMPLES.iter().filter(move |(command, _)| *command == below);
    of_command.flat_map(|(_, examples)| *examples).map(move |(what, lines)| {
        let lines: Vec<String> = lines.lines().map(|line| folded(line, WIDTH, before, " \\")).collect();
        (*what, lines.join(&format!("\n{:1$}", "", before[0])))
    })
}
