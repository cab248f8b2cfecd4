//! Which stored rows of a state a run of events touched.

/// So many notes are kept before those that say the same are thinned out.
const FEW: usize = 4096;

/// The touched rows, by kind and key.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// As they were noted: to note is what every event does, to ask what few do.
    notes: Vec<(&'static str, String)>,
    /// How many of them there were when they were thinned out last.
    distinct: usize,
}

impl Changes {
    /// Notes that the row `(kind, key)` may have changed.
    pub fn touch(&mut self, kind: &'static str, key: &str) {
        self.notes.push((kind, key.to_owned()));
    }

    /// The touched rows, in order, each once.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mut rows: Vec<(&'static str, &str)> = self.notes.iter().map(|(kind, key)| (*kind, key.as_str())).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.into_iter()
    }

    /// The keys of the touched rows of a kind, in order, each once.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.notes.iter().filter(|(touched, _)| *touched == kind);
        let mut keys: Vec<&str> = of_kind.map(|(_, key)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter()
    }

    /// Takes in what others touched. Memory is bounded by twice the rows that differ.
    pub fn append(&mut self, other: Self) {
        self.notes.extend(other.notes);
        if self.notes.len() > FEW.max(2 * self.distinct) {
            self.notes.sort_unstable();
            self.notes.dedup();
            self.distinct = self.notes.len();
        }
    }

    /// Whether nothing was touched but the rows of this kind.
    #[must_use]
    pub fn only(&self, kind: &str) -> bool {
        self.notes.iter().all(|(touched, _)| *touched == kind)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.notes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_again_and_again_is_kept_once() {
        let mut changes = Changes::default();
        for n in 0..100_000_u32 {
            let mut touched = Changes::default();
            touched.touch("repo", &(n % 7).to_string());
            touched.touch("clock", "log");
            changes.append(touched);
        }
        assert!(changes.notes.len() <= FEW + 2, "{}", changes.notes.len());
        assert_eq!(changes.of("repo").collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(changes.rows().next(), Some(("clock", "log")));
        assert_eq!(changes.rows().count(), 8);
    }
}
