//! What makes one content of a table another. Both are sorted by key, and of each row only what decides is looked at:
//! text is made for rows that differ alone.

use std::cmp::Ordering;

use super::{Row, RowSink, Table, TableRows, known};

/// The rows by which one content of a table differs from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDiff<Changed = Vec<Row>> {
    /// The table.
    pub table: &'static Table,
    /// Rows that are there no more.
    pub gone: Vec<Row>,
    /// Rows that are new or have changed.
    pub changed: Changed,
}

impl<Changed: RowSink + Default> TableDiff<Changed> {
    /// Nothing.
    pub(crate) fn none(table: &'static Table) -> Self {
        Self { table, gone: Vec::new(), changed: Changed::default() }
    }

    /// The rows by which `after` differs from `before`: `order` compares keys, `same` the rest.
    pub(crate) fn between<T>(
        table: &'static Table,
        before: impl Iterator<Item = T>,
        after: impl Iterator<Item = T>,
        order: impl Fn(&T, &T) -> Ordering,
        same: impl Fn(&T, &T) -> bool,
        add: impl Fn(T, &mut dyn RowSink),
    ) -> Self {
        let mut difference = Self::none(table);
        side_by_side(before, after, order, |old, new| match (old, new) {
            (Some(old), None) => add(old, &mut difference.gone),
            (Some(old), Some(new)) if same(&old, &new) => {}
            (_, new) => new.into_iter().for_each(|new| add(new, &mut difference.changed)),
        });
        difference
    }
}

/// Walks two sorted lists; what is equal in `order` is met together.
pub(crate) fn side_by_side<A, B>(
    before: impl Iterator<Item = A>,
    after: impl Iterator<Item = B>,
    order: impl Fn(&A, &B) -> Ordering,
    mut meet: impl FnMut(Option<A>, Option<B>),
) {
    let (mut before, mut after) = (before.peekable(), after.peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => order(old, new),
        };
        let old = if order.is_le() { before.next() } else { None };
        let new = if order.is_ge() { after.next() } else { None };
        meet(old, new);
    }
}

/// By how much a table differs from what it held before, where it is among these; each is sorted by key, and of no row
/// more is known.
pub(crate) fn between_rows<Changed: RowSink + Default>(
    table: &Table,
    before: &[TableRows],
    after: &[TableRows],
) -> Option<TableDiff<Changed>> {
    let rows = after.iter().find(|rows| rows.table == table)?;
    let held = before.iter().find(|held| held.table == table).map_or(&[][..], |held| &held.rows);
    let order = |a: &&Row, b: &&Row| a[..table.key].cmp(&b[..table.key]);
    let add = |row: &Row, rows: &mut dyn RowSink| rows.add(&row.iter().map(known).collect::<Vec<_>>());
    Some(TableDiff::between(rows.table, held.iter(), rows.rows.iter(), order, |a, b| a == b, add))
}

#[cfg(test)]
mod tests {
    use super::*;
    static NOTES: Table = Table::of_facts("notes");

    #[test]
    fn only_what_differs_is_written() {
        let row = |(key, value): (&str, &str)| vec![Some(key.to_owned()), Some(value.to_owned())];
        let (before, after) = ([("a", "1"), ("b", "1"), ("d", "1")], [("a", "1"), ("c", "1"), ("d", "2"), ("e", "1")]);
        let difference: TableDiff = TableDiff::between(
            &NOTES,
            before.into_iter(),
            after.into_iter(),
            |a, b| a.0.cmp(b.0),
            |a, b| a.1 == b.1,
            |(key, value), rows| rows.add(&[Some(&key), Some(&value)]),
        );
        assert_eq!(difference.gone, [row(before[1])]);
        assert_eq!(difference.changed, [row(after[1]), row(after[2]), row(after[3])]);
    }
}
