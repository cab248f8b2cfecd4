//! CycloneDX 1.0 to 1.7, in JSON from 1.2 on; what is said of elements here is so in XML too.

use serde::Deserialize;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess};

use super::draft::{Draft, Entry, Role, TooMany, Words};
use super::json::{self, Each, Found, Key, Kind, List, Object, Once, Read, Shape, Text};
use super::patents;
use crate::source::Refused;

mod xml;

const WORDS: Words = Words {
    separator: ".",
    entries: "components",
    relations: "dependencies",
    reference: "bom-ref",
    name: "name",
    version: "version",
};
/// The same where places are lines.
const LINED_WORDS: Words = Words { separator: ", ", ..WORDS };

/// Reads a document of version 1.`minor` in JSON: the one that stands under the keys of `path`.
pub(super) fn read_json<'a>(text: &'a str, path: &[&'static str], minor: u8) -> Result<Draft<'a>, Refused> {
    let mut draft = Draft::new(&WORDS);
    json::document(text, path, BomLevel { draft: &mut draft, minor })?;
    Ok(draft)
}

/// Reads a document of version 1.`minor` in XML.
pub(super) fn read_xml(text: &str, minor: u8) -> Result<Draft<'_>, Refused> {
    let mut draft = Draft::new(&LINED_WORDS);
    xml::read(text, &mut draft, minor)?;
    Ok(draft)
}

/// The document's top level.
struct BomLevel<'r, 'a> {
    draft: &'r mut Draft<'a>,
    minor: u8,
}

impl<'a> Shape<'a> for BomLevel<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<()>, A::Error> {
        let Self { draft, minor } = self;
        let mut once = Once::default();
        let mut version_given = false;
        while let Some(Key(key)) = object.next_key()? {
            match &*key {
                "version" => {
                    version_given = true;
                    object.next_value::<IgnoredAny>()?;
                }
                "metadata" => {
                    once.note("metadata")?;
                    let found = object.next_value_seed(Read(Metadata { draft: &mut *draft, minor }))?;
                    draft.take("metadata", found);
                }
                "components" => {
                    once.note("components")?;
                    let shape = Branch { draft: &mut *draft, minor, place: "components", kind: Node::Component };
                    let found = object.next_value_seed(Read(shape))?;
                    draft.take("components", found);
                }
                "services" => {
                    once.note("services")?;
                    let shape = Branch { draft: &mut *draft, minor, place: "services", kind: Node::Service };
                    let found = object.next_value_seed(Read(shape))?;
                    draft.take("services", found);
                }
                "dependencies" => {
                    once.note("dependencies")?;
                    let found = object.next_value_seed(Each::new(|index, item| dependency(draft, index, item)))?;
                    draft.take("dependencies", found);
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        // Since 1.5 the version of the document is optional.
        if minor < 5 && !version_given {
            draft.warnings.missing("version", "version of the document");
        }
        Ok(Found::Is(()))
    }
}

struct Metadata<'r, 'a> {
    draft: &'r mut Draft<'a>,
    minor: u8,
}

impl<'a> Shape<'a> for Metadata<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<()>, A::Error> {
        let mut once = Once::default();
        while let Some(Key(key)) = object.next_key()? {
            if key != "component" {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            once.note("component")?;
            let place = "metadata.component";
            let shape = Leaf { draft: &mut *self.draft, minor: self.minor, place, kind: Node::Root };
            let found = object.next_value_seed(Read(shape))?;
            self.draft.take(place, found);
        }
        Ok(Found::Is(()))
    }
}

/// What an element of a tree is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Component,
    Service,
    /// `metadata.component`.
    Root,
    /// A component inside of the root.
    Part,
}

impl Node {
    /// The field that holds the elements inside of one, and what they are.
    fn inside(self) -> (&'static str, Self) {
        match self {
            Self::Component => ("components", Self::Component),
            Self::Service => ("services", Self::Service),
            Self::Root | Self::Part => ("components", Self::Part),
        }
    }
}

/// A list of components or services; each is read, kept and forgotten before the next.
struct Branch<'r, 'a> {
    draft: &'r mut Draft<'a>,
    minor: u8,
    place: &'r str,
    kind: Node,
}

impl<'a> Shape<'a> for Branch<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::List;

