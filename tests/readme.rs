//! The read-me works line by line: every command of it, in order, at a terminal of 80 columns and 24 lines, in a home
//! of its own. What the terminal shows is `docs/first-hour.txt`, but for what no two runs share; with
//! `PG_ATLAS_WRITE_GOLDEN` set that is written anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use console::measure_text_width;

use crate::embedded::server::eventually;
use crate::support::git::one_commit;
use crate::support::program::BINARY;
use crate::support::screen;

/// The day that the transcript shows for the one on which it is made: the read-me's own.
const DAY: &str = "2026-11-01";
/// What the transcript begins with.
const HEAD: &str = "What a terminal of 80 columns and 24 lines shows of the commands of README.md,
in order, on the day of its survey answer. OWNER/NAME has one commit, and the
bill of materials of demo/sbom/js-stellar-sdk.json. Left out are ./scripts/test
and what a build says; digests, ids, times and durations stand for those of any
run. Made by a test: tests/readme.rs.
";

/// A block of the document: its language, and its text.
type Block = (String, String);

/// The blocks of a document.
fn blocks(text: &str) -> Vec<Block> {
    let pieces: Vec<&str> = text.split("\n```").collect();
    assert!(pieces.len() % 2 == 1, "every block is closed");
    let block = |piece: &&str| {
        let (language, text) = piece.split_once('\n').unwrap_or((piece, ""));
        (language.to_owned(), format!("{text}\n"))
    };
    pieces.iter().skip(1).step_by(2).map(block).collect()
}

/// The commands of a block, each with its further lines, without what is said behind them.
fn commands(text: &str) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_once(" #").map_or(line, |(line, _)| line).trim_end();
        match commands.last_mut().filter(|command| command.ends_with('\\')) {
            Some(command) => command.push_str(&format!("\n{line}")),
            None => commands.push(line.to_owned()),
        }
    }
    commands
}

/// A home with a clone of this repository, as far as the document needs it, and the document's own repository: its
/// checkout and its bill of materials.
fn home() -> tempfile::TempDir {
    // Of one length wherever this runs: what is folded depends on it.
    let home = tempfile::Builder::new().prefix("").rand_bytes(6).tempdir_in("/tmp").unwrap();
    let checkout = home.path().join("NAME");
    one_commit(&checkout);
    let url = ["remote", "add", "origin", "https://github.com/OWNER/NAME"];
    assert!(Command::new("git").arg("-C").arg(&checkout).args(url).status().unwrap().success());
    let sbom = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/sbom/js-stellar-sdk.json");
    fs::copy(sbom, home.path().join("sbom.json")).unwrap();
    let release = home.path().join("pg-atlas/target/release");
    fs::create_dir_all(&release).unwrap();
    std::os::unix::fs::symlink(BINARY, release.join("pg-atlas")).unwrap();
    home
}

/// What is run for a command: the scripts build, and the tests are these.
fn run(command: &str) -> Option<String> {
    match command.split_whitespace().next()? {
        "./scripts/demo" => Some("target/release/pg-atlas demo".to_owned()),
        "./scripts/test" => None,
        _ => Some(command.to_owned()),
    }
}

/// Everything that is typed, as a script of a shell that shows what it does.
fn session(document: &str, today: &str) -> String {
    let mut script = "set -e\n".to_owned();
    let mut step = |shown: &str, run: &str| {
        let shown = shown.replace('\n', "\n> ").replace('\'', r"'\''");
        // Writing to a String cannot fail.
        let _ = writeln!(script, "printf '%s\\n' '' '$ {shown}'\n{run}");
    };
    for (language, text) in blocks(document) {
        match language.as_str() {
            // What is shown as a file is made so in the folder that the commands have come to.
            "csv" => {
                let write = format!("cat >survey.csv <<'END'\n{}END", text.replace(DAY, today));
                step("cat survey.csv", &format!("{write}\ncat survey.csv"));
            }
            "sh" => commands(&text).iter().for_each(|command| {
                if let Some(run) = run(command) {
                    step(command, &run);
                }
            }),
            _ => {}
        }
    }
    script
}

