//! SPDX 2 in XML: the fields of JSON as elements, a list as elements of one name.

use std::borrow::Cow;

use super::super::json::{Found, Object, Text};
use super::super::xml::{Slot, Xml};
use super::{ExternalRef, Package, Reader, Relationship};
use crate::source::Refused;

/// Reads a document.
pub(super) fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Refused> {
    let (mut xml, _) = Xml::open(text)?;
    let mut texts = ["SPDXID", "name", "dataLicense", "documentNamespace"].map(|field| (field, Text::Missing));
    let mut version = [("spdxVersion", Text::Missing)];
    let mut creation = None;
    while let Some(element) = xml.child()? {
        match element.own_name() {
            Some("packages") => package(&mut xml, reader)?,
            Some("relationships") => relationship(&mut xml, reader)?,
            Some("documentDescribes") => {
                let place = xml.place();
                let described = Cow::Owned(xml.content()?);
                reader.draft.describes(place, described).map_err(|limit| xml.refused(limit.to_string()))?;
            }
            Some("creationInfo") => {
                if creation.is_some() {
                    return Err(xml.twice("creationInfo"));
                }
                creation = Some(creation_info(&mut xml)?);
            }
            _ if xml.take(&element, &mut texts)? => {}
            _ => xml.take_or_skip(&element, &mut version)?,
        }
    }
    xml.finish()?;
    reader.header(texts);
    let warnings = &mut reader.draft.warnings;
    match creation {
        None => warnings.missing("creationInfo", "creationInfo"),
        Some(Making { created, creators }) => {
            if !created {
                warnings.missing("creationInfo.created", "created");
            }
            if !creators {
                warnings.missing("creationInfo.creators", "creators");
            }
        }
    }
    Ok(())
}

/// What is said of the making of a document.
#[derive(Clone, Copy, Default)]
struct Making {
    created: bool,
    creators: bool,
}

fn creation_info(xml: &mut Xml<'_>) -> Result<Making, Refused> {
    let mut found = Making::default();
    while let Some(element) = xml.child()? {
        found.created |= element.own_name() == Some("created");
        found.creators |= element.own_name() == Some("creators");
        xml.skip()?;
    }
    Ok(found)
}

fn package(xml: &mut Xml<'_>, reader: &mut Reader<'_>) -> Result<(), Refused> {
    let place = xml.place();
    let mut texts = ["SPDXID", "name", "versionInfo", "downloadLocation"].map(|field| (field, Text::Missing));
    let mut references = Vec::new();
    while let Some(element) = xml.child()? {
        if element.own_name() == Some("externalRefs") {
            let [reference_type, reference_locator] = fields(xml, ["referenceType", "referenceLocator"])?;
            let reference = ExternalRef { reference_type, reference_locator };
            if references.len() == super::super::MAX_RELATIONS {
                return Err(xml.refused("more external references than are read"));
            }
            references.push(Found::Is(Object(reference)));
        } else {
            xml.take_or_skip(&element, &mut texts)?;
        }
    }
    let [id, name, version_info, download_location] = texts.map(|(_, found)| found);
    let package = Package { id, name, version_info, download_location, external_refs: Found::Is(references) };
    reader.package(&place, package).map_err(|limit| xml.refused(limit.to_string()))
}

fn relationship(xml: &mut Xml<'_>, reader: &mut Reader<'_>) -> Result<(), Refused> {
    let place = xml.place();
    let names = ["spdxElementId", "relatedSpdxElement", "relationshipType"];
    let [spdx_element_id, related_spdx_element, relationship_type] = fields(xml, names)?;
    let relationship = Relationship { spdx_element_id, related_spdx_element, relationship_type };
    reader.relationship(place.as_str(), relationship).map_err(|limit| xml.refused(limit.to_string()))
}

/// The fields of these names of the open element, to its end.
fn fields<const N: usize>(xml: &mut Xml<'_>, names: [&'static str; N]) -> Result<[Text<'static>; N], Refused> {
    let mut slots: [Slot; N] = names.map(|name| (name, Text::Missing));
    while let Some(element) = xml.child()? {
        xml.take_or_skip(&element, &mut slots)?;
    }
    Ok(slots.map(|(_, found)| found))
}
