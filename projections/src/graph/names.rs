//! Ids as numbers: every text is hashed and compared once, when a row that names it is read.

use std::collections::HashMap;
use std::sync::Arc;

use domain::number::fit;
use domain::purl::owner_of;

use crate::table::insert;

/// How ids of repositories on GitLab begin.
const GITLAB: &str = "pkg:gitlab/";

/// A number of an id. Numbers follow the order of first mention; they mean nothing outside.
pub(super) type Name = u32;

/// Texts of one kind that were seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct InternedTexts {
    numbers: HashMap<Arc<str>, Name>,
    texts: Vec<Arc<str>>,
    /// Numbers in the order of their texts.
    sorted: Vec<Name>,
    /// By number its place in that order.
    order: Vec<u32>,
}

impl InternedTexts {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, name: Name) -> &str {
        &self.texts[name as usize]
    }

    /// The text of a number, to be kept.
    pub(super) fn shared(&self, name: Name) -> Arc<str> {
        Arc::clone(&self.texts[name as usize])
    }

    /// The number of a text that was learnt.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.numbers.get(text).copied()
    }

    /// All numbers in the order of their texts.
    pub(super) fn sorted(&self) -> &[Name] {
        &self.sorted
    }

    /// By number its place in the order of texts.
    pub(super) fn order(&self) -> &[u32] {
        &self.order
    }

    /// The number of a text, learnt here and now where it is new.
    pub(super) fn number(&mut self, text: &str) -> Name {
        self.find(text).unwrap_or_else(|| {
            let name = next(self.texts.len());
            let owned: Arc<str> = text.into();
            self.texts.push(Arc::clone(&owned));
            self.numbers.insert(owned, name);
            name
        })
    }

    /// Takes new numbers into the order of texts.
    pub(super) fn sort(&mut self) {
        let texts = &self.texts;
        let text = |name: &Name| &texts[*name as usize];
        let mut new: Vec<Name> = (next(self.sorted.len())..next(texts.len())).collect();
        new.sort_unstable_by_key(text);
        let place = |name: &Name| self.sorted.partition_point(|held| text(held) < text(name));
        let placed: Vec<(usize, Name)> = new.into_iter().map(|name| (place(&name), name)).collect();
        if placed.is_empty() {
            return;
        }
        insert(&mut self.sorted, placed);
        self.order.resize(self.sorted.len(), 0);
        for (place, name) in (0..).zip(&self.sorted) {
            self.order[*name as usize] = place;
        }
    }
}

/// Every id seen so far of what can be a vertex.
#[derive(Clone, Debug, Default)]
pub(super) struct InternedIds {
    ids: InternedTexts,
    /// By number: whose repository it is.
    owner_of: Vec<Option<Name>>,
    owners: HashMap<(String, String), Name>,
    owner_texts: Vec<(String, String)>,
    /// Those of repositories on GitLab that are not in lower case.
    loud: Vec<Name>,
}

impl InternedIds {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, name: Name) -> &str {
        self.ids.text(name)
    }

    /// The text of a number, to be kept.
    pub(super) fn shared(&self, name: Name) -> Arc<str> {
        self.ids.shared(name)
    }

    /// The number of a text that was learnt.
    pub(super) fn find(&self, text: &str) -> Option<Name> {
        self.ids.find(text)
    }

    /// All numbers in the order of their texts.
    pub(super) fn sorted(&self) -> &[Name] {
        self.ids.sorted()
    }

    /// By number its place in the order of texts.
    pub(super) fn order(&self) -> &[u32] {
        self.ids.order()
    }

    /// The owner of a repository.
    pub(super) fn owner(&self, name: Name) -> Option<Name> {
        self.owner_of[name as usize]
    }

    /// The ids of repositories on GitLab that are not in lower case.
    pub(super) fn loud(&self) -> impl Iterator<Item = Name> {
        self.loud.iter().copied()
    }

    /// How many owners there are.
    pub(super) fn owner_count(&self) -> usize {
        self.owner_texts.len()
    }

    /// Host and owner.
    pub(super) fn owner_text(&self, owner: Name) -> (&str, &str) {
        let (host, owner) = &self.owner_texts[owner as usize];
        (host, owner)
    }

    /// The number of a text, learnt here and now where it is new.
    pub(super) fn number(&mut self, text: &str) -> Name {
        let name = self.ids.number(text);
        if self.owner_of.len() < self.ids.len() {
            let owner = owner_of(text).map(|(host, owner)| self.owner_number(host, owner));
            self.owner_of.push(owner);
            if text.starts_with(GITLAB) && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                self.loud.push(name);
            }
        }
        name
    }

    /// The same, where the text most likely is that of a number that is known: then nothing is looked up.
    pub(super) fn number_like(&mut self, text: &str, likely: Option<Name>) -> Name {
        match likely {
            Some(name) if self.text(name) == text => name,
            _ => self.number(text),
        }
    }

    /// The number of an owner, learnt here and now where it is new.
    pub(super) fn owner_number(&mut self, host: &str, owner: &str) -> Name {
        let key = owner_key(host, owner);
        let owner = next(self.owner_texts.len());
        let texts = &mut self.owner_texts;
        *self.owners.entry(key).or_insert_with_key(|key| {
            texts.push(key.clone());
            owner
        })
    }

    /// Takes new numbers into the order of texts.
    pub(super) fn sort(&mut self) {
        self.ids.sort();
    }
}

/// Hosts ignore the case of owners; events of an earlier program may not.
fn owner_key(host: &str, owner: &str) -> (String, String) {
    (host.to_owned(), owner.to_ascii_lowercase())
}

fn next(length: usize) -> Name {
    fit(length, "ids")
}
