//! What an erasure would take: the publications that can no longer be told without a payload.

use std::collections::BTreeSet;

use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use projections::fold::{Fold, World};
use sqlx::PgConnection;

use crate::ReplayError;
use crate::as_of::{advance, outcome_under};
use crate::decisions::Decisions;
use crate::log::Stored;
use crate::publication::{other_versions, resting_on};

/// Publications that would be reproduced by one fold: they pass over the same positions.
struct ErasureGroup<'a> {
    passed: BTreeSet<Position>,
    publications: Vec<&'a ScoresPublished>,
}

/// The labels that may become unprovable when the payload at `position` is erased, in the order of the log: those whose
/// digests a fold gives with the payload and not without it. Where that cannot be told, for the log holds what nobody
/// can read or a published formula is beyond this program, every label that may rest on it.
///
/// To be called in one snapshot.
///
/// # Errors
/// When the database fails.
pub async fn becoming_unprovable(
    conn: &mut PgConnection,
    decisions: &Decisions,
    position: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Vec<String>, ReplayError> {
    let resting = resting_on(decisions, position);
    let (mut now, mut then) = (Groups::default(), Groups::default());
    for (event, facts) in &resting {
        let mut passed = decisions.of_publication(*event, facts);
        if passed.erased.is_some() {
            now.add(passed.now.clone(), facts);
        }
        passed.now.insert(position);
        then.add(passed.now, facts);
    }
    // What rests on a payload that is gone already is no news.
    let lost = now.told(&mut *conn, decisions, progress).await?.otherwise;
    let stay = then.told(conn, decisions, progress).await?.given;
    let labels = resting.into_iter().map(|(_, facts)| facts.label.clone());
    Ok(labels.filter(|label| !stay.contains(label) && !lost.contains(label)).collect())
}

/// What folds tell of labels. Of a label that is in neither set nothing can be told.
#[derive(Default)]
struct Provability {
    /// Labels whose digests they give.
    given: BTreeSet<String>,
    /// Labels under which something else was published.
    otherwise: BTreeSet<String>,
}

/// Publications by what is passed over to reproduce them.
#[derive(Default)]
struct Groups<'a>(Vec<ErasureGroup<'a>>);

impl<'a> Groups<'a> {
    fn add(&mut self, passed: BTreeSet<Position>, facts: &'a ScoresPublished) {
        match self.0.iter_mut().find(|group| group.passed == passed) {
            Some(group) => group.publications.push(facts),
            None => self.0.push(ErasureGroup { passed, publications: vec![facts] }),
        }
    }

    /// What a fold for each group tells, as far as it can be made.
    async fn told(
        mut self,
        conn: &mut PgConnection,
        decisions: &Decisions,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<Provability, ReplayError> {
        let mut told = Provability::default();
        for group in &mut self.0 {
            group.publications.sort_by_key(|facts| facts.position);
            match tell(&mut *conn, decisions, group, progress, &mut told).await {
                Err(error) if error.is_environment() => return Err(error),
                Err(error) => tracing::warn!(%error, "cannot tell which labels rest on it"),
                Ok(()) => {}
            }
        }
        Ok(told)
    }
}

/// What a fold tells of the labels of a group.
async fn tell(
    conn: &mut PgConnection,
    decisions: &Decisions,
    group: &ErasureGroup<'_>,
    progress: &mut dyn FnMut(&Stored),
    told: &mut Provability,
) -> Result<(), ReplayError> {
    let mut fold: Option<Fold> = None;
    for facts in &group.publications {
        let formula = match decisions.formula(&facts.formula, &facts.formula_hash) {
            Ok(document) => document.formula,
            Err(error) => {
                tracing::warn!(%error, label = facts.label, "cannot tell whether it rests on it");
                continue;
            }
        };
        let fold = fold.get_or_insert_with(|| Fold::new(World::default(), formula.clone(), group.passed.clone(), None));
        advance(&mut *conn, fold, facts.position, progress).await?;
        let outcome = outcome_under(fold, &formula);
        let same = (outcome.digest, outcome.state_digest) == (facts.digest, facts.state_digest);
        if !same && !other_versions(facts).is_empty() {
            tracing::warn!(label = facts.label, "published by other versions: cannot tell whether it rests on it");
            continue;
        }
        let labels = if same { &mut told.given } else { &mut told.otherwise };
        labels.insert(facts.label.clone());
    }
    Ok(())
}
