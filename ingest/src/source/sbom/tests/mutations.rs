//! Broken and rearranged documents: never a panic, and the order of a document says nothing.

mod lines;
mod markup;
mod wrapped;
mod yaml;

use domain::event::Event;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::Parsed;
use super::{parse, subject};

/// A document in each format that uses every field that is read.
fn samples() -> Vec<Value> {
    let package = |name: &str, version: &str| {
        json!({
            "SPDXID": format!("SPDXRef-{name}"), "name": name, "versionInfo": version, "downloadLocation": "NONE",
            "externalRefs": [
                {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                {"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
                 "referenceLocator": format!("pkg:npm/%40o/{name}@{version}")},
            ],
        })
    };
    let relation = |from: &str, kind: &str, to: &str| json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
    let spdx = json!({
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "d", "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.org/d",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: t"]},
        "documentDescribes": ["SPDXRef-app"],
        "packages": [package("app", "1"), package("a", "1"), package("a", "2"), package("b", "1"), package("c", "1")],
        "relationships": [
            relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-app"),
            relation("SPDXRef-app", "DEPENDS_ON", "SPDXRef-a"),
            relation("SPDXRef-b", "DEPENDENCY_OF", "SPDXRef-a"),
            relation("SPDXRef-c", "DEV_DEPENDENCY_OF", "SPDXRef-b"),
            relation("SPDXRef-b", "DEPENDS_ON", "SPDXRef-c"),
            relation("SPDXRef-c", "DEPENDS_ON", "NOASSERTION"),
            relation("SPDXRef-app", "CONTAINS", "SPDXRef-c"),
        ],
    });
    let component = |name: &str, inside: Value| {
        json!({
            "type": "library", "bom-ref": name, "name": name, "version": "1", "purl": format!("pkg:npm/{name}@1"),
            "components": inside,
            "patentAssertions": [{"assertionType": "license", "asserter": {"name": "x"}}],
        })
    };
    let cyclonedx = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.7", "version": 1,
        "metadata": {"component": component("app", json!([component("part", json!([]))]))},
        "components": [component("a", json!([component("b", json!([])), component("c", json!([]))])), component("d", json!([]))],
        "services": [{"bom-ref": "s", "name": "s", "services": [{"bom-ref": "t", "name": "t"}]}],
        "dependencies": [
            {"ref": "app", "dependsOn": ["a", "d", "s", "gone"]},
            {"ref": "a", "dependsOn": ["pkg:npm/b@1", "pkg:npm/c"]},
            {"ref": "b", "dependsOn": ["a", "b"], "provides": ["c"]},
        ],
    });
    let element = |name: &str| json!({"type": "software_Package", "spdxId": format!("urn:{name}"), "name": name});
    let named = |name: &str, field: &str, value: Value| {
        let mut element = element(name);
        element[field] = value;
        element
    };
    let identifiers = json!([
        {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": "pkg:npm/b@2"},
        {"type": "ExternalIdentifier", "externalIdentifierType": "cpe23", "identifier": "cpe:2.3:a:x"},
    ]);
    let related = |kind: &str, from: Value, to: Value| json!({"type": "Relationship", "relationshipType": kind, "from": from, "to": to});
    let spdx3 = json!({
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-01T00:00:00Z"},
            {"type": "SpdxDocument", "spdxId": "urn:d", "creationInfo": "_:c", "rootElement": ["urn:s"]},
            {"type": "software_Sbom", "spdxId": "urn:s", "rootElement": ["urn:app"], "creationInfo": "_:c"},
            element("app"),
            named("a", "software_packageUrl", json!("pkg:npm/a@1")),
            named("a", "software_packageVersion", json!("1")),
            named("b", "externalIdentifier", identifiers),
            related("dependsOn", json!("urn:app"), json!(["urn:a", "urn:b"])),
            related("hasOptionalDependency", element("c"), json!(["urn:a", "NoneElement", "urn:d"])),
            related("describes", json!("urn:d"), json!("urn:app")),
            related("dependsOn", json!("urn:b"), json!([element("e"), "urn:gone"])),
        ],
    });
    vec![json!({"sbom": spdx.clone()}), spdx, cyclonedx, spdx3]
}

