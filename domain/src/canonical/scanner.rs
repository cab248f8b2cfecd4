//! Whether bytes are canonical, told by one look at them: nothing is read into a value and written again.

use std::iter;

use super::{MAX_DEPTH, MAX_SAFE_INTEGER};

/// Whether these are the canonical bytes of some value.
pub(super) fn is_canonical(bytes: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(bytes) else { return false };
    let mut scanner = Scanner { text, at: 0 };
    scanner.value(0).is_some() && scanner.at == text.len()
}

/// A place in a text. Every step answers `None` at what no canonical text has there.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn next(&mut self) -> Option<u8> {
        let byte = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, text: &str) -> Option<()> {
        self.text.as_bytes()[self.at..].starts_with(text.as_bytes()).then(|| self.at += text.len())
    }

    /// A value within so many arrays and objects.
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.next()? {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.rest_of_text().map(drop),
            b'n' => self.expect("ull"),
            b't' => self.expect("rue"),
            b'f' => self.expect("alse"),
            b'-' => match self.next()? {
                b'0' => None,
                first => self.integer(first),
            },
            first => self.integer(first),
        }
    }

    fn integer(&mut self, first: u8) -> Option<()> {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
        let mut number = digit(first)?;
        while let Some(next) = self.text.as_bytes().get(self.at).copied().and_then(digit) {
            if number == 0 {
                return None;
            }
            number = number * 10 + next;
            if number > MAX_SAFE_INTEGER {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        if self.expect("]").is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            match self.next()? {
                b',' => {}
                b']' => return Some(()),
                _ => return None,
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        if self.expect("}").is_some() {
            return Some(());
        }
        let mut last: Option<&str> = None;
        loop {
            self.expect("\"")?;
            let key = self.rest_of_text()?;
            if last.is_some_and(|last| !ascends(last, key)) {
                return None;
            }
            last = Some(key);
            self.expect(":")?;
            self.value(depth)?;
            match self.next()? {
                b',' => {}
                b'}' => return Some(()),
                _ => return None,
            }
        }
    }

    /// What stands before the closing quote, as it is written.
    fn rest_of_text(&mut self) -> Option<&'a str> {
        let start = self.at;
        loop {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))? + 1;
            match self.text.as_bytes()[self.at - 1] {
                b'"' => return Some(&self.text[start..self.at - 1]),
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// What follows a backslash: the short form, where there is one.
    fn escape(&mut self) -> Option<()> {
        match self.next()? {
            b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r' => Some(()),
            b'u' => {
                self.expect("00")?;
                match (self.next()?, self.next()?) {
                    (b'0', b'1'..=b'7' | b'b' | b'e' | b'f') | (b'1', b'0'..=b'9' | b'a'..=b'f') => Some(()),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether one key comes before another, both as they are written: by their UTF-16 units.
fn ascends(a: &str, b: &str) -> bool {
    if [a, b].iter().all(|key| key.is_ascii() && !key.contains('\\')) {
        return a < b;
    }
    units(a).lt(units(b))
}

/// The UTF-16 units of a key that was found to be written well.
fn units(written: &str) -> impl Iterator<Item = u16> {
    let mut chars = written.chars();
    let unescaped = iter::from_fn(move || match chars.next()? {
        '\\' => Some(match chars.next()? {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            'u' => {
                let code = chars.by_ref().take(4).fold(0, |code, digit| code * 16 + digit.to_digit(16).unwrap_or(0));
                char::from_u32(code)?
            }
            itself => itself,
        }),
        itself => Some(itself),
    });
    unescaped.flat_map(|char| {
        let mut units = [0; 2];
        let count = char.encode_utf16(&mut units).len();
        units.into_iter().take(count)
    })
}
