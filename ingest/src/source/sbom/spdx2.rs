//! SPDX 2.2 and 2.3 in JSON.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use super::draft::{Draft, Entry, Role, TooMany, Words};
use super::json::{self, Each, Found, Key, Kind, List, Object, Once, Shape, Text};
use super::warning::shown;
use crate::source::Refused;

const WORDS: Words =
    Words { entries: "packages", relations: "relationships", reference: "SPDXID", version: "versionInfo" };

/// How a document goes by in its own relationships.
const DOCUMENT: &str = "SPDXRef-DOCUMENT";
/// What stands for "none" and "unknown" where a reference is expected.
const NOTHING: [&str; 2] = ["NONE", "NOASSERTION"];

/// Relationship types of SPDX 2 beside those that are read; they make no edge.
const OTHER_TYPES: [&str; 36] = [
    "AMENDS",
    "ANCESTOR_OF",
    "BUILD_TOOL_OF",
    "CONTAINED_BY",
    "CONTAINS",
    "COPY_OF",
    "DATA_FILE_OF",
    "DEPENDENCY_MANIFEST_OF",
    "DESCENDANT_OF",
    "DESCRIBED_BY",
    "DEV_TOOL_OF",
    "DISTRIBUTION_ARTIFACT",
    "DOCUMENTATION_OF",
    "DYNAMIC_LINK",
    "EXAMPLE_OF",
    "EXPANDED_FROM_ARCHIVE",
    "FILE_ADDED",
    "FILE_DELETED",
    "FILE_MODIFIED",
    "GENERATED_FROM",
    "GENERATES",
    "HAS_PREREQUISITE",
    "METAFILE_OF",
    "OPTIONAL_COMPONENT_OF",
    "OTHER",
    "PACKAGE_OF",
    "PATCH_APPLIED",
    "PATCH_FOR",
    "PREREQUISITE_FOR",
    "REQUIREMENT_DESCRIPTION_FOR",
    "SPECIFICATION_FOR",
    "STATIC_LINK",
    "TEST_CASE_OF",
    "TEST_OF",
    "TEST_TOOL_OF",
    "VARIANT_OF",
];

/// Reads a document.
pub(super) fn read(text: &str, wrapped: bool) -> Result<Draft<'_>, Refused> {
    let mut reader = Reader { draft: Draft::new(&WORDS), describes: Vec::new(), id: Cow::Borrowed(DOCUMENT) };
    for nothing in NOTHING {
        reader.draft.nothing("relationships", Cow::Borrowed(nothing));
    }
    json::document(text, wrapped, Body { reader: &mut reader })?;
    reader.finish()
}

