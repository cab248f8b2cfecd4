//! Where an address begins and ends around an `@`, and what only looks like one.

use unicode_normalization::char::is_combining_mark;

use super::CLONE_USER;
use super::letter::{Letter, letter, letters, signs};

/// Greatest length of what is taken for a local part or a host, in letters: four times what mail servers take.
const MAX_LETTERS: usize = 256;
/// How far left of an `@` we look, in bytes: [`MAX_LETTERS`] of four bytes each.
const WINDOW_BYTES: usize = 4 * MAX_LETTERS;
/// How far left of an `@` we look first, in bytes.
const NEAR_BYTES: usize = 64;
/// Bytes with which neither a local part nor an escaped letter ends: before an `@` they tell at once that it is none.
const NO_END: &[u8] = b"/ \t\r\n,:<>()[]=?#|&";

/// The byte ranges of the addresses in a text, in order, without overlaps.
pub(super) fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for sign in signs(text) {
        let Some((mut start, end)) = address_around(text, sign) else { continue };
        // A local part in quotes may hold another address; what follows one directly belongs to it.
        while let Some((first, last)) = found.last().copied().filter(|(_, last)| *last > start) {
            start = start.min(first);
            debug_assert!(last <= end, "ranges end in the order of their signs");
            found.pop();
        }
        found.push((start, end));
    }
    found
}

/// The byte range of the address around a sign.
fn address_around(text: &str, sign: Letter) -> Option<(usize, usize)> {
    // A literal within a literal doubles the backslash of an escape: `ann\\u0040x.org`.
    let local_end = match text.as_bytes().get(sign.start) {
        Some(b'\\') => text[..sign.start].trim_end_matches('\\').len(),
        _ => sign.start,
    };
    let before = text.as_bytes().get(..local_end)?.last()?;
    if NO_END.contains(before) {
        return None;
    }
    let end = host_end(text, sign.end)?;
    let local = local_part(text, local_end);
    // `%0a@x.org`: nothing stands before the sign but the escape of what no local part holds. Whoever does not read
    // escapes takes it for an address, and so it goes.
    let start = local.first().map(|first| first.start).or_else(|| start_as_written(text, local_end))?;
    let clone = local.iter().map(|found| found.letter).eq(CLONE_USER.chars());
    // `git@host:owner/name` and `git@host/owner/name` say where to clone from.
    let path = || letter(text, end).is_some_and(|next| matches!(next.letter, ':' | '/'));
    (!(clone && path())).then_some((start, end))
}

/// Where the host ends that begins at byte `at`.
fn host_end(text: &str, at: usize) -> Option<usize> {
    let part = |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '.' | '-' | '_');
    let mut name = String::new();
    let mut end = at;
    let mut kept = 0;
    for found in letters(text, at).take_while(|found| part(found.letter)).take(MAX_LETTERS) {
        name.push(found.letter);
        if !matches!(found.letter, '.' | '-') {
            (end, kept) = (found.end, name.len());
        }
    }
    is_host(name[..kept].trim_start_matches('.')).then_some(end)
}

/// Whether mail could be sent to a host of this name: a dot, and then what begins like a domain.
fn is_host(name: &str) -> bool {
    let mut labels = name.split('.').skip(1);
    labels.any(|label| begins_with_letters(label) || label.starts_with("xn--")) && !is_version(name)
}

fn begins_with_letters(label: &str) -> bool {
    let mut letters = label.chars().filter(|c| !is_combining_mark(*c));
    letters.next().is_some_and(char::is_alphabetic) && letters.next().is_some_and(char::is_alphabetic)
}

/// `lib@v1.2.release`: an optional `v`, digits and dots, then at most one label. A number alone is no version without
/// its `v`, since mail is sent to `163.com`. Three numbers may go on as `1.0.0-beta.rc` and `1.0.0-rc.1.tgz` do.
fn is_version(name: &str) -> bool {
    let core = name.strip_prefix(['v', 'V']).unwrap_or(name);
    // `v.163.com` is a host.
    if !core.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let digits = core.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(core.len());
    let (numbers, rest) = core.split_at(digits);
    let numbers = numbers.split('.').filter(|number| !number.is_empty()).count();
    if numbers == 0 || (numbers == 1 && core.len() == name.len()) {
        return false;
    }
    let words = rest.split('.').skip(1).filter(|label| begins_with_letters(label)).count();
    !rest.contains('.') || (numbers == 3 && rest.starts_with('-') && words <= 1)
}

