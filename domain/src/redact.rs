//! E-mail addresses and credentials do not enter the log: in free text an address becomes `<email>`, and what stands
//! before the host of a URL is cut out.

use std::borrow::Cow;

use crate::repository_link::repository_of;

mod address;
mod field;
mod json;
mod letter;
mod purl;

pub use field::unclean_field;
pub use json::emails_in_json;

/// What stands where an address was.
pub const PLACEHOLDER: &str = "<email>";
/// The user that every clone URL of a code host may name; it is nobody.
const CLONE_USER: &str = "git";
/// How often a text is cleaned at most: what is replaced may bring a quote before an `@` near enough to be seen.
const MAX_PASSES: usize = 8;

/// Replaces every e-mail address in `text` by [`PLACEHOLDER`] and removes user and password from URLs (a clone URL's
/// `git@` stays, and the user of a text that is the clone address of a repository becomes `git`). Text with neither
/// is returned as it is; doing it twice changes nothing more.
///
/// An `@` and the dots count in every spelling: full width, ideographic, escaped for a URL, for HTML, for a literal.
#[must_use]
pub fn emails(text: &str) -> Cow<'_, str> {
    let Some(mut clean) = pass(text) else { return Cow::Borrowed(text) };
    for _ in 1..MAX_PASSES {
        let Some(cleaner) = pass(&clean) else { break };
        clean = cleaner;
    }
    Cow::Owned(clean)
}

/// Whether a text can enter the log as it is: without address, without credentials of a URL. What names somebody or
/// something (an actor, a project, a label, a formula) is refused where it cannot: cleaned, it would be another name.
#[must_use]
pub fn is_clean(text: &str) -> bool {
    pass(text).is_none()
}

/// The text without what is found in it; `None` when nothing is.
fn pass(text: &str) -> Option<String> {
    if !letter::may_hold_sign(text.as_bytes()) {
        return None;
    }
    if let Some(link) = clone_link(text) {
        return Some(link);
    }
    match without_credentials(text) {
        Cow::Borrowed(text) => without_addresses(text),
        Cow::Owned(text) => Some(without_addresses(&text).unwrap_or(text)),
    }
}

/// `ann@github.com:o/r.git`, the whole text, names a repository: it is read as a link, of which the user is nobody.
fn clone_link(text: &str) -> Option<String> {
    let (user, rest) = text.trim().split_once('@')?;
    let is_user = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    if user == CLONE_USER || user.is_empty() || !user.chars().all(is_user) || rest.contains(['@', '%', '&']) {
        return None;
    }
    let link = format!("{CLONE_USER}@{rest}");
    (rest.find(':')? < rest.find('/')? && repository_of(&link).is_some()).then_some(link)
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

fn without_addresses(text: &str) -> Option<String> {
    let spans = address::spans(text);
    if spans.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut kept = 0;
    for (start, end) in spans {
        out.push_str(&text[kept..start]);
        out.push_str(PLACEHOLDER);
        kept = end;
    }
    Some(out + &text[kept..])
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
            ("no id: `ann@x.org`, 'o'neil@x.org'", "no id: `<email>`, '<email>'"),
            ("ann@ho\u{61c}st.org ann\u{180e}@x.org ann@x\u{e0041}.org", "<email> <email> <email>"),
            ("ann&amp;#64;x.org ann&amp;commat;x.org ann\\\\u0040x\u{2024}org", "<email> <email> <email>"),
        ] {
            assert_eq!(emails(text), clean);
        }
    }

    #[test]
    fn credentials_leave_the_url_and_clone_users_stay() {
        assert_eq!(emails("git+https://ann:s3cret@host.org/o/r"), "git+https://host.org/o/r");
        assert_eq!(emails("see http://token@localhost/x"), "see http://localhost/x");
        for text in
            ["git@github.com:o/r.git", "git+ssh://git@github.com/o/r.git", "git@host.org/o/r", "`git@h.org:o/r`"]
        {
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
