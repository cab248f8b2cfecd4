//! What a document is: its format and version, or a refusal that names it.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess};

use super::json::{self, Found, Key, Kind, Read, Shape, Text};
use super::warning::shown;
use crate::source::Refused;

const SUPPORTED: &str = "supported are SPDX 2.2 and 2.3 and CycloneDX 1.2 to 1.7, all in JSON";

/// A format that has a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// SPDX 2 in JSON.
    Spdx2 {
        /// 2 or 3, of 2.2 and 2.3.
        minor: u8,
    },
    /// CycloneDX 1 in JSON.
    CycloneDx {
        /// 2 to 7, of 1.2 to 1.7.
        minor: u8,
    },
}

impl Format {
    /// The name kept with the event.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spdx2 { .. } => "SPDX-JSON",
            Self::CycloneDx { .. } => "CycloneDX-JSON",
        }
    }

    /// The version as the document's format counts it.
    pub(super) fn version(self) -> String {
        match self {
            Self::Spdx2 { minor } => format!("2.{minor}"),
            Self::CycloneDx { minor } => format!("1.{minor}"),
        }
    }
}

/// A document that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Detected {
    /// Which reader takes it.
    pub(super) format: Format,
    /// It stands under the key `sbom` of an envelope.
    pub(super) wrapped: bool,
}

/// Tells what a document is.
pub(super) fn detect(text: &str) -> Result<Detected, Refused> {
    match text.trim_start().as_bytes().first() {
        None => Err(Refused::whole("the document is empty")),
        Some(b'{' | b'[') => detect_json(text),
        Some(b'<') => Err(not_yet(&xml_name(text))),
        Some(_) => Err(line_name(text).map_or_else(unknown, |name| not_yet(&name))),
    }
}

fn not_yet(name: &str) -> Refused {
    Refused::whole(format!("{name} is not supported yet; {SUPPORTED}"))
}

fn unknown() -> Refused {
    Refused::whole(format!("neither SPDX nor CycloneDX: no format and version found; {SUPPORTED}"))
}

fn detect_json(text: &str) -> Result<Detected, Refused> {
    let Found::Is(marks) = json::document(text, false, Marks::default())? else { return Err(unknown()) };
    if marks.any() {
        return marks.format().map(|format| Detected { format, wrapped: false });
    }
    match marks.inner {
        Some(inner) if inner.any() => inner.format().map(|format| Detected { format, wrapped: true }),
        _ => Err(unknown()),
    }
}

/// The fields that say what a JSON document is.
#[derive(Default)]
struct Marks<'a> {
    spdx_version: Text<'a>,
    bom_format: Text<'a>,
    spec_version: Text<'a>,
    context: Context<'a>,
    inner: Option<Box<Marks<'a>>>,
    inside: bool,
}

/// JSON-LD's `@context`: one text or several.
#[derive(Default)]
struct Context<'a>(Option<Vec<Cow<'a, str>>>);

struct ReadContext;

impl<'de> Shape<'de> for ReadContext {
    type Value = Context<'de>;
    const EXPECTED: Kind = Kind::Text;

    fn text(self, text: Cow<'de, str>) -> Found<Context<'de>> {
        Found::Is(Context(Some(vec![text])))
    }

    fn list<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Found<Context<'de>>, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = list.next_element::<Text<'de>>()? {
            if let (Found::Is(text), true) = (item, texts.len() < 16) {
                texts.push(text);
            }
        }
        Ok(Found::Is(Context(Some(texts))))
    }
}

impl<'de> Shape<'de> for Marks<'de> {
    type Value = Self;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Found<Self>, A::Error> {
        let mut once = json::Once::default();
        while let Some(Key(key)) = object.next_key()? {
            match &*key {
                "spdxVersion" => {
                    once.note("spdxVersion")?;
                    self.spdx_version = object.next_value()?;
                }
                "bomFormat" => {
                    once.note("bomFormat")?;
                    self.bom_format = object.next_value()?;
                }
                "specVersion" => {
                    once.note("specVersion")?;
                    self.spec_version = object.next_value()?;
                }
                "@context" => {
                    if let Found::Is(context) = object.next_value_seed(Read(ReadContext))? {
                        self.context = context;
                    }
                }
                "sbom" if !self.inside => {
                    once.note("sbom")?;
                    let inner = Marks { inside: true, ..Marks::default() };
                    if let Found::Is(inner) = object.next_value_seed(Read(inner))? {
                        self.inner = Some(Box::new(inner));
                    }
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Found::Is(self))
    }
}

impl Marks<'_> {
    fn any(&self) -> bool {
        !matches!(self.spdx_version, Found::Missing)
            || !matches!(self.bom_format, Found::Missing)
            || self.context.0.is_some()
    }

    fn format(&self) -> Result<Format, Refused> {
        match (&self.spdx_version, &self.bom_format, &self.context.0) {
            (Found::Missing, Found::Missing, Some(context)) => Err(json_ld(context)),
            (version, Found::Missing, _) => spdx(version),
            (Found::Missing, format, _) => cyclonedx(format, &self.spec_version),
            _ => Err(Refused::whole("has both spdxVersion and bomFormat: is it SPDX or CycloneDX?")),
        }
    }
}

