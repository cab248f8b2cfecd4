//! SPDX 2 as a tree of fields: JSON, and YAML, which says the same.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use super::super::draft::TooMany;
use super::super::json::{Each, Found, Key, Kind, List, Object, Once, Shape, Text};
use super::{Package, Reader, Relationship};

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct CreationInfo<'a> {
    #[serde(borrow)]
    created: Text<'a>,
    #[serde(borrow)]
    creators: List<Text<'a>>,
}

/// The document's top level.
pub(super) struct SpdxLevel<'r, 'a> {
    pub(super) reader: &'r mut Reader<'a>,
}

impl<'a> Shape<'a> for SpdxLevel<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<()>, A::Error> {
        let reader = self.reader;
        let mut once = Once::default();
        let mut texts = ["SPDXID", "name", "dataLicense", "documentNamespace"].map(|field| (field, Text::Missing));
        let mut creation: Found<Object<CreationInfo<'a>>> = Found::Missing;
        while let Some(Key(key)) = object.next_key()? {
            if let Some((field, slot)) = texts.iter_mut().find(|(field, _)| *field == key) {
                once.note(field)?;
                *slot = object.next_value()?;
                continue;
            }
            match &*key {
                "spdxVersion" => {
                    once.note("spdxVersion")?;
                    object.next_value::<IgnoredAny>()?;
                }
                "creationInfo" => {
                    once.note("creationInfo")?;
                    creation = object.next_value()?;
                }
                "packages" => {
                    once.note("packages")?;
                    let found = object.next_value_seed(Each::new(|index, item| package(reader, index, item)))?;
                    reader.draft.take("packages", found);
                }
                "relationships" => {
                    once.note("relationships")?;
                    let found = object.next_value_seed(Each::new(|index, item| relationship(reader, index, item)))?;
                    reader.draft.take("relationships", found);
                }
                "documentDescribes" => {
                    once.note("documentDescribes")?;
                    let found = object.next_value_seed(Each::new(|index, item| described(reader, index, item)))?;
                    reader.draft.take("documentDescribes", found);
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        reader.header(texts);
        creation_info(reader, creation);
        Ok(Found::Is(()))
    }
}

fn creation_info<'a>(reader: &mut Reader<'a>, creation: Found<Object<CreationInfo<'a>>>) {
    let draft = &mut reader.draft;
    draft.require("creationInfo", "creationInfo", &creation);
    if let Some(Object(info)) = draft.take("creationInfo", creation) {
        draft.require("creationInfo.created", "created", &info.created);
        draft.require("creationInfo.creators", "creators", &info.creators);
        draft.take("creationInfo.created", info.created);
        draft.take("creationInfo.creators", info.creators);
    }
}

fn package<'a>(reader: &mut Reader<'a>, index: usize, item: Found<Object<Package<'a>>>) -> Result<(), TooMany> {
    let place = format!("packages[{index}]");
    match reader.draft.element(&place, item) {
        Some(Object(package)) => reader.package(&place, package),
        None => Ok(()),
    }
}

fn relationship<'a>(
    reader: &mut Reader<'a>,
    index: usize,
    item: Found<Object<Relationship<'a>>>,
) -> Result<(), TooMany> {
    let place = format_args!("relationships[{index}]");
    match reader.draft.element(place, item) {
        Some(Object(relationship)) => reader.relationship(place, relationship),
        None => Ok(()),
    }
}

fn described<'a>(reader: &mut Reader<'a>, index: usize, item: Text<'a>) -> Result<(), TooMany> {
    let place = format_args!("documentDescribes[{index}]");
    match reader.draft.element(place, item) {
        Some(reference) => reader.draft.describes(place, reference),
        None => Ok(()),
    }
}
