//! SPDX 3: elements that are referred to, stand where they are meant, or are missing.

use serde_json::{Value, json};

use super::{SUBJECT, edges, parsed, refusal, warnings};

fn package(name: &str) -> Value {
    json!({
        "type": "software_Package", "spdxId": format!("urn:{name}"), "name": name,
        "software_packageUrl": format!("pkg:npm/{name}@1"),
    })
}

fn document(elements: &[Value]) -> Value {
    let mut graph = vec![json!({"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"})];
    graph.extend_from_slice(elements);
    json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph})
}

fn relation(from: &str, kind: &str, to: &[&str]) -> Value {
    json!({"type": "Relationship", "relationshipType": kind, "from": from, "to": to})
}

fn pair(from: &str, to: &str) -> (String, String) {
    let id = |name: &str| if name == "app" { SUBJECT.to_owned() } else { format!("pkg:npm/{name}") };
    (id(from), id(to))
}

#[test]
fn four_relations_are_dependencies_whatever_their_scope() {
    for kind in ["dependsOn", "hasOptionalDependency", "hasProvidedDependency", "hasPrerequisite"] {
        for class in ["Relationship", "LifecycleScopedRelationship"] {
            let mut relation = relation("urn:app", kind, &["urn:a", "urn:b"]);
            relation["type"] = json!(class);
            let root = json!({"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": "urn:app"});
            let found = parsed(&document(&[relation, root, package("app"), package("a"), package("b")]).to_string());
            assert_eq!((found.packages, found.dependencies), (3, 2), "{kind} {class}");
            assert_eq!(edges(&found), [pair("app", "a"), pair("app", "b")], "{kind} {class}");
            assert_eq!(found.warnings, [], "{kind} {class}");
        }
    }
    for kind in ["contains", "hasDependencyManifest", "usesTool"] {
        let found = parsed(&document(&[package("a"), relation("urn:a", kind, &["urn:a"])]).to_string());
        assert_eq!((found.dependencies, found.warnings.len()), (0, 0), "{kind}");
    }
}

#[test]
fn roots_are_found_through_collections_and_by_relation() {
    let elements = [
        json!({"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": ["urn:s"]}),
        json!({"type": "software_Sbom", "@id": "urn:s", "rootElement": ["urn:t"]}),
        json!({"@type": "Bundle", "spdxId": "urn:t", "rootElement": ["urn:app", "urn:s"]}),
        json!({"type": "software_Sbom", "spdxId": "urn:other", "rootElement": ["urn:a"]}),
        package("app"),
        package("a"),
    ];
    let found = parsed(&document(&elements).to_string());
    assert_eq!((found.facts.described.len(), edges(&found)), (1, vec![pair("app", "a")]));
    // Of several roots none is the subject.
    let described = [relation("urn:d", "describes", &["urn:a"]), relation("urn:a", "describes", &["urn:a"])];
    let found = parsed(&document(&[&elements[..], &described].concat()).to_string());
    assert_eq!((found.facts.described.len(), found.root_dependencies), (2, 2));
    assert_eq!(found.warnings.len(), 1, "{:?}", found.warnings);
    // The document as an end of a relation is the subject.
    let own = relation("urn:d", "dependsOn", &["urn:a", "NoneElement"]);
    let found = parsed(
        &document(&[json!({"type": "SpdxDocument", "spdxId": "urn:d"}), own, package("a"), package("b")]).to_string(),
    );
    assert_eq!((edges(&found), found.dependencies), (vec![pair("app", "a")], 2));
    assert_eq!(found.warnings, []);
}

#[test]
fn elements_may_stand_where_they_are_referred_to() {
    let creation = json!({"type": "CreationInfo", "specVersion": "3.0.1"});
    let mut a = package("a");
    a["creationInfo"] = creation;
    let relation =
        json!({"type": "Relationship", "relationshipType": "dependsOn", "from": package("app"), "to": [a, "urn:b"]});
    let document = json!({
        "@context": ["https://spdx.org/rdf/3.0.1/spdx-context.jsonld", {"x": "urn:x"}],
        "@graph": [relation, package("b"), {"type": "SpdxDocument", "spdxId": "urn:d", "rootElement": [{"spdxId": "urn:app"}]}],
    });
    let found = parsed(&document.to_string());
    assert_eq!((found.packages, edges(&found)), (3, vec![pair("app", "a"), pair("app", "b")]));
    // A document may be a single element.
    let mut alone = package("a");
    alone["@context"] = json!("https://spdx.org/rdf/3.0.1/spdx-context.jsonld");
    alone["creationInfo"] = json!({"type": "CreationInfo", "specVersion": "3.0.1"});
    assert_eq!(parsed(&alone.to_string()).packages, 1);
}

#[test]
fn the_version_is_that_of_the_making() {
    let with = |versions: &[&str]| {
        let mut whole = document(&[package("a")]);
        let made = versions.iter().map(|version| json!({"type": "CreationInfo", "specVersion": version}));
        whole["@graph"] = made.chain([package("a")]).collect();
        whole.to_string()
    };
    assert_eq!(parsed(&with(&["3.0.1", "3.0.1"])).format_version, "3.0.1");
    assert!(refusal(&with(&[])).starts_with("CreationInfo.specVersion: SPDX 3: missing, for example `3.0.1`"));
    assert!(refusal(&with(&["3.0.0"])).starts_with("CreationInfo.specVersion: SPDX `3.0.0` is not supported"));
    assert_eq!(warnings(&with(&["3.1.0", "3.0.1"])).len(), 1);
}

#[test]
fn wrong_fields_are_warnings_with_their_path() {
    let elements = [
        json!(7),
        json!({"type": "software_Package", "name": 1, "externalIdentifier": [3, {"externalIdentifierType": "packageUrl"}]}),
        json!({"type": "Relationship", "from": "urn:a", "to": [null, 3]}),
        json!({"type": "Relationship", "relationshipType": "dependsOn", "from": "NoneElement", "to": true}),
    ];
    let found = warnings(&document(&elements).to_string());
    for expected in [
        "@graph[1]: expected an object, found a number; ignored",
        "@graph[2].name: expected text, found a number; ignored",
        "@graph[2].externalIdentifier[0]: expected an object, found a number; ignored",
        "@graph[2].externalIdentifier[1].identifier: mandatory identifier is missing",
        "@graph[2].spdxId: mandatory spdxId is missing",
        "@graph[3].to[0]: null; skipped",
        "@graph[3].to[1]: expected text, found a number; ignored",
        "@graph[3].relationshipType: mandatory relationshipType is missing",
        "@graph[4].to: expected text, found a boolean; ignored",
        "@graph[4].to: mandatory to is missing",
        "@graph[4]: `NoneElement` cannot depend on anything; left out",
    ] {
        assert!(found.iter().any(|warning| warning == expected), "{expected} in {found:#?}");
    }
    let twice = r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"name":"a","name":"b"}]}"#;
    assert!(refusal(twice).contains("duplicate field `name`"));
}
