//! Purls of documents: their parts are names like any other.

use std::borrow::Cow;

use super::emails;
use crate::purl::Purl;

impl Purl {
    /// The purl of the cleaned name: addresses in its parts become `<email>`, in the id percent-encoded as any text.
    #[must_use]
    pub fn without_addresses(self) -> Self {
        let clean = |text: String| match emails(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        };
        // An id spells the decoded name in one way, so what is an address in the name is one here.
        let id = match emails(&self.id) {
            Cow::Borrowed(_) => self.id,
            Cow::Owned(clean) => Self::parse(&clean).map_or_else(|_| clean.replace(['<', '>'], "-"), |purl| purl.id),
        };
        Self { id, version: self.version.map(clean), spelled: clean(self.spelled) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_purls_are_cleaned_and_scopes_stay() {
        let cleaned = |text: &str| Purl::parse(text).unwrap().without_addresses();
        for name in
            ["john%40example.org", "joh%6E%40example%2Eorg", "john%EF%BC%A0example%E3%80%82org", "%22j%20d%22%40x.org"]
        {
            let purl = cleaned(&format!("pkg:generic/x/{name}@1.0"));
            assert_eq!(purl.id, "pkg:generic/x/%3Cemail%3E", "{name}");
            assert_eq!((purl.spelled.as_str(), purl.version.as_deref()), ("x/<email>", Some("1.0")));
            assert_eq!(Purl::parse(&purl.id).unwrap().id, purl.id);
        }
        assert_eq!(cleaned("pkg:generic/john%40example.org/x").id, "pkg:generic/%3Cemail%3E/x");
        assert_eq!(cleaned("pkg:npm/x@a%40b.org").version.as_deref(), Some("<email>"));
        for text in ["pkg:npm/%40scope/name.js@1.2.3", "pkg:npm/@s.io/n.io", "pkg:golang/github.com/o/r@v1.2.3-rc.beta"]
        {
            assert_eq!(cleaned(text), Purl::parse(text).unwrap(), "{text}");
        }
    }
}
