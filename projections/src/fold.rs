//! The one fold over the log.

use std::collections::BTreeSet;

use domain::event::Event;
use domain::formula::Formula;
use domain::recorded::{Position, Recorded};
use domain::time::{Day, Timestamp};
use thiserror::Error;

use crate::changes::Changes;
pub use crate::families::World;
use crate::graph::shown::{GraphPatch, ShownGraph};
use crate::graph::{Graph, ResolveCache};
use crate::history::History;
use crate::metrics::evaluation::{ScoreMemory, evaluate};
use crate::metrics::windows::Windows;
use crate::metrics::{Evaluation, KeptScores, Scores};
use crate::people::{Contributions, LogOwners};
use crate::table::TableRows;

/// A reader that skips, repeats or reorders is caught here.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FoldError {
    /// Positions must follow one another.
    #[error("event at position {found} follows position {last}")]
    OutOfOrder {
        /// Position already folded.
        last: Position,
        /// Position offered.
        found: Position,
    },
}

/// What a world means: resolved once, read by every evaluation.
#[derive(Debug)]
pub struct View<'a> {
    /// Vertices, edges, membership.
    pub graph: Graph,
    /// Commit days by vertex.
    pub contributions: Contributions<'a>,
    world: &'a World,
}

impl World {
    /// Resolves the world.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        self.seen(Graph::of(&self.graph), &mut LogOwners::default())
    }

    fn seen(&self, graph: Graph, owners: &mut LogOwners) -> View<'_> {
        let contributions = Contributions::of(&graph, &self.people, owners);
        View { graph, contributions, world: self }
    }
}

impl View<'_> {
    /// The UTC day of world time.
    #[must_use]
    pub fn today(&self) -> Day {
        self.world.graph.today()
    }

    /// By vertex the time of its latest commit; `None` where none is known.
    #[must_use]
    pub fn latest_commits(&self) -> Vec<Option<Timestamp>> {
        let mut latest = vec![None; self.graph.vertices.len()];
        for (vertex, repo) in self.contributions.iter() {
            latest[vertex as usize] = repo.latest_commit(self.today());
        }
        latest
    }

    /// What it is the meaning of.
    #[must_use]
    pub fn world(&self) -> &World {
        self.world
    }

    /// All rows of the tables that follow from the state of one family alone, each sorted by key.
    pub(crate) fn derived(&self) -> Vec<TableRows> {
        self.world.derived()
    }

    /// Evaluates a formula, and keeps what its scores were computed from.
    #[must_use]
    pub fn evaluation<'a>(&'a self, formula: &'a Formula) -> Evaluation<'a> {
        Evaluation::of(&self.graph, &self.contributions, formula, &mut Windows::default())
    }

    /// Evaluates a formula.
    #[must_use]
    pub fn scores(&self, formula: &Formula) -> Scores {
        self.evaluation(formula).scores
    }
}

/// The fold of a log under one formula, with the history of its scores.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The state.
    pub world: World,
    /// Rows of the state touched by the last event.
    touched: Changes,
    /// Rows of the state touched since the last [`Fold::take_changes`]; `None` where nobody writes them.
    changes: Option<Changes>,
    /// Scores over time; `None` where nobody asks for it. One that comes from elsewhere is restored, not handed on: it
    /// knows where this fold's scores stood.
    pub history: Option<History>,
    formula: Formula,
    quarantined: BTreeSet<Position>,
    /// What the looks so far have learnt of the log.
    cache: ResolveCache,
    /// Whose logs they are.
    owners: LogOwners,
    /// What they have summed up under the formula.
    windows: Windows,
    /// What they have computed under it.
    memory: ScoreMemory,
    /// What was shown of the graph besides.
    shown: ShownGraph,
}

impl Fold {
    /// A fold that starts at `world`. Events at `quarantined` positions are passed over.
    #[must_use]
    pub fn new(world: World, formula: Formula, quarantined: BTreeSet<Position>, history: Option<History>) -> Self {
        Self {
            world,
            touched: Changes::default(),
            changes: None,
            history,
            formula,
            quarantined,
            cache: ResolveCache::default(),
            owners: LogOwners::default(),
            windows: Windows::default(),
            memory: ScoreMemory::default(),
            shown: ShownGraph::default(),
        }
    }

    /// Begins to note which rows of the state are touched from here on, for whoever writes them.
    pub fn note_changes(&mut self) {
        self.changes = Some(Changes::default());
    }

