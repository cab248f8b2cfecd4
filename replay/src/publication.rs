//! What was published, under which label.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::{Event, EventType};
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use domain::stream::StreamKind;
use projections::families;
use projections::fold::{Fold, World};
use projections::store::Build;
use projections::store::schema::FormulaDocument;
use sqlx::PgConnection;

use crate::decisions::{Decisions, PassedOver};
use crate::log::Stored;
use crate::quarantine::Quarantine;
use crate::{ReplayError, as_of, log};

/// Versions as a person reads them: `graph/2, people/1`.
pub(crate) fn named(versions: &BTreeMap<String, u32>) -> String {
    let each: Vec<String> = versions.iter().map(|(name, version)| format!("{name}/{version}")).collect();
    each.join(", ")
}

/// The formula of a publication, as a person reads it.
pub(crate) fn formula_of(facts: &ScoresPublished) -> String {
    format!("formula `{}` of digest {}", facts.formula, facts.formula_hash)
}

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

/// The families of which this program holds another version than a publication rests on, or none: name, then the
/// version that was published. Its digests are then not this program's to give.
#[must_use]
pub fn other_versions(facts: &ScoresPublished) -> BTreeMap<String, u32> {
    let held = families::published();
    let unnamed = held.keys().map(|name| (name.clone(), facts.family(name)));
    let named = facts.families.iter().map(|(name, version)| (name.clone(), *version));
    named.chain(unnamed).filter(|(name, version)| held.get(name) != Some(version)).collect()
}

/// What the labels of a history stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Those under which exactly what the history holds was published.
    pub published: BTreeSet<String>,
    /// Those of which that cannot be told any more: a payload at or before the position that was published is erased
    /// since.
    pub unprovable: BTreeSet<String>,
}

impl Labels {
    /// The labels of a build. Those that are in neither set were published under another formula, by other versions of
    /// the families, or while other events were passed over, than the build was folded under: its values are not what
    /// they say.
    ///
    /// # Errors
    /// When the database refuses or a decision is not readable.
    pub async fn of(conn: &mut PgConnection, build: &Build) -> Result<Self, ReplayError> {
        let decisions = Decisions::read(conn).await?;
        let folded = decisions.passed_over_under(&build.quarantine_digest);
        let folded = folded.unwrap_or_else(|| decisions.passed_over(Position::MAX).positions);
        let mut labels = Self::default();
        for (event, facts) in decisions.publications() {
            if build.formula_hash != Some(facts.formula_hash) || !other_versions(facts).is_empty() {
                continue;
            }
            let passed = decisions.of_publication(event, facts);
            let upto = |set: &BTreeSet<Position>| set.range(..=facts.position).copied().collect::<Vec<_>>();
            if passed.erased.is_some() {
                labels.unprovable.insert(facts.label.clone());
            } else if upto(&passed.then.positions) == upto(&folded) {
                labels.published.insert(facts.label.clone());
            }
        }
        Ok(labels)
    }
}

/// A publication to be reproduced.
#[derive(Clone, Debug)]
pub struct PublicationRequest {
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

impl PublicationRequest {
    /// The publication of a label.
    ///
    /// # Errors
    /// When there is none, or its formula is not known.
    pub fn of(decisions: &Decisions, label: &str) -> Result<Self, ReplayError> {
        let (event, facts) = decisions.labelled(label)?;
        let formula = decisions
            .formula(&facts.formula, &facts.formula_hash)
            .map_err(|_| ReplayError::OtherVersion { label: facts.label.clone(), published: formula_of(facts) })?;
        let PassedOver { then: quarantine, now: passed, erased, .. } = decisions.of_publication(event, facts);
        Ok(Self { event, facts: facts.clone(), formula, quarantine, passed, erased })
    }

    /// The fold it follows from, as far as it can be read today.
    ///
    /// # Errors
    /// When the log cannot be read to its position.
    pub async fn fold(&self, conn: &mut PgConnection, each: &mut dyn FnMut(Stored)) -> Result<Fold, ReplayError> {
        let fold = Fold::new(World::default(), self.formula.formula.clone(), self.passed.clone(), None);
        as_of::folded(conn, fold, self.facts.position, each).await
    }

    /// What it means that a fold came to something else.
    #[must_use]
    pub fn unequal(&self) -> ReplayError {
        let (label, others) = (self.facts.label.clone(), other_versions(&self.facts));
        match self.erased {
            Some(position) => ReplayError::Unprovable { position },
            None if others.is_empty() => ReplayError::Diverged { label },
            None => ReplayError::OtherVersion { label, published: named(&others) },
        }
    }
}
