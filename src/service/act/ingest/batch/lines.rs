//! Lines of bounded length out of a stream of any length.

use std::io::{self, BufRead, BufReader, Read};

/// Greatest length of a line, in bytes: 64 MiB. A larger document is named by its path.
pub(super) const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// A line with its number, from 1.
pub(super) struct Line {
    pub(super) number: u64,
    /// Its bytes without the line end; none where it is longer than [`MAX_LINE_BYTES`].
    pub(super) bytes: Option<Vec<u8>>,
}

/// The lines of a stream that are not blank.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    number: u64,
    limit: usize,
}

impl<R: Read> Lines<R> {
    pub(super) fn of(source: R) -> Self {
        Self { reader: BufReader::new(source), number: 0, limit: MAX_LINE_BYTES }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Vec::new();
            let most = self.limit as u64 + 1;
            if self.reader.by_ref().take(most).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let ended = bytes.last() == Some(&b'\n');
            if !ended && bytes.len() > self.limit {
                self.skip_line()?;
                return Ok(Some(Line { number: self.number, bytes: None }));
            }
            let start = if self.number == 1 && bytes.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
            let line = bytes[start..].trim_ascii();
            if !line.is_empty() {
                return Ok(Some(Line { number: self.number, bytes: Some(line.to_vec()) }));
            }
        }
    }

    /// Passes over the rest of a line without keeping it.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let held = self.reader.fill_buf()?;
            if held.is_empty() {
                return Ok(());
            }
            let end = held.iter().position(|byte| *byte == b'\n');
            let passed = end.map_or(held.len(), |end| end + 1);
            self.reader.consume(passed);
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlong_line_is_passed_over_and_the_next_one_stands() {
        let text = format!("\u{feff}first\r\n\n  \n{}\nlast", "x".repeat(20_000));
        let mut lines = Lines { limit: 100, ..Lines::of(text.as_bytes()) };
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.number, line.bytes.map(|bytes| String::from_utf8(bytes).unwrap())));
        }
        assert_eq!(seen, [(1, Some("first".to_owned())), (4, None), (5, Some("last".to_owned()))]);
    }
}
