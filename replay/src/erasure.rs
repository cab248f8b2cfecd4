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
use crate::publication::resting_on;

/// Publications that would be reproduced by one fold: they pass over the same positions.
struct ErasureGroup<'a> {
    passed: BTreeSet<Position>,
    publications: Vec<&'a ScoresPublished>,
}

/// The labels that become unprovable when the payload at `position` is erased, in the order of the log: those whose
/// digests a fold gives with the payload and not without it. Where such a fold cannot be made, for the log holds what
/// cannot be read, every label that may rest on it. To be called in one snapshot.
///
/// # Errors
/// When the database fails or a published formula is beyond this program.
pub async fn becoming_unprovable(
    conn: &mut PgConnection,
    decisions: &Decisions,
    position: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Vec<String>, ReplayError> {
    let resting = resting_on(decisions, position);
    let (mut now, mut then) = (Groups::default(), Groups::default());
    for (event, facts) in &resting {
        let (mut passed, erased) = decisions.of_publication(*event, facts);
        if erased.is_some() {
            now.add(passed.clone(), facts);
        }
        passed.insert(position);
        then.add(passed, facts);
    }
    // What rests on a payload that is gone already is no news.
    let (asked, proven) = (now.labels(), now.provable(&mut *conn, decisions, progress).await?);
    let lost: BTreeSet<String> = asked.into_iter().filter(|label| !proven.contains(label)).collect();
    let stay = then.provable(conn, decisions, progress).await?;
    let labels = resting.into_iter().map(|(_, facts)| facts.label.clone());
    Ok(labels.filter(|label| !stay.contains(label) && !lost.contains(label)).collect())
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

    fn labels(&self) -> Vec<String> {
        self.0.iter().flat_map(|group| &group.publications).map(|facts| facts.label.clone()).collect()
    }

    /// The labels that folds give. A fold that cannot be made gives none.
    async fn provable(
        mut self,
        conn: &mut PgConnection,
        decisions: &Decisions,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<BTreeSet<String>, ReplayError> {
        let mut given = BTreeSet::new();
        for group in &mut self.0 {
            group.publications.sort_by_key(|facts| facts.position);
            match provable(&mut *conn, decisions, group, progress).await {
                Ok(labels) => given.extend(labels),
                Err(error) if error.is_environment() => return Err(error),
                Err(error) => tracing::warn!(%error, "cannot tell which labels rest on it"),
            }
        }
        Ok(given)
    }
}

/// The labels of a group that a fold without the payload still gives.
async fn provable(
    conn: &mut PgConnection,
    decisions: &Decisions,
    group: &ErasureGroup<'_>,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Vec<String>, ReplayError> {
    let mut labels = Vec::new();
    let mut fold: Option<Fold> = None;
    for facts in &group.publications {
        let formula = decisions.formula(&facts.formula, &facts.formula_hash)?.formula;
        let fold = fold.get_or_insert_with(|| Fold::new(World::default(), formula.clone(), group.passed.clone(), None));
        advance(&mut *conn, fold, facts.position, progress).await?;
        let outcome = outcome_under(fold, &formula);
        if (outcome.digest, outcome.state_digest) == (facts.digest, facts.state_digest) {
            labels.push(facts.label.clone());
        }
    }
    Ok(labels)
}
