//! Many rows at once: the text form of COPY, made while folding and sent when the database has time.

use std::fmt::{self, Write as _};

use super::{RowSink, ShownCell};

/// Rows of one table, cell by cell in the order of its columns.
#[derive(Clone, Debug, Default)]
pub struct CopyText {
    bytes: Vec<u8>,
}

impl RowSink for CopyText {
    fn add(&mut self, cells: &[ShownCell<'_>]) {
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.bytes.push(b'\t');
            }
            match cell {
                None => self.bytes.extend_from_slice(b"\\N"),
                // Writing to a vector cannot fail.
                Some(value) => _ = write!(Escaped(&mut self.bytes), "{value}"),
            }
        }
        self.bytes.push(b'\n');
    }
}

impl CopyText {
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
        assert!(text.is_empty());
        text.add(&[Some(&"a\tb\\c\nd\r"), None, Some(&7)]);
        text.add(&[Some(&""), None]);
        assert_eq!(text.bytes, b"a\\tb\\\\c\\nd\\r\t\\N\t7\n\t\\N\n");
    }
}
