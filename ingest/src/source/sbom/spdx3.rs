//! SPDX 3.0.1 in JSON-LD: elements of one graph, told apart by their type. The published context gives every name that
//! is read here its short form, so nothing is expanded and no context is fetched.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Entry, Role, TooMany, Words};
use super::format::{SPDX3_VERSION as VERSION, SUPPORTED};
use super::json::{self, Found};
use super::warning::shown;
use crate::source::Refused;

mod element;

use element::{Spdx3Document, Spdx3Element};

const WORDS: Words = Words {
    separator: ".",
    entries: "@graph",
    relations: "@graph",
    reference: "spdxId",
    name: "name",
    version: "software_packageVersion",
};
/// What stands for "none" and "unknown" where a reference is expected: as the context shortens it, and in full.
const NOTHING: [&str; 6] = [
    "NoAssertionElement",
    "NoneElement",
    "expandedlicensing_NoAssertionLicense",
    "expandedlicensing_NoneLicense",
    "https://spdx.org/rdf/3.0.1/terms/Core/NoAssertionElement",
    "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement",
];
/// Relationships that say that one depends on the other.
const DEPENDS: [&str; 4] = ["dependsOn", "hasOptionalDependency", "hasPrerequisite", "hasProvidedDependency"];

/// Reads a document: the one that stands under the keys of `path`.
pub(super) fn read<'a>(text: &'a str, path: &[&'static str]) -> Result<Draft<'a>, Refused> {
    let mut draft = Draft::new(&WORDS);
    for nothing in NOTHING {
        draft.nothing(WORDS.relations, Cow::Borrowed(nothing));
    }
    let mut reader = GraphReader {
        draft,
        versions: BTreeSet::new(),
        documents: BTreeSet::new(),
        collections: BTreeMap::new(),
        describes: Vec::new(),
    };
    json::document(text, path, Spdx3Document { reader: &mut reader })?;
    reader.finish()
}

/// References, each with its place.
type Places<'a> = Vec<(String, Cow<'a, str>)>;