/// A line without what no two runs share: the home, the day and the one two years before it, digests, ids, durations.
fn lasting(line: &str, home: &str, today: chrono::NaiveDate) -> String {
    const DIGITS: &str = "0123456789abcdef";
    let before = today.checked_sub_months(chrono::Months::new(24)).unwrap().to_string();
    let line = line.replace(home, "~").replace(&today.to_string(), DAY).replace(&before, "2024-11-01");
    if let Some((name, rest)) = line.split_once(' ')
        && let Some(value) = match name {
            "events_per_second" => Some("1000"),
            name => name.ends_with("seconds").then_some("0.1"),
        }
    {
        return format!("{name} {}{value}", " ".repeat(rest.len() - rest.trim_start().len()));
    }
    let word = |word: &str| {
        let is_hex = |text: &str| text.bytes().all(|byte| DIGITS.as_bytes().contains(&byte));
        let is_id = |text: &str| text.len() == 36 && text.split('-').all(is_hex) && text.matches('-').count() == 4;
        match word {
            digest if digest.len() >= 12 && is_hex(digest) => DIGITS.repeat(4)[..digest.len()].to_owned(),
            id if id.split('/').next().is_some_and(is_id) => {
                format!("01234567-89ab-7cde-8f01-23456789abcd{}", &id[36..])
            }
            time if time.starts_with(&format!("{DAY}T")) => format!("{DAY}T12:00:00.000000Z"),
            word => word.to_owned(),
        }
    };
    let line = line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    match line.strip_suffix(" s)").and_then(|before| before.rsplit_once('(')) {
        Some((before, _)) => format!("{before}(0.1 s)"),
        None => line,
    }
}

#[test]
fn every_command_of_the_read_me_runs_in_order_at_a_terminal() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = fs::read_to_string(root.join("README.md")).unwrap();
    let home = home();
    let today = chrono::Utc::now().date_naive();
    let script = session(&document, &today.to_string());
    assert!(script.matches("\nprintf").count() >= 15, "{script}");
    fs::write(home.path().join("session"), script).unwrap();
    let mut terminal = Command::new("script");
    let run = "stty rows 24 columns 80; exec sh ../session";
    terminal.args(["--quiet", "--return", "--command", run, "/dev/null"]).env_clear();
    for name in ["PATH", "LANG", "PG_ATLAS_PG_BIN"] {
        terminal.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    // A pager would wait for somebody to leave it.
    terminal.envs([("TERM", "xterm"), ("SHELL", "/bin/sh"), ("USER", "you"), ("PAGER", "cat")]);
    terminal.env("HOME", home.path()).current_dir(home.path().join("pg-atlas")).stdin(Stdio::null());
    let output = terminal.output().expect("`script` of util-linux makes a terminal");
    let written = String::from_utf8(output.stdout).unwrap();
    let lines = screen::lines(&written);
    assert!(output.status.success(), "{}\n{}", lines.join("\n"), String::from_utf8_lossy(&output.stderr));
    let path = home.path().to_str().unwrap();
    let shown: Vec<String> = lines.iter().map(|line| lasting(line, path, today)).collect();
    let found = HEAD.to_owned() + &shown.join("\n") + "\n";
    let both = lines.iter().map(String::as_str).chain(found.lines());
    let wide: Vec<&str> = both.filter(|line| measure_text_width(line) > 80).collect();
    assert!(wide.is_empty(), "wider than 80 columns: {wide:#?}");
    let golden = root.join("docs/first-hour.txt");
    if std::env::var_os("PG_ATLAS_WRITE_GOLDEN").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&golden).unwrap_or_default(), "docs/first-hour.txt");

    for data in [home.path().join(".local/share/pg-atlas-demo"), home.path().join("my-atlas/data")] {
        let lock = fs::File::open(data.join("postgres/supervisor.lock")).expect("the data is where the document says");
        eventually("the supervisor ends", || lock.try_lock().is_ok());
    }
    assert!(!home.path().join(".local/share/pg-atlas").exists(), "the demo and an atlas of one's own lie apart");
}
