//! Use cases as a person at a terminal watches them: notices on stderr, progress where stderr is a terminal.

use std::fmt;
use std::io::Write as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

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
        let mut err = std::io::stderr().lock();
        let _ = match notice {
            Notice::Warning(text) => writeln!(err, "warning: {text}"),
            Notice::Note(text) => writeln!(err, "{text}"),
            Notice::Behind(1) => writeln!(err, "1 event is not projected yet; run `pg-atlas project`"),
            Notice::Behind(lag) => writeln!(err, "{lag} events are not projected yet; run `pg-atlas project`"),
            Notice::Corrected => writeln!(err, "`pg-atlas project` brings it into the live tables"),
            Notice::PassedOver { lifted } => {
                let with = if *lifted { "with" } else { "without" };
                writeln!(err, "`pg-atlas project` builds the live tables anew {with} it")
            }
            Notice::OtherQuarantine => writeln!(
                err,
                "events were quarantined, or let in again, since the live builds were made: `pg-atlas project` makes them \
                 anew"
            ),
        };
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
