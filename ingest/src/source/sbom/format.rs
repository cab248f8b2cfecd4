//! What a document is, told by its content: its format and version, what it is wrapped in, or a refusal that names it.

use std::borrow::Cow;

use super::json::{Found, Text};
use super::warning::shown;
use crate::source::Refused;

mod json;
mod lines;
mod list;
mod report;
#[cfg(test)]
mod tests;
mod wrapper;
mod xml;

/// The version of SPDX 3 that is read.
pub(super) const SPDX3_VERSION: &str = "3.0.1";
/// What every refusal of a format ends with.
pub(super) const SUPPORTED: &str = "supported are SPDX 2.2 and 2.3 (JSON, XML, YAML, tag-value), SPDX 3.0.1 (JSON-LD) \
                                    and CycloneDX 1.0 to 1.7 (XML, from 1.2 JSON)";

/// A format that has a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// SPDX 2.
    Spdx2 {
        /// 2 or 3, of 2.2 and 2.3.
        minor: u8,
        syntax: Syntax,
    },
    /// SPDX 3.0.1 in JSON-LD.
    Spdx3,
    /// CycloneDX 1, in JSON or XML.
    CycloneDx {
        /// 0 to 7, of 1.0 to 1.7.
        minor: u8,
        syntax: Syntax,
    },
}

/// What a document is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    Json,
    Xml,
    Yaml,
    TagValue,
}

impl Format {
    /// The name kept with the event.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spdx2 { syntax: Syntax::Json, .. } => "SPDX-JSON",
            Self::Spdx2 { syntax: Syntax::Xml, .. } => "SPDX-XML",
            Self::Spdx2 { syntax: Syntax::Yaml, .. } => "SPDX-YAML",
            Self::Spdx2 { syntax: Syntax::TagValue, .. } => "SPDX-TV",
            Self::Spdx3 => "SPDX3-JSONLD",
            Self::CycloneDx { syntax: Syntax::Xml, .. } => "CycloneDX-XML",
            Self::CycloneDx { .. } => "CycloneDX-JSON",
        }
    }

    /// The version as the document's format counts it.
    pub(super) fn version(self) -> String {
        match self {
            Self::Spdx2 { minor, .. } => format!("2.{minor}"),
            Self::Spdx3 => SPDX3_VERSION.to_owned(),
            Self::CycloneDx { minor, .. } => format!("1.{minor}"),
        }
    }
}

/// Something odd about what a document is: its place and what to say.
pub(super) type FormatNote = (String, String);

/// What a text is.
#[derive(Debug)]
pub(super) enum Detected<'a> {
    /// A document that can be read.
    Document {
        format: Format,
        /// The keys that it stands under, one inside of the other.
        path: Vec<&'static str>,
        note: Option<FormatNote>,
    },
    /// A wrapper that holds a document as text.
    Wrapper { text: Cow<'a, str>, note: FormatNote },
}

/// Tells what a text is.
pub(super) fn detect(text: &str) -> Result<Detected<'_>, Refused> {
    match text.trim_start().as_bytes().first() {
        None => Err(Refused::whole("the document is empty")),
        Some(b'{') => json::detect(text),
        Some(b'[') => Err(list::refused(text)),
        Some(b'<') => xml::detect(text).map(document),
        Some(_) => lines::detect(text).map(document),
    }
}

fn document((format, note): NamedFormat) -> Detected<'static> {
    Detected::Document { format, path: Vec::new(), note }
}

/// A format, and what is odd about the way it is named.
type NamedFormat = (Format, Option<FormatNote>);

fn not_supported(name: &str) -> Refused {
    Refused::whole(format!("{name} is not supported; {SUPPORTED}"))
}

fn neither(what: &str) -> Refused {
    Refused::whole(format!("neither SPDX nor CycloneDX: {what}; {SUPPORTED}"))
}

/// SPDX 2 of this `spdxVersion`.
fn spdx(version: &Text<'_>, syntax: Syntax) -> Result<NamedFormat, Refused> {
    let field = if syntax == Syntax::TagValue { "SPDXVersion" } else { "spdxVersion" };
    let version = given(field, "SPDX-2.3", version)?;
    let known = |minor| Format::Spdx2 { minor, syntax };
    let number = version.trim().strip_prefix("SPDX-").filter(|number| is_version(number));
    let Some(number) = number else {
        return Err(Refused::at(field, format!("{} is no version of SPDX; {SUPPORTED}", shown(version))));
    };
    let patched = number.rsplit_once('.').filter(|(whole, _)| matches!(*whole, "2.2" | "2.3"));
    let note = patched.map(|(whole, patch)| {
        (field.to_owned(), format!("SPDX versions have no third number; {whole}.{patch} is read as {whole}"))
    });
    match patched.map_or(number, |(whole, _)| whole) {
        "2.2" => Ok((known(2), note)),
        "2.3" => Ok((known(3), note)),
        other => Err(unsupported("SPDX", other)),
    }
}

/// CycloneDX of this version.
fn cyclonedx(version: &str, field: &str, syntax: Syntax) -> Result<Format, Refused> {
    let minor = match version {
        "1.0" => 0,
        "1.1" => 1,
        "1.2" => 2,
        "1.3" => 3,
        "1.4" => 4,
        "1.5" => 5,
        "1.6" => 6,
        "1.7" => 7,
        other if is_version(other) => return Err(unsupported("CycloneDX", other)),
        other => {
            return Err(Refused::at(field, format!("{} is no version of CycloneDX; {SUPPORTED}", shown(other))));
        }
    };
    if syntax == Syntax::Json && minor < 2 {
        return Err(Refused::whole(format!("CycloneDX {version} is too old to be JSON; {SUPPORTED}")));
    }
    Ok(Format::CycloneDx { minor, syntax })
}

/// The text of a field that must be there.
fn given<'m>(field: &str, example: &str, found: &'m Text<'_>) -> Result<&'m str, Refused> {
    match found {
        Found::Is(text) => Ok(text),
        Found::Wrong(mismatch) => Err(Refused::at(field, format!("{mismatch}, for example `{example}`"))),
        Found::Missing | Found::Null => Err(Refused::at(field, format!("missing, for example `{example}`"))),
    }
}

fn unsupported(format: &str, version: &str) -> Refused {
    let old = match (format, numbers(version).as_slice()) {
        ("SPDX", numbers) => numbers < &[2, 2],
        _ => false,
    };
    if old {
        Refused::whole(format!("{format} {version} is too old to be supported; {SUPPORTED}"))
    } else {
        not_supported(&format!("{format} {version}"))
    }
}

/// Whether a text is a short dotted version.
fn is_version(version: &str) -> bool {
    version.len() <= 12 && version.split('.').all(|part| part.parse::<u32>().is_ok())
}

fn numbers(version: &str) -> Vec<u32> {
    version.split('.').filter_map(|part| part.parse().ok()).collect()
}
