//! Every rule on a document small enough to read, in SPDX and in CycloneDX where both have it.

use serde_json::json;

use super::super::MAX_VERSION_BYTES;
use super::{
    SUBJECT, component, cyclonedx, cyclonedx_value, edges, listed, package, parsed, relation, spdx, spdx_value,
    warnings,
};

fn pair(from: &str, to: &str) -> (String, String) {
    let id = |name: &str| if name == "app" { SUBJECT.to_owned() } else { format!("pkg:npm/{name}") };
    (id(from), id(to))
}

#[test]
fn spdx_reads_packages_root_and_relations() {
    let document = spdx(
        &[package("app", "1"), package("b", "2"), package("a", "1")],
        &[
            relation("DOCUMENT", "DESCRIBES", "app"),
            relation("app", "DEPENDS_ON", "a"),
            relation("a", "DEPENDS_ON", "b"),
        ],
    );
    let found = parsed(&document);
    assert_eq!((found.format.as_str(), found.format_version.as_str()), ("SPDX-JSON", "2.3"));
    assert_eq!((found.packages, found.dependencies, found.root_dependencies), (3, 2, 1));
    assert_eq!((found.vertices, found.edges), (3, 2));
    assert_eq!(edges(&found), [pair("app", "a"), pair("a", "b")]);
    assert_eq!(found.warnings, []);
    assert_eq!(listed(&found.facts.packages[0]), (Some("pkg:npm/a"), "a", Some("1")));
    assert_eq!((found.facts.described, found.facts.relations), (vec![1], vec![(0, 2), (1, 0)]));
    assert_eq!(found.facts.document.sha256, domain::digest::Digest::of(document.as_bytes()));
    assert_eq!(found.facts.document.parser, "sbom/2");
    assert!(found.facts.complete);
}

#[test]
fn cyclonedx_reads_components_root_and_relations() {
    let found = parsed(&cyclonedx(&[component("b", "2"), component("a", "1")], &[("app", &["a"]), ("a", &["b"])]));
    assert_eq!((found.format.as_str(), found.format_version.as_str()), ("CycloneDX-JSON", "1.6"));
    assert_eq!((found.packages, found.dependencies, found.root_dependencies), (2, 2, 1));
    assert_eq!((found.vertices, found.edges), (3, 2));
    assert_eq!(edges(&found), [pair("app", "a"), pair("a", "b")]);
    assert_eq!(found.facts.packages.len(), 3, "the root is one of them");
    assert_eq!(found.warnings, []);
}

