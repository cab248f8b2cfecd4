//! The one form every reader lowers its document to: entries, the references they go by, and pairs of references.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;

use domain::facts::sbom::Package;
use domain::number::fit;
use domain::purl::{Purl, PurlError};
use domain::redact;
use thiserror::Error;

use super::json::{Found, Text};
use super::warning::{Warnings, shown};
use super::{MAX_ENTRIES, MAX_NAME_BYTES, MAX_RELATIONS, MAX_VERSION_BYTES};

/// What is said where a text is not kept as written.
const ADDRESS: &str = "an e-mail address or the user of a URL is not kept";

/// How a format calls things, for places and messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// What stands between the place of an entry and a field of it.
    pub(super) separator: &'static str,
    /// The list of packages.
    pub(super) entries: &'static str,
    /// The list that relations stand in.
    pub(super) relations: &'static str,
    /// The field an entry is referred to by.
    pub(super) reference: &'static str,
    /// The field of an entry's name.
    pub(super) name: &'static str,
    /// The field of an entry's version.
    pub(super) version: &'static str,
}

/// A limit of one document.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(super) enum TooMany {
    /// Packages, components, services.
    #[error("more than {MAX_ENTRIES} entries in one document")]
    Entries,
    /// Pairs of references.
    #[error("more than {MAX_RELATIONS} relations in one document")]
    Relations,
}

/// What an entry is to its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A package of the list.
    Listed,
    /// What the document is about, named apart from the list.
    Root,
    /// Inside of such a root: may be referred to, but is not of the list.
    Part,
}

/// An entry as written.
pub(super) struct Entry<'a> {
    pub(super) role: Role,
    pub(super) reference: Text<'a>,
    /// What tells packages of one name apart where there is no purl.
    pub(super) group: Text<'a>,
    pub(super) name: Text<'a>,
    pub(super) version: Text<'a>,
    /// Package URLs and the fields they stand in.
    pub(super) purls: Vec<(String, Cow<'a, str>)>,
}

/// An entry as kept.
pub(super) struct Kept {
    /// Its place among all entries.
    pub(super) number: u32,
    pub(super) package: Package,
    /// The purl's own version, by which the entry may be referred to, where the package has another.
    pub(super) purl_version: Option<String>,
    /// A purl was given, usable or not.
    pub(super) has_purl: bool,
}

/// A text by which something is referred to.
pub(super) struct Reference {
    /// Where it was met first; of one that an entry goes by nobody asks.
    pub(super) place: Box<str>,
    /// An entry goes by it.
    pub(super) owned: bool,
    /// It names nothing, or something that is no package: a relation to it is no oddity.
    pub(super) other: bool,
}

