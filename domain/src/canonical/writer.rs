//! One pass from a value to its canonical bytes: members are sorted where they stand, when their object ends.
//!
//! serde_json walks the value and escapes its text; what it would write is gathered here instead of in its own writer.

use std::cmp::Ordering;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::{CanonicalError, MAX_DEPTH, MAX_SAFE_INTEGER};

/// Memory that is taken before the size is known, in bytes.
const FIRST_BYTES: usize = 1_024;

/// The canonical bytes of `value`.
pub(super) fn write<T>(value: &T) -> Result<Vec<u8>, CanonicalError>
where
    T: Serialize + ?Sized,
{
    let mut sorting = Sorting { bytes: Vec::with_capacity(FIRST_BYTES), ..Sorting::default() };
    let done = value.serialize(&mut Serializer::with_formatter(io::sink(), &mut sorting));
    match (sorting.refused, done) {
        (Some(refused), _) => Err(refused),
        (None, Err(error)) => Err(CanonicalError::Serialise(error.to_string())),
        (None, Ok(())) => Ok(sorting.bytes),
    }
}

#[derive(Default)]
struct Sorting {
    bytes: Vec<u8>,
    /// Arrays and objects that have begun and not ended.
    open: Vec<OpenNesting>,
    /// Members of the open objects, outermost first.
    members: Vec<Member>,
    /// Where members are put in order.
    sorted: Vec<u8>,
    refused: Option<CanonicalError>,
}

/// An array, or an object whose first member has this place in the list of members.
enum OpenNesting {
    Array,
    Object(usize),
}

/// Where `"key":value` stands.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    end_of_key: usize,
    end: usize,
    /// Whether the key stands as it is: ASCII, nothing escaped. Such keys have the order of their bytes.
    plain: bool,
}

impl Member {
    /// The key between its quotes.
    fn key<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.start + 1..self.end_of_key - 1]
    }
}

impl Sorting {
    fn refuse(&mut self, why: CanonicalError) -> io::Error {
        self.refused.get_or_insert(why);
        io::ErrorKind::InvalidData.into()
    }

    fn value_begins(&mut self) -> io::Result<()> {
        if self.open.len() > MAX_DEPTH { Err(self.refuse(CanonicalError::Depth)) } else { Ok(()) }
    }

    /// Puts the members from `first` on, which are the end of the bytes, in order.
    fn sort(&mut self, first: usize) -> io::Result<()> {
        let bytes = &self.bytes;
        let members = &mut self.members[first..];
        let ascends = |pair: &[Member]| by_utf16(bytes, &pair[0], &pair[1]) == Ordering::Less;
        if members.windows(2).all(ascends) {
            return Ok(());
        }
        let start = members[0].start;
        members.sort_by(|a, b| by_utf16(bytes, a, b));
        if let Some(pair) = members.windows(2).find(|pair| !ascends(pair)) {
            let twice = format!("the member {} is there twice", String::from_utf8_lossy(pair[0].key(bytes)));
            return Err(self.refuse(CanonicalError::Serialise(twice)));
        }
        self.sorted.clear();
        for member in members {
            if !self.sorted.is_empty() {
                self.sorted.push(b',');
            }
            self.sorted.extend_from_slice(&self.bytes[member.start..member.end]);
        }
        self.bytes.truncate(start);
        self.bytes.extend_from_slice(&self.sorted);
        Ok(())
    }
}

/// The order of the keys of two members: that of their UTF-16 units.
fn by_utf16(bytes: &[u8], a: &Member, b: &Member) -> Ordering {
    if a.plain && b.plain {
        return a.key(bytes).cmp(b.key(bytes));
    }
    let text = |key: &Member| {
        let written = &bytes[key.start..key.end_of_key];
        serde_json::from_slice::<String>(written).expect("a key that was written is a text")
    };
    text(a).encode_utf16().cmp(text(b).encode_utf16())
}

macro_rules! integers {
    ($($write:ident: $integer:ty),+) => {
        $(
            fn $write<W: ?Sized + io::Write>(&mut self, _: &mut W, number: $integer) -> io::Result<()> {
                // Narrow types always fit.
                #[allow(clippy::unnecessary_fallible_conversions)]
                let fits = u64::try_from(number).is_ok_and(|n| n <= MAX_SAFE_INTEGER)
                    || i64::try_from(number).is_ok_and(|n| n.unsigned_abs() <= MAX_SAFE_INTEGER);
                if !fits {
                    return Err(self.refuse(CanonicalError::Number(number.to_string())));
                }
                CompactFormatter.$write(&mut self.bytes, number)
            }
        )+
    };
}

impl Formatter for &mut Sorting {
    integers!(write_i8: i8, write_i16: i16, write_i32: i32, write_i64: i64, write_i128: i128);
    integers!(write_u8: u8, write_u16: u16, write_u32: u32, write_u64: u64, write_u128: u128);

    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        CompactFormatter.write_null(&mut self.bytes)
    }

    fn write_bool<W: ?Sized + io::Write>(&mut self, _: &mut W, value: bool) -> io::Result<()> {
        CompactFormatter.write_bool(&mut self.bytes, value)
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f32) -> io::Result<()> {
        self.write_f64(writer, number.into())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, _: &mut W, number: f64) -> io::Result<()> {
        Err(self.refuse(CanonicalError::Number(serde_json::Value::from(number).to_string())))
    }

    fn write_number_str<W: ?Sized + io::Write>(&mut self, _: &mut W, number: &str) -> io::Result<()> {
        Err(self.refuse(CanonicalError::Number(number.to_owned())))
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(self.refuse(CanonicalError::Serialise("JSON as text".to_owned())))
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.bytes.push(b'"');
        Ok(())
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.bytes.push(b'"');
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, text: &str) -> io::Result<()> {
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, _: &mut W, escape: CharEscape) -> io::Result<()> {
        if matches!(escape, CharEscape::AsciiControl(0)) {
            return Err(self.refuse(CanonicalError::Nul));
        }
        CompactFormatter.write_char_escape(&mut self.bytes, escape)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.open.push(OpenNesting::Array);
        self.bytes.push(b'[');
        Ok(())
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        if !first {
            self.bytes.push(b',');
        }
        self.value_begins()
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.open.pop();
        self.bytes.push(b']');
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.open.push(OpenNesting::Object(self.members.len()));
        self.bytes.push(b'{');
        Ok(())
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, first: bool) -> io::Result<()> {
        if !first {
            self.bytes.push(b',');
        }
        let start = self.bytes.len();
        self.members.push(Member { start, end_of_key: start, end: start, plain: false });
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.end_of_key = self.bytes.len();
            let key = member.key(&self.bytes);
            member.plain = key.is_ascii() && !key.contains(&b'\\');
        }
        self.bytes.push(b':');
        self.value_begins()
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.end = self.bytes.len();
        }
        Ok(())
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(OpenNesting::Object(first)) = self.open.pop() {
            self.sort(first)?;
            self.members.truncate(first);
        }
        self.bytes.push(b'}');
        Ok(())
    }
}
