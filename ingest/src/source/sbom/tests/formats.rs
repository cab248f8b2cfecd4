//! What is particular to a syntax: tag-value, YAML, XML.

use super::{SUBJECT, edges, listed, parsed, refusal, warnings};

/// Purls, names and versions of a document's packages.
fn kept(document: &str) -> Vec<(Option<String>, String, Option<String>)> {
    let found = parsed(document);
    let owned = |text: Option<&str>| text.map(str::to_owned);
    found
        .facts
        .packages
        .iter()
        .map(listed)
        .map(|(id, name, version)| (owned(id), name.to_owned(), owned(version)))
        .collect()
}

fn package(id: &str, version: Option<&str>) -> (Option<String>, String, Option<String>) {
    let name = id.rsplit('/').next().unwrap_or(id);
    (id.starts_with("pkg:").then(|| id.to_owned()), name.to_owned(), version.map(str::to_owned))
}

#[test]
fn tags_belong_to_what_was_opened_last() {
    let document = "DataLicense: CC0-1.0\nSPDXVersion : SPDX-2.2\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n\
        Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a\n\
        PackageName: a\n  ExternalRef:  PACKAGE_MANAGER  purl  pkg:npm/a@1 \n\tSPDXID: SPDXRef-a\n\
        PackageComment: <text>x\n\
        PackageName: no\nSPDXID: SPDXRef-no</text> rubbish\nPackageVersion: <text>1.10</text>\n# PackageName: no\n\
        FileName: f\nSPDXID: SPDXRef-f\nPackageVersion: 9\n\
        PackageName: b\nSPDXID: SPDXRef-b\nPackageVersion: NOASSERTION\nExternalRef: SECURITY cpe23Type cpe:2.3:a:b\n\
        Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b\nRelationship: SPDXRef-a CONTAINS SPDXRef-f\n\
        LicenseID: LicenseRef-1\nSPDXID: SPDXRef-l\nno tag here\nPackageDownloadLocation: nowhere\n";
    assert_eq!(kept(document), [package("b", None), package("pkg:npm/a", Some("1.10"))]);
    assert_eq!(edges(&parsed(document)), [(SUBJECT.to_owned(), "pkg:generic/org/app/b".to_owned())]);
    assert_eq!(
        warnings(document),
        [
            "Created: mandatory Created is missing",
            "Creator: mandatory Creator is missing",
            "DocumentNamespace: mandatory DocumentNamespace is missing",
            "line 6, downloadLocation: mandatory downloadLocation is missing (2 alike, this is the first)",
            "packages: entries without purl, known by name and to this repository alone: 1",
            "line 25: neither a tag nor a comment; skipped",
        ]
    );
}

#[test]
fn what_is_no_tag_value_is_refused_with_its_line() {
    let with = |rest: &str| format!("SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\n{rest}");
    for (document, expected) in [
        ("a line of a log\nSPDXVersion: SPDX-2.3\n".to_owned(), "line 1: text before the document"),
        ("INFO: made\nSPDXVersion: SPDX-2.3\n".to_owned(), "line 1: text before the document"),
        (with("SPDXVersion: SPDX-2.3\n"), "line 3: several documents in one"),
        (
            with("PackageName: a\nPackageVersion: 1\nPackageVersion: 2\n"),
            "line 5: the tag `PackageVersion` is given twice",
        ),
        (with("SPDXID: SPDXRef-x\n"), "line 3: the tag `SPDXID` is given twice"),
        (with("PackageName: <text>a\n"), "line 3: a `<text>` that is never closed"),
    ] {
        assert!(refusal(&document).starts_with(expected), "{}", refusal(&document));
    }
    let short = with("PackageName: a\nSPDXID: SPDXRef-a\nRelationship: SPDXRef-a DEPENDS_ON\nExternalRef: x purl\n");
    let found = warnings(&short);
    assert!(
        found.contains(&"line 5, relatedSpdxElement: mandatory relatedSpdxElement is missing".to_owned()),
        "{found:?}"
    );
    assert!(found.iter().any(|warning| warning.starts_with("line 3, externalRefs[0].referenceLocator")), "{found:?}");
}