/// A document while it is read.
pub(super) struct Draft<'a> {
    pub(super) words: &'static Words,
    pub(super) warnings: Warnings,
    pub(super) entries: Vec<Kept>,
    /// Entries with [`Role::Listed`].
    pub(super) listed: usize,
    /// Named elements that are no packages.
    others: usize,
    /// The entry with [`Role::Root`].
    pub(super) root: Option<u32>,
    /// Where it is said what the document describes.
    pub(super) root_place: Option<String>,
    pub(super) references: Vec<Reference>,
    pub(super) numbers: HashMap<Cow<'a, str>, u32>,
    /// (reference, entry)
    pub(super) owners: Vec<(u32, u32)>,
    /// References to what the document describes.
    pub(super) described: Vec<u32>,
    /// References to the document itself: as an end of a relation it is the subject.
    pub(super) documents: Vec<u32>,
    /// (dependent, dependency)
    pub(super) relations: Vec<(u32, u32)>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(words: &'static Words) -> Self {
        Self {
            words,
            warnings: Warnings::default(),
            entries: Vec::new(),
            listed: 0,
            others: 0,
            root: None,
            root_place: None,
            references: Vec::new(),
            numbers: HashMap::new(),
            owners: Vec::new(),
            described: Vec::new(),
            documents: Vec::new(),
            relations: Vec::new(),
        }
    }

    /// The value of an optional field; of another kind it is a warning, `null` is as if it were not there.
    pub(super) fn take<T>(&mut self, place: impl Display, found: Found<T>) -> Option<T> {
        match found {
            Found::Is(value) => Some(value),
            Found::Wrong(mismatch) => {
                self.warnings.push(place, format_args!("{mismatch}; ignored"));
                None
            }
            Found::Missing | Found::Null => None,
        }
    }

    /// An element of a list: anything but the expected is skipped with a warning, `null` too.
    pub(super) fn element<T>(&mut self, place: impl Display, found: Found<T>) -> Option<T> {
        if matches!(found, Found::Null) {
            self.warnings.push(place, "null; skipped");
            return None;
        }
        self.take(place, found)
    }

    /// Warns when a field is not there that the format requires.
    pub(super) fn require<T>(&mut self, place: impl Display, field: &'static str, found: &Found<T>) {
        if matches!(found, Found::Missing | Found::Null) {
            self.warnings.missing(place, field);
        }
    }

    /// Adds an entry; `place` is its path.
    pub(super) fn entry(&mut self, place: &str, entry: Entry<'a>) -> Result<(), TooMany> {
        let number = self.room_for_entry()?;
        let has_purl = !entry.purls.is_empty();
        let purl = self.best_purl(place, entry.purls);
        let words = self.words;
        let name = self.name(place, entry.name);
        // A purl says all there is to say of who a package is.
        let group = self.take(format_args!("{place}{}group", words.separator), entry.group);
        let group = group.filter(|_| purl.is_none()).and_then(|group| self.group(place, &group));
        let written = self.version(place, entry.version);
        let purl_version = purl
            .as_ref()
            .and_then(|purl| purl.version.as_deref())
            .and_then(|version| self.usable_version(format_args!("{place}{}purl", words.separator), version));
        let version = written.or_else(|| purl_version.clone());
        let purl_version = purl_version.filter(|other| version.as_ref() != Some(other));
        let package = Package { purl: purl.map(|purl| purl.id), group, name, version };

        let Words { separator, reference: field, .. } = *words;
        if let Some(text) = self.take(format_args!("{place}{separator}{field}"), entry.reference) {
            self.own(format_args!("{place}{separator}{field}"), text, number);
        }
        match entry.role {
            Role::Listed => self.listed += 1,
            Role::Root => {
                self.root = Some(number);
                self.root_place = Some(place.to_owned());
            }
            Role::Part => {}
        }
        self.entries.push(Kept { number, package, purl_version, has_purl });
        Ok(())
    }

    /// Notes something of the document that is no package but may be referred to.
    pub(super) fn other(&mut self, place: impl Display, reference: Cow<'a, str>) -> Result<(), TooMany> {
        self.room_for_entry()?;
        self.others += 1;
        self.nothing(place, reference);
        Ok(())
    }

    /// Notes a word that stands for nothing where a reference is expected.
    pub(super) fn nothing(&mut self, place: impl Display, word: Cow<'a, str>) {
        let number = self.reference(place, word);
        self.references[number as usize].other = true;
    }

    /// Notes that the document describes what goes by `reference`.
    pub(super) fn describes(&mut self, place: impl Display, reference: Cow<'a, str>) -> Result<(), TooMany> {
        self.room_for_relation()?;
        self.root_place.get_or_insert_with(|| place.to_string());
        let number = self.reference(place, reference);
        self.described.push(number);
        Ok(())
    }

    /// Notes that the document itself goes by `reference`, where anything refers to it.
    pub(super) fn document(&mut self, reference: &str) {
        self.documents.extend(self.numbers.get(reference));
    }

    /// Notes that what goes by `dependent` depends on what goes by `dependency`.
    pub(super) fn depends(&mut self, dependent: u32, dependency: u32) -> Result<(), TooMany> {
        self.room_for_relation()?;
        self.relations.push((dependent, dependency));
        Ok(())
    }

    fn room_for_entry(&self) -> Result<u32, TooMany> {
        if self.entries.len() + self.others >= MAX_ENTRIES {
            return Err(TooMany::Entries);
        }
        u32::try_from(self.entries.len()).map_err(|_| TooMany::Entries)
    }

    fn room_for_relation(&self) -> Result<(), TooMany> {
        if self.relations.len() + self.described.len() < MAX_RELATIONS { Ok(()) } else { Err(TooMany::Relations) }
    }

    /// The number of a reference, the next free one when it is new.
    pub(super) fn reference(&mut self, place: impl Display, text: Cow<'a, str>) -> u32 {
        // The limits keep the number of references far below 2^32.
        let next = fit::<u32>(self.references.len(), "reference");
        let references = &mut self.references;
        *self.numbers.entry(text).or_insert_with(|| {
            references.push(Reference { place: place.to_string().into(), owned: false, other: false });
            next
        })
    }

    fn own(&mut self, place: impl Display, text: Cow<'a, str>, entry: u32) {
        if text.is_empty() {
            self.warnings.push(place, "empty: nothing can refer to this entry");
            return;
        }
        let number = match self.numbers.get(&text) {
            Some(number) => {
                let reference = &mut self.references[*number as usize];
                if std::mem::replace(&mut reference.owned, true) {
                    let label = shown(&text);
                    self.warnings.push(place, format_args!("{label} is the reference of another entry too"));
                }
                reference.place = Box::default();
                *number
            }
            None => {
                let number = self.reference("", text);
                self.references[number as usize].owned = true;
                number
            }
        };
        self.owners.push((number, entry));
    }

    /// Of several usable purls the bytewise first, so that their order says nothing.
    fn best_purl(&mut self, place: &str, texts: Vec<(String, Cow<'a, str>)>) -> Option<Purl> {
        let mut best: Option<Purl> = None;
        for (field, text) in texts {
            let purl = match Purl::parse(&text) {
                Ok(purl) => self.clean_purl(&field, &purl),
                Err(PurlError::Malformed { reason, .. } | PurlError::NotARepository(reason)) => {
                    let text = shown(&text);
                    let message = format_args!("{text} is no package URL: {reason}; kept as a package without purl");
                    self.warnings.push(field, message);
                    continue;
                }
            };
            match &best {
                Some(other) if other.id != purl.id => {
                    let (first, second) = (shown(&other.id), shown(&purl.id));
                    self.warnings
                        .push(place, format_args!("two purls, {first} and {second}; the bytewise first counts"));
                }
                _ => {}
            }
            if best.as_ref().is_none_or(|other| (&purl.id, &purl.version) < (&other.id, &other.version)) {
                best = Some(purl);
            }
        }
        best
    }

    /// The purl of the cleaned name: an id is made of what is kept.
    fn clean_purl(&mut self, place: &str, purl: &Purl) -> Purl {
        let clean = purl.clone().without_addresses();
        if clean != *purl {
            self.warnings.push(place, ADDRESS);
        }
        clean
    }

    fn name(&mut self, place: &str, found: Text<'a>) -> String {
        let Words { separator, name: field, .. } = *self.words;
        self.require(format_args!("{place}{separator}{field}"), field, &found);
        let Some(name) = self.take(format_args!("{place}{separator}{field}"), found) else { return String::new() };
        self.cut(format_args!("{place}{separator}{field}"), &name)
    }

    fn group(&mut self, place: &str, group: &str) -> Option<String> {
        let group = self.cut(format_args!("{place}{}group", self.words.separator), group);
        // Segments that say nothing are dropped: what is left must tell packages apart.
        let segments: Vec<&str> = group.split('/').map(str::trim).filter(|part| !part.is_empty()).collect();
        (!segments.is_empty()).then(|| segments.join("/"))
    }

    /// A name as it is kept: clean, and no longer than names are.
    fn cut(&mut self, place: impl Display, text: &str) -> String {
        let text = self.clean(&place, text);
        if text.len() <= MAX_NAME_BYTES {
            return text.into_owned();
        }
        self.warnings.push(place, format_args!("cut to {MAX_NAME_BYTES} bytes"));
        let end = (0..=MAX_NAME_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        // What is cut may have told a clone address from one of mail.
        redact::emails(&text[..end]).into_owned()
    }

    fn version(&mut self, place: &str, found: Text<'a>) -> Option<String> {
        let Words { separator, version: field, .. } = *self.words;
        let version = self.take(format_args!("{place}{separator}{field}"), found)?;
        self.usable_version(format_args!("{place}{separator}{field}"), &version)
    }

    fn usable_version(&mut self, place: impl Display, version: &str) -> Option<String> {
        let version = self.clean(&place, version);
        if matches!(version.trim(), "" | "NOASSERTION" | "NONE") {
            return None;
        }
        if version.len() > MAX_VERSION_BYTES {
            self.warnings.push(place, format_args!("longer than {MAX_VERSION_BYTES} bytes; taken as no version"));
            return None;
        }
        Some(version.into_owned())
    }

    /// Text without control characters (no store keeps U+0000, and the others would steer a terminal) and without
    /// e-mail addresses: the document keeps them, the log does not.
    fn clean<'t>(&mut self, place: impl Display, text: &'t str) -> Cow<'t, str> {
        let plain: Cow<'t, str> = if text.contains(char::is_control) {
            self.warnings.push(&place, "control characters removed");
            Cow::Owned(text.chars().filter(|c| !c.is_control()).collect())
        } else {
            Cow::Borrowed(text)
        };
        if redact::is_clean(&plain) {
            return plain;
        }
        self.warnings.push(place, ADDRESS);
        Cow::Owned(redact::emails(&plain).into_owned())
    }
}
