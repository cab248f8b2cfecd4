//! Manual pages, one a command.

use std::fmt::Write as _;
use std::io;

use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;

use super::{document, examples_of};

/// A manual page.
pub(crate) struct ManPage {
    /// Name of its file, such as `pg-atlas-ingest-sbom.1`.
    pub(crate) file: String,
    /// What `man` reads.
    pub(crate) text: Vec<u8>,
}

/// The manual, the page of the program last.
///
/// # Errors
/// When what is in memory cannot be written to, which is never.
pub(crate) fn pages() -> io::Result<Vec<ManPage>> {
    let mut command = super::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &[], &mut pages)?;
    Ok(pages)
}

/// Adds the pages below a command, and its own.
fn add(command: &Command, words: &[&str], pages: &mut Vec<ManPage>) -> io::Result<()> {
    let shown: Vec<&Command> = command.get_subcommands().filter(|inner| !inner.is_hide_set()).collect();
    for inner in &shown {
        add(inner, &[words, &[inner.get_name()]].concat(), pages)?;
    }
    // Pages fold a usage by themselves.
    let man = Man::new(command.clone().override_usage(Resettable::Reset))
        .source(concat!("pg-atlas ", env!("CARGO_PKG_VERSION")))
        .manual("PG Atlas");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if !shown.is_empty() {
        man.render_subcommands_section(&mut text)?;
    }
    text.extend(more(&words.join(" ")).into_bytes());
    pages.push(ManPage { file: man.get_filename(), text });
    Ok(())
}

/// What follows the options: examples line by line, and where more is said.
fn more(below: &str) -> String {
    let mut more = String::new();
    for (n, (what, line)) in examples_of(below).iter().enumerate() {
        if n == 0 {
            more += ".SH EXAMPLES\n";
        }
        // Writing to a String cannot fail.
        let _ = writeln!(more, ".PP\n{}:\n.PP\n.nf\n.RS", escaped(what));
        for line in line.lines() {
            let _ = writeln!(more, "{}", escaped(line));
        }
        more += ".RE\n.fi\n";
    }
    let _ = writeln!(more, ".SH SEE ALSO\n{}, {}", escaped(document(below)), escaped(super::WHERE));
    more
}

/// A line as it is, whatever it begins with.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}
