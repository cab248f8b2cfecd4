//! What each type of package URL says about its parts: a table made from the type definitions of the specification.
//!
//! Where a definition leaves something open the text stays as written. Beyond the definitions go PyPI (PEP 503), and
//! `gitlab` and `githubactions`, which have none: their hosts ignore case. Short of them goes `golang`: it requires a
//! namespace, but a module may be a bare host, and the standard library is called `pkg:golang/stdlib` everywhere.

use std::borrow::Cow;

use super::parts::{PackageUrl, PurlFault};
use Namespace::{Optional, Prohibited, Required};

/// Length of the name of a browser extension, in letters.
const EXTENSION_LETTERS: usize = 32;
/// Greatest number of segments in the version of a browser extension.
const MAX_EXTENSION_SEGMENTS: usize = 4;
/// Greatest number of segments in the namespace of a SWID tag.
const MAX_SWID_SEGMENTS: usize = 2;

/// Whether a type has namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Namespace {
    Required,
    Optional,
    Prohibited,
}

/// The case in which a part is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Kept,
    Lower,
    Upper,
}

/// Rules that one type has alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Own {
    Nothing,
    ChromeExtension,
    CocoaPods,
    Cpan,
    Git,
    Hackage,
    MlFlow,
    Pub,
    PyPi,
    Swid,
    Swift,
}

/// The rules of a type.
#[derive(Debug)]
pub(super) struct Rules {
    kind: &'static str,
    namespace: Namespace,
    namespace_case: Case,
    name_case: Case,
    version_case: Case,
    /// The qualifier without which nothing is named.
    qualifier: Option<&'static str>,
    own: Own,
}

impl Rules {
    const fn of(kind: &'static str, namespace: Namespace) -> Self {
        let (namespace_case, name_case, version_case) = (Case::Kept, Case::Kept, Case::Kept);
        Self { kind, namespace, namespace_case, name_case, version_case, qualifier: None, own: Own::Nothing }
    }

    /// Namespace and name lower case.
    const fn lower(self) -> Self {
        self.lower_namespace().lower_name()
    }

    const fn lower_namespace(mut self) -> Self {
        self.namespace_case = Case::Lower;
        self
    }

    const fn upper_namespace(mut self) -> Self {
        self.namespace_case = Case::Upper;
        self
    }

    const fn lower_name(mut self) -> Self {
        self.name_case = Case::Lower;
        self
    }

    const fn lower_version(mut self) -> Self {
        self.version_case = Case::Lower;
        self
    }

    const fn with(mut self, qualifier: &'static str) -> Self {
        self.qualifier = Some(qualifier);
        self
    }

    const fn own(mut self, own: Own) -> Self {
        self.own = own;
        self
    }
}

/// Every known type, by name.
static TYPES: [Rules; 44] = [
    Rules::of("alpm", Required).lower(),
    Rules::of("apk", Required).lower(),
    Rules::of("bazel", Prohibited),
    Rules::of("bitbucket", Required).lower(),
    Rules::of("bitnami", Prohibited).lower_name(),
    Rules::of("brew", Optional).lower(),
    Rules::of("cargo", Prohibited),
    Rules::of("chrome-extension", Prohibited).lower_name().own(Own::ChromeExtension),
    Rules::of("cocoapods", Prohibited).own(Own::CocoaPods),
    Rules::of("composer", Required).lower(),
    Rules::of("conan", Optional),
    Rules::of("conda", Prohibited),
    Rules::of("cpan", Optional).upper_namespace().own(Own::Cpan),
    Rules::of("cran", Prohibited),
    Rules::of("deb", Required).lower(),
    Rules::of("docker", Optional),
    Rules::of("gem", Prohibited),
    Rules::of("generic", Optional),
    Rules::of("git", Required).own(Own::Git),
    Rules::of("github", Required).lower(),
    Rules::of("githubactions", Optional).lower(),
    Rules::of("gitlab", Required).lower(),
    Rules::of("golang", Optional).lower(),
    Rules::of("hackage", Prohibited).own(Own::Hackage),
    Rules::of("hex", Optional).lower(),
    Rules::of("huggingface", Required).lower_version(),
    Rules::of("julia", Prohibited).with("uuid"),
    Rules::of("luarocks", Optional).lower(),
    Rules::of("maven", Required),
    Rules::of("mlflow", Prohibited).own(Own::MlFlow),
    Rules::of("npm", Optional),
    Rules::of("nuget", Prohibited),
    Rules::of("oci", Prohibited).lower_name().lower_version(),
    Rules::of("opam", Prohibited),
    Rules::of("otp", Prohibited).lower_name(),
    Rules::of("pub", Prohibited).lower_name().own(Own::Pub),
    Rules::of("pypi", Prohibited).lower_name().lower_version().own(Own::PyPi),
    Rules::of("qpkg", Required).lower_namespace(),
    Rules::of("rpm", Required).lower_namespace(),
    Rules::of("swid", Optional).with("tag_id").own(Own::Swid),
    Rules::of("swift", Required).own(Own::Swift),
    Rules::of("vcpkg", Prohibited),
    Rules::of("vscode-extension", Required).lower().lower_version(),
    Rules::of("yocto", Optional).lower_namespace(),
];