fn spdx(version: &Text<'_>) -> Result<Format, Refused> {
    let version = given("spdxVersion", "SPDX-2.3", version)?;
    match version.strip_prefix("SPDX-") {
        Some("2.2") => Ok(Format::Spdx2 { minor: 2 }),
        Some("2.3") => Ok(Format::Spdx2 { minor: 3 }),
        Some(other) if number(other).is_some() => Err(unsupported("SPDX", other)),
        _ => Err(Refused::at("spdxVersion", format!("{} is no version of SPDX; {SUPPORTED}", shown(version)))),
    }
}

fn cyclonedx(format: &Text<'_>, version: &Text<'_>) -> Result<Format, Refused> {
    let format = given("bomFormat", "CycloneDX", format)?;
    if format != "CycloneDX" {
        return Err(Refused::at("bomFormat", format!("{} is no known format; {SUPPORTED}", shown(format))));
    }
    let version = given("specVersion", "1.6", version)?;
    match version {
        "1.2" => Ok(Format::CycloneDx { minor: 2 }),
        "1.3" => Ok(Format::CycloneDx { minor: 3 }),
        "1.4" => Ok(Format::CycloneDx { minor: 4 }),
        "1.5" => Ok(Format::CycloneDx { minor: 5 }),
        "1.6" => Ok(Format::CycloneDx { minor: 6 }),
        "1.7" => Ok(Format::CycloneDx { minor: 7 }),
        other if number(other).is_some() => Err(unsupported("CycloneDX", other)),
        other => Err(Refused::at("specVersion", format!("{} is no version of CycloneDX; {SUPPORTED}", shown(other)))),
    }
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
    let old = match number(version) {
        Some((major, minor)) if format == "SPDX" => (major, minor) < (2, 2),
        Some((major, minor)) => (major, minor) < (1, 2),
        None => false,
    };
    if old {
        Refused::whole(format!("{format} {version} is too old to be supported; {SUPPORTED}"))
    } else {
        not_yet(&format!("{format} {version}"))
    }
}

/// Major and minor of a short dotted version.
fn number(version: &str) -> Option<(u32, u32)> {
    if version.len() > 12 {
        return None;
    }
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    parts.all(|part| part.is_some()).then_some((major, minor))
}

fn json_ld(context: &[Cow<'_, str>]) -> Refused {
    match context.iter().find(|text| text.contains("spdx.org") || text.contains("spdx.github.io")) {
        Some(text) => {
            let version = text.split('/').map(|part| part.trim_start_matches('v')).find(|part| number(part).is_some());
            not_yet(&format!("SPDX {} (JSON-LD)", version.unwrap_or("3")))
        }
        None => unknown(),
    }
}

/// The name of a document in XML.
fn xml_name(text: &str) -> String {
    let after = |mark: &str| text.split_once(mark).map(|(_, rest)| rest);
    let version = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').take(12).collect::<String>()
    };
    if let Some(rest) = after("cyclonedx.org/schema/bom/") {
        format!("CycloneDX {} (XML)", version(rest))
    } else if let Some(rest) = after("<spdxVersion>SPDX-") {
        format!("SPDX {} (XML)", version(rest))
    } else if after("spdx.org/rdf").is_some() {
        "SPDX (RDF/XML)".to_owned()
    } else {
        "XML that is neither SPDX nor CycloneDX".to_owned()
    }
}

