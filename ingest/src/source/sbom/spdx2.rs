//! SPDX 2.2 and 2.3: what its packages and relationships mean, whatever they are written in.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Deserialize;

use super::draft::{Draft, Entry, Role, TooMany, Words};
use super::json::{Found, List, Object, Text};
use super::warning::shown;
use crate::source::Refused;

mod json;
mod relation;
mod tag_value;
mod xml;

use relation::RelationMeaning;

/// Fields as JSON, YAML and XML have them.
const WORDS: Words = Words {
    separator: ".",
    entries: "packages",
    relations: "relationships",
    reference: "SPDXID",
    name: "name",
    version: "versionInfo",
};
/// The same where places are lines.
const LINED_WORDS: Words = Words { separator: ", ", ..WORDS };
/// Fields of tag-value.
const TAGS: Words = Words { separator: ", ", name: "PackageName", version: "PackageVersion", ..WORDS };

/// How a document goes by in its own relationships.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// What stands for "none" and "unknown" where a reference is expected.
const NOTHING: [&str; 2] = ["NONE", "NOASSERTION"];

/// Whether it is a type of relationship.
pub(super) fn is_relation(kind: &str) -> bool {
    RelationMeaning::of(kind) != RelationMeaning::Unknown
}

/// Reads a document in JSON: the one that stands under the keys of `path`.
pub(super) fn read_json<'a>(text: &'a str, path: &[&'static str]) -> Result<Draft<'a>, Refused> {
    let mut reader = Reader::new(&WORDS);
    super::json::document(text, path, json::SpdxLevel { reader: &mut reader })?;
    reader.finish()
}

/// Reads a document in YAML.
pub(super) fn read_yaml(text: &str) -> Result<Draft<'_>, Refused> {
    let mut reader = Reader::new(&WORDS);
    super::yaml::document(text, json::SpdxLevel { reader: &mut reader })?;
    reader.finish()
}

/// Reads a document in XML.
pub(super) fn read_xml(text: &str) -> Result<Draft<'_>, Refused> {
    let mut reader = Reader::new(&LINED_WORDS);
    xml::read(text, &mut reader)?;
    reader.finish()
}

/// Reads a document of `Tag: value` lines.
pub(super) fn read_tag_value(text: &str) -> Result<Draft<'_>, Refused> {
    let mut reader = Reader::new(&TAGS);
    tag_value::read(text, &mut reader)?;
    reader.finish()
}

