//! XML read element by element: a document's own elements by their path, everything else skipped whole.
//!
//! What makes XML dangerous is not there: a DOCTYPE is refused, no entity is expanded but the five of XML itself,
//! nothing is fetched. What makes it no XML (an element that is not closed, text behind the root) is refused with its
//! line.

use std::borrow::Cow;
use std::fmt::Display;

use domain::number::fit;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use super::NESTING_LIMIT;
use super::json::{Found, Text};
use super::warning::shown;
use crate::source::Refused;

/// Encodings a document may declare: what is read is UTF-8 by then.
const ENCODINGS: [&str; 6] = ["utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le"];

/// A document while it is read.
pub(super) struct Xml<'a> {
    reader: NsReader<&'a [u8]>,
    text: &'a str,
    /// The namespace of the root, which is that of the document's own elements.
    own: Option<String>,
    depth: usize,
    /// Where the latest element begins, in bytes, and how far lines are counted.
    start: usize,
    counted: usize,
    line: usize,
}

/// A field that an element may hold, and its text.
pub(super) type Slot = (&'static str, Text<'static>);

/// The beginning of an element.
pub(super) struct XmlElement<'a> {
    start: BytesStart<'a>,
    /// The namespace where it is not that of the root.
    foreign: Option<String>,
}

