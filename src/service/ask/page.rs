//! Pages of lists: so many rows from an offset, or from behind a row that a former page ended with, which the text
//! `next` names, also where rows before it have come or gone since.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::service::{Error, Result};

/// Longest text that names a row, in bytes.
const MAX_NEXT_BYTES: usize = 8_192;

/// Which page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageQuery {
    /// Most rows.
    pub limit: usize,
    /// Rows left out before, where no row is named.
    pub offset: usize,
    /// What a former page named as `next`.
    pub next: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RowsPage<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many there are of all pages.
    pub total: usize,
    /// Most rows of a page.
    pub limit: usize,
    /// Rows before this page.
    pub offset: usize,
    /// Names the page behind this one; null behind the last.
    pub next: Option<String>,
}

/// A list that has no pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AllRows<T> {
    /// The rows.
    pub items: Vec<T>,
}

impl PageQuery {
    /// The page of rows that are in the order of their keys.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a `next` that no page of such a list has named.
    pub fn cut<R, K: Ord + Serialize + DeserializeOwned, T>(
        &self,
        rows: &[R],
        key: impl Fn(&R) -> K,
        shape: impl Fn(&R) -> T,
    ) -> Result<RowsPage<T>> {
        let offset = match &self.next {
            None => self.offset.min(rows.len()),
            Some(text) => {
                let last: K = read(text)?;
                rows.partition_point(|row| key(row) <= last)
            }
        };
        let end = offset.saturating_add(self.limit).min(rows.len());
        let next = if end < rows.len() && end > offset { Some(written(&key(&rows[end - 1]))?) } else { None };
        let items = rows[offset..end].iter().map(shape).collect();
        Ok(RowsPage { items, total: rows.len(), limit: self.limit, offset, next })
    }
}

fn read<K: DeserializeOwned>(text: &str) -> Result<K> {
    let bytes =
        Some(text).filter(|text| text.len() <= MAX_NEXT_BYTES).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.ok_or_else(|| Error::invalid("next", "next: expected what an earlier page of this list named"))
}

fn written(key: &impl Serialize) -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).map_err(Error::refused)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_many_rows_looks_at_few() {
        let rows: Vec<u32> = (0..1_000_000).collect();
        let looks = std::cell::Cell::new(0);
        let key = |row: &u32| {
            looks.set(looks.get() + 1);
            *row
        };
        let mut next = None;
        for page in 0..3 {
            let query = PageQuery { limit: 10, offset: 0, next };
            let found = query.cut(&rows, key, |row| *row).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!((found.items[0], found.total), (page * 10, rows.len()));
            next = found.next;
        }
        assert!(looks.get() < 100, "{}", looks.get());
    }

    #[test]
    fn pages_follow_each_other_also_where_rows_went() {
        let page = |rows: &[u64], next: Option<String>| {
            PageQuery { limit: 2, offset: 0, next }.cut(rows, |row| *row, |row| *row).unwrap_or_else(|e| panic!("{e}"))
        };
        let first = page(&[1, 3, 5, 7], None);
        assert_eq!((&first.items[..], first.total, first.offset), (&[1, 3][..], 4, 0));
        let second = page(&[1, 5, 7], first.next.clone());
        assert_eq!((&second.items[..], second.offset, &second.next), (&[5, 7][..], 1, &None));
        assert_eq!(page(&[1], first.next).items, [0; 0]);
        let far = PageQuery { limit: 2, offset: usize::MAX, next: None };
        assert!(far.cut(&[1], |row| *row, |row| *row).is_ok_and(|page| page.items.is_empty() && page.next.is_none()));
        for wrong in ["x", "", "bm8", &"a".repeat(9_000)] {
            let query = PageQuery { next: Some(wrong.to_owned()), ..PageQuery::default() };
            assert!(query.cut(&[1_u64], |row| *row, |row| *row).is_err(), "{wrong}");
        }
    }
}
