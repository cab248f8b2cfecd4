//! Rows by key, each at a place that it keeps: what follows from a row alone is kept beside them in plain lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::number::fit;

/// Rows by key. Places go by arrival, so two that hold the same rows may have them at other places; they are equal.
#[derive(Clone, Debug)]
pub struct PlacedRows<V> {
    /// By key the place of its row.
    places: BTreeMap<Arc<str>, u32>,
    /// By place.
    keys: Vec<Arc<str>>,
    rows: Vec<V>,
}

impl<V> Default for PlacedRows<V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), keys: Vec::new(), rows: Vec::new() }
    }
}

impl<V: PartialEq> PartialEq for PlacedRows<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for PlacedRows<V> {}

impl<V> PlacedRows<V> {
    /// How many there are. Their places are the numbers below.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether there is a row of this key.
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// The place of a key's row.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<u32> {
        self.places.get(key).copied()
    }

    /// The row at a place, which there is.
    #[must_use]
    pub fn at(&self, place: u32) -> &V {
        &self.rows[place as usize]
    }

    /// The row of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.place(key).map(|place| self.at(place))
    }

    /// The key of the row at a place, which there is.
    #[must_use]
    pub fn key(&self, place: u32) -> &str {
        &self.keys[place as usize]
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<str>> {
        self.places.keys()
    }

    /// The rows, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.places.iter().map(|(key, place)| (&**key, self.at(*place)))
    }

    /// Puts a row in the place of what was there.
    pub fn insert(&mut self, key: String, row: V) {
        let key = Arc::from(key);
        match self.places.get(&key) {
            Some(place) => self.rows[*place as usize] = row,
            None => self.push(key, row),
        }
    }

    fn push(&mut self, key: Arc<str>, row: V) {
        self.places.insert(Arc::clone(&key), fit(self.rows.len(), "rows"));
        self.keys.push(key);
        self.rows.push(row);
    }

    /// The row of a key; an empty one where there was none.
    pub fn entry(&mut self, key: &str) -> &mut V
    where
        V: Default,
    {
        let place = self.place(key).map_or(self.rows.len(), |place| place as usize);
        if place == self.rows.len() {
            self.push(key.into(), V::default());
        }
        &mut self.rows[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_place_and_equality_knows_none() {
        let of = |rows: &[(&str, u8)]| {
            let mut all = PlacedRows::default();
            rows.iter().for_each(|(key, row)| all.insert((*key).to_owned(), *row));
            all
        };
        let mut rows = of(&[("b", 1), ("a", 2)]);
        let place = rows.place("b").unwrap();
        rows.insert("aa".to_owned(), 3);
        *rows.entry("b") += 4;
        assert_eq!((rows.place("b"), rows.at(place), rows.key(place), rows.len()), (Some(place), &5, "b", 3));
        assert_eq!(rows.iter().collect::<Vec<_>>(), [("a", &2), ("aa", &3), ("b", &5)]);
        assert_eq!(rows, of(&[("a", 2), ("aa", 3), ("b", 5)]));
        assert_ne!(rows, of(&[("a", 2), ("aa", 3), ("b", 1)]));
    }
}
