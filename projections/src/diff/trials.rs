//! What each value becomes when only some of the parameters that differ are applied.
//!
//! An evaluation answers for every value at once, so what is tried for one value is known for all. How many are tried
//! is bounded whatever the number of vertices.

use std::collections::BTreeMap;

use domain::formula::Formula;

use super::Change;
use super::parameters::{Parameter, applied};
use crate::fold::View;

/// Evaluations of one difference at most. A difference of every parameter there is takes 30 to try each alone.
pub(super) const MAX_TRIALS: usize = 64;

/// A set of parameters, a bit each. A formula has fewer parameters than there are bits.
pub(super) type Set = u64;

/// What applying some parameters does to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It stays what it was.
    Stays,
    /// It moves, to something else than the second formula has.
    Moves,
    /// It is what the second formula has.
    Arrives,
}

/// The trials of one difference.
pub(super) struct Trials<'a> {
    view: &'a View<'a>,
    before: &'a Formula,
    parameters: &'a [Parameter],
    changed: &'a [Change],
    /// Row of each change among the scores.
    rows: &'a [usize],
    /// Effects by change.
    tried: BTreeMap<Set, Vec<Effect>>,
}

impl<'a> Trials<'a> {
    pub(super) fn new(
        view: &'a View<'a>,
        before: &'a Formula,
        parameters: &'a [Parameter],
        changed: &'a [Change],
        rows: &'a [usize],
    ) -> Self {
        assert!(parameters.len() < Set::BITS as usize, "a formula has fewer parameters than a set has bits");
        Self { view, before, parameters, changed, rows, tried: BTreeMap::new() }
    }

    /// Every parameter that differs.
    pub(super) fn all(&self) -> Set {
        (1 << self.parameters.len()) - 1
    }

    /// What a set of parameters does to a change; `None` where there have been trials enough.
    pub(super) fn effect(&mut self, set: Set, change: usize) -> Option<Effect> {
        match set {
            0 => return Some(Effect::Stays),
            set if set == self.all() => return Some(Effect::Arrives),
            _ => {}
        }
        if !self.tried.contains_key(&set) {
            if self.tried.len() == MAX_TRIALS {
                return None;
            }
            let effects = self.evaluated(set);
            self.tried.insert(set, effects);
        }
        self.tried.get(&set).map(|effects| effects[change])
    }

    fn evaluated(&self, set: Set) -> Vec<Effect> {
        let chosen = self.parameters.iter().enumerate().filter(|(n, _)| set & 1 << n != 0);
        let Some(formula) = applied(self.before, chosen.map(|(_, parameter)| parameter)) else {
            return vec![Effect::Stays; self.changed.len()];
        };
        let scores = self.view.scores(&formula);
        let effect = |(change, row): (&Change, &usize)| {
            let value = scores.value(&scores.rows[*row], &change.metric);
            if value == change.after {
                Effect::Arrives
            } else if value == change.before {
                Effect::Stays
            } else {
                Effect::Moves
            }
        };
        self.changed.iter().zip(self.rows).map(effect).collect()
    }
}