#[test]
fn versions_in_yaml_are_what_is_written() {
    let document = "---\nspdxVersion: \"SPDX-2.3\"\npackages:\n- {name: a, versionInfo: 1.10}\n- {name: b, versionInfo: no}\n\
        - {name: c, versionInfo: 2024-01-01}\n- {name: d, versionInfo: ~}\n- name: 1.0\n  versionInfo: >-\n    1e3\n\
        - name: e\n  versionInfo: [1]\n  hasFiles: &x [a]\n...\n";
    let expected = [
        ("1.0", Some("1e3")),
        ("a", Some("1.10")),
        ("b", Some("no")),
        ("c", Some("2024-01-01")),
        ("d", None),
        ("e", None),
    ];
    // A name is no purl: the last segment of one that has no slash is itself.
    let expected = expected.map(|(name, version)| (None, name.to_owned(), version.map(str::to_owned)));
    assert_eq!(kept(document), expected);
    let found = warnings(document);
    assert!(found.contains(&"packages[5].versionInfo: expected text, found a list; ignored".to_owned()), "{found:?}");

    for (rest, expected) in [
        ("packages:\n- &a {name: a}\n- *a\n", "line 4: an alias"),
        ("packages:\n- name: a\n  name: b\n", "line "),
        ("packages: []\npackages: []\n", "line 3: duplicate field `packages`"),
        ("spdxVersion: SPDX-2.2\n", "line 2: duplicate field `spdxVersion`"),
        ("---\nspdxVersion: SPDX-2.2\n", "line 2: several documents in one"),
        ("packages: [\n", "line "),
        ("\tx: 1\n", "line "),
    ] {
        let refused = refusal(&format!("spdxVersion: SPDX-2.3\n{rest}"));
        assert!(refused.starts_with(expected), "{rest}: {refused}");
    }
}

/// A document of CycloneDX in XML.
fn bom(version: &str, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<bom xmlns=\"http://cyclonedx.org/schema/bom/{version}\">{inside}</bom>\n"
    )
}

#[test]
fn a_component_is_what_its_path_says() {
    let document = bom(
        "1.6",
        "<metadata><tools><components><component type='library'><name>tool</name></component></components></tools>\
         <component type='application' bom-ref='app'><name>app</name>\
         <components><component type='library' bom-ref='part'><name>part</name></component></components>\
         </component></metadata>\
         <components>\n<component type='library' bom-ref='a'><name>a</name><version/><pedigree><ancestors><component>\
         <name>old</name><purl>pkg:npm/old</purl></component></ancestors></pedigree>\
         <evidence><name>none</name></evidence>\
         <components><component type='library' bom-ref='b'><name><![CDATA[b]]></name>\
         <purl>pkg:npm/b&#x40;2</purl></component>\
         </components></component><x:component xmlns:x='urn:x'><x:name>x</x:name></x:component></components>\
         <services><service bom-ref='s'><name>s</name>\
         <services><service bom-ref='t'><name>t</name></service></services>\
         </service></services>\
         <dependencies><dependency ref='app'><dependency ref='a'><dependency ref='b'/></dependency>\
         <dependency ref='s'/>\
         <provides ref='b'/></dependency></dependencies>",
    );
    let found = parsed(&document);
    assert_eq!((found.packages, found.dependencies, found.root_dependencies), (2, 3, 1));
    assert_eq!((found.format.as_str(), found.format_version.as_str()), ("CycloneDX-XML", "1.6"));
    let a = "pkg:generic/org/app/a".to_owned();
    assert_eq!(edges(&found), [(a.clone(), "pkg:npm/b".to_owned()), (SUBJECT.to_owned(), a)]);
    let names: Vec<_> = found.facts.packages.iter().map(|package| package.name.as_str()).collect();
    assert_eq!(names, ["a", "app", "part", "b"]);
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
}

#[test]
fn documents_older_than_dependencies_are_read() {
    // 1.0 has neither references nor a root; 1.1 has its dependencies in an extension.
    let old =
        bom("1.0", "<components><component type='library'><name>a</name><version>1</version></component></components>");
    let found = parsed(&old);
    assert_eq!((found.format_version.as_str(), found.packages, found.root_dependencies), ("1.0", 1, 1));
    let graph = bom(
        "1.1",
        "<components><component type='library' bom-ref='a'><name>a</name><version>1</version></component>\
         <component type='library' bom-ref='b'><name>b</name></component></components>\
         <dg:dependencies xmlns:dg='http://cyclonedx.org/schema/ext/dependency-graph/1.0'><dg:dependency ref='a'>\
         <dg:dependency ref='b'/></dg:dependency></dg:dependencies>",
    );
    let found = parsed(&graph);
    assert_eq!((found.packages, found.dependencies, found.root_dependencies, found.edges), (2, 1, 1, 2));
    let missing = "line 2, version: mandatory version is missing";
    assert!(found.warnings.iter().any(|warning| warning.to_string() == missing), "{:?}", found.warnings);
}

#[test]
fn oddities_of_xml_are_named_by_their_line() {
    let document = bom(
        "1.6",
        "<components>\n<component bom-ref=''>\n<name> </name><purl>npm/a</purl></component></components>\n\
         <dependencies>\n<dependency><dependency ref='a'/></dependency>\
         <dependency ref='gone'><dependency ref='a'/></dependency>\
         </dependencies>",
    );
    assert_eq!(
        warnings(&document),
        [
            "line 6, ref: mandatory ref is missing",
            "line 3, type: mandatory type is missing",
            "line 3, purl: `npm/a` is no package URL: it does not begin with `pkg:`; kept as a package without purl",
            "line 3, bom-ref: empty: nothing can refer to this entry",
            "line 6, ref: `gone` is no package of this document, relations left out: 1",
        ]
    );
}
