//! The redactor against a definition of its own, written the plain way: spell every text out, then look at each `@`.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there and then")]

use std::borrow::Cow;

use domain::redact::{PLACEHOLDER, emails, emails_in_json, is_clean, unclean_field};
use proptest::prelude::*;
use unicode_normalization::char::is_combining_mark;

/// The spellings of `@`, and those of a dot.
const SIGNS: [&str; 10] =
    ["@", "\u{ff20}", "%40", "%2540", "%EF%BC%A0", "&#64;", "&#x40;", "&commat;", "\\u0040", "\\x40"];
const DOTS: [&str; 7] = [".", "\u{3002}", "\u{ff0e}", "\u{ff61}", "%2E", "&#46;", "\\u002e"];

/// The text with every spelling replaced by the plain letter.
fn spelled_out(text: &str) -> String {
    let mut plain = text.to_owned();
    for (spellings, letter) in [(&SIGNS[1..], "@"), (&DOTS[1..], ".")] {
        for spelling in spellings {
            plain = plain.replace(spelling, letter);
        }
    }
    plain
}

/// What anybody would call an address: letters or a closing quote, `@`, letters with a dot and a word after it, unless
/// what follows is a version or a path of a clone.
fn addresses(text: &str) -> Vec<String> {
    let text: Vec<char> = spelled_out(text).chars().collect();
    let word = |c: &char| c.is_ascii_alphanumeric() || "-_+%".contains(*c);
    let mut found = Vec::new();
    for at in (0..text.len()).filter(|n| text[*n] == '@') {
        let local: String = text[..at].iter().rev().take_while(|c| word(c) || **c == '.').collect();
        let local: String = local.chars().rev().collect();
        let is_quoted = text[..at].last() == Some(&'"') && text[..at - 1].contains(&'"');
        let host: String =
            text[at + 1..].iter().take_while(|c| (word(c) && **c != '+' && **c != '%') || **c == '.').collect();
        // The name of a host goes on in letters of any alphabet.
        let named = |c: &&char| c.is_alphanumeric() || is_combining_mark(**c) || "._-".contains(**c);
        let next = text[at + 1 + host.len()..].iter().find(|c| !named(c));
        let host = host.trim_matches(['.', '-']);
        let is_word = |label: &str| label.len() > 1 && label.chars().all(|c| c.is_ascii_alphabetic());
        let is_host = host.split('.').count() > 1 && host.split('.').next_back().is_some_and(is_word);
        let core = host.trim_start_matches(['v', 'V']);
        let is_version = core.starts_with(|c: char| c.is_ascii_digit());
        // An escape after the host may be of the sign with which a path begins.
        let is_clone = is_clone_user(&local) && matches!(next, Some(':' | '/' | '%' | '\\' | '&'));
        if (!local.is_empty() || is_quoted) && is_host && !is_version && !is_clone {
            found.push(format!("{local}@{host}"));
        }
    }
    found
}

