//! How results look: as wide as the terminal, in colour where it has colours, as the flags ask.

use std::io::{self, IsTerminal as _};
use std::sync::OnceLock;

use console::{Style, Term};

use super::show::Show;
use crate::service::environment;

/// Columns of a line where no terminal says otherwise.
const WIDTH: usize = 80;

/// How results look.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    /// Columns that a line may have.
    pub(crate) width: usize,
    /// Lines of the terminal; `None` where there is none.
    pub(crate) lines: Option<usize>,
    /// What the flags ask for.
    pub(crate) show: Show,
    colour: bool,
}

/// What a text is, where that has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// To be looked at.
    Doubtful,
    /// As it should not be.
    Bad,
    /// What names others.
    Heading,
    /// Less than others.
    Faint,
}

impl Default for Looks {
    fn default() -> Self {
        Self { width: WIDTH, lines: None, show: Show::default(), colour: false }
    }
}

impl Looks {
    fn of_terminal(show: Show) -> Self {
        if !io::stdout().is_terminal() {
            return Self { show, ..Self::default() };
        }
        let size = Term::stdout().size_checked();
        let is_dumb = environment::variable("TERM").is_ok_and(|term| term.is_some_and(|term| term == "dumb"));
        let colour = !is_dumb && environment::variable("NO_COLOR").is_ok_and(|value| value.is_none());
        let width = size.map_or(WIDTH, |(_, columns)| usize::from(columns)).max(1);
        Self { width, lines: size.map(|(lines, _)| usize::from(lines)), show, colour }
    }

    /// A text in the colour of what it is, where there are colours.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = Style::new().force_styling(true);
        let style = match tone {
            Tone::Good => style.green(),
            Tone::Doubtful => style.yellow(),
            Tone::Bad => style.red(),
            Tone::Heading => style.bold(),
            Tone::Faint => style.dim(),
        };
        style.apply_to(text).to_string()
    }
}

/// Settled once: the terminal, like standard output, is one for the whole process.
static LOOKS: OnceLock<Looks> = OnceLock::new();

/// Settles how results look, before there are any.
pub(crate) fn settle(show: &Show) {
    LOOKS.get_or_init(|| Looks::of_terminal(show.clone()));
}

/// How results look.
pub(crate) fn looks() -> &'static Looks {
    LOOKS.get_or_init(Looks::default)
}
