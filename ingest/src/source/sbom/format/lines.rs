//! What a document made of lines is: tag-value, or YAML.

use std::borrow::Cow;

use super::super::json::Found;
use super::{NamedFormat, SUPPORTED, Syntax, neither, not_supported, report};
use crate::source::Refused;

/// Tells what a text of lines is by the first that names a format.
pub(super) fn detect(text: &str) -> Result<NamedFormat, Refused> {
    let mut named = text.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let syntax = match key.trim_end().trim_matches(['"', '\'']) {
            "spdxVersion" => Syntax::Yaml,
            "bomFormat" => return Some(Err(not_supported("CycloneDX (YAML)"))),
            key if key.trim_start() == "SPDXVersion" => Syntax::TagValue,
            _ => return None,
        };
        Some(Ok((syntax, value_of(value, syntax))))
    });
    match named.next() {
        Some(Ok((syntax, version))) => {
            if let Some(line) = text_before(text, syntax) {
                let reason = "text before the document, which is YAML that begins later";
                return Err(Refused::at(format!("line {line}"), reason));
            }
            super::spdx(&version.map_or(Found::Missing, |version| Found::Is(Cow::Borrowed(version))), syntax)
        }
        Some(Err(refused)) => Err(refused),
        None => Err(match report::lock_file(text) {
            Some(what) => neither(&what),
            None => begins_later(text).unwrap_or_else(|| neither("no format and version found")),
        }),
    }
}

/// The first line of a document in YAML where that can be none of it: it says nothing of a field, and no line before
/// does.
fn text_before(text: &str, syntax: Syntax) -> Option<usize> {
    let said = |line: &str| !(line.trim().is_empty() || line.starts_with(['#', '%']) || line.trim_end() == "---");
    let (number, line) = (1..).zip(text.lines()).find(|(_, line)| said(line))?;
    (syntax == Syntax::Yaml && !line.contains(':') && !line.starts_with("---")).then_some(number)
}

fn value_of(value: &str, syntax: Syntax) -> Option<&str> {
    let mut value = value.trim();
    if syntax == Syntax::Yaml {
        value = value.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']);
    }
    (!value.is_empty()).then_some(value)
}

/// The refusal of a text behind whose beginning a document seems to follow: a line of a log, say.
pub(super) fn begins_later(text: &str) -> Option<Refused> {
    let looks = |line: &str| match line.trim_start().as_bytes().first() {
        Some(b'{') => Some("JSON"),
        Some(b'<') => Some("XML"),
        _ => None,
    };
    let (line, what) = text.lines().enumerate().skip(1).find_map(|(n, line)| Some((n + 1, looks(line)?)))?;
    Some(Refused::at(
        "line 1",
        format!("text before the document: what looks like {what} begins on line {line}; {SUPPORTED}"),
    ))
}
