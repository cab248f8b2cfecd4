//! SPDX 2 as lines of `Tag: value`.

use std::borrow::Cow;
use std::fmt;

use super::super::draft::TooMany;
use super::super::json::{Found, Object, Text};
use super::{ExternalRef, Package, Reader, Relationship, is_purl};
use crate::source::Refused;

/// Tags that may stand before the version of the document.
const BEFORE_VERSION: [&str; 9] = [
    "Created",
    "Creator",
    "CreatorComment",
    "DataLicense",
    "DocumentComment",
    "DocumentName",
    "DocumentNamespace",
    "LicenseListVersion",
    "SPDXID",
];

/// Reads a document.
pub(super) fn read<'a>(text: &'a str, reader: &mut Reader<'a>) -> Result<(), Refused> {
    let mut state = State { reader, inside: OpenElement::Document, version: false, header: HeaderFields::default() };
    let mut lines = TagLines { text, at: 0, line: 0 };
    while let Some((line, tag)) = lines.next()? {
        match tag {
            Some((tag, value)) => state.field(line, tag, value)?,
            None if state.version => {
                state.reader.draft.warnings.tally(LineNumber(line), "neither a tag nor a comment; skipped");
            }
            None => return Err(text_before(line)),
        }
    }
    state.finish()
}

fn text_before(line: usize) -> Refused {
    Refused::at(LineNumber(line).to_string(), "text before the document, which begins with the tag `SPDXVersion`")
}

/// The place of a tag.
#[derive(Clone, Copy)]
struct LineNumber(usize);

impl fmt::Display for LineNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.0)
    }
}

/// A text cut into tags.
struct TagLines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

/// A tag and its value.
type TagField<'a> = (&'a str, Cow<'a, str>);

impl<'a> TagLines<'a> {
    /// The next line that says something: its number, and its tag and value where it has them.
    fn next(&mut self) -> Result<Option<(usize, Option<TagField<'a>>)>, Refused> {
        while let Some(line) = self.line() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with('#') {
                continue;
            }
            let number = self.line;
            let Some((tag, value)) = trimmed.split_once(':').map(|(tag, value)| (tag.trim(), value.trim())) else {
                return Ok(Some((number, None)));
            };
            if tag.is_empty() || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Ok(Some((number, None)));
            }
            let value = match value.strip_prefix("<text>") {
                Some(begun) => self.long(number, begun)?,
                None => Cow::Borrowed(value),
            };
            return Ok(Some((number, Some((tag, value)))));
        }
        Ok(None)
    }

    fn line(&mut self) -> Option<&'a str> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive('\n').next()?;
        self.at += line.len();
        self.line += 1;
        Some(line)
    }

    /// A value between `<text>` and `</text>`, which may be on a later line.
    fn long(&mut self, number: usize, begun: &'a str) -> Result<Cow<'a, str>, Refused> {
        const END: &str = "</text>";
        if let Some((value, _)) = begun.split_once(END) {
            return Ok(Cow::Borrowed(value.trim()));
        }
        let mut whole = begun.to_owned();
        while let Some(line) = self.line() {
            whole.push('\n');
            if let Some((last, _)) = line.split_once(END) {
                whole.push_str(last);
                return Ok(Cow::Owned(whole.trim().to_owned()));
            }
            whole.push_str(line.trim_end_matches(['\r', '\n']));
        }
        Err(Refused::at(LineNumber(number).to_string(), "a `<text>` that is never closed by `</text>`"))
    }
}

/// What the tags of the moment belong to.
enum OpenElement<'a> {
    Document,
    Package(usize, Box<Package<'a>>),
    /// A file, a snippet, a licence.
    Other,
}

/// Tags of the document itself that are mandatory.
#[derive(Default)]
struct HeaderFields<'a> {
    id: Text<'a>,
    name: Text<'a>,
    data_license: Text<'a>,
    namespace: Text<'a>,
    created: bool,
    creator: bool,
}

struct State<'r, 'a> {
    reader: &'r mut Reader<'a>,
    inside: OpenElement<'a>,
    version: bool,
    header: HeaderFields<'a>,
}

