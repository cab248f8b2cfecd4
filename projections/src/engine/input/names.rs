//! Names to numbers, in order of first appearance.

use std::collections::HashMap;

use domain::number::fit;

/// Whole numbers below this are looked up in a list instead of a hash map; the list takes 4 bytes for each up to the
/// highest that occurs.
const LISTED: usize = 1 << 24;
const UNKNOWN: u32 = u32::MAX;

/// Every name that occurred, with its number.
#[derive(Default)]
pub(super) struct NodeNames {
    by_number: Vec<Box<[u8]>>,
    hashed: HashMap<Box<[u8]>, u32>,
    /// The number of the name that is this whole number in decimal, or [`UNKNOWN`].
    listed: Vec<u32>,
}

impl NodeNames {
    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    /// The number of a name, the next free one if it is new.
    pub(super) fn number(&mut self, name: &[u8]) -> u32 {
        let new = fit(self.by_number.len(), "nodes");
        let number = if let Some(value) = listed(name) {
            if value >= self.listed.len() {
                self.listed.resize(value + 1, UNKNOWN);
            }
            let number = &mut self.listed[value];
            if *number == UNKNOWN {
                *number = new;
            }
            *number
        } else if let Some(&number) = self.hashed.get(name) {
            number
        } else {
            self.hashed.insert(name.into(), new);
            new
        };
        if number == new {
            self.by_number.push(name.into());
        }
        number
    }

    /// The names, each at its number.
    pub(super) fn into_list(self) -> Vec<Box<[u8]>> {
        self.by_number
    }
}

/// The value of a name that is a small whole number as one would print it.
fn listed(name: &[u8]) -> Option<usize> {
    let canonical = !name.starts_with(b"0") || name == b"0";
    if !canonical || name.is_empty() || name.len() > 8 {
        return None;
    }
    let value = name
        .iter()
        .try_fold(0, |value, digit| digit.is_ascii_digit().then(|| value * 10 + usize::from(digit - b'0')))?;
    (value < LISTED).then_some(value)
}
