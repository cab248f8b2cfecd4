//! The command line as it explains itself: its flags, and with every command examples and the page that says more.

mod examples;
#[cfg(feature = "ingest")]
pub(crate) mod pages;

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

use self::examples::EXAMPLES;
use super::flags::Cli;

/// Columns of help.
const WIDTH: usize = 80;
/// Where a second line of a usage begins: under the first word after `Usage: `.
const USAGE_INDENT: usize = "Usage: ".len();

/// The command line, as help, completions and man pages describe it.
#[must_use]
pub fn command() -> Command {
    explained(Cli::command(), "pg-atlas")
}

/// A command whose name is spelt `path`, and those below it, with what its long help ends in.
fn explained(command: Command, path: &str) -> Command {
    let below = path.split_once(' ').map_or("", |(_, below)| below);
    let command = command.mut_subcommands(|inner| {
        let path = format!("{path} {}", inner.get_name());
        explained(inner, &path)
    });
    let command = match folded(&usage(&command, path)) {
        Some(usage) => command.override_usage(usage),
        None => command,
    };
    let header = command.get_styles().get_header();
    let mut more = String::new();
    for (n, (what, line)) in examples_of(below).iter().enumerate() {
        if n == 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(more, "{header}Examples:{header:#}");
        }
        let _ = writeln!(more, "  {what}:\n    {}", line.replace('\n', "\n      "));
    }
    let blank = if more.is_empty() { "" } else { "\n" };
    let _ = write!(more, "{blank}{header}Documentation:{header:#} {}, {WHERE}", document(below));
    command.after_long_help(more)
}

/// Where documents are.
const WHERE: &str = "of the source or in /usr/share/doc/pg-atlas";

/// The page that says more of a command.
fn document(below: &str) -> &'static str {
    match below.split(' ').next().unwrap_or_default() {
        "audit" | "erase" | "replay" => "docs/AUDIT.md",
        "formula" | "history" | "rebuild" | "rollback" | "scores" => "docs/FORMULAS.md",
        "doctor" | "migrate" | "project" | "serve" | "status" => "docs/OPERATIONS.md",
        "bench" => "docs/PERFORMANCE.md",
        "artifact" | "conflicts" | "curate" | "ingest" | "triage" => "docs/SOURCES.md",
        _ => "README.md",
    }
}

fn examples_of(below: &str) -> &'static [(&'static str, &'static str)] {
    EXAMPLES.iter().find(|(command, _)| *command == below).map_or(&[], |(_, examples)| examples)
}

fn usage(command: &Command, path: &str) -> String {
    let usage = command.clone().bin_name(path).render_usage().to_string();
    usage.trim_start_matches("Usage: ").to_owned()
}

/// A usage in lines that fit, where it is of one line and does not fit by itself. The parser wraps all of help but that.
fn folded(usage: &str) -> Option<String> {
    if usage.contains('\n') || USAGE_INDENT + usage.len() <= WIDTH {
        return None;
    }
    let mut lines = String::new();
    let mut column = USAGE_INDENT;
    for word in usage.split(' ') {
        if column + 1 + word.len() > WIDTH {
            lines += &format!("\n{:1$}", "", USAGE_INDENT + 2);
            column = USAGE_INDENT + 2;
        } else if !lines.is_empty() {
            lines.push(' ');
            column += 1;
        }
        lines += word;
        column += word.len();
    }
    Some(lines)
}
