//! Which stored rows of a state a run of events touched.

use std::collections::BTreeSet;

/// The touched rows, by kind and key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    rows: BTreeSet<(&'static str, String)>,
}

impl Changes {
    /// Notes that the row `(kind, key)` may have changed.
    pub fn touch(&mut self, kind: &'static str, key: &str) {
        self.rows.insert((kind, key.to_owned()));
    }

    /// The touched rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.rows.iter().map(|(kind, key)| (*kind, key.as_str()))
    }

    /// The keys of the touched rows of a kind, in order.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.rows().filter(move |row| row.0 == kind).map(|(_, key)| key)
    }

    /// Takes in what others touched.
    pub fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// Whether nothing was touched but the rows of this kind.
    #[must_use]
    pub fn only(&self, kind: &str) -> bool {
        self.rows.iter().all(|(touched, _)| *touched == kind)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.rows.clear();
    }
}
