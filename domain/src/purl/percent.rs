//! Percent-encoding of package URLs, in one way only.

use std::borrow::Cow;

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// By byte: whether it stands for itself.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < plain.len() {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let at = byte as u8;
        plain[byte] = at.is_ascii_alphanumeric() || matches!(at, b'.' | b'-' | b'_' | b'~' | b':');
        byte += 1;
    }
    plain
};

/// Appends `text`, everything but `A-Z a-z 0-9 . - _ ~ :` encoded.
pub(super) fn encode_into(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    // What is not plain is cut out byte by byte: the runs between are ASCII, so they begin and end with characters.
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| !PLAIN[**byte as usize]) {
        if from < at {
            out.push_str(&text[from..at]);
        }
        out.push('%');
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// Appends every segment of a path, encoded, with the slashes between them as they are.
pub(super) fn encode_path_into(out: &mut String, path: &str) {
    for (number, segment) in path.split('/').enumerate() {
        if number > 0 {
            out.push('/');
        }
        encode_into(out, segment);
    }
}

/// The text behind an encoded one; `None` where it is no UTF-8. What is no code (`%zz`) stands for itself.
pub(super) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'%', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
