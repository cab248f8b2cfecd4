//! A registry's answers about one package, by part: read, cleaned, and sealed as the document that is stored.

use std::collections::BTreeMap;

use domain::digest::Digest;
use domain::facts::DocumentRef;
use serde_json::{Map, Value};

use super::MAX_DOCUMENT_BYTES;
use crate::source::clean::{clean, to_bytes};
use crate::source::fetch::AnswerShape;
use crate::source::read::{FieldWarnings, kind};
use crate::source::{Refused, encoding};

/// The only key of a document that holds the answers by part.
const RESPONSES: &str = "responses";

/// Cleaned answers by part.
#[derive(Debug)]
pub(super) struct Answers {
    parts: Map<String, Value>,
    /// The document was UTF-16.
    utf16: bool,
}

impl Answers {
    /// Reads a document: the registry's own, which is the part `main`, or one of answers by part.
    pub(super) fn parse(bytes: &[u8], main: &str, shape: AnswerShape) -> Result<Self, Refused> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            let size = bytes.len();
            return Err(Refused::whole(format!("the document has {size} bytes, the limit is {MAX_DOCUMENT_BYTES}")));
        }
        let (narrow, utf16) = encoding::narrow(bytes)?;
        let bytes = encoding::without_mark(&narrow);
        let mut parts = match shape.value(bytes).map_err(|error| Refused::whole(format!("not JSON: {error}")))? {
            Value::Object(mut fields) if fields.len() == 1 && fields.contains_key(RESPONSES) => {
                match fields.remove(RESPONSES).unwrap_or_default() {
                    Value::Object(parts) => parts,
                    other => return Err(Refused::at(RESPONSES, format!("expected an object, found {}", kind(&other)))),
                }
            }
            answer => Map::from_iter([(main.to_owned(), shape.shaped(answer))]),
        };
        parts.values_mut().for_each(clean);
        Ok(Self { parts, utf16 })
    }

    /// Answers that were fetched.
    pub(super) fn of_parts(parts: BTreeMap<&'static str, Value>) -> Self {
        let cleaned = |(part, mut value): (&str, Value)| {
            clean(&mut value);
            (part.to_owned(), value)
        };
        Self { parts: parts.into_iter().map(cleaned).collect(), utf16: false }
    }

    /// What is odd about the document as such.
    pub(super) fn warnings(&self) -> FieldWarnings {
        let mut warnings = FieldWarnings::default();
        if self.utf16 {
            warnings.add("document", encoding::WAS_UTF16);
        }
        warnings
    }

    /// The answer `part`, if there is one.
    pub(super) fn get(&self, part: &str) -> Option<&Value> {
        self.parts.get(part)
    }

    /// The answer `part`, which has to be an object.
    pub(super) fn object(&self, part: &str) -> Result<&Map<String, Value>, Refused> {
        let found = self.parts.get(part).unwrap_or(&Value::Null);
        found.as_object().ok_or_else(|| Refused::at(part, format!("expected an object, found {}", kind(found))))
    }

    /// The document to store, and what the facts say about it.
    pub(super) fn seal(&self, format: &str, parser: &str) -> (Vec<u8>, DocumentRef) {
        let bytes = to_bytes(&BTreeMap::from([(RESPONSES, &self.parts)]));
        let document = DocumentRef {
            sha256: Digest::of(&bytes),
            bytes: bytes.len() as u64,
            format: format.to_owned(),
            format_version: None,
            parser: parser.to_owned(),
        };
        (bytes, document)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_say_how_an_answer_is_read() {
        let read = |bytes: &[u8]| Answers::parse(bytes, "packument", AnswerShape::Json).unwrap();
        let marked = read(b"\xef\xbb\xbf{\"name\":\"x\"}");
        assert_eq!(marked.get("packument"), Some(&json!({"name": "x"})));
        assert!(marked.warnings().into_list().is_empty());
        let wide: Vec<u8> = "\u{feff}{\"name\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&wide).get("packument"), Some(&json!({"name": "x"})));
        assert_eq!(read(&wide).warnings().into_list(), [format!("document: {}", encoding::WAS_UTF16)]);
    }

    #[test]
    fn a_stored_document_reads_back_as_itself() {
        let answers = Answers::parse(b"{\"name\":\"x\",\"author\":\"Ann\"}", "packument", AnswerShape::Json).unwrap();
        let (stored, document) = answers.seal("npm-JSON", "npm/1");
        assert_eq!(stored, b"{\"responses\":{\"packument\":{\"name\":\"x\"}}}");
        assert_eq!(document.bytes, stored.len() as u64);
        let (again, _) = Answers::parse(&stored, "packument", AnswerShape::Json).unwrap().seal("npm-JSON", "npm/1");
        assert_eq!(again, stored);
        let (lines, _) = Answers::parse(&stored, "index", AnswerShape::Lines).unwrap().seal("npm-JSON", "npm/1");
        assert_eq!(lines, stored);
        assert!(Answers::parse(b"{\"responses\":1}", "packument", AnswerShape::Json).is_err());
    }
}
