//! A difference at a glance: how many, the largest movers, who crosses a risk flag.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{Change, Diff};

/// Movers listed of each level.
const MOVERS: usize = 5;

/// A risk flag that vertices cross.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Crossing {
    /// Vertices that raise it only under the second formula.
    pub raised: Vec<String>,
    /// Vertices that raise it only under the first formula.
    pub cleared: Vec<String>,
}

/// The summary of a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary<'a> {
    /// Vertices of which some value moves.
    pub vertices: u64,
    /// Values that move, by level and metric.
    pub by_metric: BTreeMap<(&'static str, &'a str), u64>,
    /// The changes that move most places: projects, Repos, ExternalRepos, most first.
    pub movers: Vec<&'a Change>,
    /// Risk flags that are crossed, by name.
    pub flags: BTreeMap<&'a str, Crossing>,
}

impl Diff {
    /// The difference at a glance.
    #[must_use]
    pub fn summary(&self) -> Summary<'_> {
        let vertices: BTreeSet<(&str, &str)> =
            self.changed.iter().map(|change| (change.level.name(), change.id.as_str())).collect();
        let mut by_metric = BTreeMap::new();
        let mut flags: BTreeMap<&str, Crossing> = BTreeMap::new();
        for change in &self.changed {
            *by_metric.entry((change.level.name(), change.metric.as_str())).or_insert(0) += 1;
            if change.metric == "flags" {
                let (before, after) = (names(&change.before), names(&change.after));
                for name in after.difference(&before) {
                    flags.entry(name).or_default().raised.push(change.id.clone());
                }
                for name in before.difference(&after) {
                    flags.entry(name).or_default().cleared.push(change.id.clone());
                }
            }
        }
        let mut movers: Vec<&Change> = self.changed.iter().filter(|change| change.places() > 0).collect();
        movers.sort_by(|a, b| (a.level, b.places(), &a.id, &a.metric).cmp(&(b.level, a.places(), &b.id, &b.metric)));
        let movers = movers.chunk_by(|a, b| a.level == b.level).flat_map(|level| &level[..MOVERS.min(level.len())]);
        let movers = movers.copied().collect();
        Summary { vertices: vertices.len() as u64, by_metric, movers, flags }
    }
}

fn names(flags: &Value) -> BTreeSet<&str> {
    flags.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