struct Reader<'a> {
    draft: Draft<'a>,
    /// `DESCRIBES` relationships: index, source, target. Whose they are shows when the document's id is known.
    describes: Vec<(usize, Cow<'a, str>, Cow<'a, str>)>,
    id: Cow<'a, str>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CreationInfo<'a> {
    #[serde(borrow)]
    created: Text<'a>,
    #[serde(borrow)]
    creators: List<Text<'a>>,
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

/// The document's top level.
struct Body<'r, 'a> {
    reader: &'r mut Reader<'a>,
}

impl<'a> Shape<'a> for Body<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<()>, A::Error> {
        let reader = self.reader;
        let mut once = Once::default();
        let mut texts = [
            ("SPDXID", Text::Missing),
            ("name", Text::Missing),
            ("dataLicense", Text::Missing),
            ("documentNamespace", Text::Missing),
        ];
        let mut creation: Found<Object<CreationInfo<'a>>> = Found::Missing;
        while let Some(Key(key)) = object.next_key()? {
            if let Some((field, slot)) = texts.iter_mut().find(|(field, _)| *field == key) {
                once.note(field)?;
                *slot = object.next_value()?;
                continue;
            }
            match &*key {
                "creationInfo" => {
                    once.note("creationInfo")?;
                    creation = object.next_value()?;
                }
                "packages" => {
                    once.note("packages")?;
                    let found = object.next_value_seed(Each::new(|index, item| reader.package(index, item)))?;
                    reader.draft.take("packages", found);
                }
                "relationships" => {
                    once.note("relationships")?;
                    let found = object.next_value_seed(Each::new(|index, item| reader.relationship(index, item)))?;
                    reader.draft.take("relationships", found);
                }
                "documentDescribes" => {
                    once.note("documentDescribes")?;
                    let found = object.next_value_seed(Each::new(|index, item| reader.described(index, item)))?;
                    reader.draft.take("documentDescribes", found);
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        reader.header(texts, creation);
        Ok(Found::Is(()))
    }
}

impl<'a> Reader<'a> {
    fn header(&mut self, texts: [(&'static str, Text<'a>); 4], creation: Found<Object<CreationInfo<'a>>>) {
        for (field, found) in texts {
            self.draft.require(field, field, &found);
            if let (Some(id), "SPDXID") = (self.draft.take(field, found), field) {
                self.id = id;
            }
        }
        self.draft.require("creationInfo", "creationInfo", &creation);
        if let Some(Object(info)) = self.draft.take("creationInfo", creation) {
            self.draft.require("creationInfo.created", "created", &info.created);
            self.draft.require("creationInfo.creators", "creators", &info.creators);
            self.draft.take("creationInfo.created", info.created);
            self.draft.take("creationInfo.creators", info.creators);
        }
    }

    fn package(&mut self, index: usize, item: Found<Object<Package<'a>>>) -> Result<(), TooMany> {
        let place = format!("packages[{index}]");
        let Some(Object(package)) = self.draft.element(&place, item) else { return Ok(()) };
        self.draft.require(format_args!("{place}.SPDXID"), "SPDXID", &package.id);
        self.draft.require(format_args!("{place}.downloadLocation"), "downloadLocation", &package.download_location);
        self.draft.take(format_args!("{place}.downloadLocation"), package.download_location);
        let purls = self.purls(&place, package.external_refs);
        let Package { id, name, version_info, .. } = package;
        self.draft.entry(&place, Entry { role: Role::Listed, reference: id, name, version: version_info, purls })
    }

    fn purls(&mut self, place: &str, references: List<Found<Object<ExternalRef<'a>>>>) -> Vec<(String, Cow<'a, str>)> {
        let mut purls = Vec::new();
        let references = self.draft.take(format_args!("{place}.externalRefs"), references);
        for (index, item) in references.unwrap_or_default().into_iter().enumerate() {
            let place = format!("{place}.externalRefs[{index}]");
            let Some(Object(reference)) = self.draft.element(&place, item) else { continue };
            self.draft.require(format_args!("{place}.referenceType"), "referenceType", &reference.reference_type);
            let kind = self.draft.take(format_args!("{place}.referenceType"), reference.reference_type);
            // Some tools write the type as the last part of an address.
            let is_purl = kind.is_some_and(|kind| {
                kind.trim().rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("purl"))
            });
            if !is_purl {
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

    fn relationship(&mut self, index: usize, item: Found<Object<Relationship<'a>>>) -> Result<(), TooMany> {
        let place = format_args!("relationships[{index}]");
        let Some(Object(relationship)) = self.draft.element(place, item) else { return Ok(()) };
        let mut field = |name: &'static str, found: Text<'a>| {
            self.draft.require(format_args!("{place}.{name}"), name, &found);
            self.draft.take(format_args!("{place}.{name}"), found)
        };
        let element = field("spdxElementId", relationship.spdx_element_id);
        let related = field("relatedSpdxElement", relationship.related_spdx_element);
        let kind = field("relationshipType", relationship.relationship_type);
        let (Some(element), Some(related), Some(kind)) = (element, related, kind) else { return Ok(()) };
        match &*kind {
            "DEPENDS_ON" => self.depends(index, element, related),
            reversed if reversed.ends_with("DEPENDENCY_OF") => self.depends(index, related, element),
            "DESCRIBES" => {
                if self.describes.len() == super::MAX_RELATIONS {
                    return Err(TooMany::Relations);
                }
                self.describes.push((index, element, related));
                Ok(())
            }
            other => {
                if !OTHER_TYPES.contains(&other) {
                    let kind = shown(other);
                    self.draft.warnings.tally(
                        format_args!("{place}.relationshipType"),
                        format_args!("{kind} is no relationship type of SPDX 2; ignored"),
                    );
                }
                Ok(())
            }
        }
    }

    fn depends(&mut self, index: usize, from: Cow<'a, str>, to: Cow<'a, str>) -> Result<(), TooMany> {
        let place = format_args!("relationships[{index}]");
        if NOTHING.contains(&&*from) {
            self.draft.warnings.push(place, format_args!("{from} cannot depend on anything; left out"));
        }
        let from = self.draft.reference(place, from);
        let to = self.draft.reference(place, to);
        self.draft.depends(from, to)
    }

    fn described(&mut self, index: usize, item: Text<'a>) -> Result<(), TooMany> {
        let place = format_args!("documentDescribes[{index}]");
        match self.draft.element(place, item) {
            Some(reference) => self.draft.describes(place, reference),
            None => Ok(()),
        }
    }

    fn finish(mut self) -> Result<Draft<'a>, Refused> {
        for (index, element, related) in std::mem::take(&mut self.describes) {
            let place = format_args!("relationships[{index}]");
            if element != self.id && element != DOCUMENT {
                let element = shown(&element);
                self.draft.warnings.push(place, format_args!("DESCRIBES is for documents, not for {element}; ignored"));
            } else if related == self.id || related == DOCUMENT {
                self.draft.warnings.push(place, "the document describes itself; ignored");
            } else {
                self.draft.describes(place, related).map_err(|limit| Refused::whole(limit.to_string()))?;
            }
        }
        Ok(self.draft)
    }
}
