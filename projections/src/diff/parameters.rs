//! Which parameters of two formulas differ, and which values each of them can decide.

use domain::formula::Formula;
use serde_json::Value;

use crate::metrics::Level;

/// A parameter that differs. A section that one of the formulas lacks is one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameter {
    /// Path within the document, its parts joined by dots.
    pub(super) path: String,
    /// Value before; null where the formula lacks it.
    pub(super) before: Value,
    /// Value after.
    pub(super) after: Value,
}

/// What decides no number.
const NAMING: [&str; 3] = ["name", "semantics", "description"];

/// Every parameter that differs, by path.
pub(super) fn differing(before: &Formula, after: &Formula) -> Vec<Parameter> {
    let mut found = Vec::new();
    compare("", &document(before), &document(after), &mut found);
    found.retain(|parameter| !NAMING.contains(&parameter.path.as_str()));
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    found
}

/// A formula as a document. Whatever is a formula has one.
fn document(formula: &Formula) -> Value {
    serde_json::to_value(formula).unwrap_or_default()
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut Vec<Parameter>) {
    if let (Value::Object(left), Value::Object(right)) = (before, after) {
        let fresh = right.keys().filter(|key| !left.contains_key(*key));
        for key in left.keys().chain(fresh) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let side = |side: &serde_json::Map<String, Value>| side.get(key).cloned().unwrap_or_default();
            compare(&path, &side(left), &side(right), found);
        }
    } else if before != after {
        found.push(Parameter { path: path.to_owned(), before: before.clone(), after: after.clone() });
    }
}

/// The formula `base` with the later values of these parameters. `None`: together they give no numbers.
///
/// Parts of two formulas need not be one that anybody could adopt: a flag may look at a term that only the other
/// formula computes. What they give is told all the same, for it says which parameter moves a value.
pub(super) fn applied<'a>(base: &Formula, parameters: impl Iterator<Item = &'a Parameter>) -> Option<Formula> {
    let mut document = document(base);
    for Parameter { path, after, .. } in parameters {
        let (section, name) =
            path.rsplit_once('.').map_or((None, path.as_str()), |(section, name)| (Some(section), name));
        let mut place = &mut document;
        for part in section.into_iter().flat_map(|section| section.split('.')) {
            place = place.get_mut(part)?;
        }
        let fields = place.as_object_mut()?;
        match after {
            Value::Null => fields.remove(name),
            value => fields.insert(name.to_owned(), value.clone()),
        };
    }
    let formula: Formula = serde_json::from_value(document).ok()?;
    formula.score.as_ref().is_none_or(domain::formula::ScorePolicy::weighs).then_some(formula)
}

/// What decides a status, and through it everything that looks at the active set. Merges count there in any case.
const STATUS: [&str; 4] = ["status", "people.bots", "people.also_bots", "people.never_bots"];
/// What decides who depends on whom, beside the status.
const NETWORK: [&str; 3] = ["graph", "criticality.dependents", "criticality.siblings"];
const OF_A_PROJECT: [&str; 2] = ["criticality.project", "adoption.project"];

/// Whether a parameter can decide a value of this name at this level, whatever the vertices and the other parameters.
pub(super) fn decides(path: &str, level: Level, metric: &str) -> bool {
    let among = |parts: &[&str]| parts.iter().any(|part| within(path, part) || within(part, path));
    let status = || among(&STATUS);
    let network = || among(&NETWORK) || status();
    let adoption = || among(&["adoption"]);
    let pony = || among(&["pony", "people"]);
    if level != Level::Project && among(&OF_A_PROJECT) {
        return false;
    }
    // What only a row of another level has.
    if level == Level::External && (among(&["adoption", "pony"]) || matches!(metric, "activity_status")) {
        return false;
    }
    match metric {
        "activity_status" => status(),
        "adoption_score" => adoption(),
        "criticality_score" => network() || among(&["criticality.project"]),
        "pony_factor" => pony(),
        "pg_score" => {
            level == Level::Project && (among(&["score", "criticality.project"]) || network() || adoption() || pony())
        }
        // A flag may look at anything that a row of its level has.
        "flags" => level == Level::Project || !among(&["score"]),
        "contributors" | "hhi" | "shannon" | "top10_share" | "tenure_days" | "first_commit" | "last_commit" => {
            among(&["terms.compute", "pony.window_months", "people"])
        }
        "decay_criticality" => among(&["terms", "people", "criticality.project"]) || network(),
        _ => among(&["terms.compute", "criticality.project"]) || network(),
    }
}

/// Whether a path is `part` or lies below it.
fn within(path: &str, part: &str) -> bool {
    path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shipped(name: &str) -> Formula {
        Formula::shipped(name).unwrap()
    }

    #[test]
    fn all_that_differs_makes_the_other_formula_and_a_lacking_section_is_one() {
        for (one, other) in [("seed", "atlas-1"), ("atlas-1", "seed"), ("upstream-0.6", "atlas-1")] {
            let (before, after) = (shipped(one), shipped(other));
            let found = differing(&before, &after);
            let Formula { name, description, .. } = before.clone();
            let made = applied(&before, found.iter()).unwrap();
            assert_eq!(made, Formula { name, description, ..after });
            assert_eq!(applied(&before, std::iter::empty()), Some(before));
        }
        let found = differing(&shipped("seed"), &shipped("atlas-1"));
        let score = found.iter().find(|parameter| parameter.path == "score").unwrap();
        assert_eq!((&score.before, &score.after["pony"]["weight"]), (&json!(null), &json!(25)));
    }

    #[test]
    fn weights_that_come_to_nothing_together_are_no_formula() {
        let (mut before, mut after) = (shipped("atlas-1"), shipped("atlas-1"));
        for (formula, weights) in [(&mut before, [5, 0, 0]), (&mut after, [0, 5, 0])] {
            let score = formula.score.as_mut().unwrap();
            (score.criticality.weight, score.pony.weight, score.adoption.weight) = weights.into();
        }
        let found = differing(&before, &after);
        let paths: Vec<&str> = found.iter().map(|parameter| parameter.path.as_str()).collect();
        assert_eq!(paths, ["score.criticality.weight", "score.pony.weight"]);
        assert_eq!(applied(&before, found.iter().take(1)), None);
        assert!(applied(&before, found.iter().skip(1)).is_some());
        assert_eq!(applied(&before, found.iter()), Some(after));
    }

    #[test]
    fn a_parameter_decides_values_of_its_own_level() {
        assert!(decides("criticality.project", Level::Project, "criticality_score"));
        assert!(!decides("criticality.project", Level::Repo, "criticality_score"));
        assert!(!decides("adoption.project", Level::Repo, "adoption_score"));
        assert!(!decides("adoption.project", Level::Repo, "flags"));
        assert!(!decides("people.merges", Level::Project, "activity_status"));
        assert!(decides("people.merges", Level::Repo, "pony_factor"));
        assert!(decides("terms", Level::External, "k_core") && decides("terms.compute", Level::External, "k_core"));
        assert!(!decides("terms.decay_days", Level::Repo, "k_core"));
        assert!(decides("graph.confidence.verified_sbom", Level::External, "criticality_score"));
    }
}