impl<'a> Xml<'a> {
    /// Opens a document up to the beginning of its root.
    pub(super) fn open(text: &'a str) -> Result<(Self, XmlElement<'a>), Refused> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut xml = Self { reader, text, own: None, depth: 0, start: 0, counted: 0, line: 1 };
        loop {
            match xml.event()? {
                Event::Start(start) => {
                    xml.own = xml.foreign(&start)?;
                    return Ok((xml, XmlElement { start, foreign: None }));
                }
                Event::Decl(declaration) => {
                    if let Some(encoding) = declaration.encoding() {
                        let encoding = encoding.map_err(|error| xml.broken(error))?;
                        if !ENCODINGS.contains(&&*encoding.to_lowercase()) {
                            let encoding = shown(&encoding);
                            return Err(xml.refused(format!("the encoding {encoding} is not read; UTF-8 is")));
                        }
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Eof => return Err(xml.refused("broken XML: no element")),
                _ => return Err(xml.refused("broken XML: text before the document")),
            }
        }
    }

    /// The namespace of the root.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// Where the latest element begins.
    pub(super) fn line(&mut self) -> usize {
        let passed = self.text.as_bytes().get(self.counted..self.start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count();
        self.counted = self.counted.max(self.start);
        self.line
    }

    /// The place of the latest element, for warnings.
    pub(super) fn place(&mut self) -> String {
        format!("line {}", self.line())
    }

    /// The next element inside of the open one, or none at its end.
    pub(super) fn child(&mut self) -> Result<Option<XmlElement<'a>>, Refused> {
        loop {
            match self.event()? {
                Event::Start(start) => {
                    let foreign = self.foreign(&start)?;
                    return Ok(Some(XmlElement { start, foreign }));
                }
                Event::End(_) => return Ok(None),
                // What it stands for may be an element.
                Event::GeneralRef(reference) => drop(self.entity(&reference)?),
                _ => {}
            }
        }
    }

    /// Takes the text of an element into the field of its name, where there is such a field.
    pub(super) fn take(&mut self, element: &XmlElement<'a>, slots: &mut [Slot]) -> Result<bool, Refused> {
        let Some(name) = element.own_name() else { return Ok(false) };
        let Some((field, slot)) = slots.iter_mut().find(|(field, _)| *field == name) else { return Ok(false) };
        if *slot != Text::Missing {
            return Err(self.twice(field));
        }
        *slot = Found::Is(Cow::Owned(self.content()?));
        Ok(true)
    }

    /// The same; an element of another name is left out.
    pub(super) fn take_or_skip(&mut self, element: &XmlElement<'a>, slots: &mut [Slot]) -> Result<(), Refused> {
        if self.take(element, slots)? { Ok(()) } else { self.skip() }
    }

    /// The refusal of a field that is given twice: readers disagree on which counts.
    pub(super) fn twice(&mut self, field: &str) -> Refused {
        self.refused(format!("the element `{field}` is given twice"))
    }

    /// The text of the open element, to its end, trimmed; elements inside of it are left out.
    pub(super) fn content(&mut self) -> Result<String, Refused> {
        let mut content = String::new();
        let depth = self.depth;
        loop {
            match self.event()? {
                Event::Text(text) if self.depth == depth => content.push_str(&text.xml10_content()),
                Event::CData(text) if self.depth == depth => content.push_str(&text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let letter = self.entity(&reference)?;
                    if self.depth == depth {
                        content.push_str(&letter);
                    }
                }
                Event::End(_) if self.depth < depth => break,
                _ => {}
            }
        }
        let trimmed = content.trim();
        Ok(if trimmed.len() == content.len() { content } else { trimmed.to_owned() })
    }

    /// Leaves out the rest of the open element.
    pub(super) fn skip(&mut self) -> Result<(), Refused> {
        let depth = self.depth;
        loop {
            match self.event()? {
                Event::End(_) if self.depth < depth => return Ok(()),
                Event::GeneralRef(reference) => drop(self.entity(&reference)?),
                _ => {}
            }
        }
    }

    /// Makes sure that nothing stands behind the root.
    pub(super) fn finish(&mut self) -> Result<(), Refused> {
        loop {
            match self.event()? {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim().is_empty() => {}
                Event::Start(_) => return Err(self.refused("several documents in one: another begins here")),
                _ => return Err(self.refused("broken XML: text behind the document")),
            }
        }
    }

    /// The value of an attribute.
    pub(super) fn attribute(&mut self, element: &XmlElement<'a>, name: &str) -> Result<Option<String>, Refused> {
        let mut found = None;
        for attribute in element.start.attributes() {
            let attribute = attribute.map_err(|error| self.broken(error))?;
            if attribute.key.as_ref() == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| self.broken(error))?;
                found = Some(value.into_owned());
            }
        }
        Ok(found)
    }

    /// A refusal at the latest element.
    pub(super) fn refused(&mut self, reason: impl Into<String>) -> Refused {
        let place = self.place();
        Refused::at(place, reason)
    }

    fn broken(&mut self, error: impl Display) -> Refused {
        let error = error.to_string();
        self.refused(format!("broken XML: {}", shown(&error).trim_matches('`')))
    }

    fn event(&mut self) -> Result<Event<'a>, Refused> {
        self.start = position(self.reader.buffer_position());
        let event = match self.reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                self.start = position(self.reader.error_position());
                return Err(self.broken(error));
            }
        };
        match &event {
            Event::Start(_) => {
                self.depth += 1;
                if self.depth >= NESTING_LIMIT {
                    let reason = format!("elements are nested {NESTING_LIMIT} levels deep, more than is read");
                    return Err(self.refused(reason));
                }
            }
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(kind) => {
                let page = kind.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html"));
                return Err(self.refused(if page {
                    "a page in HTML, neither SPDX nor CycloneDX"
                } else {
                    "a DOCTYPE is not read: no entity is expanded and nothing is fetched"
                }));
            }
            Event::Eof if self.depth > 0 => return Err(self.refused("broken XML: it ends inside of an element")),
            _ => {}
        }
        Ok(event)
    }

    /// The namespace of an element, where it is not that of the root.
    fn foreign(&mut self, start: &BytesStart<'a>) -> Result<Option<String>, Refused> {
        let space = match self.reader.resolver().resolve_element(start.name()).0 {
            ResolveResult::Unbound => None,
            ResolveResult::Bound(Namespace(space)) => Some(space),
            ResolveResult::Unknown(prefix) => {
                let prefix = shown(&prefix);
                return Err(self.refused(format!("broken XML: the prefix {prefix} has no namespace")));
            }
        };
        let own = space == self.own.as_deref();
        Ok((!own).then(|| space.unwrap_or_default().to_owned()))
    }

    fn entity(&mut self, reference: &BytesRef<'a>) -> Result<String, Refused> {
        if let Some(letter) = reference.resolve_char_ref().map_err(|error| self.broken(error))? {
            return Ok(letter.to_string());
        }
        match resolve_predefined_entity(reference) {
            Some(text) => Ok(text.to_owned()),
            None => {
                let name = shown(reference);
                Err(self.refused(format!("the entity {name} is not expanded: XML itself has five, this is none")))
            }
        }
    }
}

impl XmlElement<'_> {
    /// Its name, where it is of the document's own namespace.
    pub(super) fn own_name(&self) -> Option<&str> {
        self.foreign.is_none().then(|| self.name())
    }

    /// Its name without prefix, whatever its namespace.
    pub(super) fn name(&self) -> &str {
        self.start.local_name().into_inner()
    }

    /// The namespace of one that is not of the document's own.
    pub(super) fn foreign(&self) -> Option<&str> {
        self.foreign.as_deref()
    }
}

/// A place in a document that is in memory.
fn position(at: u64) -> usize {
    fit(at, "byte of a document")
}
