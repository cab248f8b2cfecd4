//! What a document in JSON is, by the fields of its top level and of what may wrap a document.

use std::borrow::Cow;

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::super::json::{self, Found, Key, Kind, Once, Read, Shape, Text};
use super::super::warning::shown;
use super::report::{self, MAX_KEYS};
use super::wrapper::{self, Wrapper};
use super::{Detected, Format, NamedFormat, SPDX3_VERSION, SUPPORTED, Syntax, neither, not_supported};
use crate::source::Refused;

/// Tells what an object is.
pub(super) fn detect(text: &str) -> Result<Detected<'_>, Refused> {
    json::check_depth(text)?;
    match json::document(text, &[], Marks::default())? {
        Found::Is(marks) => marks.detected(),
        _ => Err(neither("no object")),
    }
}

/// The fields that say what an object is.
#[derive(Default)]
pub(super) struct Marks<'a> {
    spdx_version: Text<'a>,
    bom_format: Text<'a>,
    spec_version: Text<'a>,
    context: Context<'a>,
    /// What this object stands in.
    inside: Option<Wrapper>,
    /// The wrappers among its fields, and what they hold.
    wrapped: Vec<(Wrapper, WrapperContent<'a>)>,
    /// Fields named like platforms that hold documents.
    platforms: Vec<String>,
    /// Kind of a report of another tool, or of what an in-toto statement is about.
    kind: Text<'a>,
    predicate_type: Text<'a>,
    /// The first of its fields.
    keys: Vec<Cow<'a, str>>,
}

/// What a wrapper holds.
enum WrapperContent<'a> {
    Object(Box<Marks<'a>>),
    Text(Cow<'a, str>),
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

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<Context<'de>>, A::Error> {
        let mut texts = Vec::new();
        while let Some(item) = list.next_element::<Text<'de>>()? {
            if let (Found::Is(text), true) = (item, texts.len() < 16) {
                texts.push(text);
            }
        }
        Ok(Found::Is(Context(Some(texts))))
    }
}

struct ReadInner(Option<Wrapper>);

impl<'de> Shape<'de> for ReadInner {
    type Value = WrapperContent<'de>;
    const EXPECTED: Kind = Kind::Object;

    fn text(self, text: Cow<'de, str>) -> Found<WrapperContent<'de>> {
        Found::Is(WrapperContent::Text(text))
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Found<WrapperContent<'de>>, A::Error> {
        let marks = Marks { inside: self.0, ..Marks::default() };
        Ok(match marks.object(object)? {
            Found::Is(marks) => Found::Is(WrapperContent::Object(Box::new(marks))),
            _ => Found::Missing,
        })
    }
}

impl<'de> Shape<'de> for Marks<'de> {
    type Value = Self;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<Found<Self>, A::Error> {
        let mut once = Once::default();
        while let Some(Key(key)) = object.next_key()? {
            if self.keys.len() < MAX_KEYS {
                self.keys.push(key.clone());
            }
            let text = match &*key {
                "spdxVersion" => Some(("spdxVersion", &mut self.spdx_version)),
                "bomFormat" => Some(("bomFormat", &mut self.bom_format)),
                "specVersion" => Some(("specVersion", &mut self.spec_version)),
                "kind" => Some(("kind", &mut self.kind)),
                "predicateType" => Some(("predicateType", &mut self.predicate_type)),
                _ => None,
            };
            if let Some((field, slot)) = text {
                once.note(field)?;
                *slot = object.next_value()?;
            } else if key == "@context" {
                if let Found::Is(context) = object.next_value_seed(Read(ReadContext))? {
                    self.context = context;
                }
            } else if let Some(wrapper) = Wrapper::of(self.inside, &key) {
                once.note(wrapper.key())?;
                if let Found::Is(inner) = object.next_value_seed(Read(ReadInner(Some(wrapper))))? {
                    self.wrapped.push((wrapper, inner));
                }
            } else if self.inside.is_none() && key.contains('/') {
                let inner = object.next_value_seed(Read(ReadInner(None)))?;
                if let (Found::Is(WrapperContent::Object(marks)), true) = (inner, self.platforms.len() < MAX_KEYS)
                    && marks.holds_document()
                {
                    self.platforms.push(shown(&key));
                }
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Found::Is(self))
    }
}

impl<'a> Marks<'a> {
    /// Whether this is a document, as it says itself.
    fn is_document(&self) -> bool {
        !matches!(self.spdx_version, Found::Missing)
            || !matches!(self.bom_format, Found::Missing)
            || self.context.0.as_ref().is_some_and(|context| spdx_context(context).is_some())
    }

