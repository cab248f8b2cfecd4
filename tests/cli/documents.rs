//! Small documents, and a small ecosystem made of them.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::program::Program;

/// An SPDX document: the first package is the root, relations are (dependent, dependency) by name.
pub(crate) fn spdx(packages: &[&str], relations: &[(&str, &str)]) -> Value {
    let id = |name: &str| format!("SPDXRef-{name}");
    let each = packages.iter().map(|name| {
        json!({
            "SPDXID": id(name), "name": name, "versionInfo": "1.0.0", "downloadLocation": "NOASSERTION",
            "externalRefs": [{
                "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                "referenceLocator": format!("pkg:npm/{name}@1.0.0"),
            }],
        })
    });
    let relations = relations.iter().map(
        |(from, to)| json!({"spdxElementId": id(from), "relatedSpdxElement": id(to), "relationshipType": "DEPENDS_ON"}),
    );
    json!({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "document",
        "documentNamespace": "https://spdx.org/spdxdocs/document-1",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: test"]},
        "documentDescribes": [id(packages[0])],
        "packages": each.collect::<Vec<_>>(), "relationships": relations.collect::<Vec<_>>(),
    })
}

/// A CycloneDX document without a root.
pub(crate) fn cyclonedx(components: &[&str]) -> Value {
    let each = components.iter().map(|name| {
        json!({"type": "library", "bom-ref": name, "name": name, "version": "1.0.0", "purl": format!("pkg:npm/{name}@1.0.0")})
    });
    json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": each.collect::<Vec<_>>()})
}

/// Survey answers under the header.
pub(crate) fn survey(rows: &str) -> String {
    format!("project_id,project_name,status,answered_at\n{rows}")
}

/// A file of the shared data; `None`, with a message, where there is none.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} is not among the shared data here");
    None
}

/// Four repositories and five projects: a depends on b, b on c, all three on a package; d stands alone without a
/// project, and a project without repositories has answered. Appends eight events and runs the projections.
///
/// a and b are live, c is discontinued, so a alone is where activity starts, and it reaches everything but d.
pub(crate) fn ecosystem(program: &Program) {
    let answers = "p:a,Alpha,live,2026-01-01\np:b,Beta,live,2026-01-01\np:c,Gamma,discontinued,2026-01-01\n\
                   p:e,Empty,in-dev,2026-01-01\n";
    let answer = program.fed(["ingest", "survey", "-"], survey(answers).as_bytes()).ok().json();
    assert_eq!(answer["last_position"], 4, "{answer}");
    program.sbom("O/A", &spdx(&["a", "b", "x"], &[("a", "b"), ("a", "x")]), &["--project", "p:a"]);
    program.sbom("o/b", &spdx(&["b", "c", "x"], &[("b", "c"), ("b", "x")]), &["--project", "p:b"]);
    program.sbom("o/c", &spdx(&["c", "x"], &[("c", "x")]), &["--project", "p:c"]);
    let facts = json!({"full_name": "o/d", "stargazers_count": 5, "forks_count": 1, "private": false});
    let args = ["ingest", "repo", "-", "--repo", "pkg:github/o/d"];
    program.fed(args, facts.to_string().as_bytes()).ok();
    program.json("project");
}
