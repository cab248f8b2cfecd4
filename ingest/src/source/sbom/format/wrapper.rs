//! What a document may be wrapped in where it was signed, attested or fetched.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::FormatNote;
use crate::source::{Refused, encoding};

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// A field that holds a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapper {
    /// `sbom`, as a host's API exports it.
    Export,
    /// `SPDX`, as an image builder shows it.
    Image,
    /// `predicate` of an in-toto statement.
    Predicate,
    /// `Data` inside of it.
    PredicateData,
    /// `dsseEnvelope` of a bundle.
    Bundle,
    /// `payload` of a DSSE envelope, in base64.
    Payload,
}

impl Wrapper {
    /// The wrapper that a field is, in an object that stands in `inside`.
    pub(super) fn of(inside: Option<Self>, key: &str) -> Option<Self> {
        match (inside, key) {
            (None, "sbom") => Some(Self::Export),
            (None, "SPDX") => Some(Self::Image),
            (None, "predicate") => Some(Self::Predicate),
            (Some(Self::Predicate), "Data") => Some(Self::PredicateData),
            (None, "dsseEnvelope") => Some(Self::Bundle),
            (None | Some(Self::Bundle), "payload") => Some(Self::Payload),
            _ => None,
        }
    }

    /// The field.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Export => "sbom",
            Self::Image => "SPDX",
            Self::Predicate => "predicate",
            Self::PredicateData => "Data",
            Self::Bundle => "dsseEnvelope",
            Self::Payload => "payload",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Export => "an export",
            Self::Image => "the description of an image",
            Self::Predicate | Self::PredicateData => "an in-toto statement",
            Self::Bundle => "a bundle",
            Self::Payload => "a DSSE envelope",
        }
    }

    /// The document that a field holds as text.
    pub(super) fn text<'a>(self, held: Cow<'a, str>, path: &[&'static str]) -> Result<Cow<'a, str>, Refused> {
        if self != Self::Payload {
            return Ok(held);
        }
        let alphabet = if held.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
        let place = || path.join(".");
        // Some tools break it into lines.
        let broken = held.contains(|c: char| c.is_ascii_whitespace());
        let held = if broken { Cow::Owned(held.split_ascii_whitespace().collect()) } else { held };
        let bytes = GeneralPurpose::new(alphabet, CONFIG)
            .decode(held.as_bytes())
            .map_err(|error| Refused::at(place(), format!("no base64: {error}")))?;
        let decoded = encoding::decode(&bytes).map_err(|refused| Refused::at(place(), refused.to_string()))?;
        Ok(Cow::Owned(decoded.text.into_owned()))
    }
}

/// What is said of a document that was unwrapped.
pub(super) fn note(path: &[&'static str], wrapper: Wrapper) -> FormatNote {
    (path.join("."), format!("the document stands in {}; unwrapped", wrapper.name()))
}
