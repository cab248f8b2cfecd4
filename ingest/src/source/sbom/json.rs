//! JSON read field by field: a value of the wrong kind is noted, not an error, and nothing that is not asked for is
//! kept. Lists that may be long are handed on element by element, so memory follows what is kept, not what is sent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{MAX_RELATIONS, NESTING_LIMIT};
use crate::source::Refused;

/// What stands in a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Found<T> {
    /// The field is not there.
    #[default]
    Missing,
    /// `null`.
    Null,
    /// A value of another kind.
    Wrong(Mismatch),
    /// What was expected.
    Is(T),
}

/// Two kinds of value where they should be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mismatch {
    expected: Kind,
    found: Kind,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected.name(), self.found.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// A text field, borrowed from the document where it holds no escapes.
pub(super) type Text<'a> = Found<Cow<'a, str>>;
/// A short list, kept whole.
pub(super) type List<T> = Found<Vec<T>>;

/// An object with known fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Object<T>(pub(super) T);

/// What is expected of a value, and what to make of it.
pub(super) trait Shape<'de>: Sized {
    /// What comes out when the value is as expected.
    type Value;
    /// The expected kind.
    const EXPECTED: Kind;

    /// Takes a text.
    fn text(self, _text: Cow<'de, str>) -> Found<Self::Value> {
        wrong(Self::EXPECTED, Kind::Text)
    }

    /// Takes a list.
    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<Self::Value>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(wrong(Self::EXPECTED, Kind::List))
    }

    /// Takes an object.
    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Found<Self::Value>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(wrong(Self::EXPECTED, Kind::Object))
    }
}

fn wrong<T>(expected: Kind, found: Kind) -> Found<T> {
    Found::Wrong(Mismatch { expected, found })
}

/// Reads one value of a shape.
pub(super) struct Read<S>(pub(super) S);

impl<'de, S: Shape<'de>> DeserializeSeed<'de> for Read<S> {
    type Value = Found<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Shape<'de>> Visitor<'de> for Read<S> {
    type Value = Found<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(S::EXPECTED.name())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Found::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(wrong(S::EXPECTED, Kind::Boolean))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(wrong(S::EXPECTED, Kind::Number))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(wrong(S::EXPECTED, Kind::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(wrong(S::EXPECTED, Kind::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(self.0.text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        self.0.object(object)
    }
}

/// The shape of a type that needs nothing but the value.
pub(super) struct Plain<T>(PhantomData<T>);

impl<'a, 'de: 'a> Shape<'de> for Plain<Cow<'a, str>> {
    type Value = Cow<'a, str>;
    const EXPECTED: Kind = Kind::Text;

    fn text(self, text: Cow<'de, str>) -> Found<Cow<'a, str>> {
        Found::Is(text)
    }
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Plain<Vec<T>> {
    type Value = Vec<T>;
    const EXPECTED: Kind = Kind::List;

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<Vec<T>>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == MAX_RELATIONS {
                return Err(A::Error::custom(format_args!("more than {MAX_RELATIONS} elements in one list")));
            }
            items.push(item);
        }
        Ok(Found::Is(items))
    }
}

impl<'de, T: Deserialize<'de>> Shape<'de> for Plain<Object<T>> {
    type Value = Object<T>;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<Found<Object<T>>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(|fields| Found::Is(Object(fields)))
    }
}

impl<'de, T> Deserialize<'de> for Found<T>
where
    Plain<T>: Shape<'de, Value = T>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Read(Plain(PhantomData)).deserialize(deserializer)
    }
}

/// A list whose elements are handed to a function one at a time, with their index.
pub(super) struct Each<F, T>(F, PhantomData<T>);

impl<F, T> Each<F, T> {
    /// Calls `take` with every element; an error of it ends the reading.
    pub(super) fn new<E: fmt::Display>(take: F) -> Read<Self>
    where
        F: FnMut(usize, T) -> Result<(), E>,
    {
        Read(Self(take, PhantomData))
    }
}

impl<'de, F, T, E> Shape<'de> for Each<F, T>
where
    F: FnMut(usize, T) -> Result<(), E>,
    T: Deserialize<'de>,
    E: fmt::Display,
{
    type Value = ();
    const EXPECTED: Kind = Kind::List;

    fn list<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Found<()>, A::Error> {
        let mut index = 0;
        while let Some(item) = list.next_element()? {
            (self.0)(index, item).map_err(A::Error::custom)?;
            index += 1;
        }
        Ok(Found::Is(()))
    }
}

