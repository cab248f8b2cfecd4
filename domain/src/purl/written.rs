//! A package URL by the specification: parsed, put into its one form, written.

use std::borrow::Cow;
use std::fmt;

use super::parts::{PackageUrl, PurlFault};
use super::percent;
use super::types::{Rules, rules};

/// A text in its parts, decoded, before the rules of the type.
pub(super) struct PurlText<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) namespace: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) version: Option<Cow<'a, str>>,
    qualifiers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    subpath: Option<Cow<'a, str>>,
    /// Whether a slash follows the name.
    pub(super) ends_in_slash: bool,
}

/// What of a package URL is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All that somebody wrote.
    Whole,
    /// What an id keeps: neither version nor qualifiers.
    Id,
}

impl<'a> PackageUrl<'a> {
    /// Parses a package URL.
    ///
    /// # Errors
    /// What the specification or the definition of its type misses.
    pub fn parse(text: &'a str) -> Result<Self, Cow<'static, str>> {
        PurlText::of(text)?.canonical(Extent::Whole)
    }

    /// Makes a package URL of its parts, decoded.
    ///
    /// # Errors
    /// As [`PackageUrl::parse`].
    pub fn build(
        kind: &'a str,
        namespace: Option<&'a str>,
        name: &'a str,
        version: Option<&'a str>,
        qualifiers: impl IntoIterator<Item = (&'a str, &'a str)>,
        subpath: Option<&'a str>,
    ) -> Result<Self, Cow<'static, str>> {
        let kind = self::kind(kind)?;
        let plain = |text| Ok(Cow::Borrowed(text));
        let mut namespace = segments(namespace.unwrap_or(""), plain)?;
        let mut name = Cow::Borrowed(name);
        if rules(&kind).is_some_and(Rules::has_long_names) {
            let path = [&namespace, "/", &name].concat();
            let path = segments(&path, |text| Ok(Cow::Borrowed(text)))?;
            let (first, rest) = path.split_once('/').unwrap_or(("", &path));
            (namespace, name) = (Cow::Owned(first.to_owned()), Cow::Owned(rest.to_owned()));
        }
        if name.is_empty() {
            return Err(NO_NAME.into());
        }
        let pairs = qualifiers.into_iter().filter(|(_, value)| !value.is_empty());
        let pairs = pairs.map(|(key, value)| Ok((self::key(key)?, Cow::Borrowed(value))));
        let written = PurlText {
            kind,
            namespace,
            name,
            version: version.filter(|version| !version.is_empty()).map(Cow::Borrowed),
            qualifiers: unique(pairs.collect::<Result<_, PurlFault>>()?),
            subpath: given(segments(subpath.unwrap_or(""), plain)?),
            ends_in_slash: false,
        };
        written.canonical(Extent::Whole)
    }

    /// The canonical text without version, qualifiers and subpath.
    pub(super) fn bare(&self) -> String {
        // The usual growth: a scope whose `@` takes three bytes.
        let mut text = String::with_capacity(self.kind.len() + self.namespace.len() + self.name.len() + 8);
        text.push_str("pkg:");
        text.push_str(&self.kind);
        text.push('/');
        if !self.namespace.is_empty() {
            percent::encode_path_into(&mut text, &self.namespace);
            text.push('/');
        }
        if rules(&self.kind).is_some_and(Rules::has_long_names) {
            percent::encode_path_into(&mut text, &self.name);
        } else {
            percent::encode_into(&mut text, &self.name);
        }
        text
    }
}

impl fmt::Display for PackageUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.bare();
        if let Some(version) = &self.version {
            text.push('@');
            percent::encode_into(&mut text, version);
        }
        for (number, (key, value)) in self.qualifiers.iter().enumerate() {
            text.push(if number == 0 { '?' } else { '&' });
            text.push_str(key);
            text.push('=');
            percent::encode_into(&mut text, value);
        }
        if let Some(subpath) = &self.subpath {
            text.push('#');
            percent::encode_path_into(&mut text, subpath);
        }
        f.write_str(&text)
    }
}

const NO_TYPE: &str = "a type, a slash and a name follow `pkg:`";
const NO_NAME: &str = "the name is missing";