/// The name of a document made of `key: value` lines: SPDX tag-value, or YAML.
fn line_name(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim_start_matches('\u{feff}').split_once(':')?;
        let value = value.trim().trim_matches(['"', '\'']);
        let value = value.strip_prefix("SPDX-").unwrap_or(value);
        let version = if number(value).is_some() { value } else { "of unknown version" };
        match key.trim_end().trim_matches(['"', '\'']) {
            "SPDXVersion" => Some(format!("SPDX {version} (tag-value)")),
            "spdxVersion" => Some(format!("SPDX {version} (YAML)")),
            "bomFormat" => Some("CycloneDX (YAML)".to_owned()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        detect(text).unwrap_err().to_string()
    }

    #[test]
    fn known_formats_are_found_whatever_the_order_of_fields() {
        for (text, name, version, wrapped) in [
            (r#"{"packages":[],"spdxVersion":"SPDX-2.3"}"#, "SPDX-JSON", "2.3", false),
            (r#" {"spdxVersion":"SPDX-2.2"}"#, "SPDX-JSON", "2.2", false),
            (r#"{"other":1,"sbom":{"spdxVersion":"SPDX-2.3"}}"#, "SPDX-JSON", "2.3", true),
            (r#"{"specVersion":"1.2","components":[],"bomFormat":"CycloneDX"}"#, "CycloneDX-JSON", "1.2", false),
            (r#"{"specVersion":"1.7","bomFormat":"CycloneDX","sbom":{}}"#, "CycloneDX-JSON", "1.7", false),
        ] {
            let found = detect(text).unwrap();
            assert_eq!(
                (found.format.name(), found.format.version().as_str(), found.wrapped),
                (name, version, wrapped),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_not_supported_is_refused_by_name() {
        for (text, name) in [
            (r#"{"spdxVersion":"SPDX-3.0.1"}"#, "SPDX 3.0.1 is not supported yet"),
            (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#, "SPDX 3.0.1 (JSON-LD) is not"),
            (r#"{"@context":[1,"https://spdx.github.io/spdx-spec/v3.1/rdf/c.jsonld"]}"#, "SPDX 3.1 (JSON-LD) is not"),
            (r#"{"spdxVersion":"SPDX-2.1"}"#, "SPDX 2.1 is too old"),
            (r#"{"spdxVersion":"SPDX-2"}"#, "SPDX 2 is too old"),
            (r#"{"spdxVersion":"SPDX-2.4"}"#, "SPDX 2.4 is not supported yet"),
            (r#"{"spdxVersion":"2.3"}"#, "spdxVersion: `2.3` is no version of SPDX"),
            (r#"{"spdxVersion":2.3}"#, "spdxVersion: expected text, found a number"),
            (r#"{"spdxVersion":null}"#, "spdxVersion: missing"),
            (r#"{"bomFormat":"CycloneDX"}"#, "specVersion: missing"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"1.1"}"#, "CycloneDX 1.1 is too old"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, "CycloneDX 2.0 is not supported yet"),
            (r#"{"bomFormat":"CycloneDX","specVersion":"latest"}"#, "specVersion: `latest` is no version"),
            (r#"{"bomFormat":"SPDX","specVersion":"1.4"}"#, "bomFormat: `SPDX` is no known format"),
            (r#"{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}"#, "has both"),
            (r#"{"components":[]}"#, "neither SPDX nor CycloneDX"),
            (r#"{"sbom":{"sbom":{"spdxVersion":"SPDX-2.3"}}}"#, "neither SPDX nor CycloneDX"),
            (r#"{"sbom":[]}"#, "neither SPDX nor CycloneDX"),
            ("[]", "neither SPDX nor CycloneDX"),
            ("", "the document is empty"),
            ("  \n", "the document is empty"),
            ("hello", "neither SPDX nor CycloneDX"),
            ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\"/>", "CycloneDX 1.4 (XML) is not supported yet"),
            ("<Document><spdxVersion>SPDX-2.3</spdxVersion>", "SPDX 2.3 (XML) is not supported yet"),
            ("<rdf:RDF xmlns=\"http://spdx.org/rdf/terms#\"/>", "SPDX (RDF/XML) is not supported yet"),
            ("---\nname: x\nspdxVersion: \"SPDX-2.3\"\n", "SPDX 2.3 (YAML) is not supported yet"),
            ("# note\nSPDXVersion: SPDX-2.2\n", "SPDX 2.2 (tag-value) is not supported yet"),
        ] {
            let message = refused(text);
            assert!(message.starts_with(name), "{text}: {message}");
        }
    }

    #[test]
    fn broken_json_names_line_and_column() {
        assert_eq!(refused("{\"a\": 1,\n x}"), "line 2, column 2: broken JSON: key must be a string");
        assert!(refused("{\"a\": [1, 2").starts_with("line 1, column 11: broken JSON: EOF"));
        assert!(refused("{\"spdxVersion\":\"SPDX-2.3\"} x").contains("trailing characters"));
        assert!(refused(r#"{"spdxVersion":"SPDX-2.3","spdxVersion":"SPDX-2.2"}"#).contains("duplicate field"));
    }
}