/// The name of a field.
#[derive(serde::Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The fields of an object met so far. Readers of JSON disagree on which of two equal names counts, so what everybody
/// can check must not hang on it.
#[derive(Default)]
pub(super) struct Once(Vec<&'static str>);

impl Once {
    /// Notes a field.
    pub(super) fn note<E: serde::de::Error>(&mut self, field: &'static str) -> Result<(), E> {
        if self.0.contains(&field) {
            return Err(E::duplicate_field(field));
        }
        self.0.push(field);
        Ok(())
    }
}

/// The text of a document: UTF-8, with or without byte order mark, nested less than [`NESTING_LIMIT`] levels.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
        let what = if utf16 { "UTF-16 text" } else { "binary data, or text in another encoding" };
        Refused::at(format!("byte {}", error.valid_up_to()), format!("not UTF-8: {what}"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match too_deep(text.as_bytes()) {
        Some(at) => Err(Refused::at(
            format!("line {}", 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count()),
            format!("arrays and objects are nested {NESTING_LIMIT} levels deep, more than is read"),
        )),
        None => Ok(text),
    }
}

/// Where the nesting reaches [`NESTING_LIMIT`], if it does. Values that are skipped are not bounded otherwise.
fn too_deep(json: &[u8]) -> Option<usize> {
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if !matches!(first, b'{' | b'[') {
        return None;
    }
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = end_of_text(json, at + 1),
            b'{' | b'[' => {
                depth += 1;
                if depth == NESTING_LIMIT {
                    return Some(at);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Where the text that begins at `at` has its closing quote.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(next) = json.get(at..).and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))) {
        at += next;
        if json[at] == b'"' {
            return at;
        }
        at += 2;
    }
    json.len()
}

/// Reads a whole document of one shape; with `wrapped`, the one under the key `sbom`.
pub(super) fn document<'de, S: Shape<'de>>(
    text: &'de str,
    wrapped: bool,
    shape: S,
) -> Result<Found<S::Value>, Refused> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = if wrapped {
        Read(Envelope(shape)).deserialize(&mut deserializer)
    } else {
        Read(shape).deserialize(&mut deserializer)
    };
    found.and_then(|found| deserializer.end().map(|()| found)).map_err(|error| refusal(&error))
}

/// What wraps an SBOM where a host's API exports it.
struct Envelope<S>(S);

impl<'de, S: Shape<'de>> Shape<'de> for Envelope<S> {
    type Value = S::Value;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Found<S::Value>, A::Error> {
        let mut shape = Some(self.0);
        let mut found = Found::Missing;
        while let Some(Key(key)) = object.next_key()? {
            if key != "sbom" {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let shape = shape.take().ok_or_else(|| A::Error::duplicate_field("sbom"))?;
            found = object.next_value_seed(Read(shape))?;
        }
        Ok(found)
    }
}

fn refusal(error: &serde_json::Error) -> Refused {
    let place = format!("line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
    match error.classify() {
        serde_json::error::Category::Data => Refused::at(place, reason),
        _ => Refused::at(place, format!("broken JSON: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_counted_outside_of_texts() {
        assert_eq!(too_deep(format!("{{\"a\":{}", "[".repeat(126)).as_bytes()), None);
        assert_eq!(too_deep(format!("{{\"a\":{}", "[".repeat(127)).as_bytes()), Some(5 + 126));
        assert_eq!(too_deep(format!("{{\"\\\"{}\":1}}", "[".repeat(500)).as_bytes()), None);
        assert_eq!(too_deep("[]".repeat(500).as_bytes()), None);
        assert_eq!(too_deep("<".repeat(500).as_bytes()), None);
    }

    #[test]
    fn encodings_are_told_apart() {
        assert_eq!(text(b"\xef\xbb\xbf{}").unwrap(), "{}");
        assert!(text(b"\xff\xfe{\0").unwrap_err().to_string().contains("UTF-16"));
        assert_eq!(text(b"{\"a\":\"\xe4\"}").unwrap_err().place.as_deref(), Some("byte 6"));
    }
}
