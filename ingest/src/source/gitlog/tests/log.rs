//! The parser of git's log, without git.

use domain::Day;
use domain::identity::pseudonym;
use proptest::prelude::*;

use super::support::{Repo, key};
use crate::source::gitlog::log::LogReader;
use crate::source::gitlog::*;

fn window() -> CoveredDays {
    CoveredDays { from: None, to: Day::parse("2026-01-01").unwrap() }
}

fn parse(text: &str) -> ReadLog {
    parse_log(text.as_bytes(), window(), &key()).unwrap()
}

#[test]
fn the_newest_commit_names_the_author_whatever_the_order() {
    let old = "Old\0A@x.example\x001600000000\0\0aa\n";
    let new = "New\0a@X.example\x001700000000\0\0bb\n";
    let twin = "Tw\x1bin\0a@x.example\x001700000000\0\0cc\n";
    for text in [[old, new, twin], [twin, old, new], [new, twin, old]].map(|lines| lines.concat()) {
        let log = parse(&text);
        assert_eq!(log.people.len(), 1);
        assert_eq!(log.people[0].name, "Twin", "ties fall to the greater id");
        assert_eq!(log.people[0].pseudonym, pseudonym(&key(), "a@x.example"));
    }
}

#[test]
fn addresses_in_other_encodings_are_other_persons() {
    let lines = [&b"j\xe4@x"[..], b"j\xf6@x", "\u{c4}@x".as_bytes(), "\u{e4}@x".as_bytes(), b" J@X ", b"j@x"];
    let line = |email: &[u8]| [b"n\0", email, b"\x001700000000\0\0aa\n"].concat();
    let log = parse_log(&lines.map(line).concat(), window(), &key()).unwrap();
    assert_eq!(log.people.len(), 5, "compared as bytes, ASCII letters in either case");
}

#[test]
fn lines_of_other_forms_are_counted_not_guessed() {
    let long = format!("{}\0e@x.example\x001700000000\0\0aa\n", "n".repeat(MAX_LINE_BYTES));
    let text = ["n\0e@x.example\x001700000000\0\n", "a\0b\0c\0d\0e\0f\n", "\n", &long].concat();
    let log = parse(&text);
    assert!(log.history.cells.is_empty());
    assert_eq!(log.history.latest, None);
    assert_eq!(log.warnings, ["3 commits that git printed in no known form are left out"]);
}

#[test]
fn merges_have_several_parents() {
    let log = parse("n\0e@x\x001700000000\0p q\0a\nn\0e@x\x001700000001\0p\0b\nn\0e@x\x001700000002\0\0c");
    let cell = log.history.cells.values().next().unwrap();
    assert_eq!((cell.commits, cell.merges), (3, 1));
    assert_eq!(log.history.latest, Some(cell.last));
}

#[test]
fn the_newest_commit_up_to_the_last_day_counts_even_before_the_window() {
    let text = "n\0e@x\x001600000000\0\0a\nn\0e@x\x001900000000\0\0b\n";
    let window = CoveredDays { from: Some(Day::parse("2025-12-01").unwrap()), ..window() };
    let log = parse_log(text.as_bytes(), window, &key()).unwrap();
    assert!(log.history.cells.is_empty() && log.people.is_empty());
    assert_eq!(log.history.latest.unwrap().to_string(), "2020-09-13T12:26:40.000000Z");
    assert_eq!(log.warnings, ["1 commit dated after 2026-01-01 is left out"]);
}

#[test]
fn commits_without_an_address_are_commits_of_nobody() {
    let log = parse("n\0e@x\x001700000000\0p\0a\nn\0 \x001700100000\0p q\0b\n\0\x001700100001\0p\0c\n");
    assert_eq!((log.history.cells.len(), log.people.len()), (1, 1));
    let [(day, cell)] = &log.history.unsigned.iter().collect::<Vec<_>>()[..] else { panic!("{log:?}") };
    assert_eq!((day.to_string(), cell.commits, cell.merges), ("2023-11-16".to_owned(), 2, 1));
    assert_eq!(log.history.latest, Some(cell.last), "it is the newest commit");
    assert_eq!(log.warnings, ["2 commits without an e-mail address count as nobody's"]);
    let export = Export { repo: "pkg:github/o/r".into(), pseudonym_key: key().id(), history: log.history };
    let text = String::from_utf8(render(&export).unwrap()).unwrap();
    assert!(text.contains("\"version\":2") && text.contains("\"rows\":2"), "{text}");
    assert!(
        parse_export(text.replace("\"version\":2", "\"version\":1").as_bytes())
            .unwrap_err()
            .to_string()
            .contains("`author` is missing")
    );
    let twice = text.replace("\"rows\":2", "\"rows\":3") + text.lines().nth(1).unwrap();
    assert!(parse_export(twice.as_bytes()).unwrap_err().to_string().contains("a second line"));
    let early = CoveredDays { from: None, to: Day::parse("2023-11-15").unwrap() };
    let (cut, after) = export.history.within(early).unwrap();
    assert_eq!(
        (cut.unsigned.len(), after, cut.latest.map(Timestamp::day)),
        (0, 2, Some(Day::parse("2023-11-14").unwrap()))
    );
}

/// Lines that are nearly right, so that the property tests get past the first check.
fn nearly_a_log() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just(b"ann@example.org".to_vec()),
        Just(b"renovate-bot".to_vec()),
        Just(b"1700000000".to_vec()),
        any::<i64>().prop_map(|number| number.to_string().into_bytes()),
        Just(b"a1 b2".to_vec()),
        prop::collection::vec(any::<u8>(), 0..6),
    ];
    let line = prop::collection::vec(field, 4..7).prop_map(|fields| fields.join(&0u8));
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join(&b'\n'))
}

proptest! {
    #[test]
    fn any_bytes_are_a_log(bytes in prop_oneof![nearly_a_log(), prop::collection::vec(any::<u8>(), 0..400)]) {
        let log = parse_log(&bytes, window(), &key()).unwrap();
        prop_assert!(log.history.cells.values().all(|c| c.merges <= c.commits && c.first <= c.last));
        // What a log gives can always be written and read back.
        let export = Export { repo: "pkg:github/o/r".into(), pseudonym_key: key().id(), history: log.history };
        prop_assert_eq!(parse_export(&render(&export).unwrap()).unwrap(), export);
    }

    #[test]
    fn pieces_do_not_matter(bytes in nearly_a_log(), piece in 1usize..40) {
        let key = key();
        let mut reader = LogReader::new(window(), &key);
        for piece in bytes.chunks(piece) {
            reader.feed(piece).unwrap();
        }
        prop_assert_eq!(reader.finish().unwrap(), parse_log(&bytes, window(), &key).unwrap());
    }
}

#[test]
fn the_format_is_what_git_prints() {
    let repo = Repo::new("main");
    repo.commit("N <e@x.example>", "2025-01-01T12:00:00+02:00");
    let printed = repo.command().args(["log", &format!("--format=tformat:{}", log::FORMAT)]).output().unwrap().stdout;
    let log = parse_log(&printed, window(), &key()).unwrap();
    assert_eq!(log.history.latest.unwrap().to_string(), "2025-01-01T10:00:00.000000Z");
    assert_eq!(log.warnings, Vec::<String>::new());
}