/// The samples that are a plain document of SPDX 2, and one of SPDX 3.
const SPDX: usize = 1;
const SPDX3: usize = 3;
const SAMPLES: usize = 4;

/// What to do to one node of a tree, chosen by numbers.
#[derive(Clone, Debug)]
struct Mutation {
    sample: usize,
    steps: Vec<(prop::sample::Index, u8, prop::sample::Index)>,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let step = (any::<prop::sample::Index>(), 0..6u8, any::<prop::sample::Index>());
    (0..SAMPLES, prop::collection::vec(step, 1..8)).prop_map(|(sample, steps)| Mutation { sample, steps })
}

fn paths(tree: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match tree {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| paths(item, &format!("{at}/{n}"), found));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, item)| paths(item, &format!("{at}/{key}"), found)),
        _ => {}
    }
}

impl Mutation {
    fn apply(&self) -> Value {
        let strange = [
            json!(null),
            json!(true),
            json!(-1.5e300),
            json!(""),
            json!("NOASSERTION"),
            json!("\u{0}\u{7f}\u{202e}"),
            json!("pkg:npm/%00/@"),
            json!("pkg:npm/b"),
            json!("SPDXRef-a"),
            json!("urn:a"),
            json!("x".repeat(5000)),
            json!([]),
            json!({}),
            json!([null, [], {}, "a", 1]),
            json!({"sbom": 1, "components": [{}], "name": {}}),
        ];
        let mut tree = samples()[self.sample].clone();
        for (place, action, other) in &self.steps {
            let mut found = Vec::new();
            paths(&tree, "", &mut found);
            let path = found[place.index(found.len())].clone();
            let elsewhere = tree.pointer(&found[other.index(found.len())]).cloned().unwrap_or_default();
            let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
            match (action, tree.pointer_mut(parent), key.parse::<usize>()) {
                (0, Some(Value::Object(fields)), _) => drop(fields.remove(key)),
                (1, Some(Value::Array(items)), Ok(number)) => {
                    let again = items[number].clone();
                    items.push(again);
                }
                (2, Some(Value::Array(items)), Ok(number)) => drop(items.remove(number)),
                (3, ..) => *tree.pointer_mut(&path).unwrap() = elsewhere,
                _ => *tree.pointer_mut(&path).unwrap() = other.get(&strange).clone(),
            }
        }
        tree
    }
}

/// Reads what may be anything: a refusal, or facts that can be stored and that hold together.
fn read_anything(bytes: &[u8]) -> Option<Parsed> {
    let found = parse(bytes, subject()).ok()?;
    let facts = &found.facts;
    let count = u32::try_from(facts.packages.len()).unwrap();
    assert!(facts.packages.is_sorted() && facts.relations.is_sorted() && facts.described.is_sorted());
    assert!(facts.described.iter().all(|index| *index < count));
    assert!(facts.relations.iter().all(|(from, to)| from.max(to) < &count));
    assert!(found.dependencies >= facts.relations.len() && found.root_dependencies <= found.edges);
    let event = Event::from(facts.clone());
    let stored = domain::codec::encode(&event).unwrap();
    assert_eq!(domain::codec::decode("SbomSubmitted", 1, &stored).unwrap(), event);
    Some(found)
}

