//! Which of several version texts is the greatest.
//!
//! A document may name several versions of one dependency, and an edge shows one. Ecosystems disagree about what a
//! version is, so the order is one that needs no ecosystem: runs of digits by value, all else as it is written.

use std::cmp::Ordering;

/// A version as stated, in the order of versions: `0.9.0 < 0.10.7 < v9 < v10`.
///
/// The text is split into maximal runs of ASCII digits and of anything else, which are compared one by one: numbers by
/// value, a number before a text, texts bytewise, and where one ends the shorter is first. What is equal so far (`1.0`
/// and `1.00`) is compared bytewise as a whole, so that equal means the same text. A version that is absent is
/// `Option::None`, the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionText<'a>(pub &'a str);

impl VersionText<'_> {
    fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = rest.as_bytes().first()?.is_ascii_digit();
            let end = rest.bytes().position(|byte| byte.is_ascii_digit() != number).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            rest = after;
            Some(if number { Run::number(run) } else { Run::Text(run) })
        })
    }
}

impl Ord for VersionText<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.runs().cmp(other.runs()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for VersionText<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A part of a version. The order of the variants is theirs.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Run<'a> {
    /// Digits without the zeros in front: how many, then which, so that no number is too great.
    Number(usize, &'a str),
    Text(&'a str),
}

impl<'a> Run<'a> {
    fn number(digits: &'a str) -> Self {
        let digits = digits.trim_start_matches('0');
        Self::Number(digits.len(), digits)
    }
}

#[cfg(test)]
mod tests {
    use super::VersionText;

    /// Ascending.
    const ORDER: [&str; 24] = [
        "",
        "0",
        "00",
        "0.9.0",
        "0.10.7",
        "01",
        "1",
        "1-a",
        "1-b",
        "1.0",
        "1.00",
        "1.0.0",
        "1.0.0-rc.2",
        "1.0.0-rc.10",
        "1.01",
        "1.1",
        "1.01.0",
        "1a",
        "2",
        "18446744073709551616",
        "18446744073709551617",
        "^1",
        "v9",
        "v10",
    ];

    #[test]
    fn versions_stand_in_their_order() {
        for (n, one) in ORDER.iter().enumerate() {
            for (m, other) in ORDER.iter().enumerate() {
                assert_eq!(VersionText(one).cmp(&VersionText(other)), n.cmp(&m), "{one:?} and {other:?}");
            }
        }
        assert!(None < Some(VersionText("")), "absent is least");
    }
}
