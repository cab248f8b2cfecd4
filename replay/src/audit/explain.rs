//! A score with its proof: the events it rests on, each with the path to the root of a tree that is vouched for.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::recorded::Position;
use projections::explain::{ExplainedScore, rests_on};
use projections::fold::{Fold, World};
use projections::metrics::ScoreRow;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;

use super::bundle::line::EventLine;
use super::{live, tiles};
use crate::as_of;
use crate::decisions::Decisions;
use crate::log::{self, Stored};
use crate::publication::PublicationRequest;
use crate::{ReplayError, formulas};

/// Name and version of the format.
pub const FORMAT: &str = "pg-atlas-explain/1";

/// A score and its proof.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Explanation {
    /// [`FORMAT`].
    pub format: &'static str,
    /// The vertex.
    pub id: String,
    /// `project`, `repo` or `external`.
    pub level: &'static str,
    /// The metric.
    pub metric: String,
    /// Its value, as in the lines of scores.
    pub value: Value,
    /// The label, where a publication was asked about.
    pub label: Option<String>,
    /// Position evaluated at.
    pub position: Position,
    /// Name of the formula.
    pub formula: String,
    /// Digest of its canonical form.
    pub formula_hash: Digest,
    /// Events of the tree that all proofs are against.
    pub tree_size: u64,
    /// Its root.
    pub root: Digest,
    /// A kept checkpoint of that size; null where none reaches so far, then the tree is that of the head.
    pub checkpoint: Option<String>,
    /// The event that published the score.
    pub published: Option<Proven>,
    /// The events it rests on, by position.
    pub events: Vec<Proven>,
}

/// An event and its proof.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Proven {
    /// The event, as in a bundle.
    #[serde(flatten)]
    pub event: EventLine,
    /// Why it counts.
    pub because: BTreeSet<&'static str>,
    /// Its place among the leaves.
    pub leaf_index: u64,
    /// RFC 6962 audit path, from the leaf up.
    pub proof: Vec<Digest>,
}

/// What a score rests on, at the head or as published. To be called in one snapshot.
///
/// # Errors
/// When there is no such vertex or metric, when the publication does not follow from the log or cannot be told any
/// more, or the database vanishes.
pub async fn explain(
    conn: &mut PgConnection,
    id: &str,
    metric: &str,
    label: Option<&str>,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Explanation, ReplayError> {
    let asked = ExplainedScore::from_name(metric).ok_or_else(|| ReplayError::NoMetric(metric.to_owned()))?;
    let decisions = Decisions::read(&mut *conn).await?;
    let mut kept = KeptEvents::default();
    let each = &mut |stored: Stored| {
        progress(&stored);
        kept.keep(stored);
    };
    let head = log::head(&mut *conn).await?;
    let (fold, event) = match label {
        Some(label) => {
            let asked = PublicationRequest::of(&decisions, label)?;
            let fold = asked.fold(&mut *conn, each).await?;
            let outcome = as_of::outcome(&fold);
            if (outcome.digest, outcome.state_digest) != (asked.facts.digest, asked.facts.state_digest) {
                return Err(asked.unequal());
            }
            (fold, Some(asked.event))
        }
        None => {
            let formula = formulas::promoted(&mut *conn, head.position).await?;
            let passed = decisions.passed_over(Position::MAX).positions;
            let fold = Fold::new(World::default(), formula.formula, passed, None);
            (as_of::folded(&mut *conn, fold, head.position, each).await?, None)
        }
    };
    let position = fold.world.position;
    let view = fold.world.view();
    let scores = view.scores(fold.formula());
    let known = || scores.rows.iter().map(|row| row.id.to_string()).collect();
    let row: &ScoreRow = scores
        .rows
        .iter()
        .find(|row| *row.id == *id)
        .ok_or_else(|| ReplayError::NoVertex { id: id.to_owned(), known: known() })?;
    let value = scores.line(row).remove(metric).ok_or_else(|| ReplayError::NoMetric(metric.to_owned()))?;
    let rests = rests_on(&fold.world, &view, fold.formula(), row.level, id, asked);

    let reaches = |size: u64| size >= event.unwrap_or(position);
    let (tree_size, checkpoint) = match live::newest_checkpoint(&mut *conn, reaches).await? {
        Some((checkpoint, note)) => (checkpoint.size, Some(note)),
        None => (head.position, None),
    };
    let root = tiles::root_at(&mut *conn, tree_size).await?;
    let said = event.map(|event| (event, BTreeSet::from(["publication of the score"])));
    let published = proven(&mut *conn, said.into_iter().collect(), tree_size, KeptEvents::default()).await?.pop();
    let events = proven(&mut *conn, rests.0.into_iter().collect(), tree_size, kept).await?;
    Ok(Explanation {
        format: FORMAT,
        id: id.to_owned(),
        level: row.level.name(),
        metric: metric.to_owned(),
        value,
        label: label.map(str::to_owned),
        position,
        formula: fold.formula().name.clone(),
        formula_hash: fold.formula().hash(),
        tree_size,
        root,
        checkpoint,
        published,
        events,
    })
}

/// Most bytes of events that are kept: 64 MiB.
const KEPT_BYTES: usize = 64 << 20;
/// What an event takes besides its payload, roughly, in bytes.
const ENVELOPE_BYTES: usize = 512;

/// The first events that a fold has read, as many as there is room for: evidence that is among them is not read again.
#[derive(Default)]
struct KeptEvents {
    events: Vec<Stored>,
    bytes: usize,
}

impl KeptEvents {
    /// Keeps the next event, unless one before it found no room.
    fn keep(&mut self, stored: Stored) {
        self.bytes += stored.payload.len() + ENVELOPE_BYTES;
        if self.bytes <= KEPT_BYTES {
            self.events.push(stored);
        }
    }

    /// The lines of those at these positions, which ascend.
    fn lines(self, positions: &[Position]) -> Result<Vec<EventLine>, ReplayError> {
        let mut wanted = positions.iter().peekable();
        let is_wanted = |stored: &Stored| wanted.next_if(|position| **position == stored.position).is_some();
        self.events.into_iter().filter(is_wanted).map(EventLine::of).collect()
    }
}

/// Events with their proofs, by position.
async fn proven(
    conn: &mut PgConnection,
    wanted: Vec<(Position, BTreeSet<&'static str>)>,
    size: u64,
    kept: KeptEvents,
) -> Result<Vec<Proven>, ReplayError> {
    let positions: Vec<Position> = wanted.iter().map(|(position, _)| *position).collect();
    let proving = tiles::proving(&mut *conn, &positions, size).await?;
    let mut lines = kept.lines(&positions)?;
    let others = &positions[lines.len()..];
    log::positions_with(&mut *conn, others, EventLine::of, |line| {
        lines.push(line?);
        Ok::<(), ReplayError>(())
    })
    .await?;
    let proofs = proving.proofs().await?;
    let prove = |(((position, because), event), inclusion): ((_, EventLine), tiles::Inclusion)| {
        if inclusion.leaf_hash != event.leaf_hash {
            let detail = "the event is not the one whose leaf the tiles hold".to_owned();
            return Err(ReplayError::Corrupt { position, detail });
        }
        Ok(Proven { event, because, leaf_index: inclusion.leaf_index, proof: inclusion.proof })
    };
    wanted.into_iter().zip(lines).zip(proofs).map(prove).collect()
}
