//! Asking before something that cannot be undone.

use std::io::{self, BufRead, IsTerminal as _, Write};

use anyhow::anyhow;

use crate::cli::failure::{Failure, Result};

/// What counts as a yes, whatever its case.
const YES: [&str; 2] = ["y", "yes"];

/// Shows what is about to happen, and asks on the terminal. Where there is none, nobody can be asked.
pub(crate) fn on_terminal(shown: &str, question: &str) -> Result<()> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let reason = anyhow!("nobody can be asked here: --yes answers beforehand, --dry-run shows what would happen");
        return Err(Failure::environment(reason));
    }
    let agreed = ask(&mut io::stdin().lock(), &mut io::stderr().lock(), shown, question);
    if agreed.map_err(Failure::environment)? { Ok(()) } else { Err(Failure::refused(anyhow!("nothing was done"))) }
}

fn ask(from: &mut impl BufRead, to: &mut impl Write, shown: &str, question: &str) -> io::Result<bool> {
    write!(to, "{shown}{question} [y/N] ")?;
    to.flush()?;
    let mut answer = String::new();
    from.read_line(&mut answer)?;
    Ok(YES.contains(&answer.trim().to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

    use super::ask;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, agreed) in [
            ("y\n", true),
            (" YES \r\n", true),
            ("yes", true),
            ("\n", false),
            ("", false),
            ("no\n", false),
            ("yeah\n", false),
            ("n\ny\n", false),
        ] {
            let mut said = Vec::new();
            assert_eq!(ask(&mut answer.as_bytes(), &mut said, "it goes\n", "erase?").unwrap(), agreed, "{answer:?}");
            assert_eq!(String::from_utf8(said).unwrap(), "it goes\nerase? [y/N] ");
        }
    }
}
