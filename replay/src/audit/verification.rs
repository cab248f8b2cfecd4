//! A stream of events, checked and folded once, against everything that was published.

use std::collections::{BTreeMap, BTreeSet};

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::formula::Formula;
use domain::recorded::Position;
use projections::fold::{Fold, World};
use projections::history::History;
use serde_json::Value;

use super::erased::{ErasedEvent, StillCompared};
use super::fault::NamedFault;
use super::rules::{ExaminedEvent, LogRules};
use super::tree::{Anchor, Fault, Tree};
use super::verdict::{GivenByLog, Judged, Verdict, judge};
use crate::ReplayError;
use crate::as_of::{FoldOutcome, outcome_under};
use crate::decisions::{Decisions, PassedOver, is_decision};
use crate::publication::formula_of;

/// A publication to come to.
#[derive(Debug)]
struct JudgedTarget {
    /// Position of the event that publishes.
    event: Position,
    facts: ScoresPublished,
    formula: Formula,
    /// Digest of what was passed over then.
    quarantine: Digest,
    /// What of it can be read no more.
    since: BTreeSet<Position>,
}

/// Folds that pass over the same positions.
#[derive(Debug)]
struct FoldGroup {
    fold: Fold,
    /// By position, the first last.
    targets: Vec<JudgedTarget>,
    /// Whether the fold goes on to the end.
    live: bool,
}

/// What sees a publication's scores at the moment they are evaluated.
pub trait Witness {
    /// The fold stands where a publication was made.
    ///
    /// # Errors
    /// Whatever keeps the witness from going on.
    fn evaluated(&mut self, at: &Evaluated<'_>) -> Result<(), ReplayError>;
}

/// A publication at the moment it is evaluated.
#[derive(Debug)]
pub struct Evaluated<'a> {
    /// Position of the event that publishes.
    pub event: Position,
    /// What it says.
    pub facts: &'a ScoresPublished,
    /// Its formula.
    pub formula: &'a Formula,
    /// The fold, where it stands now.
    pub fold: &'a Fold,
    /// What the fold gives.
    pub outcome: &'a FoldOutcome,
    /// What that means for the publication.
    pub verdict: &'a Verdict,
    /// What of it can be compared, where something it may rest on is erased since.
    pub still: Option<&'a StillCompared>,
}

/// Nobody looks.
impl Witness for () {
    fn evaluated(&mut self, _: &Evaluated<'_>) -> Result<(), ReplayError> {
        Ok(())
    }
}

/// The check of one log.
#[derive(Debug)]
pub struct Verification {
    tree: Tree,
    decisions: Decisions,
    /// Decisions met so far.
    met: usize,
    groups: Vec<FoldGroup>,
    judged: Vec<Judged>,
    rules: LogRules,
    erased: BTreeMap<Position, ErasedEvent>,
}

/// Why a verification stopped.
#[derive(Debug)]
pub enum VerificationStop {
    /// The log is at fault.
    Fault(Fault),
    /// Something else: nothing is said about the log.
    Error(ReplayError),
}

impl From<Fault> for VerificationStop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ReplayError> for VerificationStop {
    fn from(error: ReplayError) -> Self {
        Fault::of(error).map_or_else(Self::Error, Self::Fault)
    }
}

/// A fold that goes on to the end.
#[derive(Clone, Debug)]
pub struct LiveFold {
    /// The formula.
    pub formula: Formula,
    /// What it passes over.
    pub passed: BTreeSet<Position>,
    /// Whether it keeps the history of its scores.
    pub history: bool,
}

impl Verification {
    /// A check against anchors of a log with these decisions. With `live` a fold goes on to the end.
    ///
    /// # Errors
    /// When a published formula is unknown or beyond this program.
    pub fn new(anchors: Vec<Anchor>, decisions: Decisions, live: Option<LiveFold>) -> Result<Self, VerificationStop> {
        let mut groups: Vec<FoldGroup> = Vec::new();
        let fold =
            |formula: Formula, passed: &BTreeSet<Position>| Fold::new(World::default(), formula, passed.clone(), None);
        let mut sets: Vec<BTreeSet<Position>> = Vec::new();
        if let Some(LiveFold { formula, passed, history }) = live {
            let mut fold = fold(formula, &passed);
            fold.history = history.then(History::default);
            groups.push(FoldGroup { fold, targets: Vec::new(), live: true });
            sets.push(passed);
        }
        let mut judged = Vec::new();
        for (event, facts) in decisions.publications() {
            let formula = match decisions.formula(&facts.formula, &facts.formula_hash) {
                Ok(known) => known.formula,
                Err(_) => {
                    let reason = format!("published by {}", formula_of(facts));
                    judged.push(Judged::of(event, facts, Verdict::OtherVersion { reason }));
                    continue;
                }
            };
            let PassedOver { then, now: set, since, .. } = decisions.of_publication(event, facts);
            let place = sets.iter().position(|held| *held == set).unwrap_or_else(|| {
                groups.push(FoldGroup { fold: fold(formula.clone(), &set), targets: Vec::new(), live: false });
                sets.push(set);
                sets.len() - 1
            });
            groups[place].targets.push(JudgedTarget {
                event,
                facts: facts.clone(),
                formula,
                quarantine: then.digest(),
                since,
            });
        }
        for group in &mut groups {
            group.targets.sort_by_key(|target| std::cmp::Reverse(target.facts.position));
        }
        Ok(Self {
            tree: Tree::new(anchors)?,
            decisions,
            met: 0,
            groups,
            judged,
            rules: LogRules::default(),
            erased: BTreeMap::new(),
        })
    }

