//! Use cases as a person at a terminal watches them: notices on stderr, progress where stderr is a terminal.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::cli::output::cell::{width, wrapped};
use crate::service::watch::{Notice, Progress, Watch};

/// Steps between two drawings of a bar.
const STEPS: u64 = 256;

/// Watches on stderr; with `quiet`, in silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    pub(crate) quiet: bool,
}

impl Watch for Terminal {
    fn notice(&self, notice: &Notice) {
        if self.quiet {
            return;
        }
        let said = match notice {
            Notice::Warning(text) => format!("warning: {text}"),
            Notice::Note(text) => text.clone(),
            Notice::Behind(1) => "1 event is not projected yet; run `pg-atlas project`".to_owned(),
            Notice::Behind(lag) => format!("{lag} events are not projected yet; run `pg-atlas project`"),
            Notice::Corrected => "`pg-atlas project` brings it into the live tables".to_owned(),
            Notice::PassedOver { lifted } => {
                let with = if *lifted { "with" } else { "without" };
                format!("`pg-atlas project` builds the live tables anew {with} it")
            }
            Notice::OtherQuarantine => "events were quarantined, or let in again, since the live builds were made: \
                                        `pg-atlas project` makes them anew"
                .to_owned(),
        };
        tell(&said);
    }

    fn begin(&self, work: &'static str, steps: Option<u64>) -> Box<dyn Progress> {
        let target = if self.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(steps, target);
        let template = match steps {
            Some(_) => "{msg} {bar:32} {pos}/{len} {rate} {eta}",
            None => "{spinner} {msg} {human_pos} {rate} {elapsed}",
        };
        bar.set_style(style(template));
        bar.set_message(work);
        Box::new(Bar { bar, seen: 0 })
    }
}

/// Says something on stderr; at a terminal in lines that fit it.
pub(crate) fn tell(text: &str) {
    let err = io::stderr();
    let columns = err.is_terminal().then(|| Term::stderr().size_checked()).flatten();
    let text = columns.map_or_else(|| text.to_owned(), |(_, columns)| folded(text, columns.into()));
    // Who is not there to hear it needs no complaint.
    let _ = writeln!(err.lock(), "{text}");
}

/// A text in lines of so many columns, broken between words. What is set in is to be copied, and stays as it is.
fn folded(text: &str, columns: usize) -> String {
    let fold = |line: &str| {
        let fits = width(line) <= columns || line.starts_with(' ');
        if fits { line.to_owned() } else { wrapped(line, columns).join("\n") }
    };
    text.lines().map(fold).collect::<Vec<_>>().join("\n")
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, text: &mut dyn fmt::Write| {
        // A bar without its rate is still a bar.
        let _ = write!(text, "{:.0}/s", state.per_sec());
    })
}

struct Bar {
    bar: ProgressBar,
    seen: u64,
}

impl Progress for Bar {
    fn step(&mut self) {
        self.seen += 1;
        if self.seen.is_multiple_of(STEPS) {
            self.bar.set_position(self.seen);
        }
    }

    fn reach(&mut self, done: u64) {
        self.bar.set_position(done);
    }

    fn reach_of(&mut self, done: u64, known: u64) {
        self.bar.set_style(style("{msg} {bar:32} {pos}/{len} {elapsed}"));
        self.bar.set_length(known);
        self.bar.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn sentences_are_folded_and_commands_are_not() {
        let text = "no server here: install one by\n  sudo apt-get install postgresql";
        assert_eq!(folded(text, 16), "no server here:\ninstall one by\n  sudo apt-get install postgresql");
        assert_eq!(folded(text, 80), text);
    }
}
