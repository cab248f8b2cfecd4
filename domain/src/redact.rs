//! E-mail addresses and credentials do not enter the log: in free text an address becomes `<email>`, and what stands
//! before the host of a URL is cut out.

use std::borrow::Cow;

mod json;

pub use json::emails_in_json;

/// What stands where an address was.
pub const PLACEHOLDER: &str = "<email>";
/// How `@` is written: plainly, or escaped for a URL, for HTML, for a string literal.
const AT_SIGNS: [&str; 7] = ["@", "%40", "&#64;", "&#x40;", "&commat;", "\\u0040", "\\x40"];
/// How far left of an `@` we look, in characters; the longest local part a mail server takes has 64.
const MAX_LOCAL_CHARS: usize = 256;
/// The user that every clone URL of a code host may name; it is nobody.
const CLONE_USER: &str = "git";

/// Replaces every e-mail address in `text` by [`PLACEHOLDER`] and removes user and password from URLs (a clone URL's
/// `git@` stays). Text with neither is returned as it is; doing it twice changes nothing more.
#[must_use]
pub fn emails(text: &str) -> Cow<'_, str> {
    match without_credentials(text) {
        Cow::Borrowed(text) => without_addresses(text),
        Cow::Owned(text) => Cow::Owned(without_addresses(&text).into_owned()),
    }
}

/// Whether a text can enter the log as it is. What names somebody or something (an actor, a project, a label, a
/// formula) is refused where it cannot: cleaned, it would be another name.
#[must_use]
pub fn is_clean(text: &str) -> bool {
    matches!(emails(text), Cow::Borrowed(_))
}

/// Cuts `user:password@` out of every `scheme://user:password@host`.
fn without_credentials(text: &str) -> Cow<'_, str> {
    let ends = |c: char| c.is_whitespace() || "/?#\"'<>()[]{}".contains(c);
    let mut out = String::new();
    let mut kept = 0;
    let mut search = 0;
    while let Some(found) = text[search..].find("://") {
        let start = search + found + 3;
        search = start;
        let authority = &text[start..text[start..].find(ends).map_or(text.len(), |n| start + n)];
        let Some(at) = authority.rfind('@').filter(|at| &authority[..*at] != CLONE_USER) else { continue };
        out.push_str(&text[kept..start]);
        kept = start + at + 1;
        search = kept;
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[kept..]) }
}

fn without_addresses(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut search = 0;
    while let Some((at, after)) = next_at(text, search) {
        search = after;
        let Some((start, end)) = address_around(text, kept, at, after) else { continue };
        if is_clone_address(text, start, at, end) {
            continue;
        }
        out.push_str(&text[kept..start]);
        out.push_str(PLACEHOLDER);
        kept = end;
        search = end;
    }
    if kept == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[kept..]) }
}

/// Where the next at sign in any spelling begins and ends.
fn next_at(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (from..bytes.len()).filter(|n| matches!(bytes[*n], b'@' | b'%' | b'&' | b'\\')).find_map(|n| {
        let sign = AT_SIGNS.iter().find(|sign| bytes[n..].starts_with(sign.as_bytes()))?;
        Some((n, n + sign.len()))
    })
}

/// The byte range of the address around the sign at `at..after`, not reaching left of `floor`.
fn address_around(text: &str, floor: usize, at: usize, after: usize) -> Option<(usize, usize)> {
    let local = |c: char| c.is_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    let domain = |c: char| c.is_alphanumeric() || c == '.' || c == '-';
    let start = match quoted(&text[floor..at]) {
        Some(quote) => floor + quote,
        None => {
            // The first of the unbroken run of characters on the left.
            let run = text[floor..at].char_indices().rev().take(MAX_LOCAL_CHARS).take_while(|(_, c)| local(*c));
            let start = run.last().map(|(n, _)| floor + n)?;
            // A path or a query before the address is not part of it.
            text[start..at].rfind(['/', '=', '?', '&', '#', '|']).map_or(start, |n| start + n + 1)
        }
    };
    if start == at {
        return None;
    }
    let rest = &text[after..];
    let end = rest.find(|c| !domain(c)).unwrap_or(rest.len());
    let host = rest[..end].trim_end_matches(['.', '-']);
    let (name, top) = host.rsplit_once('.')?;
    let letters = top.chars().count() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
    (letters && !name.is_empty() && !is_version(name, top)).then_some((start, after + host.len()))
}

/// Where a quoted local part (`"ann b"@...`) begins that ends `text`.
fn quoted(text: &str) -> Option<usize> {
    let inner = text.strip_suffix('"')?;
    let start = inner.rfind('"')?;
    (!inner[start..].contains(['@', '<', '>', '\n'])).then_some(start)
}

/// `package@1.0.0-rc.beta` and `package@v1.0.tgz` are versions, not addresses.
fn is_version(name: &str, top: &str) -> bool {
    let core = name.strip_prefix('v').unwrap_or(name).split(['-', '+']).next().unwrap_or("");
    core.contains('.') && core.chars().all(|c| c.is_ascii_digit() || c == '.') && top.len() < 6
}

/// `git@host:owner/name` and `git@host/owner/name` say where to clone from.
fn is_clone_address(text: &str, start: usize, at: usize, end: usize) -> bool {
    &text[start..at] == CLONE_USER && text[end..].starts_with([':', '/'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_go_and_the_rest_stays() {
        for (text, clean) in [
            ("write to Ann.B+x@mail.example.org.", "write to <email>."),
            ("<a@b.io>,c@d.co", "<<email>>,<email>"),
            ("mailto:me@x.dev?subject=hi", "mailto:<email>?subject=hi"),
            ("größe@müller.example", "<email>"),
            ("https://x.org/u/me@x.dev", "https://x.org/u/<email>"),
            ("me@163.com, me@4.example.io, me@x.xn--p1ai", "<email>, <email>, <email>"),
            ("\"ann b\"@x.org \"c\" d@x.org", "<email> \"c\" <email>"),
            ("mailto:ann%40x.org ann&#64;x.org ann\\u0040x.org", "mailto:<email> <email> <email>"),
            ("git@x.org", "<email>"),
        ] {
            assert_eq!(emails(text), clean);
        }
    }

    #[test]
    fn credentials_leave_the_url_and_clone_users_stay() {
        assert_eq!(emails("git+https://ann:s3cret@host.org/o/r"), "git+https://host.org/o/r");
        assert_eq!(emails("see http://token@localhost/x"), "see http://localhost/x");
        for text in ["git@github.com:o/r.git", "git+ssh://git@github.com/o/r.git", "git@host.org/o/r"] {
            assert!(matches!(emails(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_stays() {
        for text in [
            "@stellar/stellar-sdk",
            "pkg:npm/x@1.2.3",
            "pkg:npm/%40stellar/stellar-sdk",
            "left@1.0.0-beta.rc",
            "left@v1.0.0.tgz",
            "a @ b.c",
            "@",
            "x@localhost",
            "npm:@scope/name@^1.2.0",
            "50%40",
        ] {
            assert!(matches!(emails(text), Cow::Borrowed(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn once_is_enough(text in "([a-z.:/@<>\" %40&#;-]|git@|://|a@b\\.io|\\PC){0,40}") {
            let once = emails(&text).into_owned();
            prop_assert_eq!(emails(&once).into_owned(), once);
        }
    }
}