    /// Takes in the next event, whose own hashes are checked.
    ///
    /// # Errors
    /// When the log is at fault, or the witness fails.
    pub(crate) fn push(&mut self, examined: ExaminedEvent, witness: &mut dyn Witness) -> Result<(), VerificationStop> {
        let stored = &examined.stored;
        self.tree.push(stored)?;
        self.rules.take_in(&examined);
        if stored.is_erased() {
            self.erased.insert(stored.position, ErasedEvent::of(stored.position, &stored.envelope));
        }
        if is_decision(&stored.envelope.event_type) {
            let expected = self.decisions.events().get(self.met);
            if expected.is_none_or(|event| (event.position, event.leaf_hash) != (stored.position, stored.leaf_hash)) {
                return Err(Fault::at(stored.position, "a decision that was not announced").into());
            }
            self.met += 1;
        }
        let position = stored.position;
        let wants = |group: &FoldGroup| group.live || !group.targets.is_empty();
        let decode = self.groups.iter().any(|group| wants(group) && !group.fold.is_quarantined(position));
        let recorded = if decode { Some(examined.recorded?) } else { None };
        for group in self.groups.iter_mut().filter(|group| wants(group)) {
            match &recorded {
                Some(recorded) => group.fold.apply(recorded).map_err(ReplayError::from)?,
                None => group.fold.pass(position).map_err(ReplayError::from)?,
            }
            while let Some(target) = group.targets.pop_if(|target| target.facts.position <= position) {
                let outcome = outcome_under(&group.fold, &target.formula);
                let erased = target.since.iter().filter_map(|position| self.erased.get(position));
                let still = (!target.since.is_empty()).then(|| StillCompared::of(erased, &group.fold));
                let given = GivenByLog {
                    root: self.tree.root(),
                    outcome: &outcome,
                    quarantine: target.quarantine,
                    erased: target.since.first().copied(),
                };
                let judged = judge(target.event, &target.facts, &given, still.as_ref());
                witness.evaluated(&Evaluated {
                    event: target.event,
                    facts: &target.facts,
                    formula: &target.formula,
                    fold: &group.fold,
                    outcome: &outcome,
                    verdict: &judged.verdict,
                    still: still.as_ref(),
                })?;
                self.judged.push(judged);
            }
        }
        Ok(())
    }

    /// The fold that goes on to the end.
    pub fn live(&mut self) -> Option<&mut Fold> {
        self.groups.iter_mut().find(|group| group.live).map(|group| &mut group.fold)
    }

    /// Order and hashes.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What became of the publications met so far, in the order of their positions.
    #[must_use]
    pub fn judged(&self) -> &[Judged] {
        &self.judged
    }

    /// Which rules events break, in the order of the log.
    #[must_use]
    pub fn broken(&self) -> Vec<NamedFault> {
        self.rules.broken()
    }

    /// A publication that could not be told as a whole, whose event is at a position, says of a term that can be
    /// compared what is not so.
    pub fn diverges(&mut self, event: Position, differences: Vec<Value>) {
        if let Some(judged) = self.judged.iter_mut().find(|judged| judged.event == event) {
            judged.verdict = Verdict::Diverged { differences };
        }
    }

    /// What the event at this position publishes.
    #[must_use]
    pub fn published(&self, event: Position) -> Option<&ScoresPublished> {
        self.decisions.publications().find(|(position, _)| *position == event).map(|(_, facts)| facts)
    }

    /// Notes where exactly a publication differs, whose event is at a position.
    pub fn name(&mut self, event: Position, rows: Vec<Value>) {
        let found = self.judged.iter_mut().find(|judged| judged.event == event);
        if let Some(Judged { verdict: Verdict::Diverged { differences }, .. }) = found {
            differences.extend(rows);
        }
    }

    /// The log ends here.
    ///
    /// # Errors
    /// When events are missing.
    pub fn end(&self) -> Result<(), Fault> {
        self.tree.end()?;
        if let Some(missing) = self.decisions.events().get(self.met) {
            return Err(Fault::at(missing.position, "a decision that was announced is not in the log"));
        }
        match self.groups.iter().flat_map(|group| &group.targets).next() {
            None => Ok(()),
            Some(target) => {
                let reason = format!("label `{}` was published at {}", target.facts.label, target.facts.position);
                Err(Fault { position: None, reason: format!("{reason}, beyond the end of the log") })
            }
        }
    }
}
