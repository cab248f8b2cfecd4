//! What was published, under which label.

use std::collections::BTreeSet;

use domain::event::{Event, EventType};
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use domain::stream::StreamKind;
use projections::fold::{Fold, World};
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::decisions::Decisions;
use crate::log::Stored;
use crate::quarantine::Quarantine;
use crate::{ReplayError, as_of, log};

/// Every publication, in order, with its position.
///
/// # Errors
/// When the database refuses.
pub async fn all(conn: &mut PgConnection) -> Result<Vec<(Position, ScoresPublished)>, ReplayError> {
    let recorded = log::of_type(conn, StreamKind::Atlas, EventType::ScoresPublished, Position::MAX).await?;
    let published = recorded.into_iter().filter_map(|recorded| match recorded.event {
        Event::ScoresPublished(facts) => Some((recorded.position, facts)),
        _ => None,
    });
    Ok(published.collect())
}

/// The publications that may rest on a position: those about it or a later one which did not pass over it. In order,
/// each with the position of its event.
#[must_use]
pub fn resting_on(decisions: &Decisions, position: Position) -> Vec<(Position, &ScoresPublished)> {
    let rests = |event: Position, facts: &ScoresPublished| {
        facts.position >= position && !decisions.passed_over_by(event, facts).positions.contains(&position)
    };
    decisions.publications().filter(|(event, facts)| rests(*event, facts)).collect()
}

/// A publication to be reproduced.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Position of the event that publishes.
    pub event: Position,
    /// What it says.
    pub facts: ScoresPublished,
    /// Its formula.
    pub formula: FormulaDocument,
    /// What was passed over then.
    pub quarantine: Quarantine,
    passed: BTreeSet<Position>,
    /// The first position it may rest on that was erased since.
    pub erased: Option<Position>,
}

impl Asked {
    /// The publication of a label.
    ///
    /// # Errors
    /// When there is none, or its formula is not known.
    pub fn of(decisions: &Decisions, label: &str) -> Result<Self, ReplayError> {
        let (event, facts) = decisions.labelled(label)?;
        let formula = decisions.formula(&facts.formula, &facts.formula_hash)?;
        let (passed, erased) = decisions.of_publication(event, facts);
        let quarantine = decisions.passed_over_by(event, facts);
        Ok(Self { event, facts: facts.clone(), formula, quarantine, passed, erased })
    }

    /// The fold it follows from, as far as it can be read today.
    ///
    /// # Errors
    /// When the log cannot be read to its position.
    pub async fn fold(&self, conn: &mut PgConnection, progress: &mut dyn FnMut(&Stored)) -> Result<Fold, ReplayError> {
        let mut fold = Fold::new(World::default(), self.formula.formula.clone(), self.passed.clone(), None);
        as_of::advance(conn, &mut fold, self.facts.position, progress).await?;
        Ok(fold)
    }

    /// What it means that a fold came to something else.
    #[must_use]
    pub fn unequal(&self) -> ReplayError {
        match self.erased {
            Some(position) => ReplayError::Unprovable { position },
            None => ReplayError::Diverged { label: self.facts.label.clone() },
        }
    }
}
