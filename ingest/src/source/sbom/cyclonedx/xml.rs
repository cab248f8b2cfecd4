//! CycloneDX in XML. An element is what its path says: a component of a tool, of a pedigree or of evidence is none of
//! the document's.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::json::Text;
use super::super::xml::{Slot, Xml, XmlElement};
use super::{Node, keep};
use crate::source::Refused;

/// Where documents of 1.1 have their dependencies: an extension, which 1.2 took in.
const DEPENDENCY_GRAPH: &str = "http://cyclonedx.org/schema/ext/dependency-graph/1.0";

/// Lists of a document, each of which it holds once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BomPart {
    Metadata,
    Components,
    Services,
    Dependencies,
}

impl BomPart {
    fn of(element: &XmlElement<'_>) -> Option<Self> {
        match (element.own_name(), element.name(), element.foreign()) {
            (Some("metadata"), ..) => Some(Self::Metadata),
            (Some("components"), ..) => Some(Self::Components),
            (Some("services"), ..) => Some(Self::Services),
            (Some("dependencies"), ..) | (None, "dependencies", Some(DEPENDENCY_GRAPH)) => Some(Self::Dependencies),
            _ => None,
        }
    }
}

/// Reads a document of version 1.`minor`.
pub(super) fn read<'a>(text: &'a str, draft: &mut Draft<'a>, minor: u8) -> Result<(), Refused> {
    let (xml, _) = Xml::open(text)?;
    let mut reader = BomReader { xml, draft, minor };
    let mut seen = Vec::new();
    while let Some(element) = reader.xml.child()? {
        let Some(part) = BomPart::of(&element) else {
            reader.xml.skip()?;
            continue;
        };
        if seen.contains(&part) {
            return Err(reader.xml.twice(element.name()));
        }
        seen.push(part);
        match part {
            BomPart::Metadata => reader.metadata()?,
            BomPart::Components => reader.branch(Node::Component)?,
            BomPart::Services => reader.branch(Node::Service)?,
            BomPart::Dependencies => reader.dependencies(None)?,
        }
    }
    reader.xml.finish()
}

struct BomReader<'r, 'a> {
    xml: Xml<'a>,
    draft: &'r mut Draft<'a>,
    minor: u8,
}

impl<'a> BomReader<'_, 'a> {
    fn metadata(&mut self) -> Result<(), Refused> {
        let mut seen = false;
        while let Some(element) = self.xml.child()? {
            if element.own_name() != Some("component") {
                self.xml.skip()?;
            } else if std::mem::replace(&mut seen, true) {
                return Err(self.xml.twice("component"));
            } else {
                self.leaf(&element, Node::Root)?;
            }
        }
        Ok(())
    }

    /// A list of components or services.
    fn branch(&mut self, kind: Node) -> Result<(), Refused> {
        let name = if kind == Node::Service { "service" } else { "component" };
        while let Some(element) = self.xml.child()? {
            if element.own_name() == Some(name) {
                self.leaf(&element, kind)?;
            } else {
                self.xml.skip()?;
            }
        }
        Ok(())
    }

    /// One component or service, with what is inside of it.
    fn leaf(&mut self, element: &XmlElement<'a>, kind: Node) -> Result<(), Refused> {
        let place = self.xml.place();
        let (inside, inner) = kind.inside();
        let sort = self.attribute(element, "type")?;
        let reference = self.attribute(element, "bom-ref")?;
        let mut slots: [Slot; 4] = ["group", "name", "version", "purl"].map(|field| (field, Text::Missing));
        let mut seen = false;
        while let Some(element) = self.xml.child()? {
            if element.own_name() != Some(inside) {
                self.xml.take_or_skip(&element, &mut slots)?;
            } else if std::mem::replace(&mut seen, true) {
                return Err(self.xml.twice(inside));
            } else {
                self.branch(inner)?;
            }
        }
        let [group, name, version, purl] = slots.map(|(_, found)| found);
        keep(self.draft, self.minor, &place, kind, [sort, reference, group, name, version, purl])
            .map_err(|limit| self.xml.refused(limit.to_string()))
    }

    /// Dependencies, one inside of what depends on it.
    fn dependencies(&mut self, dependent: Option<u32>) -> Result<(), Refused> {
        while let Some(element) = self.xml.child()? {
            let graph = element.own_name().is_some() || element.foreign() == Some(DEPENDENCY_GRAPH);
            if !graph || element.name() != "dependency" {
                self.xml.skip()?;
                continue;
            }
            let place = self.xml.place();
            let field = format!("{place}, ref");
            let found = self.attribute(&element, "ref")?;
            self.draft.require(&field, "ref", &found);
            // What an element without reference holds depends on nobody.
            let number = self.draft.take(&field, found).map(|text| self.draft.reference(&field, text));
            if let (Some(dependent), Some(dependency)) = (dependent, number) {
                self.draft.depends(dependent, dependency).map_err(|limit| self.xml.refused(limit.to_string()))?;
            }
            match number {
                Some(number) => self.dependencies(Some(number))?,
                None => self.xml.skip()?,
            }
        }
        Ok(())
    }

    fn attribute(&mut self, element: &XmlElement<'a>, name: &str) -> Result<Text<'a>, Refused> {
        Ok(self.xml.attribute(element, name)?.map_or(Text::Missing, |value| Text::Is(Cow::Owned(value))))
    }
}