/// `git`, by itself or after the escape of another letter.
fn is_clone_user(local: &str) -> bool {
    let is_escape = |before: &str, sign: &str| {
        let digits = before.rsplit_once(sign).map(|(_, digits)| digits);
        digits.is_some_and(|digits| digits.len() == 2 && digits.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let before = local.strip_suffix("git");
    before.is_some_and(|before| before.is_empty() || ["%", "x", "u00"].iter().any(|sign| is_escape(before, sign)))
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,4}",
        3 => prop::sample::select(&SIGNS[..]).prop_map(str::to_owned),
        3 => prop::sample::select(&DOTS[..]).prop_map(str::to_owned),
        2 => prop::sample::select(&["example.org", "ann@x.org", "git@", "://", "\"", "\\\"", "v1.2.release", "163.com"][..])
            .prop_map(str::to_owned),
        1 => "[ /:,<>()%&;#\\\\-]",
        1 => "(%|\\\\x|\\\\u00|&#x)[0-9a-f]{2}",
        1 => "\\PC{1,2}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Many cases, and as many as whoever runs this asks for where that is more.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: default.cases.max(4096), ..default }
}

/// What may stand before and after an address.
const AROUND: [(&str, &str); 8] =
    [("", ""), ("mail ", ", or"), ("<", ">"), ("(", ")"), ("`", "`"), ("'", "'"), ("a=1&to=", "?x"), ("\n", "\n")];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_output_holds_an_address(text in any_text()) {
        let clean = emails(&text);
        prop_assert_eq!(addresses(&clean), Vec::<String>::new(), "{} -> {}", text, clean);
        prop_assert!(is_clean(&clean));
        prop_assert_eq!(emails(&clean), clean.clone(), "once is enough");
        prop_assert_eq!(matches!(emails(&text), Cow::Borrowed(_)), is_clean(&text));
    }

    #[test]
    fn an_address_goes_whole_in_every_spelling(
        local in "[a-z][a-z0-9.+_-]{0,12}|\"[a-z]{1,5} [a-z@,]{1,5}\"",
        host in "[a-z]{1,8}",
        top in "[a-z]{2,5}",
        sign in prop::sample::select(&SIGNS[..]),
        dot in prop::sample::select(&DOTS[..]),
        around in prop::sample::select(&AROUND[..]),
    ) {
        let (before, after) = around;
        // A letter of an escape may not run into the word that follows it.
        let text = format!("{before}{local}{sign}{host}{dot}{top}{after}");
        prop_assert!(!is_clean(&text), "{}", text);
        prop_assert_eq!(emails(&text), format!("{before}{PLACEHOLDER}{after}"), "{}", text);
        let tree = serde_json::json!({"a": [1, {"b": text}]}).to_string();
        prop_assert_eq!(unclean_field(tree.as_bytes()), Some("a[1].b".to_owned()));
        prop_assert_eq!(unclean_field(emails_in_json(&tree).as_bytes()), None);
    }

    #[test]
    fn what_is_no_address_stays(
        text in prop_oneof![
            "[a-z]{1,8}(\\.git)?@v?[0-9]{1,2}\\.[0-9]{1,3}\\.?([a-z]{2,8})?",
            "[a-z]{1,8}@v?[0-9]\\.[0-9]\\.[0-9](-(rc|beta)\\.[0-9]{1,2})?",
            "(pkg:npm/)?(@|%40)[a-z]{1,8}/[a-z]{1,8}\\.js(@[0-9]\\.[0-9]{1,3})?",
            "git@(github\\.com|git\\.example\\.org)[:/][a-z]{1,8}/[a-z]{1,8}(\\.git)?",
            "(git\\+ssh|ssh)://git@github\\.com/[a-z]{1,8}/[a-z]{1,8}\\.git#[a-z]{1,8}",
            "[a-z]{1,5}@[a-z]{1,8}",
            "[a-z ]{0,9}@ [a-z.]{1,9}",
            "[0-9]{1,2}%40",
        ]
    ) {
        prop_assert!(matches!(emails(&text), Cow::Borrowed(_)), "{}", emails(&text));
        prop_assert_eq!(unclean_field(serde_json::json!([text]).to_string().as_bytes()), None);
    }
}

#[test]
fn the_spellings_that_are_named() {
    for (text, clean) in [
        ("ann\u{ff20}example.org", PLACEHOLDER),
        ("ann@example\u{3002}org", PLACEHOLDER),
        ("ann\u{ff20}example\u{ff0e}co\u{ff61}uk!", "<email>!"),
        ("\"john doe\"@example.org", PLACEHOLDER),
        ("x \"john@doe\"@example.org y", "x <email> y"),
        ("description = \"\\\"john doe\\\"@example.org\"", "description = \"<email>\""),
        ("jose\u{301}@example.org", PLACEHOLDER),
        ("%0a@example.org", PLACEHOLDER),
        ("see ann%0A@example.org", "see <email>"),
        ("ann%20b@example.org", "ann%20<email>"),
        ("\\x20@example.org", "\\<email>"),
        ("/%2f@scope/name.js", "/%2f@scope/name.js"),
        ("ann\u{200b}@exam\u{ad}ple.org", PLACEHOLDER),
        ("a@b.io@c.io", PLACEHOLDER),
        ("ann@my_host.example.org", PLACEHOLDER),
        ("lib.git@v1.2.release", "lib.git@v1.2.release"),
        ("lib@1.2.3.tar.gz", PLACEHOLDER),
        ("pkg:generic/x/john%40example.org", "pkg:generic/x/<email>"),
        ("pkg:npm/%40scope/name.io", "pkg:npm/%40scope/name.io"),
        (" ann@github.com:o/r.git", "git@github.com:o/r.git"),
        ("org-12@gitlab.com:g/s/r", "git@gitlab.com:g/s/r"),
        ("git@av1.2.release\u{11335}://", "git@av1.2.release\u{11335}://"),
        ("ann@example.org:see/this", "<email>:see/this"),
        ("write ann@github.com:o/r", "write <email>:o/r"),
    ] {
        assert_eq!(emails(text), clean, "{text}");
    }
}

/// Long texts of nothing but signs, quotes, credentials and escapes come to an end, and clean.
#[test]
fn long_texts_end() {
    for piece in ["\"@x.org", "\"a@x.org ", "http://a@b@", "a@", "%25", "&#", "\\u{", "\u{ff20}", "git@x.org:", "\\\""]
    {
        let text = piece.repeat(20_000);
        let clean = emails(&text).into_owned();
        assert!(is_clean(&clean), "{piece}");
        let tree = serde_json::to_string(&[&text]).unwrap();
        assert_eq!(unclean_field(tree.as_bytes()).is_some(), clean != text, "{piece}");
    }
}
