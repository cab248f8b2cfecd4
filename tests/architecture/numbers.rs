//! Numbers that do not fit stop the program or are an error: none is cut to a bound, none becomes 0.

use std::collections::BTreeMap;

use super::files;
use super::words::{self, Token};

/// Folders of sources.
const CODE: &[&str] = &["domain/src", "ingest/src", "projections/src", "replay/src", "src"];
/// Conversions that are cut to a bound after all, by file, and why.
const CUT: &[(&str, usize)] = &[
    // What a registry says, times 30: a document's number, and more than any is as good as the most.
    ("domain/src/facts/registry.rs", 1),
    // How many rows are asked for, and a position: beyond what a column holds lies nothing.
    ("projections/src/store/few.rs", 1),
    ("projections/src/store/query.rs", 1),
    ("src/service/ask/scores.rs", 1),
];
/// The greatest number of tokens within the brackets of a conversion; enough for any.
const MAX_TOKENS: usize = 100;

/// How often the result of a `try_from` or `try_into` is replaced by a bound, a number or nothing.
fn cut(text: &str) -> usize {
    let tokens = words::tokens(words::without_tests(text));
    let word = |at: usize| match tokens.get(at) {
        Some(Token::Word(word)) => word.as_str(),
        _ => "",
    };
    let is_cut = |at: usize| {
        if !matches!(word(at), "try_from" | "try_into") {
            return false;
        }
        let mut depth = 0_usize;
        let close = tokens[at + 1..].iter().take(MAX_TOKENS).position(|token| {
            depth += usize::from(*token == Token::Mark('('));
            depth -= usize::from(*token == Token::Mark(')'));
            depth == 0
        });
        let Some(after) = close.map(|close| at + close + 2) else { return false };
        if tokens.get(after) != Some(&Token::Mark('.')) {
            return false;
        }
        match word(after + 1) {
            "unwrap_or_default" => true,
            "unwrap_or" => {
                let given = word(after + 3);
                given.starts_with(|c: char| c.is_ascii_digit()) || matches!(word(after + 5), "MAX" | "MIN")
            }
            _ => false,
        }
    };
    (0..tokens.len()).filter(|at| is_cut(*at)).count()
}

#[test]
fn no_number_is_cut_in_silence() {
    let files = files::all();
    let code = files.iter().filter(|file| file.is("rs") && file.within(CODE) && !file.path.contains("/tests/"));
    let found: BTreeMap<&str, usize> =
        code.map(|file| (file.path.as_str(), cut(&file.text))).filter(|(_, n)| *n > 0).collect();
    let listed: BTreeMap<&str, usize> = CUT.iter().copied().collect();
    assert_eq!(found, listed, "left: what the code holds; `domain::number::fit` for our own, an error for all else");
}

#[test]
fn a_cut_number_is_seen() {
    let text = "i32::try_from(x.len(\"a)\")).unwrap_or(i32::MAX); let n: u8 = a(b).try_into().unwrap_or(0); \
                u64::try_from(\n row)\n .unwrap_or_default(); u8::try_from(n).unwrap_or(usual); u8::try_from(n)?; \
                list.first().unwrap_or(0)";
    assert_eq!(cut(text), 3);
}