/// The same tree with every list and every object in another order.
fn shuffled(tree: &Value, dice: &mut impl FnMut(usize) -> usize) -> Value {
    match tree {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| shuffled(item, dice)).collect();
            (1..items.len()).for_each(|n| items.swap(n, dice(n + 1)));
            Value::Array(items)
        }
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, item)| (key.clone(), shuffled(item, dice))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// The text of a tree with the fields of every object in reverse order.
fn reversed_fields(tree: &Value) -> String {
    match tree {
        Value::Array(items) => format!("[{}]", items.iter().map(reversed_fields).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields = fields.iter().rev().map(|(key, item)| format!("{}:{}", json!(key), reversed_fields(item)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// What must not depend on how a document is written: its facts, and what is counted.
fn meaning(parsed: &Parsed) -> (domain::digest::Digest, [usize; 5]) {
    let digest = Event::from(parsed.facts.clone()).semantic_digest().unwrap();
    let counts = [parsed.packages, parsed.dependencies, parsed.vertices, parsed.edges, parsed.root_dependencies];
    (digest, counts)
}

/// Makes sure that two texts are both refused, or say the same.
fn say_the_same(one: &str, other: &str) -> Result<(), TestCaseError> {
    let (first, second) = (read_anything(one.as_bytes()), read_anything(other.as_bytes()));
    prop_assert_eq!(first.as_ref().map(meaning), second.as_ref().map(meaning), "{}\n\n{}", one, other);
    Ok(())
}

/// Numbers below what is asked for, of the seeds in turn.
fn dice(seeds: &[u32]) -> impl FnMut(usize) -> usize + '_ {
    let mut turns = seeds.iter().cycle();
    move |sides| turns.next().map_or(0, |seed| *seed as usize % sides)
}

fn seeds() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 1..50)
}

#[test]
fn the_samples_themselves_are_read() {
    for sample in samples() {
        let found = read_anything(sample.to_string().as_bytes()).unwrap();
        assert!(found.edges >= 3, "{sample}");
    }
}

/// Pieces that mean something in some syntax.
const TOKENS: [&str; 36] = [
    "<!DOCTYPE x>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&x;",
    "&#0;",
    "&lt;",
    "<components>",
    "</component>",
    "<a b='c' b='d'>",
    "<packages>",
    "xmlns='x'",
    "<?xml version='1.0'?>",
    "\u{feff}",
    "\u{0}",
    "\n",
    "\t",
    "  ",
    "- ",
    "? ",
    ": ",
    "&a ",
    "*a",
    "<<: ",
    "---\n",
    "|\n",
    "!!null ",
    "{",
    "[",
    "\"",
    "'",
    "<text>",
    "</text>",
    "\nSPDXVersion: SPDX-2.3\n",
    "\nPackageName: x\nSPDXID: SPDXRef-0\n",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_tree_is_refused_or_read(mutation in mutation()) {
        read_anything(mutation.apply().to_string().as_bytes());
    }

    #[test]
    fn order_says_nothing(mutation in mutation(), seeds in seeds()) {
        let tree = mutation.apply();
        let other = reversed_fields(&shuffled(&tree, &mut dice(&seeds)));
        say_the_same(&tree.to_string(), &other)?;
    }

    #[test]
    fn a_mutated_graph_says_the_same_in_any_order(mutation in mutation(), seeds in seeds()) {
        let tree = Mutation { sample: SPDX3, ..mutation }.apply();
        say_the_same(&tree.to_string(), &reversed_fields(&shuffled(&tree, &mut dice(&seeds))))?;
    }

    #[test]
    fn broken_bytes_are_refused_or_read(
        sample in 0..SAMPLES,
        cut in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = samples()[sample].to_string().into_bytes();
        for (place, byte) in &flips {
            let at = place.index(bytes.len());
            bytes[at] = *byte;
        }
        read_anything(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        read_anything(&bytes);
    }

    #[test]
    fn broken_texts_of_every_format_are_refused_or_read(
        sample in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..5u8), 1..6),
    ) {
        let written = super::twins::written(&super::twins::example());
        let mut text = sample.get(&written).1.clone();
        for (one, other, action) in &changes {
            let boundary = |index: &prop::sample::Index| {
                let at = index.index(text.len() + 1);
                (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
            };
            let (one_at, other_at) = (boundary(one), boundary(other));
            let range = one_at.min(other_at)..one_at.max(other_at);
            match action {
                0 => drop(text.drain(range)),
                1 => {
                    let again = text[range.clone()].to_owned();
                    text.insert_str(range.end, &again);
                }
                2 => text.truncate(range.end),
                _ => text.insert_str(range.start, other.get::<&str>(&TOKENS)),
            }
            if text.is_empty() || text.len() > 100_000 {
                break;
            }
        }
        read_anything(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,200}") {
        read_anything(&bytes);
        read_anything(text.as_bytes());
    }
}