impl<'a> PurlText<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, PurlFault> {
        let rest = match text.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("pkg:") => &text[4..],
            _ => return Err("it does not begin with `pkg:`".into()),
        };
        let (rest, subpath) = cut_last(rest, b'#');
        let (rest, query) = cut_last(rest, b'?');
        let (kind, path) = rest.trim_start_matches('/').split_once('/').ok_or(NO_TYPE)?;
        let kind = self::kind(kind)?;
        let (path, version) = cut_version(path);
        let bare = path.trim_matches('/');
        let ends_in_slash = path.ends_with('/');
        let decoded = |text| percent::decode(text).ok_or(PurlFault::Borrowed("it is no UTF-8 once decoded"));
        let (namespace, name) = if rules(&kind).is_some_and(Rules::has_long_names) {
            let (namespace, name) = bare.split_once('/').unwrap_or(("", bare));
            (namespace, segments(name, decoded)?)
        } else {
            let (namespace, name) = bare.rsplit_once('/').unwrap_or(("", bare));
            (namespace, decoded(name)?)
        };
        let namespace = segments(namespace, decoded)?;
        let misses_name = |rules: &Rules| ends_in_slash && rules.misses_name(&namespace);
        if name.is_empty() || rules(&kind).is_some_and(misses_name) {
            return Err(NO_NAME.into());
        }
        let version = version.filter(|version| !version.is_empty()).map(decoded).transpose()?;
        let qualifiers = match query {
            None => Vec::new(),
            Some(query) => {
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                let pairs = pairs.filter(|(_, value)| !value.is_empty());
                unique(
                    pairs
                        .map(|(key, value)| Ok((self::key(key)?, decoded(value)?)))
                        .collect::<Result<_, PurlFault>>()?,
                )
            }
        };
        let subpath = given(segments(subpath.unwrap_or(""), decoded)?);
        Ok(Self { kind, namespace, name, version, qualifiers, subpath, ends_in_slash })
    }

    /// By the rules of the type.
    pub(super) fn canonical(self, extent: Extent) -> Result<PackageUrl<'a>, PurlFault> {
        let Self { kind, namespace, name, version, qualifiers, subpath, ends_in_slash: _ } = self;
        let rules = rules(&kind);
        let mut purl = PackageUrl { kind, namespace, name, version, qualifiers, subpath };
        if let Some(rules) = rules {
            rules.apply(&mut purl)?;
            if extent == Extent::Whole {
                rules.require_qualifier(&purl)?;
            }
        }
        Ok(purl)
    }
}

/// What is before and after the last of these bytes.
fn cut_last(text: &str, byte: u8) -> (&str, Option<&str>) {
    match memchr::memrchr(byte, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// Path and version. An `@` that begins a segment, with others behind it, is the scope of a name: `@babel/core`.
fn cut_version(path: &str) -> (&str, Option<&str>) {
    match cut_last(path, b'@') {
        (before, Some(after)) if (before.is_empty() || before.ends_with('/')) && after.contains('/') => (path, None),
        found => found,
    }
}

fn kind(text: &str) -> Result<Cow<'_, str>, PurlFault> {
    let mark = |byte: u8| matches!(byte, b'.' | b'-' | b'+');
    let is_type = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || mark(byte));
    if text.is_empty() {
        return Err(NO_TYPE.into());
    }
    if !is_type || text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(
            "its type has other characters than letters, digits, `.`, `-` and `+`, or begins with a digit".into()
        );
    }
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    Ok(if lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) })
}

fn key(text: &str) -> Result<Cow<'_, str>, PurlFault> {
    let is_key = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if text.is_empty() || !is_key || text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(
            "a qualifier has other characters than letters, digits, `.`, `-` and `_`, or begins with a digit".into()
        );
    }
    let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    Ok(if lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) })
}

/// In order of keys; of several with one key the last.
fn unique<'a>(mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    pairs.reverse();
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    pairs.dedup_by(|later, kept| later.0 == kept.0);
    pairs
}

/// The segments of a path without those that say nothing.
fn segments<'a>(
    path: &'a str,
    decoded: impl Fn(&'a str) -> Result<Cow<'a, str>, PurlFault>,
) -> Result<Cow<'a, str>, PurlFault> {
    let says_nothing = |segment: &str| matches!(segment, "" | "." | "..");
    if path.is_empty() || !path.contains('%') && !path.split('/').any(says_nothing) {
        return Ok(Cow::Borrowed(path));
    }
    let mut text = String::with_capacity(path.len());
    for segment in path.split('/') {
        let segment = decoded(segment)?;
        if segment.contains('/') {
            return Err("a segment holds an encoded slash".into());
        }
        if says_nothing(&segment) {
            continue;
        }
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(&segment);
    }
    Ok(Cow::Owned(text))
}

fn given(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}
