//! Where rows in numbers are kept: by the id that they are about.

use std::collections::BTreeMap;

use super::names::{InternedIds, Name};

/// No place.
const NOWHERE: u32 = u32::MAX;

/// Rows of one kind, by id. Their order is that in which they were met.
#[derive(Clone, Debug)]
pub(super) struct RowsByName<R> {
    rows: Vec<R>,
    /// By number the place of a row, or [`NOWHERE`].
    places: Vec<u32>,
}

impl<R> Default for RowsByName<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), places: Vec::new() }
    }
}

impl<R> RowsByName<R> {
    /// Reads the touched rows of a map, or all. `read` is given the row that is held, since most often it is much the
    /// same; `met` is shown each that was touched, with what it was.
    pub(super) fn read<'k, V>(
        &mut self,
        names: &mut InternedIds,
        map: &BTreeMap<String, V>,
        touched: Option<impl Iterator<Item = &'k str>>,
        mut read: impl FnMut(&mut InternedIds, Name, &V, Option<&R>) -> R,
        mut met: impl FnMut(Option<&R>, &R),
    ) {
        let Some(touched) = touched else {
            for (key, value) in map {
                let name = names.number(key);
                let row = read(names, name, value, None);
                self.put(name, row);
            }
            return;
        };
        for key in touched {
            let Some(value) = map.get(key) else { continue };
            let name = names.number(key);
            let held = self.get(name);
            let row = read(names, name, value, held);
            met(held, &row);
            self.put(name, row);
        }
    }

    fn put(&mut self, name: Name, row: R) {
        let at = name as usize;
        if self.places.len() <= at {
            self.places.resize(at + 1, NOWHERE);
        }
        match self.places[at] {
            NOWHERE => {
                self.places[at] = domain::number::fit(self.rows.len(), "rows of a kind");
                self.rows.push(row);
            }
            place => self.rows[place as usize] = row,
        }
    }

    pub(super) fn get(&self, name: Name) -> Option<&R> {
        self.rows.get(*self.places.get(name as usize)? as usize)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.iter()
    }
}
