//! The order of versions, whatever texts it is asked about.

#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected ends there and then")]

use std::cmp::Ordering;

use domain::version::VersionText;
use proptest::prelude::*;

/// The definition in another way: runs padded to one width, so that a list of bytes has their order.
fn key(text: &str) -> (Vec<(u8, Vec<u8>)>, &str) {
    let mut runs: Vec<(u8, Vec<u8>)> = Vec::new();
    for byte in text.bytes() {
        let kind = u8::from(!byte.is_ascii_digit());
        match runs.last_mut() {
            Some((last, run)) if *last == kind => run.push(byte),
            _ => runs.push((kind, vec![byte])),
        }
    }
    for (_, run) in runs.iter_mut().filter(|(kind, _)| *kind == 0) {
        run.splice(0..0, std::iter::repeat_n(b'0', 100 - run.len()));
    }
    (runs, text)
}

/// Texts that are versions, nearly the same as each other, or anything.
fn version() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[0-2]{0,3}([.-]?(0{0,2}[0-9]{1,2}|a|b|rc|é)){0,4}",
        2 => "[\\^~>=v ]{0,2}[0-9]{1,25}(\\.[0-9]{1,25}){0,2}",
        1 => "\\PC{0,12}",
    ]
}

/// Many cases, and as many as whoever runs this asks for where that is more.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: default.cases.max(4096), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn versions_have_one_order((a, b, c) in (version(), version(), version())) {
        let (a, b, c) = (a.as_str(), b.as_str(), c.as_str());
        let order = |one: &str, other: &str| VersionText(one).cmp(&VersionText(other));
        prop_assert_eq!(order(a, b), key(a).cmp(&key(b)), "as the definition has it");
        prop_assert_eq!(order(a, b), order(b, a).reverse(), "either way round");
        prop_assert_eq!(order(a, b) == Ordering::Equal, a == b, "equal means the same text");
        if order(a, b).is_le() && order(b, c).is_le() {
            prop_assert!(order(a, c).is_le(), "by way of another");
        }
        // What is absent is least.
        prop_assert!(None < Some(VersionText(a)));
    }

    /// A number in one place decides by its value, whatever stands around it.
    #[test]
    fn numbers_count_by_value((front, back) in ("[a-z.-]{0,4}", "([a-z.-][a-z0-9.-]{0,5})?"), m: u128, n: u128) {
        let text = |n: u128| format!("{front}{n}{back}");
        prop_assert_eq!(VersionText(&text(m)).cmp(&VersionText(&text(n))), m.cmp(&n));
    }
}
