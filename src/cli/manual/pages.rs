//! Manual pages, one a command.

use std::io;

use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;

use super::{WHERE, document, examples};

/// Columns that `man` leaves free before text, and what we leave free before lines that go on.
const INDENT: [usize; 2] = [7, 9];

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
    shown.iter().try_for_each(|inner| add(inner, &[words, &[inner.get_name()]].concat(), pages))?;
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
    let of_command = examples(below, INDENT).map(|(what, lines)| {
        // `man` indents by itself.
        let lines = lines.lines().map(|line| escaped(line.strip_prefix("       ").unwrap_or(line)));
        format!(".PP\n{}:\n.PP\n.nf\n{}\n.fi\n", escaped(what), lines.collect::<Vec<_>>().join("\n"))
    });
    let of_command: String = of_command.collect();
    let heading = if of_command.is_empty() { "" } else { ".SH EXAMPLES\n" };
    format!("{heading}{of_command}.SH SEE ALSO\n{}, {}\n", escaped(document(below)), escaped(WHERE))
}

/// A line as it is, whatever it begins with.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}
