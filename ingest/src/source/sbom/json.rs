//! JSON read field by field: a value of the wrong kind is noted, not an error, and nothing that is not asked for is
//! kept. Lists that may be long are handed on element by element, so memory follows what is kept, not what is sent.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MAX_RELATIONS;
use crate::source::Refused;

mod depth;

pub(super) use depth::check_depth;

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

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(self.0.text(Cow::Owned(text)))
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

/// Reads a whole document of one shape: the one that stands under the keys of `path`, one inside of the other.
pub(super) fn document<'de, S: Shape<'de>>(
    text: &'de str,
    path: &[&'static str],
    shape: S,
) -> Result<Found<S::Value>, Refused> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = match path {
        [] => Read(shape).deserialize(&mut deserializer),
        path => Read(WrappedShape { path, shape }).deserialize(&mut deserializer),
    };
    found.and_then(|found| deserializer.end().map(|()| found)).map_err(|error| refusal(text, &error))
}

/// What wraps a document.
struct WrappedShape<'p, S> {
    path: &'p [&'static str],
    shape: S,
}

impl<'de, S: Shape<'de>> Shape<'de> for WrappedShape<'_, S> {
    type Value = S::Value;
    const EXPECTED: Kind = Kind::Object;

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<Found<S::Value>, A::Error> {
        let mut shape = Some(self.shape);
        let mut found = Found::Missing;
        while let Some(Key(key)) = object.next_key()? {
            let (wanted, path) = match self.path {
                [wanted, path @ ..] if key == *wanted => (*wanted, path),
                _ => {
                    object.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let shape = shape.take().ok_or_else(|| A::Error::duplicate_field(wanted))?;
            found = match path {
                [] => object.next_value_seed(Read(shape))?,
                path => object.next_value_seed(Read(WrappedShape { path, shape }))?,
            };
        }
        Ok(found)
    }
}

fn refusal(text: &str, error: &serde_json::Error) -> Refused {
    let place = format!("line {}, column {}", error.line(), error.column());
    let said = error.to_string();
    let reason = said.rsplit_once(" at line ").map_or(said.as_str(), |(reason, _)| reason);
    if error.classify() == serde_json::error::Category::Data {
        return Refused::at(place, reason);
    }
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let rest = line.as_bytes().get(error.column().saturating_sub(1)..).unwrap_or_default();
    if reason == "trailing characters" && matches!(rest.first(), Some(b'{' | b'[')) {
        return Refused::at(place, "several documents in one: the JSON of another begins here");
    }
    Refused::at(place, format!("broken JSON: {reason}"))
}
