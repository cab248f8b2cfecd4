//! A real terminal: the program at the end of a pseudo-terminal of so many lines and columns.

use std::process::{Command, Stdio};

use super::program::{BINARY, Program};

/// What a terminal showed.
#[derive(Debug)]
pub(crate) struct Shown {
    /// Everything that was written to it, with its colours.
    pub(crate) text: String,
}

impl Shown {
    /// What was written, line by line, without colours.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.text.lines().map(|line| console::strip_ansi_codes(line).into_owned()).collect()
    }
}

/// Runs the program at a terminal of 24 lines and 80 columns, with these settings besides. It must succeed.
pub(crate) fn shown(program: &Program, line: &str, settings: &[(&str, &str)]) -> Shown {
    let mut command = Command::new("script");
    let run = format!("stty rows 24 columns 80; exec \"$PROGRAM\" {line}");
    command.args(["--quiet", "--return", "--command", &run, "/dev/null"]);
    command.env_clear();
    for name in ["PATH", "HOME", "LANG"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command.envs([("TERM", "xterm"), ("SHELL", "/bin/sh"), ("PROGRAM", BINARY), ("DATABASE_URL", &program.url())]);
    command.env("PG_ATLAS_DATA_DIR", program.data()).envs(settings.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("`script` of util-linux makes a terminal");
    let text = String::from_utf8(output.stdout).unwrap().replace("\r\n", "\n");
    assert!(output.status.success(), "{line}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    Shown { text }
}
