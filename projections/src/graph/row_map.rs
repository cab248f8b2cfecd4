//! Which rows of a state are read at a look, and where they are kept in numbers: by the id that they are about.

use std::collections::BTreeMap;

use domain::number::fit;

use super::names::{InternedIds, Name};
use crate::changes::Changes;

/// The rows of a map that were touched since the last look, or all of them where there was none; by key.
pub(super) fn to_read<'a, V>(
    map: &'a BTreeMap<String, V>,
    kind: &'a str,
    touched: Option<&'a Changes>,
) -> Box<dyn Iterator<Item = (&'a str, &'a V)> + 'a> {
    match touched {
        Some(touched) => Box::new(touched.of(kind).filter_map(|key| Some((key, map.get(key)?)))),
        None => Box::new(map.iter().map(|(key, value)| (key.as_str(), value))),
    }
}

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
    /// Takes in rows of a state. `read` is given the row that is held, since most often it is much the same; `met` is
    /// shown each, with what it was.
    pub(super) fn take_in<'v, V: 'v>(
        &mut self,
        names: &mut InternedIds,
        rows: impl Iterator<Item = (&'v str, &'v V)>,
        mut read: impl FnMut(&mut InternedIds, Name, &V, Option<&R>) -> R,
        mut met: impl FnMut(Option<&R>, &R),
    ) {
        for (key, value) in rows {
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
                self.places[at] = fit(self.rows.len(), "rows of a kind");
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
