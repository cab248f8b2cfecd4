//! The pseudonymised export: what is written reads back, and what is wrong is named with its line.

use std::fs;

use proptest::prelude::*;

use super::support::*;
use crate::source::gitlog::*;

fn repo() -> Repo {
    let repo = Repo::new("main");
    repo.commit(ANN, "2025-01-01T12:00:00Z");
    repo.commit(BOB, "2025-01-02T12:00:00Z");
    repo.commit(ANN, "2025-02-01T23:00:00Z");
    repo.commit("release-bot <bot@x.example>", "2025-02-02T12:00:00Z");
    repo
}

#[test]
fn an_export_reads_back_to_equal_facts() {
    let repo = repo();
    let direct = read_path(repo.path()).unwrap();
    let file = repo.beside("export.ndjson");
    fs::write(&file, &direct.export).unwrap();
    let again = read_path(&file).unwrap();
    assert_eq!(again, Parsed { people: Vec::new(), branch: None, ..direct.clone() });

    let spelled = String::from_utf8(direct.export.clone()).unwrap();
    let mut lines: Vec<String> = spelled.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 1 + 4, "a header and a line per author and day");
    assert!(lines[0].starts_with("{\"format\":\"pg-atlas-git-log\"") && lines[0].contains(&key().id()));
    lines[1..].reverse();
    let spelled = lines.join("\r\n\n").replace(".000000Z", "+00:00");
    let again = read_export(spelled.as_bytes(), subject(), &options("2026-01-01")).unwrap();
    assert_eq!(again.export, direct.export, "order and spelling do not matter");
}

#[test]
fn an_export_may_have_a_mark() {
    let direct = read_path(repo().path()).unwrap();
    let text = format!("\u{feff}{}", String::from_utf8(direct.export.clone()).unwrap());
    let marked = read_export(text.as_bytes(), subject(), &options("2026-01-01")).unwrap();
    assert_eq!((&marked.export, &marked.warnings), (&direct.export, &Vec::new()));
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = read_export(&wide, subject(), &options("2026-01-01")).unwrap();
    assert_eq!((wide.export, wide.warnings), (direct.export, vec![crate::source::encoding::was_utf16()]));
}

#[test]
fn an_export_is_cut_to_the_window_exactly_as_the_repository_is() {
    let repo = repo();
    let whole = read_path(repo.path()).unwrap().export;
    for (observed_at, months) in
        [("2025-02-01", None), ("2025-02-02", Some(1)), ("2025-01-31", Some(0)), ("2025-01-15T08:00:00Z", Some(1))]
    {
        let options = Options { since_months: months, ..options(observed_at) };
        let direct = read_argument(repo.path(), &options).unwrap();
        let cut = read_export(&whole, subject(), &options).unwrap();
        assert_eq!(cut, Parsed { people: Vec::new(), branch: None, ..direct }, "{observed_at} {months:?}");
    }
    let late = Options { since_months: Some(1), ..options("2027-01-01") };
    assert!(
        refusal(read_export(&whole, subject(), &late)).contains("none of the days from 2026-12-01 up to 2027-01-01")
    );
    let early = Options { observed_at: Timestamp::parse("2027-01-01T00:00:00Z").unwrap(), ..late };
    let narrow = read_argument(repo.path(), &early).unwrap().export;
    let before = read_export(&narrow, subject(), &options("2026-01-01"));
    assert!(refusal(before).contains("covers 2026-12-01 to 2027-01-01, none of the days up to 2026-01-01"));
}

#[test]
fn other_keys_and_repositories_are_named() {
    let export = read_path(repo().path()).unwrap().export;
    let options = Options { key: Some(domain::identity::PseudonymKey::new([9; 32])), ..options("2026-01-01") };
    let subject = Subject { id: "pkg:github/o/renamed".to_owned(), ..subject() };
    let parsed = read_export(&export, subject, &options).unwrap();
    assert_eq!(parsed.facts.pseudonym_key, key().id());
    assert_eq!(parsed.facts.subject.id, "pkg:github/o/renamed");
    assert_eq!(parsed.warnings.len(), 2, "{:?}", parsed.warnings);
    assert!(parsed.warnings[0].contains("pkg:github/o/r"));
    assert!(
        parsed.warnings[1].contains(&key().id()) && parsed.warnings[1].contains(&options.key.as_ref().unwrap().id())
    );
}

