//! Documents that are wrong, odd or too large.

use serde_json::json;

use super::super::{MAX_NAME_BYTES, NESTING_LIMIT};
use super::{component, cyclonedx, cyclonedx_value, listed, package, parsed, refusal, spdx_value, warnings};

#[test]
fn a_wrong_type_is_a_warning_with_its_path() {
    let mut odd = package("b", "1");
    odd["versionInfo"] = json!(1.5);
    odd["name"] = json!(["b"]);
    odd["externalRefs"][0]["referenceType"] = json!({});
    let mut document = spdx_value(&[package("a", "1"), json!(null), json!("c"), odd], &[json!(7), json!(null)]);
    document["name"] = json!(true);
    document["documentDescribes"] = json!([null, 3]);
    let found = parsed(&document.to_string());
    assert_eq!(found.packages, 2);
    let printed: Vec<String> = found.warnings.iter().map(ToString::to_string).collect();
    for expected in [
        "name: expected text, found a boolean; ignored",
        "packages[1]: null; skipped",
        "packages[2]: expected an object, found text; ignored",
        "packages[3].versionInfo: expected text, found a number; ignored",
        "packages[3].name: expected text, found a list; ignored",
        "packages[3].externalRefs[0].referenceType: expected text, found an object; ignored",
        "relationships[0]: expected an object, found a number; ignored",
        "relationships[1]: null; skipped",
        "documentDescribes[0]: null; skipped",
        "documentDescribes[1]: expected text, found a number; ignored",
    ] {
        assert!(printed.iter().any(|warning| warning == expected), "{expected} in {printed:#?}");
    }
    let mut document = cyclonedx_value(&[json!(1), json!(null)], &[]);
    document["metadata"] = json!([]);
    document["dependencies"] =
        json!([{"ref": "a", "dependsOn": "b"}, {"dependsOn": ["b"]}, {"ref": "a", "dependsOn": [1]}]);
    let printed = warnings(&document.to_string());
    for expected in [
        "metadata: expected an object, found a list; ignored",
        "components[0]: expected an object, found a number; ignored",
        "components[1]: null; skipped",
        "dependencies[0].dependsOn: expected a list, found text; ignored",
        "dependencies[1].ref: mandatory ref is missing",
        "dependencies[2].dependsOn[0]: expected text, found a number; ignored",
    ] {
        assert!(printed.iter().any(|warning| warning == expected), "{expected} in {printed:#?}");
    }
    for lists in [json!({}), json!(null), json!("x"), json!(1)] {
        let mut document = spdx_value(&[], &[]);
        document["packages"] = lists.clone();
        document["relationships"] = lists;
        assert!(!parsed(&document.to_string()).facts.complete);
    }
}

#[test]
fn mandatory_fields_are_missed_once_with_a_count() {
    let entry = json!({"SPDXID": "SPDXRef-a", "name": "a"});
    let mut document = spdx_value(&[entry.clone(), entry], &[]);
    document.as_object_mut().unwrap().remove("documentNamespace");
    let printed = warnings(&document.to_string());
    assert_eq!(printed[0], "documentNamespace: mandatory documentNamespace is missing");
    assert_eq!(
        printed[1],
        "packages[0].downloadLocation: mandatory downloadLocation is missing (2 alike, this is the first)"
    );
    // CycloneDX requires the component's version up to 1.3, the document's up to 1.4.
    for (version, expected) in [("1.2", 2), ("1.3", 2), ("1.4", 1), ("1.5", 0), ("1.7", 0)] {
        let document = json!({
            "bomFormat": "CycloneDX", "specVersion": version,
            "components": [{"type": "library", "name": "a", "purl": "pkg:npm/a"}],
        });
        assert_eq!(warnings(&document.to_string()).len(), expected, "{version}");
    }
}

#[test]
fn names_are_bounded_and_without_control_characters() {
    let mut nul = component("a", "1\u{0}");
    nul["name"] = json!("a\u{0}b\u{1b}[2J");
    nul["purl"] = json!("pkg:npm/a\u{0}");
    let long = "ü".repeat(MAX_NAME_BYTES);
    let found = parsed(&cyclonedx(&[nul, json!({"type": "file", "name": long})], &[]));
    let names: Vec<_> = found.facts.packages.iter().map(listed).collect();
    assert_eq!(names[0], (None, "ab[2J", Some("1")));
    assert_eq!(names[1].1, "ü".repeat(MAX_NAME_BYTES / 2));
    assert!(found.warnings.iter().all(|warning| !warning.to_string().contains(char::is_control)));
    domain::codec::encode(&found.facts.into()).unwrap();
}

#[test]
fn envelopes_and_byte_order_marks_change_nothing() {
    let inner = spdx_value(&[package("a", "1")], &[]);
    let plain = parsed(&inner.to_string());
    let wrapped = parsed(&json!({"note": 1, "sbom": inner}).to_string());
    let marked = parsed(&format!("\u{feff}{inner}"));
    for other in [wrapped, marked] {
        assert_eq!((other.facts.packages, other.facts.relations), (plain.facts.packages.clone(), vec![]));
        assert_ne!(other.facts.document.sha256, plain.facts.document.sha256);
    }
}

#[test]
fn what_readers_of_json_disagree_on_is_refused() {
    for document in [
        r#"{"spdxVersion":"SPDX-2.3","packages":[],"packages":[]}"#,
        r#"{"spdxVersion":"SPDX-2.3","packages":[{"name":"a","name":"b"}]}"#,
        r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"purl":"pkg:npm/a","purl":"pkg:npm/b"}]}"#,
        r#"{"bomFormat":"CycloneDX","specVersion":"1.5","dependencies":[{"ref":"a","ref":"b"}]}"#,
    ] {
        assert!(refusal(document).contains("duplicate field"), "{document}");
    }
}

#[test]
fn nesting_stops_below_the_limit_wherever_it_is() {
    let nested = |levels: usize| {
        let inner = (0..levels).fold(String::new(), |inner, _| format!(r#"{{"name":"c","components":[{inner}]}}"#));
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{inner}]}}"#)
    };
    // One level for the document, two for each component with its list, one for the list around them.
    assert_eq!(parsed(&nested(62)).packages, 62);
    let refused = refusal(&nested(63));
    assert_eq!(
        refused,
        format!("line 1: arrays and objects are nested {NESTING_LIMIT} levels deep, more than is read")
    );
    let ignored = |levels: usize| {
        format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","x":{}{}}}"#, "[".repeat(levels), "]".repeat(levels))
    };
    assert_eq!(parsed(&ignored(NESTING_LIMIT - 2)).packages, 0);
    assert!(refusal(&ignored(NESTING_LIMIT - 1)).contains("nested"));
    assert!(refusal(&ignored(2_000_000)).contains("nested"));
}

#[test]
fn limits_are_named() {
    // Nested, so that no single list is too long.
    let many = |item: &str, count: usize| vec![item; count].join(",");
    let nested = format!(r#"{{"components":[{}]}}"#, many("{}", 400_000));
    let components = format!(r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{}]}}"#, many(&nested, 3));
    assert!(refusal(&components).ends_with("more than 1000000 entries in one document"));
    let relations = format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.5","dependencies":[{{"ref":"a","dependsOn":[{}]}}]}}"#,
        many("\"\"", 2_000_001)
    );
    assert!(refusal(&relations).contains("more than 2000000"));
}