    /// Whether it is a document or wraps one.
    pub(super) fn holds_document(&self) -> bool {
        let inner = |inner: &WrapperContent<'_>| matches!(inner, WrapperContent::Object(marks) if marks.is_document());
        self.is_document() || self.wrapped.iter().any(|(_, held)| inner(held))
    }

    fn detected(self) -> Result<Detected<'a>, Refused> {
        if self.is_document() {
            let (format, note) = self.format()?;
            return Ok(Detected::Document { format, path: Vec::new(), note });
        }
        if !self.platforms.is_empty() {
            let platforms = self.platforms.join(", ");
            return Err(Refused::whole(format!(
                "documents by platform ({platforms}): one is read at a time, take out the one that is meant"
            )));
        }
        match self.unwrapped(&mut Vec::new())? {
            Ok(detected) => Ok(detected),
            Err(Marks { keys, kind, predicate_type, .. }) => {
                Err(neither(&report::named(&keys, given(&kind), given(&predicate_type))))
            }
        }
    }

    /// The document among what is wrapped, `path` being where this stands; without one this comes back.
    fn unwrapped(mut self, path: &mut Vec<&'static str>) -> Result<Result<Detected<'a>, Self>, Refused> {
        for (wrapper, inner) in std::mem::take(&mut self.wrapped) {
            path.push(wrapper.key());
            match inner {
                WrapperContent::Text(text) if wrapper == Wrapper::Payload && !report::is_envelope(&self.keys) => {
                    drop(text);
                }
                WrapperContent::Text(text) => {
                    let text = wrapper.text(text, path)?;
                    return Ok(Ok(Detected::Wrapper { text, note: wrapper::note(path, wrapper) }));
                }
                WrapperContent::Object(marks) if marks.is_document() => {
                    let (format, odd) = marks.format()?;
                    let (place, mut said) = wrapper::note(path, wrapper);
                    if let Some((field, odd)) = odd {
                        said = format!("{said}; {field}: {odd}");
                    }
                    return Ok(Ok(Detected::Document { format, path: path.clone(), note: Some((place, said)) }));
                }
                WrapperContent::Object(marks) => {
                    if let Ok(detected) = marks.unwrapped(path)? {
                        return Ok(Ok(detected));
                    }
                }
            }
            path.pop();
        }
        Ok(Err(self))
    }

    fn format(&self) -> Result<NamedFormat, Refused> {
        match (&self.spdx_version, &self.bom_format) {
            (Found::Missing, Found::Missing) => self.json_ld(),
            (version, Found::Missing) => super::spdx(version, Syntax::Json),
            (Found::Missing, format) => self.cyclonedx(format),
            _ => Err(Refused::whole("has both spdxVersion and bomFormat: is it SPDX or CycloneDX?")),
        }
    }

    fn cyclonedx(&self, format: &Text<'a>) -> Result<NamedFormat, Refused> {
        let format = super::given("bomFormat", "CycloneDX", format)?;
        if format != "CycloneDX" {
            return Err(Refused::at("bomFormat", format!("{} is no known format; {SUPPORTED}", shown(format))));
        }
        let version = super::given("specVersion", "1.6", &self.spec_version)?;
        super::cyclonedx(version, "specVersion", Syntax::Json).map(|format| (format, None))
    }

    fn json_ld(&self) -> Result<NamedFormat, Refused> {
        let version = self.context.0.as_ref().and_then(|context| spdx_context(context));
        match version {
            Some(version) if ["3", "3.0", SPDX3_VERSION].contains(&version) => Ok((Format::Spdx3, None)),
            version => Err(not_supported(&format!("SPDX {} (JSON-LD)", version.unwrap_or("3")))),
        }
    }
}

fn given<'t>(found: &'t Text<'_>) -> Option<&'t str> {
    if let Found::Is(text) = found { Some(text) } else { None }
}

/// The version of SPDX whose context is among these; an empty text where it does not say.
fn spdx_context<'c>(context: &'c [Cow<'_, str>]) -> Option<&'c str> {
    let text = context.iter().find(|text| text.contains("spdx.org") || text.contains("spdx.github.io"))?;
    let mut parts = text.split('/').map(|part| part.trim_start_matches('v'));
    Some(parts.find(|part| super::is_version(part)).unwrap_or("3"))
}
