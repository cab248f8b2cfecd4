//! A list where a document should be.

use super::super::json::{self, Found, Kind, Read, Shape};
use super::json::Marks;
use super::{lines, neither};
use crate::source::Refused;
use serde::de::SeqAccess;

/// How many elements of a list are documents.
#[derive(Default)]
struct ListedDocuments {
    found: usize,
    all: usize,
}

impl<'de> Shape<'de> for ListedDocuments {
    type Value = Self;
    const EXPECTED: Kind = Kind::List;

    fn list<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Found<Self>, A::Error> {
        while let Some(element) = list.next_element_seed(Read(Marks::default()))? {
            self.all += 1;
            self.found += usize::from(matches!(element, Found::Is(marks) if marks.holds_document()));
        }
        Ok(Found::Is(self))
    }
}

/// What a text that begins with a bracket is: no document.
pub(super) fn refused(text: &str) -> Refused {
    let read = json::check_depth(text).and_then(|()| json::document(text, &[], ListedDocuments::default()));
    match (read, lines::begins_later(text)) {
        (Ok(Found::Is(ListedDocuments { found, all })), _) if found > 0 => Refused::whole(format!(
            "a list of {all}, documents among them: {found}; one is read at a time, take out the one that is meant"
        )),
        (Err(_), Some(later)) => later,
        (Err(refused), None) => refused,
        _ => neither("a list"),
    }
}
