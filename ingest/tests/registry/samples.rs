//! Real answers, cut to what matters, with an address planted wherever a registry carries one.

use domain::Event;
use domain::codec;
use domain::purl::Purl;

/// A packument with four versions.
pub(crate) const NPM: &str = include_str!("../data/npm-stellar-base.json");
/// Five lines of the sparse index.
pub(crate) const CRATES: &str = include_str!("../data/crates-stellar-xdr.ndjson");
/// A Python project with four versions.
pub(crate) const PYPI: &str = include_str!("../data/pypi-stellar-sdk.json");
/// A repository as a code host serves it.
pub(crate) const REPO: &str = include_str!("../data/repo-js-stellar-sdk.json");
/// What must be nowhere in anything that is stored.
const PLANTED: [&str; 3] = ["canary@", "canary%40", "canary\\u0040"];

pub(crate) fn purl(text: &str) -> Purl {
    Purl::parse(text).expect("a purl")
}

/// The stored payload of `facts`, which must hold no address.
pub(crate) fn encoded(facts: impl Into<Event>) -> String {
    let text = round_trip(facts);
    assert_no_address(&text);
    text
}

/// The stored payload of `facts`, which must read back as themselves.
pub(crate) fn round_trip(facts: impl Into<Event>) -> String {
    let event = facts.into();
    let bytes = codec::encode(&event).expect("facts have a canonical form");
    let kind = event.event_type();
    assert_eq!(codec::decode(kind.name(), kind.current_version(), &bytes).expect("they read back"), event);
    event.stream().expect("facts name their stream");
    event.semantic_digest().expect("facts have a digest");
    String::from_utf8(bytes).expect("text")
}

pub(crate) fn assert_no_address(text: &str) {
    for planted in PLANTED {
        assert!(!text.contains(planted), "{planted} in {text}");
    }
}
