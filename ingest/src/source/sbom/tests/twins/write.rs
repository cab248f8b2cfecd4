//! A model, written.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Model;

/// Whether the graph has a package of this number as its only root.
fn is_root(model: &Model, number: usize) -> bool {
    model.described.first() == Some(&number)
}

/// Relations as (dependent, dependency) by the names of the format, in the way they are written.
fn relations<'m>(
    model: &'m Model,
    id: impl Fn(usize) -> String + 'm,
    [forward, backward]: [&'m str; 2],
) -> impl Iterator<Item = (String, &'m str, String)> + 'm {
    model.relations.iter().map(
        move |(from, to, turned)| {
            if *turned { (id(*to), backward, id(*from)) } else { (id(*from), forward, id(*to)) }
        },
    )
}

const SPDX2: [&str; 2] = ["DEPENDS_ON", "RUNTIME_DEPENDENCY_OF"];

fn spdx_id(number: usize) -> String {
    format!("SPDXRef-{number}")
}

/// All relationships of SPDX 2: element, type, related.
fn spdx_relations(model: &Model) -> Vec<(String, &str, String)> {
    let document = || "SPDXRef-DOCUMENT".to_owned();
    let described = model.described.iter().enumerate().map(|(n, root)| match n % 2 {
        0 => (document(), "DESCRIBES", spdx_id(*root)),
        _ => (spdx_id(*root), "DESCRIBED_BY", document()),
    });
    let own = model.of_document.iter().map(|to| (document(), "DEPENDS_ON", spdx_id(*to)));
    described.chain(own).chain(relations(model, spdx_id, SPDX2)).collect()
}

pub(super) fn spdx_json(model: &Model) -> String {
    let packages = model.packages.iter().enumerate().map(|(n, item)| {
        let mut package = json!({"SPDXID": spdx_id(n), "name": item.name, "downloadLocation": "NONE"});
        if let Some(version) = &item.version {
            package["versionInfo"] = json!(version);
        }
        if let Some(purl) = &item.purl {
            package["externalRefs"] = json!([
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl},
            ]);
        }
        package
    });
    let relationships = spdx_relations(model)
        .into_iter()
        .map(|(one, kind, other)| json!({"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}));
    json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "d", "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.org/d",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: t"]},
        "packages": packages.collect::<Vec<Value>>(), "relationships": relationships.collect::<Vec<Value>>(),
    })
    .to_string()
}

/// A scalar of YAML: plain where that is sure to be the text it is, in quotes otherwise.
fn scalar(text: &str) -> String {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if plain && text != "null" { text.to_owned() } else { json!(text).to_string() }
}

pub(super) fn spdx_yaml(model: &Model) -> String {
    let mut text = "# a comment\nspdxVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nname: d\npackages:\n".to_owned();
    for (n, item) in model.packages.iter().enumerate() {
        let _ = writeln!(text, "- name: {}\n  SPDXID: \"{}\"", scalar(&item.name), spdx_id(n));
        if let Some(version) = &item.version {
            let _ = writeln!(text, "  versionInfo: {}", scalar(version));
        }
        if let Some(purl) = &item.purl {
            let purl = scalar(purl);
            let _ = writeln!(text, "  externalRefs:\n  - {{referenceType: purl, referenceLocator: {purl}}}");
        }
    }
    text.push_str("relationships:\n");
    for (one, kind, other) in spdx_relations(model) {
        let _ = writeln!(text, "  - spdxElementId: {one}\n    relationshipType: '{kind}'");
        let _ = writeln!(text, "    relatedSpdxElement: {other}");
    }
    text
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;").replace('"', "&quot;")
}

pub(super) fn spdx_xml(model: &Model) -> String {
    let mut text = "<?xml version=\"1.0\"?>\n<Document><SPDXID>SPDXRef-DOCUMENT</SPDXID>\n".to_owned();
    for (n, item) in model.packages.iter().enumerate() {
        let _ = write!(text, "<packages><SPDXID>{}</SPDXID><name> {} </name>", spdx_id(n), escaped(&item.name));
        if let Some(version) = &item.version {
            let _ = write!(text, "<versionInfo><![CDATA[{version}]]></versionInfo>");
        }
        if let Some(purl) = &item.purl {
            let _ = write!(text, "<externalRefs><referenceType>purl</referenceType>");
            let _ = write!(text, "<referenceLocator>{}</referenceLocator></externalRefs>", escaped(purl));
        }
        text.push_str("</packages>\n");
    }
    for (one, kind, other) in spdx_relations(model) {
        let _ = write!(text, "<relationships><spdxElementId>{one}</spdxElementId>");
        let _ = write!(text, "<relationshipType>{kind}</relationshipType>");
        let _ = writeln!(text, "<relatedSpdxElement>{other}</relatedSpdxElement></relationships>");
    }
    text + "<spdxVersion>SPDX-2.3</spdxVersion></Document>\n"
}

pub(super) fn spdx_tag_value(model: &Model) -> String {
    let mut text = "# a comment\nSPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: d\n\n".to_owned();
    for (n, item) in model.packages.iter().enumerate() {
        let _ = writeln!(text, "PackageName: {}\nSPDXID: {}", item.name, spdx_id(n));
        if let Some(version) = &item.version {
            let _ = writeln!(text, "PackageVersion:<text>{version}\n</text>");
        }
        if let Some(purl) = &item.purl {
            let _ = writeln!(text, "ExternalRef: PACKAGE-MANAGER purl {purl}\nExternalRefComment: <text>a\nb</text>");
        }
    }
    text.push_str("FileName: ./x\r\nSPDXID: SPDXRef-0\r\n");
    for (one, kind, other) in spdx_relations(model) {
        let _ = writeln!(text, "Relationship: {one} {kind}  {other}");
    }
    text
}

pub(super) fn spdx3(model: &Model) -> String {
    let id = |number: usize| format!("urn:spdx:{number}");
    let mut graph = vec![
        json!({"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z"}),
        json!({"type": "SpdxDocument", "spdxId": "urn:spdx:d", "creationInfo": "_:c", "rootElement": ["urn:spdx:s"]}),
        json!({"type": "software_Sbom", "spdxId": "urn:spdx:s",
               "rootElement": model.described.iter().map(|root| id(*root)).collect::<Vec<_>>()}),
    ];
    for (n, item) in model.packages.iter().enumerate() {
        let mut package = json!({"type": "software_Package", "spdxId": id(n), "name": item.name});
        if let Some(version) = &item.version {
            package["software_packageVersion"] = json!(version);
        }
        match &item.purl {
            Some(purl) if n % 2 == 0 => package["software_packageUrl"] = json!(purl),
            Some(purl) => {
                package["externalIdentifier"] =
                    json!([{"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": purl}]);
            }
            None => {}
        }
        graph.push(package);
    }
    let forward = model.relations.iter().map(|(from, to, turned)| (id(*from), id(*to), *turned));
    let own = model.of_document.iter().map(|to| ("urn:spdx:d".to_owned(), id(*to), false));
    for (from, to, turned) in forward.chain(own) {
        let (kind, relation) = if turned {
            ("LifecycleScopedRelationship", "hasOptionalDependency")
        } else {
            ("Relationship", "dependsOn")
        };
        graph.push(json!({"type": kind, "relationshipType": relation, "from": from, "to": [to]}));
    }
    json!({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph}).to_string()
}

/// Dependencies by dependent, in the order of the model.
fn by_dependent(model: &Model) -> Vec<(usize, Vec<usize>)> {
    let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
    for (from, to, _) in &model.relations {
        match found.last_mut() {
            Some((last, on)) if last == from => on.push(*to),
            _ => found.push((*from, vec![*to])),
        }
    }
    found
}

pub(super) fn cyclonedx_json(model: &Model) -> String {
    let mut components: Vec<Value> = Vec::new();
    let mut document = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1});
    for (n, item) in model.packages.iter().enumerate() {
        let mut component = json!({"type": "library", "bom-ref": format!("r{n}"), "name": item.name});
        for (field, value) in [("group", &item.group), ("version", &item.version), ("purl", &item.purl)] {
            if let Some(value) = value {
                component[field] = json!(value);
            }
        }
        if is_root(model, n) {
            document["metadata"] = json!({"component": component});
        } else {
            components.push(component);
        }
    }
    document["components"] = json!(components);
    let dependencies = by_dependent(model).into_iter().map(|(from, on)| {
        json!({"ref": format!("r{from}"), "dependsOn": on.iter().map(|to| format!("r{to}")).collect::<Vec<_>>()})
    });
    document["dependencies"] = json!(dependencies.collect::<Vec<_>>());
    document.to_string()
}