/// The letters of the local part that ends at byte `end`; none when there is none.
fn local_part(text: &str, end: usize) -> Vec<Letter> {
    let near = letters_before(text, end, NEAR_BYTES);
    let run = unquoted(&near);
    let is_quoted = near.last().is_some_and(|last| last.letter == '"');
    // Nearly every local part is short; one that may go on is read again from farther left.
    let (mut all, start) = if is_quoted || (run == 0 && near.first().is_some_and(|first| first.start > 0)) {
        let all = letters_before(text, end, WINDOW_BYTES);
        let start = quoted(&all).unwrap_or_else(|| unquoted(&all));
        (all, start)
    } else {
        (near, run)
    };
    without_marks(all.split_off(start))
}

/// Where the local part begins that ends at byte `end` when escapes are not read; `None` when there is none.
fn start_as_written(text: &str, end: usize) -> Option<usize> {
    let from = byte_before(text, end, WINDOW_BYTES);
    let plain = |(at, letter): (usize, char)| Letter { letter, start: from + at, end: from + at + letter.len_utf8() };
    let mut all: Vec<_> = text[from..end].char_indices().map(plain).collect();
    let start = unquoted(&all);
    without_marks(all.split_off(start)).first().map(|first| first.start)
}

/// Texts quote addresses; the mark that opens a quotation is the text's.
fn without_marks(mut local: Vec<Letter>) -> Vec<Letter> {
    let marks = local.iter().take_while(|found| matches!(found.letter, '`' | '\'')).count();
    local.split_off(marks)
}

/// The letters of the last `bytes` before byte `end`.
fn letters_before(text: &str, end: usize, bytes: usize) -> Vec<Letter> {
    letters(&text[..end], byte_before(text, end, bytes)).collect()
}

/// The byte `bytes` before `end`, or the next one with which a character begins.
fn byte_before(text: &str, end: usize, bytes: usize) -> usize {
    let from = end.saturating_sub(bytes);
    (from..=end).find(|at| text.is_char_boundary(*at)).unwrap_or(end)
}

/// Where a local part without quotes begins that ends `all`.
fn unquoted(all: &[Letter]) -> usize {
    let part = |c: char| c.is_alphanumeric() || is_combining_mark(c) || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    let run = all.iter().rev().take(MAX_LETTERS).take_while(|found| part(found.letter)).count();
    let run = all.len() - run;
    // A path or a query before the address is not part of it.
    all[run..].iter().rposition(|found| "/=?&#|".contains(found.letter)).map_or(run, |cut| run + cut + 1)
}

/// Where a quoted local part (`"ann b"@...`) begins that ends `all`. Quotes that are themselves within a literal
/// (`\"ann b\"@...`) are a pair of their own.
fn quoted(all: &[Letter]) -> Option<usize> {
    let is_escaped = |n: usize| n > 0 && all[n - 1].letter == '\\';
    let close = all.len().checked_sub(1).filter(|last| all[*last].letter == '"')?;
    let inside = |n: &usize| all[*n].letter != '\n' && close - n <= MAX_LETTERS;
    let quotes = || (0..close).rev().take_while(inside).filter(|n| all[*n].letter == '"');
    let open = quotes().find(|n| is_escaped(*n) == is_escaped(close)).or_else(|| quotes().next())?;
    Some(if is_escaped(open) { open - 1 } else { open })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_versions() {
        for host in
            ["x.org", "mail.example.c9", "163.com", "v.163.com", "4.example.io", "x.xn--p1ai", "1.2.tar.gz", "a_b.org"]
        {
            assert!(is_host(host), "{host}");
        }
        for host in ["1.2-x.org", "1.0.0-foo.example.org", "1and1.com", "v.example.org", "пример.рф", "2k.io"] {
            assert!(is_host(host), "{host}");
        }
        for version in ["1.2.3", "v1.2.release", "1.2.release", "v1.release", "1.0.0-beta.rc", "1.0.0-rc.1.tgz"] {
            assert!(!is_host(version), "{version}");
        }
        for word in ["", "localhost", "next.1", "1.2.3-beta", "v4", "example.o"] {
            assert!(!is_host(word), "{word}");
        }
    }
}