/// The rules of a type, given in lower case; a type that nobody defined has none.
pub(super) fn rules(kind: &str) -> Option<&'static Rules> {
    TYPES.binary_search_by(|rules| rules.kind.cmp(kind)).ok().map(|at| &TYPES[at])
}

impl Rules {
    /// Whether the first segment alone is the namespace, and all others are the name.
    pub(super) fn has_long_names(&self) -> bool {
        self.own == Own::Git
    }

    /// Whether a slash after the last segment means that a name is missing there: the namespace of `swift` is a host
    /// and an owner, so what has but two segments in all has no name.
    pub(super) fn misses_name(&self, namespace: &str) -> bool {
        self.own == Own::Swift && !namespace.contains('/')
    }

    /// Puts the parts into their one form and says what is wrong with them.
    pub(super) fn apply(&self, purl: &mut PackageUrl<'_>) -> Result<(), PurlFault> {
        cased(&mut purl.namespace, self.namespace_case);
        cased(&mut purl.name, self.name_case);
        purl.version.iter_mut().for_each(|version| cased(version, self.version_case));
        self.apply_own(purl)?;
        let kind = self.kind;
        match self.namespace {
            Required if purl.namespace.is_empty() => Err(format!("{kind} needs a namespace").into()),
            Prohibited if !purl.namespace.is_empty() => Err(format!("{kind} has no namespaces").into()),
            _ => Ok(()),
        }
    }

    /// Asks for the qualifier without which a text names nothing.
    pub(super) fn require_qualifier(&self, purl: &PackageUrl<'_>) -> Result<(), PurlFault> {
        match self.qualifier {
            Some(key) if purl.qualifier(key).is_none() => {
                Err(format!("{} needs the qualifier {key}", self.kind).into())
            }
            _ => Ok(()),
        }
    }

    fn apply_own(&self, purl: &mut PackageUrl<'_>) -> Result<(), PurlFault> {
        let name = &mut purl.name;
        match self.own {
            Own::ChromeExtension => {
                if name.len() != EXTENSION_LETTERS || !name.bytes().all(|byte| matches!(byte, b'a'..=b'p')) {
                    return Err("the name of a chrome-extension is 32 letters from a to p".into());
                }
                if purl.version.as_deref().is_some_and(|version| !is_extension_version(version)) {
                    return Err("the version of a chrome-extension is one to four numbers between dots".into());
                }
            }
            Own::CocoaPods if name.starts_with('.') || name.contains(|c: char| c == '+' || c.is_whitespace()) => {
                return Err("the name of a cocoapods package begins with no dot and has neither plus nor blank".into());
            }
            Own::Cpan if name.contains("::") => {
                return Err("cpan takes the name of a distribution (A-B), not of a module (A::B)".into());
            }
            Own::Hackage => each(name, |c| if c == '_' { '-' } else { c }),
            Own::MlFlow => {
                // These servers ignore case; others do not.
                if purl.qualifier("repository_url").is_some_and(is_databricks) {
                    cased(&mut purl.name, Case::Lower);
                }
            }
            Own::Pub => each(name, |c| if matches!(c, 'a'..='z' | '0'..='9') { c } else { '_' }),
            Own::PyPi => one_dash(name),
            Own::Swid if purl.namespace.split('/').count() > MAX_SWID_SEGMENTS => {
                return Err("the namespace of swid has two segments at most".into());
            }
            Own::Nothing | Own::CocoaPods | Own::Cpan | Own::Git | Own::Swid | Own::Swift => {}
        }
        Ok(())
    }
}

/// Whether a server of models is one of those that ignore case.
fn is_databricks(url: &str) -> bool {
    url.to_ascii_lowercase().contains("databricks")
}

fn is_extension_version(version: &str) -> bool {
    version.split('.').count() <= MAX_EXTENSION_SEGMENTS
        && version.split('.').all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn cased(text: &mut Cow<'_, str>, case: Case) {
    match case {
        Case::Kept => {}
        // Most texts are as they shall be already.
        Case::Lower if text.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) => {
            *text = Cow::Owned(text.to_lowercase());
        }
        // The ids of authors are ASCII.
        Case::Upper if text.bytes().any(|byte| byte.is_ascii_lowercase()) => {
            *text = Cow::Owned(text.to_ascii_uppercase());
        }
        Case::Lower | Case::Upper => {}
    }
}

/// Replaces every character.
fn each(text: &mut Cow<'_, str>, new: impl Fn(char) -> char) {
    if text.chars().any(|c| new(c) != c) {
        *text = Cow::Owned(text.chars().map(new).collect());
    }
}

/// Every run of `-`, `_` and `.` becomes one `-`.
fn one_dash(name: &mut Cow<'_, str>) {
    let is_mark = |c: char| matches!(c, '-' | '_' | '.');
    if !name.contains(['_', '.']) && !name.contains("--") {
        return;
    }
    let mut new = String::with_capacity(name.len());
    let mut after_mark = false;
    for c in name.chars() {
        let mark = is_mark(c);
        if !(mark && after_mark) {
            new.push(if mark { '-' } else { c });
        }
        after_mark = mark;
    }
    *name = Cow::Owned(new);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_name() {
        assert!(TYPES.is_sorted_by(|a, b| a.kind < b.kind));
        assert!(TYPES.iter().all(|known| rules(known.kind).is_some_and(|found| found.kind == known.kind)));
        assert!(rules("nobody-s").is_none());
    }
}
