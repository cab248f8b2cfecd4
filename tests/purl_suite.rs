//! The specification's own tests and the examples of its type definitions, where they lie beside the project.

use std::fs;
use std::path::{Path, PathBuf};

use domain::purl::{PackageUrl, Purl};
use serde_json::Value;

/// Tests that are not for us: file, number, why.
const NOT_OURS: [(&str, usize, &str); 3] = [
    ("git-test", 0, "lower-cases what the definition of git calls case sensitive"),
    ("gem-test", 1, "refuses a key in capitals that the test before it reads"),
    ("rpm-test", 1, "refuses keys in capitals that the test before it reads"),
];

/// Every document below a folder of the shared data, by name; none where that is absent.
fn documents(folder: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/purl").join(folder);
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not here", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value[key].as_str()
}

fn built(parts: &Value) -> Result<PackageUrl<'_>, String> {
    let qualifiers = parts["qualifiers"].as_object().into_iter().flatten();
    let qualifiers = qualifiers.map(|(key, value)| (key.as_str(), value.as_str().unwrap()));
    let (kind, name) = (text(parts, "type").unwrap_or(""), text(parts, "name").unwrap_or(""));
    let (namespace, version, subpath) = (text(parts, "namespace"), text(parts, "version"), text(parts, "subpath"));
    PackageUrl::build(kind, namespace, name, version, qualifiers, subpath).map_err(String::from)
}

fn has_parts(purl: &PackageUrl<'_>, parts: &Value) -> bool {
    let expected = parts["qualifiers"].as_object().into_iter().flatten();
    let expected: Vec<(&str, &str)> = expected.map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
    let mut found: Vec<(&str, &str)> = purl.qualifiers.iter().map(|(key, value)| (&**key, &**value)).collect();
    found.sort_unstable();
    let mut expected = expected;
    expected.sort_unstable();
    Some(&*purl.kind) == text(parts, "type")
        && purl.namespace == text(parts, "namespace").unwrap_or("")
        && Some(&*purl.name) == text(parts, "name")
        && purl.version.as_deref() == text(parts, "version")
        && purl.subpath.as_deref() == text(parts, "subpath")
        && found == expected
}

/// Whether a test of the suite comes out as it says.
fn passes(test: &Value) -> bool {
    let (input, output) = (&test["input"], &test["expected_output"]);
    let is_read = |text: &str| PackageUrl::parse(text).is_ok() || Purl::parse(text).is_ok();
    match (text(test, "test_type").unwrap(), test["expected_failure"].as_bool().unwrap()) {
        ("build", true) => built(input).is_err(),
        ("build", false) => built(input).is_ok_and(|purl| Some(&*purl.to_string()) == output.as_str()),
        ("parse", true) => !is_read(input.as_str().unwrap()),
        ("parse", false) => PackageUrl::parse(input.as_str().unwrap()).is_ok_and(|purl| has_parts(&purl, output)),
        ("validate", false) => {
            let (input, output) = (input.as_str().unwrap(), output.as_str().unwrap());
            PackageUrl::parse(input).is_ok_and(|purl| purl.to_string() == output)
                && Purl::parse(input).unwrap().id == Purl::parse(output).unwrap().id
        }
        (other, _) => panic!("a test of an unknown kind: {other}"),
    }
}

#[test]
fn the_suite_of_the_specification_passes() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (file, suite) in ["spec", "types"].into_iter().flat_map(|folder| documents(&format!("tests/{folder}"))) {
        for (number, test) in suite["tests"].as_array().unwrap().iter().enumerate() {
            count += 1;
            let ours = !NOT_OURS.iter().any(|(other, n, _)| (*other, *n) == (file.as_str(), number));
            if passes(test) != ours {
                failed.push(format!("{file} {number}: {} {}", test["test_type"], test["input"]));
            }
        }
    }
    eprintln!("{count} tests");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn examples_in_capitals_are_the_same_packages() {
    let mut failed = Vec::new();
    let mut count = 0;
    for (_, definition) in documents("types") {
        let note = |part: &str| text(&definition[part], "note").unwrap_or("").to_owned();
        // In a type that leaves the case open for some servers the examples tell nothing.
        let is_lower = |part: &str| {
            let says = definition[part]["case_sensitive"] == false || note(part).contains("lowercased");
            says && !note(part).contains("depends on")
        };
        for example in definition["examples"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap()) {
            let written = PackageUrl::parse(example).unwrap();
            let loud = |text: &str, part: &str| if is_lower(part) { text.to_owned() } else { text.to_uppercase() };
            let (namespace, name) =
                (loud(&written.namespace, "namespace_definition"), loud(&written.name, "name_definition"));
            let name = if written.qualifier("repository_url").is_some_and(|url| url.contains("databricks")) {
                written.name.to_string()
            } else {
                name
            };
            let path = if namespace.is_empty() { name } else { format!("{namespace}/{name}") };
            let expected = format!("pkg:{}/{path}", written.kind).replace('@', "%40").replace('+', "%2B");
            let found = Purl::parse(&example.to_uppercase()).map(|purl| purl.id);
            count += 1;
            if found.as_ref() != Ok(&expected) {
                failed.push(format!("{example}: expected {expected}, found {found:?}"));
            }
        }
    }
    eprintln!("{count} examples");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
