//! YAML as the value that JSON would have, field by field: events of the parser under a deserializer of our own, so
//! that every scalar stays the text it is written as. `1.10` is a version, never a number, and `no` is no boolean.
//!
//! Anchors, aliases and merge keys are refused: what a document says stands in it once, where it is read.

use std::borrow::Cow;
use std::fmt;

use granit_parser::{Event, Parser, ScalarStyle, StrInput};
use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::NESTING_LIMIT;
use super::json::{Found, Read, Shape};
use crate::source::Refused;

/// Reads a whole document of one shape.
pub(super) fn document<'de, S: Shape<'de>>(text: &'de str, shape: S) -> Result<Found<S::Value>, Refused> {
    let options = granit_parser::options! { flow_nesting_limit: NESTING_LIMIT, block_nesting_limit: NESTING_LIMIT };
    let mut events =
        YamlEvents { parser: Parser::new_from_str_with_options(text, options), peeked: None, line: 1, depth: 0 };
    let found = events.whole(shape);
    found.map_err(|error| Refused::at(format!("line {}", events.line), error.to_string()))
}

/// The events of a document.
struct YamlEvents<'de> {
    parser: Parser<'de, StrInput<'de>>,
    peeked: Option<Event<'de>>,
    /// Where the latest event begins.
    line: usize,
    depth: usize,
}

