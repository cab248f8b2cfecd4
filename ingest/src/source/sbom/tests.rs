mod formats;
mod hostile;
mod markup;
mod mutations;
mod rules;
mod shared;
mod spdx3;
mod speed;
mod twins;
mod wrapped;

use domain::facts::Subject;
use domain::facts::sbom::Package;
use serde_json::{Value, json};

use super::{Parsed, parse};

/// The repository every test document is about.
const SUBJECT: &str = "pkg:github/org/app";

fn subject() -> Subject {
    Subject { id: SUBJECT.to_owned(), spelled: "org/app".to_owned(), project: None }
}

/// Reads a document that must be accepted.
fn parsed(document: &str) -> Parsed {
    parse(document.as_bytes(), subject()).unwrap()
}

/// The warnings of a document, as printed.
fn warnings(document: &str) -> Vec<String> {
    parsed(document).warnings.iter().map(ToString::to_string).collect()
}

/// The refusal of a document, as printed.
fn refusal(document: &str) -> String {
    parse(document.as_bytes(), subject()).unwrap_err().to_string()
}

/// Edges of the nested policy, by id.
fn edges(parsed: &Parsed) -> Vec<(String, String)> {
    let graph = domain::claims::DocumentGraph::of(&parsed.facts);
    graph
        .nested_edges()
        .map(|edge| (graph.ids[edge.from as usize].to_string(), graph.ids[edge.to as usize].to_string()))
        .collect()
}

/// An SPDX package; the purl is `pkg:npm/NAME@VERSION`.
fn package(name: &str, version: &str) -> Value {
    json!({
        "SPDXID": format!("SPDXRef-{name}"), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": format!("pkg:npm/{name}@{version}"),
        }],
    })
}

fn relation(from: &str, kind: &str, to: &str) -> Value {
    let id = |name: &str| if name.starts_with("NO") { name.to_owned() } else { format!("SPDXRef-{name}") };
    json!({"spdxElementId": id(from), "relationshipType": kind, "relatedSpdxElement": id(to)})
}

fn spdx_value(packages: &[Value], relationships: &[Value]) -> Value {
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "d", "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.org/d", "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": []},
        "packages": packages, "relationships": relationships,
    })
}

fn spdx(packages: &[Value], relationships: &[Value]) -> String {
    spdx_value(packages, relationships).to_string()
}

/// A CycloneDX component; the purl is `pkg:npm/NAME@VERSION`, the bom-ref the name.
fn component(name: &str, version: &str) -> Value {
    json!({
        "type": "library", "bom-ref": name, "name": name, "version": version,
        "purl": format!("pkg:npm/{name}@{version}"),
    })
}

fn cyclonedx_value(components: &[Value], dependencies: &[(&str, &[&str])]) -> Value {
    let dependencies: Vec<Value> =
        dependencies.iter().map(|(dependent, on)| json!({"ref": dependent, "dependsOn": on})).collect();
    json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "app", "name": "app", "purl": "pkg:npm/app"}},
        "components": components, "dependencies": dependencies,
    })
}

fn cyclonedx(components: &[Value], dependencies: &[(&str, &[&str])]) -> String {
    cyclonedx_value(components, dependencies).to_string()
}

fn listed(package: &Package) -> (Option<&str>, &str, Option<&str>) {
    (package.purl.as_deref(), &package.name, package.version.as_deref())
}
