//! Which optional dependencies of a crate everybody gets: those that its default features switch on.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Names, as the crate calls them, of the optional dependencies that the feature `default` reaches in an entry of the
/// index. `dep:x`, `x/feature` and a feature named like a dependency switch `x` on; `x?/feature` does not.
pub(super) fn on_by_default(entry: &Map<String, Value>) -> BTreeSet<&str> {
    let tables = ["features", "features2"].into_iter().filter_map(|key| entry.get(key).and_then(Value::as_object));
    let features: BTreeMap<&str, &Value> = tables.flatten().map(|(name, items)| (name.as_str(), items)).collect();
    let mut on = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open = vec!["default"];
    while let Some(feature) = open.pop() {
        if !seen.insert(feature) {
            continue;
        }
        let Some(items) = features.get(feature) else {
            // No feature of that name is declared: the dependency itself is meant.
            on.insert(feature);
            continue;
        };
        for item in items.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(dependency) = item.strip_prefix("dep:") {
                on.insert(dependency);
            } else if let Some((dependency, _)) = item.split_once('/') {
                if !dependency.ends_with('?') {
                    on.insert(dependency);
                    open.push(dependency);
                }
            } else {
                open.push(item);
            }
        }
    }
    on
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn on(entry: &Value) -> Vec<&str> {
        on_by_default(entry.as_object().unwrap()).into_iter().filter(|name| *name != "default").collect()
    }

    #[test]
    fn follows_features_to_dependencies() {
        let entry = json!({
            "features": {"default": ["std", "color"], "std": ["alloc", "memchr?/std"], "color": ["termcolor"], "alloc": []},
            "features2": {"alloc": ["dep:hex"], "unused": ["dep:rand"], "std": ["alloc", "serde/std", "memchr?/std"]},
        });
        assert_eq!(on(&entry), ["hex", "serde", "termcolor"]);
    }

    #[test]
    fn survives_cycles_and_nonsense() {
        assert_eq!(on(&json!({"features": {"default": ["a"], "a": ["default", 1, null]}})), [""; 0]);
        assert_eq!(on(&json!({"features": [], "features2": {"default": "a"}})), [""; 0]);
        assert_eq!(on(&json!({})), [""; 0]);
    }
}