/// A document while it is read.
struct Reader<'a> {
    draft: Draft<'a>,
    /// `DESCRIBES`, and `DESCRIBED_BY` turned round: place, source, target. Whose they are shows when the document's id
    /// is known.
    describes: Vec<(String, Cow<'a, str>, Cow<'a, str>)>,
    id: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID", borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    version_info: Text<'a>,
    #[serde(borrow)]
    download_location: Text<'a>,
    #[serde(borrow)]
    external_refs: List<Found<Object<ExternalRef<'a>>>>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ExternalRef<'a> {
    #[serde(borrow)]
    reference_type: Text<'a>,
    #[serde(borrow)]
    reference_locator: Text<'a>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Relationship<'a> {
    #[serde(borrow)]
    spdx_element_id: Text<'a>,
    #[serde(borrow)]
    related_spdx_element: Text<'a>,
    #[serde(borrow)]
    relationship_type: Text<'a>,
}

impl<'a> Reader<'a> {
    fn new(words: &'static Words) -> Self {
        let mut draft = Draft::new(words);
        for nothing in NOTHING {
            draft.nothing(words.relations, Cow::Borrowed(nothing));
        }
        Self { draft, describes: Vec::new(), id: Cow::Borrowed(DOCUMENT) }
    }

    /// Takes the document's own fields, of which the first is its id.
    fn header(&mut self, texts: [(&'static str, Text<'a>); 4]) {
        for (number, (field, found)) in texts.into_iter().enumerate() {
            self.draft.require(field, field, &found);
            if let (Some(id), 0) = (self.draft.take(field, found), number) {
                self.id = id;
            }
        }
    }

    fn package(&mut self, place: &str, package: Package<'a>) -> Result<(), TooMany> {
        let separator = self.draft.words.separator;
        let Package { id, name, version_info: version, download_location, external_refs } = package;
        self.draft.require(format_args!("{place}{separator}SPDXID"), "SPDXID", &id);
        let location = format_args!("{place}{separator}downloadLocation");
        self.draft.require(location, "downloadLocation", &download_location);
        self.draft.take(location, download_location);
        let purls = self.purls(place, external_refs);
        self.draft
            .entry(place, Entry { role: Role::Listed, reference: id, group: Found::Missing, name, version, purls })
    }

    fn purls(&mut self, place: &str, references: List<Found<Object<ExternalRef<'a>>>>) -> Vec<(String, Cow<'a, str>)> {
        let separator = self.draft.words.separator;
        let mut purls = Vec::new();
        let references = self.draft.take(format_args!("{place}{separator}externalRefs"), references);
        for (index, item) in references.unwrap_or_default().into_iter().enumerate() {
            let place = format!("{place}{separator}externalRefs[{index}]");
            let Some(Object(reference)) = self.draft.element(&place, item) else { continue };
            self.draft.require(format_args!("{place}.referenceType"), "referenceType", &reference.reference_type);
            let kind = self.draft.take(format_args!("{place}.referenceType"), reference.reference_type);
            if !kind.is_some_and(|kind| is_purl(&kind)) {
                continue;
            }
            let place = format!("{place}.referenceLocator");
            self.draft.require(&place, "referenceLocator", &reference.reference_locator);
            if let Some(locator) = self.draft.take(&place, reference.reference_locator) {
                purls.push((place, locator));
            }
        }
        purls
    }

    fn relationship(&mut self, place: impl Display + Copy, relationship: Relationship<'a>) -> Result<(), TooMany> {
        let separator = self.draft.words.separator;
        let mut field = |name: &'static str, found: Text<'a>| {
            self.draft.require(format_args!("{place}{separator}{name}"), name, &found);
            self.draft.take(format_args!("{place}{separator}{name}"), found)
        };
        let element = field("spdxElementId", relationship.spdx_element_id);
        let related = field("relatedSpdxElement", relationship.related_spdx_element);
        let kind = field("relationshipType", relationship.relationship_type);
        let (Some(element), Some(related), Some(kind)) = (element, related, kind) else { return Ok(()) };
        match RelationMeaning::of(&kind) {
            RelationMeaning::DependsOn => self.depends(place, element, related),
            RelationMeaning::DependencyOf => self.depends(place, related, element),
            RelationMeaning::Describes => self.describes(place, element, related),
            RelationMeaning::DescribedBy => self.describes(place, related, element),
            RelationMeaning::NoEdge => Ok(()),
            RelationMeaning::Unknown => {
                let kind = shown(&kind);
                self.draft.warnings.tally(
                    format_args!("{place}{separator}relationshipType"),
                    format_args!("{kind} is no relationship type of SPDX 2; ignored"),
                );
                Ok(())
            }
        }
    }

    fn depends(&mut self, place: impl Display + Copy, from: Cow<'a, str>, to: Cow<'a, str>) -> Result<(), TooMany> {
        if NOTHING.contains(&&*from) {
            self.draft.warnings.push(place, format_args!("{from} cannot depend on anything; left out"));
        }
        let from = self.draft.reference(place, from);
        let to = self.draft.reference(place, to);
        self.draft.depends(from, to)
    }

    fn describes(&mut self, place: impl Display, from: Cow<'a, str>, to: Cow<'a, str>) -> Result<(), TooMany> {
        if self.describes.len() == super::MAX_RELATIONS {
            return Err(TooMany::Relations);
        }
        self.describes.push((place.to_string(), from, to));
        Ok(())
    }

    fn finish(mut self) -> Result<Draft<'a>, Refused> {
        for (place, element, related) in std::mem::take(&mut self.describes) {
            if element != self.id && element != DOCUMENT {
                let element = shown(&element);
                self.draft.warnings.push(place, format_args!("DESCRIBES is for documents, not for {element}; ignored"));
            } else if related == self.id || related == DOCUMENT {
                self.draft.warnings.push(place, "the document describes itself; ignored");
            } else {
                self.draft.describes(place, related).map_err(|limit| Refused::whole(limit.to_string()))?;
            }
        }
        self.draft.document(DOCUMENT);
        self.draft.document(&self.id);
        Ok(self.draft)
    }
}

/// Whether an external reference is a purl. Some tools write the type as the last part of an address.
fn is_purl(kind: &str) -> bool {
    kind.trim().rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("purl"))
}