#[test]
fn every_contradiction_is_refused_by_line() {
    let author = "00".repeat(32);
    let header = "{\"format\":\"pg-atlas-git-log\",\"from\":\"2024-01-01\",\"latest\":\"2025-01-02T05:00:00Z\",\
                  \"pseudonym_key\":\"0123456789abcdef\",\"repo\":\"pkg:github/o/r\",\"rows\":1,\"to\":\"2026-01-01\",\
                  \"version\":1}";
    let row = format!(
        "{{\"author\":\"{author}\",\"bot\":false,\"commits\":2,\"day\":\"2025-01-02\",\
         \"first\":\"2025-01-02T04:00:00Z\",\"last\":\"2025-01-02T05:00:00Z\",\"merges\":1}}"
    );
    let whole = format!("{header}\n{row}\n");
    parse_export(whole.as_bytes()).unwrap();
    let cases: [(&str, &str, &str); 21] = [
        ("\"version\":1", "\"version\":3,\"more\":1", "line 1: version 3 of pg-atlas-git-log is not supported"),
        ("pg-atlas-git-log", "other", "line 1: the format is `other`"),
        (header, "[]", "line 1: no header"),
        ("pkg:github/o/r", "pkg:github/O/r", "expected `pkg:github/o/r`"),
        ("pkg:github/o/r", "o/r", "did you mean pkg:github/o/r"),
        ("0123456789abcdef", "key", "no id of a key"),
        ("\"from\":\"2024-01-01\"", "\"from\":\"2026-01-02\"", "line 1: `from` is after `to`"),
        ("\"latest\":\"2025-01-02T05:00:00Z\"", "\"latest\":\"2026-01-02T05:00:00Z\"", "`latest` is after `to`"),
        ("\"latest\":\"2025-01-02T05:00:00Z\"", "\"latest\":\"2025-01-02T04:59:59Z\"", "line 2: `last` is after the"),
        ("\"latest\":\"2025-01-02T05:00:00Z\",", "", "line 1: `latest` is missing"),
        ("\"rows\":1", "\"rows\":2", "announces 2 lines, there are 1"),
        ("\"rows\":1", "\"rows\":1,\"name\":\"x\"", "line 1: unknown field `name`"),
        ("\"merges\":1", "\"merges\":1,\"email\":\"x\"", "line 2: unknown field `email`"),
        ("\"merges\":1", "\"merges\":3", "line 2: more merges than commits"),
        ("\"commits\":2", "\"commits\":0", "line 2: `commits` is 0"),
        ("\"commits\":2", "\"commits\":-2", "line 2: invalid value"),
        ("T04:00", "T06:00", "line 2: `first` is after `last`"),
        ("\"day\":\"2025-01-02\"", "\"day\":\"2025-01-03\"", "line 2: `first` and `last` lie on another day"),
        ("\"from\":\"2024-01-01\"", "\"from\":\"2025-01-03\"", "line 2: the day is before the header's `from`"),
        (&author, "ann", "line 2: a digest is 64"),
        (&row, "", "announces 1 lines, there are 0"),
    ];
    for (old, new, expected) in cases {
        let text = whole.replace(old, new);
        assert_ne!(text, whole, "{old}");
        let error = parse_export(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
    let two = |second: &str| format!("{}\n{row}\n{second}\n", header.replace("\"rows\":1", "\"rows\":2"));
    let error = |text: String| parse_export(text.as_bytes()).unwrap_err().to_string();
    assert!(error(two(&row)).contains("line 3: a second line for the same author and day"));
    let bot = row.replace("2025-01-02", "2024-01-02").replace("false", "true");
    assert!(error(two(&bot)).contains("is a bot in some lines"));
    assert!(error("\n \n".to_owned()).contains("empty"));
}

proptest! {
    #[test]
    fn any_bytes_are_an_export_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_export(&bytes);
    }

    #[test]
    fn a_changed_byte_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let log = b"n\0ann@example.org\x001700000000\0p q\0a\nb-bot\0b@x\x001710000000\0\0b\n";
        let window = CoveredDays::new(Timestamp::parse("2026-01-01T00:00:00Z").unwrap(), None);
        let history = parse_log(log, window, &key()).unwrap().history;
        let export = Export { repo: "pkg:github/o/r".into(), pseudonym_key: key().id(), history };
        let mut bytes = render(&export).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = parse_export(&bytes) {
            // What is accepted is consistent: it can be written and read again.
            prop_assert_eq!(parse_export(&render(&changed).unwrap()).unwrap(), changed);
        }
    }
}