    fn list<A: SeqAccess<'a>>(self, mut list: A) -> Result<Found<()>, A::Error> {
        let Self { draft, minor, place, kind } = self;
        for index in 0_usize.. {
            let place = format!("{place}[{index}]");
            let shape = Leaf { draft: &mut *draft, minor, place: &place, kind };
            match list.next_element_seed(Read(shape))? {
                Some(found) => draft.element(&place, found),
                None => break,
            };
        }
        Ok(Found::Is(()))
    }
}

/// One component or service, with what is inside of it.
struct Leaf<'r, 'a> {
    draft: &'r mut Draft<'a>,
    minor: u8,
    place: &'r str,
    kind: Node,
}

impl<'a> Shape<'a> for Leaf<'_, 'a> {
    type Value = ();
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'a>>(self, mut object: A) -> Result<Found<()>, A::Error> {
        let Self { draft, minor, place, kind } = self;
        let (inside, inner) = kind.inside();
        let mut once = Once::default();
        let mut texts = FIELDS.map(|field| (field, Text::Missing));
        while let Some(Key(key)) = object.next_key()? {
            if let Some((field, slot)) = texts.iter_mut().find(|(field, _)| *field == key) {
                once.note(field)?;
                *slot = object.next_value()?;
            } else if key == inside {
                once.note(inside)?;
                let place = format!("{place}.{inside}");
                let shape = Branch { draft: &mut *draft, minor, place: &place, kind: inner };
                let found = object.next_value_seed(Read(shape))?;
                draft.take(&place, found);
            } else if key == "patentAssertions" {
                once.note("patentAssertions")?;
                patents::check(draft, place, object.next_value()?);
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        keep(draft, minor, place, kind, texts.map(|(_, found)| found)).map_err(A::Error::custom)?;
        Ok(Found::Is(()))
    }
}

/// What is read of a component or service.
const FIELDS: [&str; 6] = ["type", "bom-ref", "group", "name", "version", "purl"];

/// Keeps a component or service of these [`FIELDS`].
fn keep<'a>(
    draft: &mut Draft<'a>,
    minor: u8,
    place: &str,
    kind: Node,
    [sort, reference, group, name, version, purl]: [Text<'a>; FIELDS.len()],
) -> Result<(), TooMany> {
    let separator = draft.words.separator;
    let role = match kind {
        Node::Component => Role::Listed,
        Node::Root => Role::Root,
        Node::Part => Role::Part,
        Node::Service => {
            draft.require(format_args!("{place}{separator}name"), "name", &name);
            let field = format_args!("{place}{separator}bom-ref");
            let reference = draft.take(field, reference);
            return reference.map_or(Ok(()), |reference| draft.other(field, reference));
        }
    };
    draft.require(format_args!("{place}{separator}type"), "type", &sort);
    draft.take(format_args!("{place}{separator}type"), sort);
    // Since 1.4 the version of a component is optional.
    if minor < 4 {
        draft.require(format_args!("{place}{separator}version"), "version", &version);
    }
    let field = format!("{place}{separator}purl");
    let purl = draft.take(&field, purl).filter(|purl| !purl.is_empty());
    let purls = purl.into_iter().map(|purl| (field.clone(), purl)).collect();
    draft.entry(place, Entry { role, reference, group, name, version, purls })
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref", borrow)]
    dependent: Text<'a>,
    #[serde(borrow)]
    depends_on: List<Text<'a>>,
}

fn dependency<'a>(draft: &mut Draft<'a>, index: usize, item: Found<Object<Dependency<'a>>>) -> Result<(), TooMany> {
    let place = format_args!("dependencies[{index}]");
    let Some(Object(item)) = draft.element(place, item) else { return Ok(()) };
    draft.require(format_args!("{place}.ref"), "ref", &item.dependent);
    let dependent = draft.take(format_args!("{place}.ref"), item.dependent);
    let dependencies = draft.take(format_args!("{place}.dependsOn"), item.depends_on);
    let (Some(dependent), Some(dependencies)) = (dependent, dependencies) else { return Ok(()) };
    if dependencies.is_empty() {
        return Ok(());
    }
    let dependent = draft.reference(format_args!("{place}.ref"), dependent);
    for (index, dependency) in dependencies.into_iter().enumerate() {
        let place = format_args!("{place}.dependsOn[{index}]");
        if let Some(dependency) = draft.element(place, dependency) {
            let dependency = draft.reference(place, dependency);
            draft.depends(dependent, dependency)?;
        }
    }
    Ok(())
}