pub(super) fn cyclonedx_xml(model: &Model) -> String {
    let component = |text: &mut String, n: usize| {
        let item = &model.packages[n];
        let _ = write!(text, "<c:component type='library' bom-ref='r{n}'>");
        let name = Some(&item.name);
        for (field, value) in [
            ("group", item.group.as_ref()),
            ("name", name),
            ("version", item.version.as_ref()),
            ("purl", item.purl.as_ref()),
        ] {
            if let Some(value) = value {
                let _ = write!(text, "<c:{field}>{}</c:{field}>", escaped(value));
            }
        }
        text.push_str("<x:name xmlns:x='urn:x'>none</x:name></c:component>\n");
    };
    let mut text = "\u{feff}<c:bom xmlns:c=\"http://cyclonedx.org/schema/bom/1.6\" version=\"1\">\n".to_owned();
    if let Some(root) = model.described.first() {
        text.push_str("<c:metadata><c:tools><c:components><c:component/></c:components></c:tools>");
        component(&mut text, *root);
        text.push_str("</c:metadata>\n");
    }
    text.push_str("<c:components>\n");
    (0..model.packages.len()).filter(|n| !is_root(model, *n)).for_each(|n| component(&mut text, n));
    text.push_str("</c:components><c:dependencies>\n");
    for (from, on) in by_dependent(model) {
        let _ = write!(text, "<c:dependency ref='r{from}'>");
        for to in on {
            let _ = write!(text, "<c:dependency ref='r{to}'/>");
        }
        text.push_str("</c:dependency>\n");
    }
    text + "</c:dependencies></c:bom>\n"
}
