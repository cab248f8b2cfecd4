//! The text of a document: UTF-8 with or without mark, or UTF-16 with one.

use std::borrow::Cow;

use super::Refused;

const UTF8_MARK: &[u8] = &[0xef, 0xbb, 0xbf];
const UTF16_LITTLE_MARK: &[u8] = &[0xff, 0xfe];
const UTF16_BIG_MARK: &[u8] = &[0xfe, 0xff];
const UTF32_LITTLE_MARK: &[u8] = &[0xff, 0xfe, 0, 0];

/// What is said of a document in UTF-16.
pub(crate) const WAS_UTF16: &str = "text in UTF-16, read as such; UTF-8 is what everybody reads";

/// The same with its place, for warnings of one line.
pub(crate) fn was_utf16() -> String {
    format!("document: {WAS_UTF16}")
}

/// A document's text, without mark.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DocumentText<'a> {
    pub(crate) text: Cow<'a, str>,
    /// It was UTF-16, of which [`WAS_UTF16`] is to be said.
    pub(crate) utf16: bool,
}

/// Reads the text of `bytes`.
///
/// # Errors
/// When it is neither UTF-8 nor UTF-16 with a mark; the place is a byte.
pub(crate) fn decode(bytes: &[u8]) -> Result<DocumentText<'_>, Refused> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        from_utf16(rest, unit).map(|text| DocumentText { text: Cow::Owned(text), utf16: true })
    };
    if let Some(rest) = bytes.strip_prefix(UTF16_LITTLE_MARK).filter(|_| !bytes.starts_with(UTF32_LITTLE_MARK)) {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(UTF16_BIG_MARK) {
        return utf16(rest, u16::from_be_bytes);
    }
    let rest = bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes);
    let text = std::str::from_utf8(rest).map_err(|error| {
        let at = bytes.len() - rest.len() + error.valid_up_to();
        Refused::at(format!("byte {at}"), "not UTF-8: binary data, or text in another encoding")
    })?;
    // Every second byte of text in UTF-16 is nothing, mostly.
    if text.as_bytes().iter().take(2).any(|byte| *byte == 0) {
        return Err(Refused::at(
            "byte 0",
            "text in UTF-16 without a byte order mark, or binary data: save it as UTF-8",
        ));
    }
    Ok(DocumentText { text: Cow::Borrowed(text), utf16: false })
}

/// The bytes of a document whose reader wants UTF-8: those of UTF-16 with a mark are put into it, of which
/// [`WAS_UTF16`] is to be said; all others are as they are.
///
/// # Errors
/// When the mark of UTF-16 is followed by something else.
pub(crate) fn narrow(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, bool), Refused> {
    let marked = bytes.starts_with(UTF16_LITTLE_MARK) || bytes.starts_with(UTF16_BIG_MARK);
    if !marked || bytes.starts_with(UTF32_LITTLE_MARK) {
        return Ok((Cow::Borrowed(bytes), false));
    }
    decode(bytes).map(|decoded| (Cow::Owned(decoded.text.into_owned().into_bytes()), true))
}

/// The bytes of a document behind the mark of UTF-8, if it has one.
pub(crate) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes)
}

fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Refused> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut at = UTF16_LITTLE_MARK.len();
    for found in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let Ok(letter) = found else {
            return Err(Refused::at(format!("byte {at}"), "not UTF-16: half of a pair of surrogates"));
        };
        at += 2 * letter.len_utf16();
        text.push(letter);
    }
    if !rest.is_empty() {
        return Err(Refused::at(format!("byte {at}"), "not UTF-16: half of a letter at the end"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused(bytes: &[u8]) -> String {
        decode(bytes).unwrap_err().to_string()
    }

    #[test]
    fn marks_tell_the_encoding() {
        let plain = DocumentText { text: Cow::Borrowed("{}"), utf16: false };
        assert_eq!(decode(b"{}").unwrap(), plain);
        assert_eq!(decode(b"\xef\xbb\xbf{}").unwrap(), plain);
        let wide = DocumentText { text: Cow::Borrowed("ä\u{1f600}"), utf16: true };
        assert_eq!(decode(b"\xff\xfe\xe4\0\x3d\xd8\0\xde").unwrap(), wide);
        assert_eq!(decode(b"\xfe\xff\0\xe4\xd8\x3d\xde\0").unwrap(), wide);
        assert_eq!(decode(b"").unwrap().text, "");
        assert_eq!(decode(b"\xff\xfe").unwrap().text, "");
    }

    #[test]
    fn what_is_no_text_names_its_byte() {
        assert_eq!(refused(b"{\"a\":\"\xe4\"}"), "byte 6: not UTF-8: binary data, or text in another encoding");
        assert!(refused(b"\xef\xbb\xbf\xff").starts_with("byte 3: not UTF-8"));
        assert!(refused(b"\xff\xfe\0\0a\0\0\0").starts_with("byte 0: not UTF-8"));
        assert_eq!(refused(b"\xff\xfea\0\x3d\xd8a\0"), "byte 4: not UTF-16: half of a pair of surrogates");
        for bytes in [&b"{\0}\0"[..], b"\0{\0}", b"\0\0\0{"] {
            assert!(refused(bytes).starts_with("byte 0: text in UTF-16 without a byte order mark"), "{bytes:?}");
        }
        assert_eq!(refused(b"\xfe\xff\0ab"), "byte 4: not UTF-16: half of a letter at the end");
    }

    #[test]
    fn what_is_not_utf_16_is_left_as_it_is() {
        for bytes in [&b"{}"[..], b"\xef\xbb\xbf{}", b"\xff", b"\xff\xfe\0\0"] {
            assert_eq!(narrow(bytes).unwrap(), (Cow::Borrowed(bytes), false));
        }
        assert_eq!(narrow(b"\xff\xfea\0").unwrap(), (Cow::Borrowed(&b"a"[..]), true));
        assert_eq!(narrow(b"\xff\xfea").unwrap_err().to_string(), "byte 2: not UTF-16: half of a letter at the end");
        assert_eq!(without_mark(b"\xef\xbb\xbf{}"), b"{}");
        assert_eq!(without_mark(b"\xef\xbb"), b"\xef\xbb");
    }

    proptest! {
        #[test]
        fn every_text_is_read_in_every_encoding(text in "\\PC{0,20}") {
            let units: Vec<u16> = text.encode_utf16().collect();
            let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for bytes in [
                [UTF8_MARK, text.as_bytes()].concat(),
                [UTF16_LITTLE_MARK, &little].concat(),
                [UTF16_BIG_MARK, &big].concat(),
            ] {
                prop_assert_eq!(decode(&bytes).unwrap().text, text.as_str());
            }
        }
    }
}
