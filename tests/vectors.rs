//! Golden vectors: what another program has to come to, told in documents for whoever writes one.
//!
//! Each file of `docs/vectors` has what is given, and what comes of it under the rules of `docs/SEMANTICS.md`. What
//! comes is compared; with `PG_ATLAS_WRITE_GOLDEN` set it is written anew. Three golden logs are told so as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use domain::canonical;
use domain::formula::{Formula, SHIPPED};
use serde_json::{Map, Value, json};

use crate::golden::{frozen_lines, kept};

mod log;
mod rules;

/// Folder of the vectors.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/vectors");
/// Golden logs that are vectors too.
const GOLDEN: [&str; 3] = ["formulas", "kinds", "wild"];
/// Containers within containers that are still written a member a line.
const OPEN_LEVELS: usize = 4;

#[test]
fn the_vectors_are_what_the_rules_give() {
    let folder = Path::new(FOLDER);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for file in kept::held(folder, &files).keys() {
        let given: Value = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
        let came = match file.as_str() {
            "rules.json" => rules::come(&given),
            file if file.starts_with("log-") => log::come(&given),
            _ => continue,
        };
        files.insert(file.clone(), written(&came));
    }
    for name in GOLDEN {
        files.insert(format!("golden-{name}.json"), written(&log::come(&golden(name))));
    }
    files.insert("formulas.json".to_owned(), written(&formulas()));
    kept::settle(folder, &kept::held(folder, &files), &files);
    pages_show(&serde_json::from_str(&files["log-first.json"]).unwrap());
}

/// What the pages show is what comes; their rules are those of the versions that they name.
fn pages_show(first: &Value) {
    let page = |name: &str| fs::read_to_string(Path::new(FOLDER).join("../semantics").join(name)).unwrap();
    let (log, digests) = (page("log.md"), page("digests.md"));
    let shown = &first["evaluations"][0];
    let lines = ["scores", "state"].into_iter().flat_map(|group| shown[group].as_array().unwrap());
    for line in lines.map(Value::to_string) {
        assert!(digests.contains(&line), "{line}");
    }
    for digest in ["digest", "state_digest"].map(|name| shown[name].as_str().unwrap()) {
        assert!(digests.contains(digest), "{digest}");
    }
    assert!(log.contains(first["roots"][0].as_str().unwrap()));
    let versions = projections::families::published();
    let named = ["graph", "people", "metrics"].map(|name| format!("`{name}` {}", versions[name]));
    let [graph, people, metrics] = &named;
    let words = log.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = format!("those of {graph}, {people} and {metrics}.");
    assert!(words.contains(&said) && versions.len() == named.len(), "docs/semantics/log.md does not say: {said}");
}

/// The shipped formulas, and the one that asks for everything.
fn formulas() -> Value {
    let all = include_str!("../docs/example-formula.toml");
    let documents = SHIPPED.map(|(_, document)| document).into_iter().chain([all]);
    let each = documents.map(|document| {
        let formula = Formula::parse(document).unwrap();
        let canonical = String::from_utf8(canonical::to_vec(&formula).unwrap()).unwrap();
        (formula.name.clone(), json!({"canonical": canonical, "hash": formula.hash()}))
    });
    Value::Object(each.collect())
}

/// A golden log as a vector is given.
fn golden(name: &str) -> Value {
    let lines = frozen_lines(name).into_iter();
    let events: Vec<Value> = lines.filter_map(|mut line| Some(line.get_mut("event")?.take())).collect();
    let head = events.len() as u64;
    let adopted = events.iter().filter(|event| event["type"] == "FormulaAdopted");
    let adopted = adopted.map(|event| event["stream"].as_str().unwrap().strip_prefix("formula:").unwrap().to_owned());
    let formulas = SHIPPED.map(|(name, _)| name.to_owned()).into_iter().chain(adopted);
    let formulas: std::collections::BTreeSet<String> = formulas.collect();
    let at = |position: u64| formulas.iter().map(move |formula| json!({"formula": formula, "position": position}));
    let evaluations: Vec<Value> = [head / 3, head / 2, head].into_iter().flat_map(at).collect();
    json!({
        "about": format!("The golden log `{name}`, made by the program of documents of every kind."),
        "evaluations": evaluations,
        "events": events,
        "rules": ["the whole"],
    })
}

/// JSON for people: a member a line as long as that is short.
fn written(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text.push('\n');
    text
}

fn write(text: &mut String, value: &Value, level: usize) {
    let nested = |value: &Value| value.is_array() || value.is_object();
    let opens = |value: &Value| level == 0 || value.as_object().is_some_and(|map| map.values().any(Value::is_array));
    let list = value.as_array().is_some_and(|list| list.iter().any(nested)) && level % 2 == 1;
    if level > OPEN_LEVELS || !(list || opens(value)) {
        text.push_str(&value.to_string());
        return;
    }
    let members = |map: &Map<String, Value>| -> Vec<(String, Value)> {
        map.iter().map(|(key, value)| (format!("{}: ", json!(key)), value.clone())).collect()
    };
    let (open, close, members) = match value {
        Value::Object(map) => ('{', '}', members(map)),
        _ => ('[', ']', value.as_array().unwrap().iter().map(|value| (String::new(), value.clone())).collect()),
    };
    let indent = "  ".repeat(level);
    text.push(open);
    for (n, (key, value)) in members.iter().enumerate() {
        text.push_str(if n == 0 { "\n" } else { ",\n" });
        text.push_str(&format!("{indent}  {key}"));
        write(text, value, level + 1);
    }
    text.push_str(&format!("\n{indent}{close}"));
}