/// A graph while it is read.
struct GraphReader<'a> {
    draft: Draft<'a>,
    /// `specVersion` of what was said of the making of elements.
    versions: BTreeSet<Cow<'a, str>>,
    /// Ids of documents.
    documents: BTreeSet<Cow<'a, str>>,
    /// What the collections of the graph, documents too, have as roots.
    collections: BTreeMap<Cow<'a, str>, Places<'a>>,
    /// Relationships `describes`: place, source, target.
    describes: Vec<(String, Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> GraphReader<'a> {
    /// Takes an element that was read to its end.
    fn element(&mut self, place: &str, mut element: Spdx3Element<'a>) -> Result<(), TooMany> {
        let kind = self.draft.take(format_args!("{place}.type"), std::mem::take(&mut element.kind));
        match kind.as_deref().unwrap_or_default() {
            "CreationInfo" => {
                self.versions.extend(self.draft.take(format_args!("{place}.specVersion"), element.spec_version));
                Ok(())
            }
            "software_Package" => self.package(place, element),
            "Relationship" | "LifecycleScopedRelationship" => self.relationship(place, element),
            "SpdxDocument" => {
                if let Found::Is(id) = &element.id {
                    self.documents.insert(id.clone());
                }
                self.collection(place, element)
            }
            "software_Sbom" | "Bom" | "Bundle" | "ElementCollection" => self.collection(place, element),
            _ => Ok(()),
        }
    }

    fn package(&mut self, place: &str, element: Spdx3Element<'a>) -> Result<(), TooMany> {
        let field = format!("{place}.software_packageUrl");
        let purl = self.draft.take(&field, element.package_url);
        let purls = match purl {
            Some(purl) => vec![(field, purl)],
            None => element.identifiers,
        };
        self.draft.require(format_args!("{place}.spdxId"), "spdxId", &element.id);
        let Spdx3Element { id: reference, name, version, .. } = element;
        self.draft.entry(place, Entry { role: Role::Listed, reference, group: Found::Missing, name, version, purls })
    }

    fn relationship(&mut self, place: &str, element: Spdx3Element<'a>) -> Result<(), TooMany> {
        let field = format!("{place}.relationshipType");
        self.draft.require(&field, "relationshipType", &element.relation);
        let Some(relation) = self.draft.take(&field, element.relation) else { return Ok(()) };
        let depends = DEPENDS.contains(&&*relation);
        if !depends && relation != "describes" {
            return Ok(());
        }
        for (field, found) in [("from", &element.from), ("to", &element.to)] {
            if found.is_empty() {
                self.draft.warnings.missing(format_args!("{place}.{field}"), field);
            }
        }
        for (_, from) in &element.from {
            if depends && NOTHING.contains(&&**from) {
                let from = shown(from);
                self.draft.warnings.push(place, format_args!("{from} cannot depend on anything; left out"));
            }
            for (to_place, to) in &element.to {
                if depends {
                    let (from, to) =
                        (self.draft.reference(place, from.clone()), self.draft.reference(to_place, to.clone()));
                    self.draft.depends(from, to)?;
                } else if self.describes.len() == super::MAX_RELATIONS {
                    return Err(TooMany::Relations);
                } else {
                    self.describes.push((to_place.clone(), from.clone(), to.clone()));
                }
            }
        }
        Ok(())
    }

    fn collection(&mut self, place: &str, element: Spdx3Element<'a>) -> Result<(), TooMany> {
        match element.id {
            Found::Is(id) => self.collections.entry(id).or_default().extend(element.roots),
            _ => self.draft.require(format_args!("{place}.spdxId"), "spdxId", &element.id),
        }
        if self.collections.len() > super::MAX_ENTRIES { Err(TooMany::Entries) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<Draft<'a>, Refused> {
        self.check_version()?;
        for (place, from, to) in std::mem::take(&mut self.describes) {
            match self.collections.get_mut(&from) {
                Some(roots) => roots.push((place, to)),
                None => {
                    let from = shown(&from);
                    let message = format_args!("describes is for documents and collections, not for {from}; ignored");
                    self.draft.warnings.push(place, message);
                }
            }
        }
        let mut collections = std::mem::take(&mut self.collections);
        let known: BTreeSet<Cow<'a, str>> = collections.keys().cloned().collect();
        // Without a document every collection speaks for itself.
        let speakers = if self.documents.is_empty() { &known } else { &self.documents };
        let mut open: Vec<Cow<'a, str>> = speakers.iter().cloned().collect();
        while let Some(id) = open.pop() {
            for (place, root) in collections.remove(&id).unwrap_or_default() {
                // A collection that was opened is not opened again: some hold each other.
                if collections.contains_key(&root) {
                    open.push(root);
                } else if self.documents.contains(&root) {
                    self.draft.warnings.push(place, "the document describes itself; ignored");
                } else if !known.contains(&root) {
                    self.draft.describes(place, root).map_err(|limit| Refused::whole(limit.to_string()))?;
                }
            }
        }
        for document in self.documents {
            self.draft.document(&document);
        }
        Ok(self.draft)
    }

    fn check_version(&mut self) -> Result<(), Refused> {
        let place = "CreationInfo.specVersion";
        let known = self.versions.remove(VERSION);
        match (known, self.versions.first()) {
            (true, None) => Ok(()),
            (true, Some(other)) => {
                let other = shown(other);
                self.draft.warnings.tally(place, format_args!("{other} beside {VERSION}; read as {VERSION}"));
                Ok(())
            }
            (false, Some(other)) => {
                Err(Refused::at(place, format!("SPDX {} is not supported; {}", shown(other), SUPPORTED)))
            }
            (false, None) => Err(Refused::at(place, format!("SPDX 3: missing, for example `{VERSION}`"))),
        }
    }
}
