//! What holds for whatever is given.

use domain::purl::{PackageUrl, Purl};
use proptest::prelude::*;

/// Every type that is defined, and texts that are none.
const KIND: &str = concat!(
    "(?i)(alpm|apk|bazel|bitbucket|bitnami|brew|cargo|chrome-extension|cocoapods|composer|conan|conda|cpan|cran|deb|docker",
    "|gem|generic|git|github|githubactions|gitlab|golang|hackage|hex|huggingface|julia|luarocks|maven|mlflow|npm|nuget|oci",
    "|opam|otp|pub|pypi|qpkg|rpm|swid|swift|vcpkg|vscode-extension|yocto|[a-zA-Z.+-]{1,5}|\\PC{0,2})"
);
/// Parts that tempt: separators, dots, codes, capitals, letters of other scripts.
const PART: &str = "([a-zA-Z0-9]{1,3}|[-_.~:@/?#&=+%]|%2[Ff]|%40|%E4%BD%A0|::|\\.git|[A-ZÄΣİßﬁ你]|\\PC){0,8}";
/// Whole texts.
const TEXT: &str = "(?i)(pkg:)(//)?[a-z.+-]{2,8}/([a-z0-9]{1,3}|[-_.~:@/?#&=+%]|%2F|%40|\\PC){0,14}";

fn assert_canonical(purl: &PackageUrl<'_>) -> Result<(), TestCaseError> {
    let text = purl.to_string();
    let again = PackageUrl::parse(&text).map_err(|reason| TestCaseError::fail(format!("{text}: {reason}")))?;
    prop_assert_eq!(&again, purl, "{}", text);
    prop_assert_eq!(again.to_string(), text);
    Ok(())
}

/// Many cases, and as many as whoever runs this asks for where that is more.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { failure_persistence: None, cases: default.cases.max(1024), ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_parsed_is_what_its_text_says(text in prop_oneof![TEXT, "pkg:.{0,20}", ".{0,40}"]) {
        // White space around a purl is no part of it; of what is left every byte is.
        let text = text.trim();
        if let Ok(purl) = PackageUrl::parse(text) {
            assert_canonical(&purl)?;
            let whole = purl.to_string();
            if let (Ok(given), Ok(canonical)) = (Purl::parse(text), Purl::parse(&whole)) {
                prop_assert_eq!(given.id, canonical.id);
                prop_assert_eq!(given.version, canonical.version);
            }
        }
    }

    #[test]
    fn what_is_built_is_what_its_text_says(
        kind in KIND,
        namespace in prop::option::of(PART),
        name in PART,
        version in prop::option::of(PART),
        qualifiers in prop::collection::vec(("uuid|tag_id|[a-zA-Z._-]{1,3}", PART), 0..3),
        subpath in prop::option::of(PART),
    ) {
        let qualifiers = qualifiers.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let (namespace, version, subpath) = (namespace.as_deref(), version.as_deref(), subpath.as_deref());
        if let Ok(purl) = PackageUrl::build(&kind, namespace, &name, version, qualifiers, subpath) {
            assert_canonical(&purl)?;
        }
    }
}
