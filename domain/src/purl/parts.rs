//! The parts of a package URL.

use std::borrow::Cow;

/// Why something is no package URL.
pub(super) type PurlFault = Cow<'static, str>;

/// A package URL in canonical form: all parts decoded, by the rules of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageUrl<'a> {
    /// The type, lower case.
    pub kind: Cow<'a, str>,
    /// Segments between slashes; empty where there is none.
    pub namespace: Cow<'a, str>,
    /// The name, never empty.
    pub name: Cow<'a, str>,
    /// The version, where there is one.
    pub version: Option<Cow<'a, str>>,
    /// Qualifiers by key, each key once and lower case.
    pub qualifiers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Segments between slashes, where there is one.
    pub subpath: Option<Cow<'a, str>>,
}

impl PackageUrl<'_> {
    /// The value of a qualifier.
    #[must_use]
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(found, _)| found == key).map(|(_, value)| &**value)
    }
}
