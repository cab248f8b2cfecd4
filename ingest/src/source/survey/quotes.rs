//! Whether the quotes of a table are in order. A reader that forgives them joins rows, and answers would go in silence.

use crate::source::Refused;

/// Where a byte of a table stands.
enum Within {
    /// Before anything in a cell.
    Start,
    /// In a cell without quotes.
    Bare,
    /// Between quotes.
    Quoted,
    /// After a quote between quotes: the end of the cell, or half of a quote that is doubled.
    Closed,
}

/// Checks the quotes of a table: those around a cell are closed, and each inside of one is doubled.
///
/// # Errors
/// When one is not; the refusal names the line.
pub(super) fn check(table: &str) -> Result<(), Refused> {
    Ok(scan(table)?)
}

fn scan(table: &str) -> Result<(), WrongQuote> {
    let (mut within, mut line, mut opened) = (Within::Start, 1_u64, 1);
    let mut bytes = table.bytes().peekable();
    while let Some(byte) = bytes.next() {
        within = match (within, byte) {
            (Within::Start, b'"') => {
                opened = line;
                Within::Quoted
            }
            (Within::Quoted, b'"') => Within::Closed,
            (Within::Closed, b'"') => Within::Quoted,
            (Within::Bare, b'"') => return Err(WrongQuote::NotDoubled(line, line)),
            (Within::Quoted, _) => Within::Quoted,
            (_, b',' | b'\n' | b'\r') => Within::Start,
            (Within::Start | Within::Bare, _) => Within::Bare,
            (Within::Closed, b' ' | b'\t') => Within::Closed,
            (Within::Closed, _) => return Err(WrongQuote::NotDoubled(line, opened)),
        };
        if byte == b'\n' || (byte == b'\r' && bytes.peek() != Some(&b'\n')) {
            line += 1;
        }
    }
    if matches!(within, Within::Quoted) { Err(WrongQuote::NeverClosed(opened)) } else { Ok(()) }
}

/// The refusal of a table in which a quote is never closed.
pub(super) fn unclosed(table: &str) -> Option<Refused> {
    scan(table).err().filter(|wrong| matches!(wrong, WrongQuote::NeverClosed(_))).map(Refused::from)
}

/// A quote that is not in order.
enum WrongQuote {
    /// Opened on this line.
    NeverClosed(u64),
    /// On a line, in a cell that began on another.
    NotDoubled(u64, u64),
}

impl From<WrongQuote> for Refused {
    fn from(wrong: WrongQuote) -> Self {
        match wrong {
            WrongQuote::NeverClosed(line) => {
                Self::at(format!("line {line}"), "a quote is opened here that is never closed")
            }
            WrongQuote::NotDoubled(line, opened) => not_doubled(line, opened),
        }
    }
}

fn not_doubled(line: u64, opened: u64) -> Refused {
    let cell = if opened == line { String::new() } else { format!(" that began on line {opened}") };
    let right = "put the cell between quotes and write each quote inside of it twice";
    Refused::at(format!("line {line}"), format!("a quote inside of a cell{cell}: {right}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_order_pass() {
        for table in ["", "a,b", "\"a\",\"b\"\n", "\"a \"\"b\"\"\" ,c\r\n\"\",\"x\ny\"", "a,\"\"\n\"\"\"\"", "a b,c"] {
            assert_eq!(check(table), Ok(()), "{table}");
        }
    }

    #[test]
    fn others_are_refused_with_their_line() {
        for (table, line) in [
            ("a\n\"b\nc\nd", "line 2: a quote is opened here that is never closed"),
            ("a\r\nb,\"c\r\r\n\"d\"", "line 4: a quote inside of a cell that began on line 2: "),
            ("a\r\"b\\\"c\\\"\"", "line 2: a quote inside of a cell: "),
            ("a\nb \"c\" d,e", "line 2: a quote inside of a cell: "),
            ("a, \"b\"", "line 1: a quote inside of a cell: "),
            ("\"\"\"", "line 1: a quote is opened"),
        ] {
            let refused = check(table).unwrap_err().to_string();
            assert!(refused.starts_with(line), "{table}: {refused}");
        }
    }
}
