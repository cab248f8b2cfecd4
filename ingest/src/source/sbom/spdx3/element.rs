//! The fields of an element of the graph that are read, whatever its type, in whatever order they stand.

use std::borrow::Cow;
use std::fmt::Display;

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess};

use super::super::json::{Found, Key, Kind, List, Object, Once, Read, Shape, Text};
use super::{GraphReader, Places};
use crate::source::sbom::MAX_RELATIONS;

/// Texts of an element, by the fields that they stand in.
const TEXTS: [&str; 9] = [
    "type",
    "@type",
    "spdxId",
    "@id",
    "name",
    "software_packageVersion",
    "software_packageUrl",
    "relationshipType",
    "specVersion",
];
/// Lists of references of an element.
const REFERENCES: [&str; 3] = ["from", "to", "rootElement"];

/// An element as written.
#[derive(Default)]
pub(super) struct Spdx3Element<'a> {
    pub(super) kind: Text<'a>,
    pub(super) id: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) version: Text<'a>,
    pub(super) package_url: Text<'a>,
    pub(super) relation: Text<'a>,
    pub(super) spec_version: Text<'a>,
    pub(super) identifiers: Places<'a>,
    pub(super) from: Places<'a>,
    pub(super) to: Places<'a>,
    pub(super) roots: Places<'a>,
}

/// The document's top level: a graph of elements, or one element.
pub(super) struct Spdx3Document<'r, 'a> {
    pub(super) reader: &'r mut GraphReader<'a>,
}

impl<'a> Shape<'a> for Spdx3Document<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Found<()>, A::Error> {
        One { reader: self.reader, place: "document", top: true }.object(object).map(|_| Found::Is(()))
    }
}

/// The elements of `@graph`, one after another.
struct GraphElements<'r, 'a> {
    reader: &'r mut GraphReader<'a>,
}

impl<'a> Shape<'a> for GraphElements<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::List;

    fn list<A: SeqAccess<'a>>(self, mut list: A) -> Result<Found<()>, A::Error> {
        for index in 0_usize.. {
            let place = format!("@graph[{index}]");
            let shape = One { reader: &mut *self.reader, place: &place, top: false };
            match list.next_element_seed(Read(shape))? {
                Some(found) => self.reader.draft.element(&place, found),
                None => break,
            };
        }
        Ok(Found::Is(()))
    }
}

/// One element; its id comes out.
struct One<'r, 'a> {
    reader: &'r mut GraphReader<'a>,
    place: &'r str,
    top: bool,
}

impl<'a> Shape<'a> for One<'_, 'a> {
    type Value = Text<'a>;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<Text<'a>>, A::Error> {
        let Self { reader, place, top } = self;
        let mut once = Once::default();
        let mut texts = TEXTS.map(|field| (field, Text::Missing));
        let mut references = REFERENCES.map(|field| (field, Vec::new()));
        let mut identifiers = Vec::new();
        while let Some(Key(key)) = object.next_key()? {
            if let Some((field, slot)) = texts.iter_mut().find(|(field, _)| *field == key) {
                once.note(field)?;
                *slot = object.next_value()?;
            } else if let Some((field, found)) = references.iter_mut().find(|(field, _)| *field == key) {
                once.note(field)?;
                let place = format!("{place}.{field}");
                let read = object.next_value_seed(Read(Refs { reader: &mut *reader, place: &place, found }))?;
                reader.draft.take(&place, read);
            } else if key == "externalIdentifier" {
                once.note("externalIdentifier")?;
                let place = format!("{place}.externalIdentifier");
                identifiers = purls(reader, &place, object.next_value()?);
            } else if key == "creationInfo" {
                once.note("creationInfo")?;
                // A reference, or the thing itself.
                let place = format!("{place}.creationInfo");
                let mut found = Vec::new();
                object.next_value_seed(Read(Refs { reader: &mut *reader, place: &place, found: &mut found }))?;
            } else if top && key == "@graph" {
                once.note("@graph")?;
                let found = object.next_value_seed(Read(GraphElements { reader: &mut *reader }))?;
                reader.draft.take("@graph", found);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        let [kind, other_kind, id, other_id, name, version, package_url, relation, spec_version] =
            texts.map(|(_, found)| found);
        let [from, to, roots] = references.map(|(_, found)| found);
        let element = Spdx3Element {
            kind: either(kind, other_kind),
            id: either(id, other_id),
            name,
            version,
            package_url,
            relation,
            spec_version,
            identifiers,
            from,
            to,
            roots,
        };
        let id = element.id.clone();
        reader.element(place, element).map_err(A::Error::custom)?;
        Ok(Found::Is(id))
    }
}

fn either<'a>(one: Text<'a>, other: Text<'a>) -> Text<'a> {
    if one == Text::Missing { other } else { one }
}

/// A reference, an element that stands where it is referred to, or a list of these.
struct Refs<'r, 'a> {
    reader: &'r mut GraphReader<'a>,
    place: &'r str,
    found: &'r mut Places<'a>,
}

impl<'a> Refs<'_, 'a> {
    fn add<E: serde::de::Error>(&mut self, place: impl Display, id: Cow<'a, str>) -> Result<(), E> {
        if self.found.len() == MAX_RELATIONS {
            return Err(E::custom(format_args!("more than {MAX_RELATIONS} elements in one list")));
        }
        self.found.push((place.to_string(), id));
        Ok(())
    }
}

impl<'a> Shape<'a> for Refs<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Text;

    fn text(self, text: Cow<'a, str>) -> Found<()> {
        self.found.push((self.place.to_owned(), text));
        Found::Is(())
    }

    fn object<A: MapAccess<'a>>(mut self, object: A) -> Result<Found<()>, A::Error> {
        let place = self.place;
        if let Found::Is(Found::Is(id)) = (One { reader: &mut *self.reader, place, top: false }).object(object)? {
            self.add(place, id)?;
        }
        Ok(Found::Is(()))
    }

    fn list<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<Found<()>, A::Error> {
        for index in 0_usize.. {
            let place = format!("{}[{index}]", self.place);
            let mut found = Vec::new();
            let shape = Refs { reader: &mut *self.reader, place: &place, found: &mut found };
            let Some(read) = list.next_element_seed(Read(shape))? else { break };
            self.reader.draft.element(&place, read);
            for (place, id) in found {
                self.add(place, id)?;
            }
        }
        Ok(Found::Is(()))
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ExternalIdentifier<'a> {
    #[serde(borrow)]
    external_identifier_type: Text<'a>,
    #[serde(borrow)]
    identifier: Text<'a>,
}

/// The purls among the identifiers of an element.
fn purls<'a>(
    reader: &mut GraphReader<'a>,
    place: &str,
    list: List<Found<Object<ExternalIdentifier<'a>>>>,
) -> Places<'a> {
    let draft = &mut reader.draft;
    let mut purls = Vec::new();
    for (index, item) in draft.take(place, list).unwrap_or_default().into_iter().enumerate() {
        let place = format!("{place}[{index}]");
        let Some(Object(found)) = draft.element(&place, item) else { continue };
        let kind = draft.take(format_args!("{place}.externalIdentifierType"), found.external_identifier_type);
        if kind.as_deref() != Some("packageUrl") {
            continue;
        }
        let place = format!("{place}.identifier");
        draft.require(&place, "identifier", &found.identifier);
        purls.extend(draft.take(&place, found.identifier).map(|purl| (place, purl)));
    }
    purls
}
