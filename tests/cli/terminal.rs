//! What a person sees at a terminal of 80 columns and 24 lines.

use std::os::unix::fs::PermissionsExt as _;

use console::measure_text_width;

use super::documents::ecosystem;
use crate::support::program::Program;
use crate::support::terminal::shown;

#[test]
fn a_terminal_gets_tables_that_fit_in_colour() {
    let program = Program::fresh();
    ecosystem(&program);
    let plain = program.line("scores --format table").ok().stdout;
    let seen = shown(&program, "scores", &[]);
    assert_eq!(seen.lines(), plain.lines().collect::<Vec<_>>(), "80 columns, piped or not");
    assert!(seen.text.contains("\u{1b}[32mlive\u{1b}[0m"), "{:?}", seen.text);
    assert!(seen.text.contains("\u{1b}[31mdiscontinued\u{1b}[0m"), "{:?}", seen.text);
    for setting in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let bare = shown(&program, "scores", &[setting]).text;
        assert_eq!(bare, plain, "{setting:?}");
    }
    assert!(shown(&program, "scores", &[("NO_COLOR", "")]).text.contains('\u{1b}'), "an empty one is none");
    let events = shown(&program, "events", &[]).lines();
    assert_eq!(events.len(), program.events().len() + 1, "{events:#?}");
    assert!(events.iter().all(|line| measure_text_width(line) <= 80), "{events:#?}");
    let verdict = shown(&program, "replay --verify", &[]).text;
    assert!(verdict.starts_with("\u{1b}") || verdict.contains("\u{1b}[32mtrue\u{1b}[0m"), "{verdict:?}");
}

#[test]
fn what_is_longer_than_the_terminal_goes_through_a_pager() {
    let program = Program::fresh();
    program.json("demo");
    let pager = program.file("pager", b"#!/bin/sh\necho \"paged with $LESS\"\ncat\n");
    std::fs::set_permissions(&pager, std::fs::Permissions::from_mode(0o755)).unwrap();
    let settings = [("PAGER", pager.to_str().unwrap()), ("NO_COLOR", "1")];
    let is_paged = |line: &str, settings: &[(&str, &str)]| {
        let lines = shown(&program, line, settings).lines();
        let paged = lines[0] == "paged with FRX";
        (paged, lines[usize::from(paged)..].join("\n") + "\n")
    };
    let plain = |line: &str| program.line(&format!("{line} --format table")).ok().stdout;
    for line in ["edges", "events"] {
        assert!(plain(line).lines().count() > 24);
        assert_eq!(is_paged(line, &settings), (true, plain(line)), "{line}");
        assert_eq!(is_paged(&format!("{line} --no-pager"), &settings), (false, plain(line)), "{line}");
    }
    assert_eq!(is_paged("scores --limit 3", &settings), (false, plain("scores --limit 3")), "it fits");
    // Where nothing is named, or nothing is what is named.
    std::fs::copy(&pager, pager.with_file_name("less")).unwrap();
    let path = format!("{}:{}", pager.parent().unwrap().display(), std::env::var("PATH").unwrap());
    for settings in [&[("PATH", path.as_str())][..], &[("PATH", &path), ("PAGER", "")]] {
        assert!(is_paged("edges --level repo", settings).0, "{settings:?}");
    }
    for none in ["cat", "no-such-pager"] {
        assert_eq!(is_paged("edges", &[("PAGER", none), ("NO_COLOR", "1")]), (false, plain("edges")), "{none}");
    }
    let mut piped = program.command();
    let piped = crate::support::program::Ran::of(piped.args(["edges", "--format", "table"]).envs(settings)).ok();
    assert_eq!(piped.stdout, plain("edges"), "never into a pipe");
}
