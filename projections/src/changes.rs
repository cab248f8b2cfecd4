//! Which stored rows of a state a run of events touched.

use std::collections::HashSet;

/// The touched rows, by kind and key, each once.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The keys of each kind. There are few kinds.
    by_kind: Vec<(&'static str, HashSet<String>)>,
}

impl Changes {
    /// Notes that the row `(kind, key)` may have changed.
    pub fn touch(&mut self, kind: &'static str, key: &str) {
        let keys = self.keys_of(kind);
        if !keys.contains(key) {
            keys.insert(key.to_owned());
        }
    }

    fn keys_of(&mut self, kind: &'static str) -> &mut HashSet<String> {
        let place = self.by_kind.iter().position(|(touched, _)| *touched == kind).unwrap_or_else(|| {
            self.by_kind.push((kind, HashSet::new()));
            self.by_kind.len() - 1
        });
        &mut self.by_kind[place].1
    }

    /// The touched rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let mut kinds: Vec<&'static str> = self.by_kind.iter().map(|(kind, _)| *kind).collect();
        kinds.sort_unstable();
        kinds.into_iter().flat_map(|kind| self.of(kind).map(move |key| (kind, key)))
    }

    /// The keys of the touched rows of a kind, in order.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.by_kind.iter().filter(|(touched, _)| *touched == kind);
        let mut keys: Vec<&str> = of_kind.flat_map(|(_, keys)| keys).map(String::as_str).collect();
        keys.sort_unstable();
        keys.into_iter()
    }

    /// Takes in what others touched.
    pub fn append(&mut self, other: &Self) {
        for (kind, keys) in &other.by_kind {
            keys.iter().for_each(|key| self.touch(kind, key));
        }
    }

    /// Whether nothing was touched but the rows of this kind.
    #[must_use]
    pub fn only(&self, kind: &str) -> bool {
        self.by_kind.iter().all(|(touched, keys)| *touched == kind || keys.is_empty())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_kind.iter_mut().for_each(|(_, keys)| keys.clear());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_again_and_again_is_kept_once() {
        let (mut changes, mut touched) = (Changes::default(), Changes::default());
        for n in (0..1_000_u32).rev() {
            touched.clear();
            touched.touch("repo", &(n % 7).to_string());
            touched.touch("clock", "log");
            changes.append(&touched);
        }
        assert_eq!(changes.of("repo").collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5", "6"]);
        assert_eq!(changes.rows().next(), Some(("clock", "log")));
        assert_eq!(changes.rows().count(), 8);
        assert!(!changes.only("repo") && changes.of("sbom").next().is_none());
        touched.clear();
        touched.touch("repo", "a");
        assert!(touched.only("repo"));
    }
}
