//! Who says that a patent matters (CycloneDX 1.7). Nothing of it is kept; that it names somebody is checked because a
//! document that gets its own provenance wrong is worth a second look.

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess};

use super::draft::Draft;
use super::json::{Found, Key, Kind, List, Object, Read, Shape, Text};
use super::warning::shown;

/// The value of `patentAssertions`.
pub(super) type Assertions<'a> = List<Found<Object<PatentAssertion<'a>>>>;

/// One assertion about patents.
#[derive(serde::Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PatentAssertion<'a> {
    #[serde(borrow)]
    assertion_type: Text<'a>,
    asserter: Asserter,
}

/// An asserter is a reference, or an organisation or person by its own fields.
#[derive(Default)]
enum Asserter {
    #[default]
    Missing,
    Named,
    Unknown(String),
}

impl<'de> Deserialize<'de> for Asserter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Read(ReadAsserter).deserialize(deserializer)? {
            Found::Is(asserter) => asserter,
            Found::Missing | Found::Null => Self::Missing,
            Found::Wrong(mismatch) => Self::Unknown(mismatch.to_string()),
        })
    }
}

struct ReadAsserter;

impl<'de> Shape<'de> for ReadAsserter {
    type Value = Asserter;
    const EXPECTED: Kind = Kind::Object;

    fn text(self, _: Cow<'de, str>) -> Found<Asserter> {
        Found::Is(Asserter::Named)
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Found<Asserter>, A::Error> {
        const FIELDS: [&str; 7] = ["bom-ref", "name", "address", "url", "contact", "email", "phone"];
        let mut asserter = Asserter::Named;
        while let Some((Key(key), IgnoredAny)) = object.next_entry()? {
            if !FIELDS.contains(&&*key) {
                asserter = Asserter::Unknown(format!("no field {} here", shown(&key)));
            }
        }
        Ok(Found::Is(asserter))
    }
}

/// Warns of assertions that name nobody.
pub(super) fn check(draft: &mut Draft<'_>, place: &str, assertions: Assertions<'_>) {
    let assertions = draft.take(format_args!("{place}.patentAssertions"), assertions);
    for (index, item) in assertions.unwrap_or_default().into_iter().enumerate() {
        let place = format!("{place}.patentAssertions[{index}]");
        let Some(Object(assertion)) = draft.element(&place, item) else { continue };
        draft.require(format_args!("{place}.assertionType"), "assertionType", &assertion.assertion_type);
        draft.take(format_args!("{place}.assertionType"), assertion.assertion_type);
        match assertion.asserter {
            Asserter::Named => {}
            Asserter::Missing => draft.warnings.missing(format_args!("{place}.asserter"), "asserter"),
            Asserter::Unknown(reason) => {
                draft.warnings.push(
                    format_args!("{place}.asserter"),
                    format_args!("neither a reference nor an organisation or person: {reason}"),
                );
            }
        }
    }
}
