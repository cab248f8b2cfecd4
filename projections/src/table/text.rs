//! Many rows at once: the text form of COPY, made while folding and sent when the database has time.

use std::fmt::{self, Write as _};

use super::Row;

/// Rows of one table, cell by cell in the order of its columns.
#[derive(Clone, Debug, Default)]
pub struct CopyText {
    bytes: Vec<u8>,
    /// Whether a row has begun.
    within: bool,
}

impl CopyText {
    /// Adds a cell.
    pub fn cell(&mut self, value: Option<impl fmt::Display>) {
        if self.within {
            self.bytes.push(b'\t');
        }
        self.within = true;
        match value {
            None => self.bytes.extend_from_slice(b"\\N"),
            // Writing to a vector cannot fail.
            Some(value) => _ = write!(Escaped(&mut self.bytes), "{value}"),
        }
    }

    /// Ends a row.
    pub fn end(&mut self) {
        self.bytes.push(b'\n');
        self.within = false;
    }

    /// Adds a row.
    pub fn row(&mut self, row: &Row) {
        row.iter().for_each(|cell| self.cell(cell.as_ref()));
        self.end();
    }

    /// Adds the rows of another.
    pub fn append(&mut self, mut other: Self) {
        self.bytes.append(&mut other.bytes);
    }

    /// Its size in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes, as COPY takes them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Takes text and writes it such that none of it ends a cell.
struct Escaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
            self.0.extend_from_slice(&rest[..at]);
            self.0.extend_from_slice(match rest[at] {
                b'\\' => b"\\\\",
                b'\t' => b"\\t",
                b'\n' => b"\\n",
                _ => b"\\r",
            });
            rest = &rest[at + 1..];
        }
        self.0.extend_from_slice(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_hold_what_would_end_them_do_not_end() {
        let mut text = CopyText::default();
        text.cell(Some("a\tb\\c\nd\r"));
        text.cell(None::<u8>);
        text.cell(Some(7));
        text.end();
        text.row(&vec![Some(String::new()), None]);
        assert_eq!(text.bytes, b"a\\tb\\\\c\\nd\\r\t\\N\t7\n\t\\N\n");
    }
}
