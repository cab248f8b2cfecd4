//! What documents are taken for.

use super::*;

fn refused(text: &str) -> String {
    detect(text).unwrap_err().to_string()
}

#[test]
fn known_formats_are_found_whatever_the_order_of_fields() {
    for (text, name, version, place) in [
        (r#"{"packages":[],"spdxVersion":"SPDX-2.3"}"#, "SPDX-JSON", "2.3", ""),
        (r#" {"spdxVersion":"SPDX-2.2"}"#, "SPDX-JSON", "2.2", ""),
        (r#"{"other":1,"sbom":{"spdxVersion":"SPDX-2.3"}}"#, "SPDX-JSON", "2.3", "sbom"),
        (r#"{"specVersion":"1.2","components":[],"bomFormat":"CycloneDX"}"#, "CycloneDX-JSON", "1.2", ""),
        (r#"{"specVersion":"1.7","bomFormat":"CycloneDX","sbom":{}}"#, "CycloneDX-JSON", "1.7", ""),
        (r#"{"spdxVersion":"SPDX-2.3.1"}"#, "SPDX-JSON", "2.3", ""),
        (r#"{"SPDX":{"spdxVersion":"SPDX-2.3"}}"#, "SPDX-JSON", "2.3", "SPDX"),
        (r#"{"predicate":{"bomFormat":"CycloneDX","specVersion":"1.6"}}"#, "CycloneDX-JSON", "1.6", "predicate"),
        (r#"{"predicate":{"Data":{"spdxVersion":"SPDX-2.2"}}}"#, "SPDX-JSON", "2.2", "predicate.Data"),
        (r#"{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}"#, "SPDX3-JSONLD", "3.0.1", ""),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.0\"/>", "CycloneDX-XML", "1.0", ""),
        (
            "<?xml version='1.0'?>\n<!-- x --><b:bom xmlns:b='http://cyclonedx.org/schema/bom/1.7'/>",
            "CycloneDX-XML",
            "1.7",
            "",
        ),
        ("<Document><name/><spdxVersion> SPDX-2.3 </spdxVersion></Document>", "SPDX-XML", "2.3", ""),
        ("---\nname: x\nspdxVersion: \"SPDX-2.3\" # now\n", "SPDX-YAML", "2.3", ""),
        ("%YAML 1.2\n--- # one\nspdxVersion: SPDX-2.2\n", "SPDX-YAML", "2.2", ""),
        ("'spdxVersion' : SPDX-2.2\n", "SPDX-YAML", "2.2", ""),
        ("# note\nSPDXVersion: SPDX-2.2\n", "SPDX-TV", "2.2", ""),
    ] {
        let Detected::Document { format, path, note } = detect(text).unwrap() else { panic!("{text}") };
        assert_eq!(
            (format.name(), format.version().as_str(), path.join(".").as_str()),
            (name, version, place),
            "{text}"
        );
        assert_eq!(note.is_some(), !place.is_empty() || text.contains("SPDX-2.3.1"), "{text}");
    }
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    for (text, name) in [
        (r#"{"spdxVersion":"SPDX-3.0.1"}"#, "SPDX 3.0.1 is not supported"),
        (r#"{"@context":[1,"https://spdx.github.io/spdx-spec/v3.1/rdf/c.jsonld"]}"#, "SPDX 3.1 (JSON-LD) is not"),
        (r#"{"spdxVersion":"SPDX-2.1"}"#, "SPDX 2.1 is too old"),
        (r#"{"spdxVersion":"SPDX-2"}"#, "SPDX 2 is too old"),
        (r#"{"spdxVersion":"SPDX-2.4"}"#, "SPDX 2.4 is not supported"),
        (r#"{"spdxVersion":"2.3"}"#, "spdxVersion: `2.3` is no version of SPDX"),
        (r#"{"spdxVersion":2.3}"#, "spdxVersion: expected text, found a number"),
        (r#"{"spdxVersion":null}"#, "spdxVersion: missing"),
        (r#"{"bomFormat":"CycloneDX"}"#, "specVersion: missing"),
        (r#"{"bomFormat":"CycloneDX","specVersion":"1.1"}"#, "CycloneDX 1.1 is too old"),
        (r#"{"bomFormat":"CycloneDX","specVersion":"2.0"}"#, "CycloneDX 2.0 is not supported"),
        (r#"{"bomFormat":"CycloneDX","specVersion":"latest"}"#, "specVersion: `latest` is no version"),
        (r#"{"bomFormat":"SPDX","specVersion":"1.4"}"#, "bomFormat: `SPDX` is no known format"),
        (r#"{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}"#, "has both"),
        (r#"{"components":[]}"#, "neither SPDX nor CycloneDX"),
        (r#"{"sbom":{"sbom":{"spdxVersion":"SPDX-2.3"}}}"#, "neither SPDX nor CycloneDX"),
        (r#"{"sbom":[]}"#, "neither SPDX nor CycloneDX"),
        ("[]", "neither SPDX nor CycloneDX"),
        ("", "the document is empty"),
        ("  \n", "the document is empty"),
        ("hello", "neither SPDX nor CycloneDX"),
        ("SPDXVersion: SPDX-1.2\n", "SPDX 1.2 is too old"),
        ("SPDXVersion:\n", "SPDXVersion: missing"),
        ("spdxVersion: ~ # none\n", "spdxVersion: `~` is no version of SPDX"),
        ("bomFormat: CycloneDX\n", "CycloneDX (YAML) is not supported"),
        (" WARN x: {}\n{\"spdxVersion\":1}", "line 1: text before the document: what looks like JSON begins on line 2"),
        ("\n# x\nINFO done\nspdxVersion: SPDX-2.3\n", "line 3: text before the document, which is YAML"),
        ("[INFO] x\n<bom/>", "line 1: text before the document: what looks like XML begins on line 2"),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/1.8\"/>", "CycloneDX 1.8 is not supported"),
        ("<bom xmlns=\"http://cyclonedx.org/schema/bom/\"/>", "xmlns: `` is no version of CycloneDX"),
        ("<bom/>", "xmlns: CycloneDX (XML): missing, for example `http://cyclonedx.org/schema/bom/1.6`"),
        ("<Document><spdxVersion>SPDX-2.1</spdxVersion></Document>", "SPDX 2.1 is too old"),
        ("<Document/>", "spdxVersion: missing"),
        ("<a/>", "neither SPDX nor CycloneDX: XML whose root is `a`"),
        ("<rdf:RDF xmlns:rdf='a' xmlns=\"http://spdx.org/rdf/terms#\"/>", "SPDX (RDF/XML) is not supported"),
        ("<!doctype html><html>", "line 1: a page in HTML, neither SPDX nor CycloneDX"),
        ("<!DOCTYPE bom SYSTEM 'x'><bom/>", "line 1: a DOCTYPE is not read"),
        ("<?xml version='1.0' encoding='latin1'?>\n<bom/>", "line 1: the encoding `latin1` is not read; UTF-8 is"),
        ("[{\"bomFormat\":\"CycloneDX\"},{\"sbom\":{\"spdxVersion\":1}},3]", "a list of 3, documents among them: 2"),
        (
            r#"{"linux/amd64":{"SPDX":{"spdxVersion":"SPDX-2.3"}},"linux/arm64":{"SPDX":{"spdxVersion":"SPDX-2.3"}}}"#,
            "documents by platform (`linux/amd64`, `linux/arm64`)",
        ),
        (
            r#"{"apiVersion":"v1","kind":"SbomReport","report":{"bomFormat":"CycloneDX"}}"#,
            "neither SPDX nor CycloneDX: a Kubernetes object of kind `SbomReport`",
        ),
        (
            r#"{"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}"#,
            "neither SPDX nor CycloneDX: an in-toto statement about `https://slsa.dev/provenance/v1`",
        ),
        (r#"{"ArtifactName":1,"Results":[]}"#, "neither SPDX nor CycloneDX: Trivy's own report"),
        ("{}", "neither SPDX nor CycloneDX: an object without fields"),
        (r#"{"a":1,"b":2}"#, "neither SPDX nor CycloneDX: an object with the fields `a`, `b`, no format and version"),
        (r#"{"payload":"!","payloadType":"x"}"#, "payload: no base64: "),
        (r#"{"payload":"e30","name":"x"}"#, "neither SPDX nor CycloneDX: an object with the fields `payload`, `name`"),
    ] {
        let message = refused(text);
        assert!(message.starts_with(name), "{text}: {message}");
    }
}

#[test]
fn broken_json_names_line_and_column() {
    assert_eq!(refused("{\"a\": 1,\n x}"), "line 2, column 2: broken JSON: key must be a string");
    assert!(refused("{\"a\": [1, 2").starts_with("line 1, column 11: broken JSON: EOF"));
    assert!(refused("{\"spdxVersion\":\"SPDX-2.3\"} x").contains("trailing characters"));
    assert_eq!(refused("{}\n {}"), "line 2, column 2: several documents in one: the JSON of another begins here");
    assert!(refused(r#"{"spdxVersion":"SPDX-2.3","spdxVersion":"SPDX-2.2"}"#).contains("duplicate field"));
}