impl<'de> YamlEvents<'de> {
    fn whole<S: Shape<'de>>(&mut self, shape: S) -> Result<Found<S::Value>, Error> {
        let mut found = Found::Missing;
        let mut shape = Some(shape);
        loop {
            match self.peek()? {
                Event::StreamStart | Event::DocumentEnd => self.skip_one()?,
                Event::StreamEnd => return Ok(found),
                Event::DocumentStart(..) => {
                    self.skip_one()?;
                    let Some(shape) = shape.take() else {
                        return Err(Error::custom("several documents in one: another begins here"));
                    };
                    found = Read(shape).deserialize(&mut *self)?;
                }
                _ => return Err(Error::custom("broken YAML: content outside of the document")),
            }
        }
    }

    fn peek(&mut self) -> Result<&Event<'de>, Error> {
        if self.peeked.is_none() {
            let event = self.read()?;
            self.peeked = Some(event);
        }
        // It was filled just now.
        self.peeked.as_ref().ok_or_else(|| Error::custom("broken YAML: it ends early"))
    }

    fn next(&mut self) -> Result<Event<'de>, Error> {
        match self.peeked.take() {
            Some(event) => Ok(event),
            None => self.read(),
        }
    }

    fn skip_one(&mut self) -> Result<(), Error> {
        self.next().map(|_| ())
    }

    fn read(&mut self) -> Result<Event<'de>, Error> {
        let (event, span) = match self.parser.next_event() {
            Some(Ok(found)) => found,
            Some(Err(error)) => {
                self.line = error.marker().line().max(1);
                return Err(Error::custom(format_args!("broken YAML: {}", error.info())));
            }
            None => return Err(Error::custom("broken YAML: it ends early")),
        };
        self.line = span.start.line().max(1);
        match &event {
            Event::Alias(_) => return Err(Error::custom("an alias (`*name`) is not read: write what it stands for")),
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                self.depth += 1;
                if self.depth >= NESTING_LIMIT {
                    let message =
                        format_args!("lists and mappings are nested {NESTING_LIMIT} levels deep, more than is read");
                    return Err(Error::custom(message));
                }
            }
            Event::SequenceEnd | Event::MappingEnd => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        Ok(event)
    }

    /// Leaves out a value with all that is in it.
    fn skip(&mut self) -> Result<(), Error> {
        let mut open = 0_usize;
        loop {
            match self.next()? {
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open = open.saturating_sub(1),
                Event::Scalar(..) => {}
                _ => return Err(Error::custom("broken YAML: it ends early")),
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

/// Whether a scalar stands for nothing: `null`, `~` or no text at all, without quotes and tag.
fn is_null(text: &str, style: ScalarStyle, tagged: bool) -> bool {
    !tagged && style == ScalarStyle::Plain && matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

fn visit_text<'de, V: Visitor<'de>>(visitor: V, text: Cow<'de, str>) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

impl<'de> Deserializer<'de> for &mut YamlEvents<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.next()? {
            Event::Scalar(text, style, _, tag) if is_null(&text, style, tag.is_some()) => visitor.visit_unit(),
            Event::Scalar(text, ..) => visit_text(visitor, text),
            Event::SequenceStart(..) => visitor.visit_seq(YamlItems { events: self }),
            Event::MappingStart(..) => visitor.visit_map(YamlItems { events: self }),
            _ => Err(Error::custom("broken YAML: a value is missing")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// The elements of a list, or the fields of a mapping.
struct YamlItems<'r, 'de> {
    events: &'r mut YamlEvents<'de>,
}

impl<'de> SeqAccess<'de> for YamlItems<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if matches!(self.events.peek()?, Event::SequenceEnd) {
            self.events.skip_one()?;
            return Ok(None);
        }
        seed.deserialize(&mut *self.events).map(Some)
    }
}

impl<'de> MapAccess<'de> for YamlItems<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        match self.events.next()? {
            Event::MappingEnd => Ok(None),
            Event::Scalar(text, ScalarStyle::Plain, ..) if text == "<<" => {
                Err(Error::custom("a merge key (`<<`) is not read: write the fields that it stands for"))
            }
            Event::Scalar(text, ..) => seed.deserialize(KeyText(text)).map(Some),
            _ => Err(Error::custom("the name of a field is no text")),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.events)
    }
}

/// The name of a field: text whatever it looks like.
struct KeyText<'de>(Cow<'de, str>);

impl<'de> Deserializer<'de> for KeyText<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visit_text(visitor, self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl fmt::Debug for YamlEvents<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YamlEvents").field("line", &self.line).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::{Each, Text};
    use super::*;

    /// The texts of a list, `None` where something else stands.
    fn texts(yaml: &str) -> Result<Vec<Option<String>>, String> {
        let mut found = Vec::new();
        let each = Each::new(|_, item: Text<'_>| {
            found.push(if let Found::Is(text) = item { Some(text.into_owned()) } else { None });
            Ok::<(), String>(())
        });
        document(yaml, each.0).map_err(|refused| refused.to_string())?;
        Ok(found)
    }

    #[test]
    fn scalars_stay_the_text_they_are() {
        let yaml = "[1.10, no, yes, 0x1F, 012, 1e3, .inf, 2026-01-01, \"null\", '~', !!int 7, !!str null, null, ~, ]";
        let found = texts(yaml).unwrap();
        let expected = ["1.10", "no", "yes", "0x1F", "012", "1e3", ".inf", "2026-01-01", "null", "~", "7", "null"];
        assert_eq!(found[..12].iter().flatten().collect::<Vec<_>>(), expected);
        assert_eq!(found[12..], [None, None]);
        assert_eq!(texts("- a: 1\n- [b]\n-\n- |\n  x\n  y\n").unwrap()[3].as_deref(), Some("x\ny\n"));
    }

    #[test]
    fn what_repeats_or_runs_away_is_refused_with_its_line() {
        for (yaml, expected) in [
            ("- &a x\n- *a\n", "line 2: an alias"),
            ("- {<<: x}\n", "line 1: a merge key"),
            ("- {? [a] : x}\n", "line 1: the name of a field is no text"),
            ("- a\n---\n- b\n", "line 2: several documents in one"),
            ("- a\n- b: [\n", "line "),
            ("- 'a\n", "line "),
            ("{---", "line "),
        ] {
            let message = texts(yaml).unwrap_err();
            assert!(message.starts_with(expected), "{yaml}: {message}");
        }
        for deep in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(1_000), "? ".repeat(1_000)] {
            assert!(texts(&deep).unwrap_err().starts_with("line 1: "));
        }
        let bombs = "- &a [x,x]\n- &b [*a,*a]\n";
        assert!(texts(bombs).unwrap_err().contains("alias"));
    }
}
