//! Letters as texts spell them: plainly, or escaped for a URL, for HTML, for a string literal; and the look-alikes of
//! `@` and `.` that mail programs take for them.

use memchr::{memchr2, memchr2_iter, memchr3, memchr3_iter};

use crate::unseen::is_invisible;

/// One letter of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// What is meant.
    pub(super) letter: char,
    /// First byte of its spelling.
    pub(super) start: usize,
    /// The byte after its spelling.
    pub(super) end: usize,
}

/// The letter whose spelling begins at byte `at`; `None` at the end of the text.
pub(super) fn letter(text: &str, at: usize) -> Option<Letter> {
    let rest = &text[at..];
    let first = rest.chars().next()?;
    let escaped = match first {
        '%' => percent(rest.as_bytes()),
        '&' => entity(rest),
        '\\' => escape(rest),
        _ => None,
    };
    let (meant, bytes) = escaped.unwrap_or((first, first.len_utf8()));
    Some(Letter { letter: folded(meant), start: at, end: at + bytes })
}

/// The letters from byte `at` on, without those that nobody sees.
pub(super) fn letters(text: &str, at: usize) -> impl Iterator<Item = Letter> + '_ {
    let mut next = at;
    let all = std::iter::from_fn(move || {
        let found = letter(text, next)?;
        next = found.end;
        Some(found)
    });
    // Within an address they would hide it, and some are dropped from names later on.
    all.filter(|found| !is_invisible(found.letter))
}

/// Whether a byte can begin an `@` in some spelling: most texts have none, and are told at the speed of memory.
pub(super) fn may_hold_sign(bytes: &[u8]) -> bool {
    memchr3(b'@', b'%', FULL_WIDTH, bytes).is_some() || memchr2(b'&', b'\\', bytes).is_some()
}

/// Every `@` of a text in any spelling, in order.
pub(super) fn signs(text: &str) -> impl Iterator<Item = Letter> + '_ {
    let mut often = memchr3_iter(b'@', b'%', FULL_WIDTH, text.as_bytes()).peekable();
    let mut seldom = memchr2_iter(b'&', b'\\', text.as_bytes()).peekable();
    let places = std::iter::from_fn(move || match (often.peek(), seldom.peek()) {
        (Some(a), Some(b)) if b < a => seldom.next(),
        (Some(_), _) => often.next(),
        (None, _) => seldom.next(),
    });
    // All five bytes only ever begin a letter, so that each place is one to read from.
    places.filter_map(|n| letter(text, n)).filter(|found| found.letter == '@')
}

/// First byte of the look-alikes of `@` in UTF-8.
const FULL_WIDTH: u8 = 0xef;

/// `＠` is an `@`, the full stops of ideographic scripts are dots.
fn folded(letter: char) -> char {
    match letter {
        '\u{ff20}' | '\u{fe6b}' => '@',
        '\u{2024}' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{fe52}' => '.',
        other => other,
    }
}

/// `%40`, `%EF%BC%A0`, and what is left of them when they are escaped again: `%2540`.
fn percent(bytes: &[u8]) -> Option<(char, usize)> {
    let (first, mut length) = percent_byte(bytes)?;
    let wanted = match first {
        0..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut spelled = vec![first];
    while spelled.len() < wanted {
        let (byte, more) = percent_byte(&bytes[length..])?;
        spelled.push(byte);
        length += more;
    }
    let meant = std::str::from_utf8(&spelled).ok()?.chars().next()?;
    Some((meant, length))
}

fn percent_byte(bytes: &[u8]) -> Option<(u8, usize)> {
    let digit = |n: usize| bytes.get(n).and_then(|byte| char::from(*byte).to_digit(16));
    if bytes.first() != Some(&b'%') {
        return None;
    }
    let mut at = 1;
    while bytes[at..].starts_with(b"25") && digit(at + 2).is_some() && digit(at + 3).is_some() {
        at += 2;
    }
    let value = digit(at)? * 16 + digit(at + 1)?;
    Some((u8::try_from(value).ok()?, at + 2))
}

/// Most digits of an entity: some programs write zeros in front.
const MAX_ENTITY_DIGITS: usize = 40;

/// `&#64;`, `&#x40;` (readers do without the semicolon), the names of the letters that matter here, and what is left of
/// them when they are escaped again: `&amp;#64;`.
fn entity(text: &str) -> Option<(char, usize)> {
    let mut rest = text.strip_prefix('&')?;
    while let Some(inner) = rest.strip_prefix("amp;") {
        rest = inner;
    }
    for (name, meant) in [("commat;", '@'), ("period;", '.'), ("quot;", '"')] {
        if let Some(after) = rest.strip_prefix(name) {
            return Some((meant, text.len() - after.len()));
        }
    }
    let number = rest.strip_prefix('#')?;
    let (radix, digits) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (16, digits),
        None => (10, number),
    };
    let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).take(MAX_ENTITY_DIGITS).count();
    let meant = char::from_u32(u32::from_str_radix(&digits[..count], radix).ok()?)?;
    let ends = usize::from(digits[count..].starts_with(';'));
    Some((meant, text.len() - digits.len() + count + ends))
}

/// `\x40`, `\u0040`, `\U00000040` and `\u{40}` of string literals.
fn escape(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('\\')?;
    let (digits, around) = match rest.chars().next()? {
        'x' => (rest.get(1..3)?, 2),
        'u' if rest.starts_with("u{") => (rest[2..].split_once('}')?.0, 4),
        'u' => (rest.get(1..5)?, 2),
        'U' => (rest.get(1..9)?, 2),
        _ => return None,
    };
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, digits.len() + around))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_is_one_letter() {
        for text in [
            "@",
            "\u{ff20}",
            "\u{fe6b}",
            "%40",
            "%2540",
            "%252540",
            "%EF%BC%A0",
            "%25ef%25bc%25a0",
            "&#64;",
            "&#064;",
            "&#x40;",
            "&#X40",
            "&commat;",
            "&#0000000000000064;",
            "&amp;#64;",
            "&amp;amp;#x40",
            "&amp;commat;",
            "\\x40",
            "\\u0040",
            "\\U00000040",
            "\\u{40}",
            "\\uff20",
        ] {
            let found = signs(text).collect::<Vec<_>>();
            assert_eq!(found, [Letter { letter: '@', start: 0, end: text.len() }], "{text}");
            assert!(may_hold_sign(text.as_bytes()), "{text}");
        }
        for (text, meant) in [("%e3%80%82", '.'), ("&period;", '.'), ("\u{ff61}", '.'), ("&quot;", '"'), ("%", '%')] {
            assert_eq!(letter(text, 0).unwrap(), Letter { letter: meant, start: 0, end: text.len() });
        }
        for text in ["%4", "%zz", "%ff", "&#;", "&#xd800;", "&at;", "\\u004", "\\n", "\\u{", "\\u{110000}", "\\"] {
            assert_eq!(letter(text, 0).unwrap().end, 1, "{text}");
        }
    }

    proptest! {
        #[test]
        fn letters_cover_every_text(text in "(%|25|40|EF|BC|A0|&#|amp;|x40|;|\\\\|u0040|u\\{|\\}|\\PC){0,20}") {
            let mut at = 0;
            while let Some(found) = letter(&text, at) {
                prop_assert!(found.start == at && found.end > at && text.is_char_boundary(found.end));
                at = found.end;
            }
            prop_assert_eq!(at, text.len());
            prop_assert!(signs(&text).next().is_none() || may_hold_sign(text.as_bytes()));
        }
    }
}