impl<'a> State<'_, 'a> {
    fn field(&mut self, line: usize, tag: &'a str, value: Cow<'a, str>) -> Result<(), Refused> {
        if !self.version && tag != "SPDXVersion" && !BEFORE_VERSION.contains(&tag) {
            return Err(text_before(line));
        }
        let slot = match (tag, &mut self.inside) {
            ("SPDXVersion", _) => {
                if std::mem::replace(&mut self.version, true) {
                    let reason = "several documents in one: another begins here";
                    return Err(Refused::at(LineNumber(line).to_string(), reason));
                }
                return Ok(());
            }
            ("Created", _) => {
                self.header.created = true;
                return Ok(());
            }
            ("Creator", _) => {
                self.header.creator = true;
                return Ok(());
            }
            ("DocumentName", _) => &mut self.header.name,
            ("DataLicense", _) => &mut self.header.data_license,
            ("DocumentNamespace", _) => &mut self.header.namespace,
            ("SPDXID", OpenElement::Document) => &mut self.header.id,
            ("PackageName", _) => {
                self.close().map_err(|limit| at(line, limit))?;
                let package = Package { name: Found::Is(value), ..Package::default() };
                self.inside = OpenElement::Package(line, Box::new(package));
                return Ok(());
            }
            ("FileName" | "SnippetSPDXID" | "LicenseID", _) => {
                self.close().map_err(|limit| at(line, limit))?;
                self.inside = OpenElement::Other;
                return Ok(());
            }
            ("Relationship", _) => return self.relationship(line, value),
            ("SPDXID", OpenElement::Package(_, package)) => &mut package.id,
            ("PackageVersion", OpenElement::Package(_, package)) => &mut package.version_info,
            ("PackageDownloadLocation", OpenElement::Package(_, package)) => &mut package.download_location,
            ("ExternalRef", OpenElement::Package(_, package)) => return external_ref(line, package, &value),
            _ => return Ok(()),
        };
        if *slot != Text::Missing {
            return Err(Refused::at(LineNumber(line).to_string(), format!("the tag `{tag}` is given twice")));
        }
        *slot = Found::Is(value);
        Ok(())
    }

    fn relationship(&mut self, line: usize, value: Cow<'a, str>) -> Result<(), Refused> {
        let owned = |word: Option<&str>| word.map_or(Text::Missing, |word| Found::Is(Cow::Owned(word.to_owned())));
        let relationship = match value {
            Cow::Borrowed(value) => {
                let mut words = value.split_whitespace();
                let mut word = || words.next().map_or(Text::Missing, |word| Found::Is(Cow::Borrowed(word)));
                let (spdx_element_id, relationship_type, related_spdx_element) = (word(), word(), word());
                Relationship { spdx_element_id, related_spdx_element, relationship_type }
            }
            Cow::Owned(value) => {
                let mut words = value.split_whitespace();
                let (one, kind, other) = (owned(words.next()), owned(words.next()), owned(words.next()));
                Relationship { spdx_element_id: one, relationship_type: kind, related_spdx_element: other }
            }
        };
        self.reader.relationship(LineNumber(line), relationship).map_err(|limit| at(line, limit))
    }

    /// Hands on the package that is open.
    fn close(&mut self) -> Result<(), TooMany> {
        match std::mem::replace(&mut self.inside, OpenElement::Other) {
            OpenElement::Package(line, package) => self.reader.package(&LineNumber(line).to_string(), *package),
            OpenElement::Document | OpenElement::Other => Ok(()),
        }
    }

    fn finish(mut self) -> Result<(), Refused> {
        self.close().map_err(|limit| Refused::whole(limit.to_string()))?;
        let HeaderFields { id, name, data_license, namespace, created, creator } = self.header;
        let tags = ["SPDXID", "DocumentName", "DataLicense", "DocumentNamespace"];
        let [first, second, third, fourth] = tags;
        self.reader.header([(first, id), (second, name), (third, data_license), (fourth, namespace)]);
        for (tag, given) in [("Created", created), ("Creator", creator)] {
            if !given {
                self.reader.draft.warnings.missing(tag, tag);
            }
        }
        Ok(())
    }
}

/// `ExternalRef: CATEGORY TYPE LOCATOR`; only purls are kept.
fn external_ref(line: usize, package: &mut Package<'_>, value: &str) -> Result<(), Refused> {
    let value = value.trim_start();
    let behind = value.find(char::is_whitespace).map_or("", |at| value[at..].trim_start());
    let kind = behind.split_whitespace().next().unwrap_or_default();
    if !is_purl(kind) {
        return Ok(());
    }
    let locator = behind[kind.len()..].trim().to_owned();
    let locator = if locator.is_empty() { Text::Missing } else { Found::Is(Cow::Owned(locator)) };
    let reference_type = Found::Is(Cow::Borrowed("purl"));
    let reference = Found::Is(Object(ExternalRef { reference_type, reference_locator: locator }));
    match &mut package.external_refs {
        Found::Is(references) if references.len() == super::super::MAX_RELATIONS => {
            Err(Refused::at(LineNumber(line).to_string(), "more external references than are read"))
        }
        Found::Is(references) => {
            references.push(reference);
            Ok(())
        }
        missing => {
            *missing = Found::Is(vec![reference]);
            Ok(())
        }
    }
}

fn at(line: usize, limit: TooMany) -> Refused {
    Refused::at(LineNumber(line).to_string(), limit.to_string())
}