    /// The formula.
    #[must_use]
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// Takes in the next event.
    ///
    /// # Errors
    /// When it is not the next one.
    pub fn apply(&mut self, recorded: &Recorded) -> Result<(), FoldError> {
        if self.is_quarantined(recorded.position) {
            return self.pass(recorded.position);
        }
        self.follows(recorded.position)?;
        // A tick: before world time enters a new day, the scores of the position before go to history.
        let (before, observed) = (self.world.graph.world_time(), recorded.envelope.observed_at);
        if recorded.event.event_type().is_fact() && before.is_some_and(|time| entered_a_new_day(time, observed)) {
            self.tick(None);
        }
        self.touched.clear();
        self.world.apply(recorded, &mut self.touched);
        if let Some(changes) = &mut self.changes {
            changes.append(&self.touched);
        }
        self.cache.hear(&self.touched);
        if recorded.event.event_type().ticks() {
            self.tick(self.label_of(&recorded.event));
        }
        Ok(())
    }

    /// The label under which the scores here are published by an event: those that it speaks of, unless others have
    /// told something in between.
    fn label_of<'a>(&self, event: &'a Event) -> Option<&'a str> {
        let Event::ScoresPublished(facts) = event else { return None };
        (self.world.graph.told() <= facts.position).then_some(facts.label.as_str())
    }

    /// Whether events at this position are passed over.
    #[must_use]
    pub fn is_quarantined(&self, position: Position) -> bool {
        self.quarantined.contains(&position)
    }

    /// Passes over the next position.
    ///
    /// # Errors
    /// When it is not the next one.
    pub fn pass(&mut self, position: Position) -> Result<(), FoldError> {
        self.follows(position)?;
        self.world.position = position;
        Ok(())
    }

    fn follows(&self, position: Position) -> Result<(), FoldError> {
        let last = self.world.position;
        if position == last + 1 { Ok(()) } else { Err(FoldError::OutOfOrder { last, found: position }) }
    }

    /// The scores now.
    #[must_use]
    pub fn scores(&self) -> Scores {
        self.world.view().scores(&self.formula)
    }

    /// The scores now, with what earlier looks have learnt: the same, sooner.
    pub fn evaluate_cached(&mut self) -> &Scores {
        self.windows.follow(&self.world.people, self.cache.touched());
        let view = self.world.seen(self.cache.look(&self.world.graph), &mut self.owners);
        evaluate(&view.graph, &view.contributions, &self.formula, &mut self.windows, &mut self.memory);
        self.cache.take_back(view.graph);
        self.memory.scores.scores()
    }

    /// Reads the view and the scores now, with what earlier looks have learnt: what a fresh view gives, sooner. This
    /// takes the touched rows, so whoever writes them has taken them before; `read` is given them, or `None` where
    /// nobody has noted them so far.
    pub fn read<T>(&mut self, read: impl FnOnce(&View<'_>, &Scores, Option<&Changes>) -> T) -> T {
        let noted = self.changes.replace(Changes::default());
        let none = Changes::default();
        self.show(noted.as_ref().unwrap_or(&none), |view, kept, _| read(view, kept.scores(), noted.as_ref()))
    }

    /// Looks at all that is shown, with what earlier looks have learnt: what a fresh view gives, and by what it differs
    /// from what was shown before. `changes` are the rows that were touched since then.
    pub(crate) fn show<T>(
        &mut self,
        changes: &Changes,
        read: impl FnOnce(&View<'_>, &KeptScores, GraphPatch) -> T,
    ) -> T {
        self.windows.follow(&self.world.people, self.cache.touched());
        // After it: what is touched is forgotten where all is learnt anew.
        self.cache.show();
        let mut graph = self.cache.look(&self.world.graph);
        let patch = self.shown.complete(&mut self.cache.last_look(&self.world.graph), &mut graph, changes);
        let view = self.world.seen(graph, &mut self.owners);
        evaluate(&view.graph, &view.contributions, &self.formula, &mut self.windows, &mut self.memory);
        let told = read(&view, &self.memory.scores, patch);
        self.cache.take_back(view.graph);
        told
    }

    /// Takes the touched rows, leaving none.
    ///
    /// # Panics
    /// When they were not noted, see [`Fold::note_changes`]: nothing touched and nothing noted must not look alike.
    pub fn take_changes(&mut self) -> Changes {
        std::mem::take(self.changes.as_mut().expect("what was touched is noted"))
    }

    fn tick(&mut self, label: Option<&str>) {
        if self.history.is_none() {
            return;
        }
        let day = self.world.graph.today();
        self.evaluate_cached();
        if let Some(history) = &mut self.history {
            history.tick(self.world.position, day, self.world.graph.recorded_at(), &self.memory.scores, label);
        }
    }
}

fn entered_a_new_day(before: Timestamp, observed: Timestamp) -> bool {
    observed.day() > before.day()
}