#[test]
fn every_dependency_of_is_a_reversed_edge_and_containment_none() {
    let kinds = ["DEPENDENCY_OF", "DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF"];
    for kind in kinds.into_iter().chain(["BUILD_DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "TEST_DEPENDENCY_OF"]) {
        let packages = [package("app", "1"), package("a", "1")];
        let found = parsed(&spdx(&packages, &[relation("a", kind, "app"), relation("DOCUMENT", "DESCRIBES", "app")]));
        assert_eq!(edges(&found), [pair("app", "a")], "{kind}");
        assert_eq!((found.dependencies, found.warnings.len()), (1, 0), "{kind}");
    }
    for kind in ["CONTAINS", "CONTAINED_BY", "DEPENDENCY_MANIFEST_OF", "DEV_TOOL_OF", "DYNAMIC_LINK"] {
        let found = parsed(&spdx(&[package("a", "1"), package("b", "1")], &[relation("a", kind, "b")]));
        assert_eq!((found.dependencies, found.root_dependencies, found.warnings.len()), (0, 2, 0), "{kind}");
    }
    let odd = spdx(&[package("a", "1")], &[relation("a", "NEEDS", "b"), relation("b", "NEEDS", "a")]);
    assert_eq!(
        warnings(&odd),
        [
            "relationships[0].relationshipType: `NEEDS` is no relationship type of SPDX 2; ignored (2 alike, this is the \
          first)"
        ]
    );
}

#[test]
fn the_document_describes_by_field_or_relationship() {
    let packages = [package("app", "1"), package("a", "1"), package("b", "1")];
    let mut document = spdx_value(&packages, &[relation("app", "DEPENDS_ON", "a")]);
    document["documentDescribes"] = json!(["SPDXRef-app"]);
    let by_field = parsed(&document.to_string());
    assert_eq!(edges(&by_field), [pair("app", "a")]);
    document["documentDescribes"] = json!(["SPDXRef-app", "SPDXRef-b", "SPDXRef-app"]);
    let both = parsed(&document.to_string());
    assert_eq!(both.facts.described.len(), 2);
    assert_eq!(both.root_dependencies, 2, "none of several is the subject");
    assert!(edges(&both).contains(&("pkg:npm/app".to_owned(), "pkg:npm/a".to_owned())));

    let others = [relation("a", "DESCRIBES", "b"), relation("DOCUMENT", "DESCRIBES", "DOCUMENT")];
    let found = parsed(&spdx(&packages, &others));
    assert_eq!((found.facts.described.len(), found.warnings.len()), (0, 2));

    // A document may have an id of its own.
    let mut renamed = spdx_value(&packages, &[relation("Mine", "DESCRIBES", "app")]);
    renamed["SPDXID"] = json!("SPDXRef-Mine");
    assert_eq!(parsed(&renamed.to_string()).facts.described.len(), 1);
}

#[test]
fn without_relations_the_subject_depends_on_all() {
    let found = parsed(&cyclonedx(&[component("a", "1"), component("b", "1")], &[]));
    assert_eq!((found.dependencies, found.root_dependencies, found.edges), (0, 2, 2));
}

#[test]
fn nested_components_are_entries_and_services_are_not() {
    let mut outer = component("outer", "1");
    outer["components"] = json!([component("inner", "1")]);
    let mut document = cyclonedx_value(&[outer], &[("app", &["outer", "api"]), ("api", &["inner"])]);
    document["services"] = json!([{"bom-ref": "api", "name": "api", "services": [{"bom-ref": "sub", "name": "sub"}]}]);
    document["metadata"]["component"]["components"] = json!([component("part", "1")]);
    let found = parsed(&document.to_string());
    assert_eq!((found.packages, found.dependencies), (2, 3), "neither the root's parts nor services are listed");
    assert_eq!(found.facts.packages.len(), 4);
    assert_eq!(edges(&found), [pair("app", "outer")], "a service makes no edge");
    assert_eq!(found.warnings, []);
}

#[test]
fn references_may_be_purls() {
    let mut lib = component("lib", "1.0");
    lib["purl"] = json!("pkg:npm/%40o/lib@1.0?arch=x#src");
    let mut twin = component("twin", "1");
    twin["purl"] = json!("pkg:npm/twin");
    let on: &[&str] =
        &["pkg:npm/@o/lib@1.0", "pkg:npm/twin@1", "pkg:npm/%40o/lib", "pkg:npm/%40o/lib@2.0", "PKG:npm/twin"];
    let found = parsed(&cyclonedx(&[lib, twin], &[("pkg:npm/app", on)]));
    assert_eq!(found.dependencies, 5);
    assert_eq!(edges(&found), [pair("app", "%40o/lib"), pair("app", "twin")]);
    assert_eq!(
        found.warnings[0].to_string(),
        "dependencies[0].dependsOn[3]: `pkg:npm/%40o/lib@2.0` is no package of this document, relations left out: 1"
    );
}

#[test]
fn versions_come_from_the_field_then_from_the_purl() {
    for (written, version) in [
        (json!("2.0"), Some("2.0")),
        (json!("NOASSERTION"), Some("1.0")),
        (json!("NONE"), Some("1.0")),
        (json!(" "), Some("1.0")),
        (json!(null), Some("1.0")),
        (json!("v".repeat(MAX_VERSION_BYTES + 1)), Some("1.0")),
    ] {
        let mut entry = package("a", "1.0");
        entry["versionInfo"] = written.clone();
        assert_eq!(parsed(&spdx(&[entry], &[])).facts.packages[0].version.as_deref(), version, "{written}");
        let mut entry = component("a", "1.0");
        entry["version"] = written.clone();
        let found = parsed(&cyclonedx(&[entry], &[]));
        assert_eq!(found.facts.packages[0].version.as_deref(), version, "{written}");
    }
    let mut entry = package("a", "1.0");
    entry["versionInfo"] = json!("NOASSERTION");
    entry["externalRefs"] = json!([]);
    assert_eq!(parsed(&spdx(&[entry], &[])).facts.packages[0].version, None);
}

#[test]
fn purls_are_found_however_their_reference_is_spelled() {
    for (category, kind) in
        [("PACKAGE_MANAGER", "purl"), ("PACKAGE-MANAGER", "PURL"), ("x", "https://spdx.org/references/purl")]
    {
        let mut entry = package("a", "1");
        entry["externalRefs"] = json!([
            {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x:y"},
            {"referenceCategory": category, "referenceType": kind, "referenceLocator": "pkg:npm/%40o/a@1"},
        ]);
        let found = parsed(&spdx(&[entry], &[]));
        assert_eq!(found.facts.packages[0].purl.as_deref(), Some("pkg:npm/%40o/a"), "{kind}");
    }
}

#[test]
fn of_two_purls_the_bytewise_first_counts() {
    let mut entry = package("a", "1");
    let reference = |purl: &str| json!({"referenceType": "purl", "referenceLocator": purl});
    for purls in [["pkg:npm/z@1", "pkg:npm/b@1"], ["pkg:npm/b@1", "pkg:npm/z@1"]] {
        entry["externalRefs"] = json!(purls.map(reference));
        let found = parsed(&spdx(&[entry.clone()], &[]));
        assert_eq!(found.facts.packages[0].purl.as_deref(), Some("pkg:npm/b"));
        assert_eq!(found.warnings.len(), 1);
    }
}

#[test]
fn an_invalid_purl_leaves_a_package_without_purl() {
    let mut entry = component("a", "1");
    entry["purl"] = json!("npm/a");
    let found = parsed(&cyclonedx(&[entry], &[("app", &["a"])]));
    assert_eq!(listed(&found.facts.packages[0]), (None, "a", Some("1")));
    assert_eq!(edges(&found), [(SUBJECT.to_owned(), "pkg:generic/org/app/a".to_owned())]);
    assert!(found.warnings[0].to_string().starts_with("components[0].purl: `npm/a` is no package URL"));
}

#[test]
fn versions_of_one_package_collapse_to_one_edge() {
    let mut second = component("a", "2");
    second["bom-ref"] = json!("a2");
    let found = parsed(&cyclonedx(
        &[component("a", "1"), second, component("b", "1")],
        &[("app", &["a", "a2", "app"]), ("a", &["a2", "b"]), ("b", &["b"])],
    ));
    assert_eq!((found.packages, found.dependencies, found.vertices), (3, 6, 3));
    assert_eq!(edges(&found), [pair("app", "a"), pair("a", "b")]);
    assert_eq!(found.warnings[0].to_string(), "dependencies: self edges dropped: 3");
}

#[test]
fn nothing_and_unknown_are_no_targets() {
    let document = spdx(
        &[package("app", "1"), package("a", "1")],
        &[
            relation("DOCUMENT", "DESCRIBES", "app"),
            relation("app", "DEPENDS_ON", "a"),
            relation("a", "DEPENDS_ON", "NONE"),
            relation("app", "DEPENDS_ON", "NOASSERTION"),
        ],
    );
    let found = parsed(&document);
    assert_eq!((found.dependencies, found.edges, found.warnings.len()), (3, 1, 0));
    let reversed = spdx(&[package("a", "1")], &[relation("NONE", "DEPENDS_ON", "a")]);
    assert_eq!(warnings(&reversed), ["relationships[0]: NONE cannot depend on anything; left out"]);
}

#[test]
fn dangling_references_count_and_warn_but_make_no_edge() {
    let found = parsed(&cyclonedx(&[component("a", "1")], &[("app", &["a", "gone", ""]), ("gone", &["a"])]));
    assert_eq!((found.dependencies, found.edges), (4, 1));
    assert_eq!(
        found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "dependencies[0].dependsOn[1]: `gone` is no package of this document, relations left out: 2",
            "dependencies[0].dependsOn[2]: `` is no package of this document, relations left out: 1",
        ]
    );
}

#[test]
fn a_reference_of_two_entries_means_one_whatever_their_order() {
    let mut first = component("a", "1");
    let mut second = component("b", "1");
    first["bom-ref"] = json!("same");
    second["bom-ref"] = json!("same");
    let dependencies: &[(&str, &[&str])] = &[("app", &["same"])];
    let one = parsed(&cyclonedx(&[first.clone(), second.clone()], dependencies));
    let other = parsed(&cyclonedx(&[second, first], dependencies));
    assert_eq!(one.facts.relations, other.facts.relations);
    assert_eq!(edges(&one), [pair("app", "a")]);
    assert_eq!(one.warnings[0].to_string(), "components[1].bom-ref: `same` is the reference of another entry too");
}

#[test]
fn no_packages_is_an_incomplete_snapshot() {
    for document in [spdx(&[], &[]), cyclonedx(&[], &[])] {
        let found = parsed(&document);
        assert!(!found.facts.complete);
        assert_eq!((found.packages, found.vertices, found.edges), (0, 1, 0));
        assert!(found.warnings[0].message.starts_with("none listed"));
    }
}

#[test]
fn parts_of_the_root_are_not_counted_and_still_replaced_by_a_later_document() {
    let mut document = cyclonedx_value(&[], &[]);
    document["metadata"]["component"]["components"] = json!([component("a", "1")]);
    let found = parsed(&document.to_string());
    assert_eq!((found.packages, edges(&found)), (0, vec![pair("app", "a")]));
    assert!(found.facts.complete, "an edge that is claimed must be able to retire");
}

#[test]
fn a_root_of_another_repository_is_a_warning() {
    let mut document = cyclonedx_value(&[component("a", "1")], &[("app", &["a"])]);
    document["metadata"]["component"]["purl"] = json!("pkg:github/Other/App@main");
    let found = parsed(&document.to_string());
    assert_eq!(edges(&found), [pair("app", "a")]);
    assert!(found.warnings[0].message.contains("`pkg:github/other/app`, not `pkg:github/org/app`"));
    document["metadata"]["component"]["purl"] = json!("pkg:github/Org/App@main");
    assert_eq!(warnings(&document.to_string()), [] as [&str; 0]);
}

#[test]
fn prerequisites_are_dependencies() {
    let packages = [package("app", "1"), package("a", "1")];
    let root = relation("app", "DESCRIBED_BY", "DOCUMENT");
    for relation in [relation("app", "HAS_PREREQUISITE", "a"), relation("a", "PREREQUISITE_FOR", "app")] {
        let found = parsed(&spdx(&packages, &[relation, root.clone()]));
        assert_eq!((edges(&found), found.dependencies), (vec![pair("app", "a")], 1));
        assert_eq!(found.warnings, []);
    }
}

#[test]
fn the_document_as_an_end_of_a_relation_is_the_subject() {
    let packages = [package("a", "1"), package("b", "1"), package("c", "1")];
    let own = relation("DOCUMENT", "DEPENDS_ON", "a");
    let back = relation("DOCUMENT", "DEPENDENCY_OF", "b");
    // Nothing is described: the repository itself is the end.
    let found = parsed(&spdx(&packages, &[own.clone(), back.clone()]));
    assert_eq!(edges(&found), [pair("app", "a"), pair("b", "app")]);
    assert_eq!((found.packages, found.dependencies, found.vertices, found.root_dependencies), (3, 2, 4, 1));
    assert_eq!((found.facts.packages.len(), found.warnings.len()), (4, 0));
    assert_eq!(listed(&found.facts.packages[0]), (Some(SUBJECT), "app", None));
    // One package is described: it is the subject, and so the end.
    let describes = |name: &str| relation("DOCUMENT", "DESCRIBES", name);
    let found = parsed(&spdx(&packages, &[own.clone(), describes("c")]));
    assert_eq!((edges(&found), found.facts.packages.len()), (vec![pair("app", "a")], 3));
    // Several are: none of them is the subject.
    let found = parsed(&spdx(&packages, &[own.clone(), describes("b"), describes("c")]));
    assert_eq!(edges(&found), [pair("app", "a"), pair("app", "b"), pair("app", "c")]);
    // A document of another id is still itself.
    let mut renamed = spdx_value(&packages, &[relation("Mine", "DEPENDS_ON", "b"), own]);
    renamed["SPDXID"] = json!("SPDXRef-Mine");
    assert_eq!(edges(&parsed(&renamed.to_string())), [pair("app", "a"), pair("app", "b")]);
}

#[test]
fn entries_with_the_purl_of_the_root_are_the_subject() {
    let mut other = package("app", "2");
    other["SPDXID"] = json!("SPDXRef-other");
    let relations = [relation("DOCUMENT", "DESCRIBES", "app"), relation("other", "DEPENDS_ON", "a")];
    let found = parsed(&spdx(&[package("app", "1"), other, package("a", "1")], &relations));
    assert_eq!((edges(&found), found.vertices), (vec![pair("app", "a")], 2));
}

#[test]
fn groups_tell_packages_without_purl_apart() {
    let entry = |reference: &str, group: serde_json::Value, purl: Option<&str>| {
        let mut entry = json!({"type": "library", "bom-ref": reference, "group": group, "name": "x"});
        entry["purl"] = json!(purl);
        entry
    };
    let components = [
        entry("a", json!("@a"), None),
        entry("b", json!(" b / /c/"), None),
        entry("c", json!(""), None),
        entry("d", json!(7), None),
        entry("e", json!("@e"), Some("pkg:npm/e")),
    ];
    let found = parsed(&cyclonedx(&components, &[]));
    let ids: Vec<String> = edges(&found).into_iter().map(|(_, to)| to).collect();
    let private = |path: &str| format!("pkg:generic/org/app/{path}x");
    assert_eq!(ids, [private("%40a/"), private("b/c/"), private(""), "pkg:npm/e".to_owned()]);
    let kept: Vec<_> = found.facts.packages.iter().map(|package| package.group.as_deref()).collect();
    assert_eq!(
        kept,
        [None, Some("@a"), Some("b/c"), None, None],
        "a purl says all, so the group is not kept beside it"
    );
    assert!(warnings(&cyclonedx(&components, &[]))[0].starts_with("components: entries without purl"));
}

#[test]
fn a_patch_number_of_the_version_is_as_if_it_were_not_there() {
    let mut document = spdx_value(&[package("a", "1")], &[]);
    document["spdxVersion"] = json!("SPDX-2.2.2");
    let found = parsed(&document.to_string());
    assert_eq!((found.format_version.as_str(), found.facts.document.format_version.as_deref()), ("2.2", Some("2.2")));
    let said = found.warnings.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(said, ["spdxVersion: SPDX versions have no third number; 2.2.2 is read as 2.2"]);
}
