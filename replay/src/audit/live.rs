//! The check of a database: its log, what it published, its live tables. To be called in one snapshot; it only reads.

use std::collections::BTreeSet;

use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::merkle::tile::{TileId, Tiles, WIDTH};
use domain::note::VerifyingKey;
use domain::number::fit;
use domain::recorded::Position;
use projections::store::{self, Build};
use projections::tables::Projection;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::PgConnection;

use super::tiles;
use super::tree::{Anchor, Fault, Tree};
use super::verification::{Judged, Verdict, Verification, VerificationStop, Witness};
use crate::decisions::Decisions;
use crate::log::{self, Head, Stored};
use crate::snapshot::OfDatabase as _;
use crate::verify::{self, Divergence};
use crate::{ReplayError, as_of};

/// Events read between two looks at the tiles: 19 tiles, which is one page of the log.
const PAGE_POSITIONS: u64 = 19 * WIDTH;

/// What a check came to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct VerificationReport {
    /// Events that the log says it has.
    pub tree_size: u64,
    /// Root of the Merkle tree over the events that were read.
    pub root: Digest,
    /// Events that were read, checked and folded.
    pub events: u64,
    /// Whether nothing is wrong.
    pub ok: bool,
    /// Whether a checkpoint that the auditor brought, signed by a key that the auditor brought, holds.
    pub trusted: bool,
    /// Up to which position that checkpoint vouches for the log.
    pub trusted_to: Option<Position>,
    /// The first position that is not what was vouched for.
    pub first_bad_position: Option<Position>,
    /// What is wrong.
    pub reason: Option<String>,
    /// What became of every publication.
    pub publications: Vec<Judged>,
    /// Where the live tables differ from the fold; `None` where none were compared.
    pub divergences: Option<Vec<Divergence>>,
    /// What the auditor is told besides, in words.
    #[serde(skip)]
    pub remarks: Vec<String>,
}

impl VerificationReport {
    /// The report of a check that stopped, or came to the end.
    ///
    /// # Errors
    /// When it stopped for a reason that says nothing about the log.
    pub fn of(
        tree_size: u64,
        verification: &Verification,
        stopped: Result<(), VerificationStop>,
        divergences: Option<Vec<Divergence>>,
    ) -> Result<Self, ReplayError> {
        let fault = match stopped {
            Ok(()) => None,
            Err(VerificationStop::Fault(fault)) => Some(fault),
            Err(VerificationStop::Error(error)) => return Err(error),
        };
        let mut report = Self::begun(tree_size, verification.tree(), fault);
        report.publications = verification.judged().to_vec();
        report.divergences = divergences;
        let diverged = report.publications.iter().any(|one| matches!(one.verdict, Verdict::Diverged { .. }));
        if report.ok && diverged {
            report.ok = false;
            report.reason = Some("a publication does not follow from the log".to_owned());
        }
        if report.ok && report.divergences.as_ref().is_some_and(|found| !found.is_empty()) {
            report.ok = false;
            report.reason = Some("the live tables do not follow from the log".to_owned());
        }
        report.trusted &= report.ok;
        Ok(report)
    }

    /// Whether some publication rests on other versions of families than this program holds: nothing is wrong with the
    /// log, and not all is proven.
    #[must_use]
    pub fn lacks_versions(&self) -> bool {
        self.publications.iter().any(|one| matches!(one.verdict, Verdict::OtherVersion { .. }))
    }

    /// The report of a check that stopped before the first event.
    pub(super) fn before(tree_size: u64, fault: Fault) -> Result<Self, ReplayError> {
        let tree = Tree::new(Vec::new()).map_err(|_| ReplayError::NoBuild)?;
        Ok(Self::begun(tree_size, &tree, Some(fault)))
    }

    fn begun(tree_size: u64, tree: &Tree, fault: Option<Fault>) -> Self {
        let (first_bad_position, reason) = fault.map_or((None, None), |fault| (fault.position, Some(fault.reason)));
        Self {
            tree_size,
            root: tree.root(),
            events: tree.size(),
            ok: reason.is_none(),
            trusted: reason.is_none() && tree.trusted().is_some(),
            trusted_to: tree.trusted(),
            first_bad_position,
            reason,
            publications: Vec::new(),
            divergences: None,
            remarks: Vec::new(),
        }
    }
}

/// Checkpoints that the database keeps: they narrow down where a log was changed, and vouch for nothing.
async fn kept(conn: &mut PgConnection, keys: &[VerifyingKey]) -> Result<Vec<Anchor>, VerificationStop> {
    let mut anchors = Vec::new();
    for note in checkpoints(conn).await? {
        let wrong =
            |error: &dyn std::fmt::Display| Fault { position: None, reason: format!("a kept checkpoint: {error}") };
        Checkpoint::open(&note, keys).map_err(|error| wrong(&error))?;
        let note = domain::note::Note::parse(&note).map_err(|error| wrong(&error))?;
        let checkpoint = Checkpoint::parse(&note.text).map_err(|error| wrong(&error))?;
        let source = format!("the kept checkpoint of size {}", checkpoint.size);
        anchors.push(Anchor::said(checkpoint.size, checkpoint.root, &source));
    }
    Ok(anchors)
}

/// The notes that the database keeps, by size.
///
/// # Errors
/// When the database refuses.
pub async fn checkpoints(conn: &mut PgConnection) -> Result<Vec<String>, ReplayError> {
    Ok(sqlx::query_file_scalar!("sql/checkpoints.sql").fetch_all(conn).await?)
}

/// Checks the log against anchors, folds it, and compares everything published and the live tables.
///
/// # Errors
/// When the database vanishes, or a formula is beyond this program. Faults of the log are in the report.
pub async fn verify(
    conn: &mut PgConnection,
    mut anchors: Vec<Anchor>,
    keys: &[VerifyingKey],
    witness: &mut dyn Witness,
    progress: &mut dyn FnMut(&Stored),
) -> Result<VerificationReport, ReplayError> {
    let head = log::head(&mut *conn).await?;
    let live = live(&mut *conn, &head).await?;
    match kept(&mut *conn, keys).await {
        Ok(kept) => anchors.extend(kept),
        Err(stop) => return stopped(&head, stop),
    }
    let decisions = match Decisions::read(&mut *conn).await {
        Ok(decisions) => decisions,
        // The database refuses: nothing is said about the log, and nothing more is answered in this transaction.
        Err(error) if error.database().is_some() => return Err(error),
        // Something before the decision that cannot be read may be wrong as well.
        Err(error) => {
            let stop = first_of(&mut *conn, &head, anchors, error).await;
            return stopped(&head, stop);
        }
    };
    let formula = match &live {
        Some(build) => {
            let name = build.formula.clone().unwrap_or_default();
            let hash = build.formula_hash.unwrap_or_default();
            Some(decisions.formula(&name, &hash)?.formula)
        }
        None => Some(as_of::formula(&mut *conn, None, head.position).await?.formula),
    };
    let current = decisions.passed_over(Position::MAX).digest();
    let mut verification = match Verification::new(anchors, decisions, formula) {
        Ok(verification) => verification,
        Err(stop) => return stopped(&head, stop),
    };
    let compared = live.filter(|build| build.quarantine_digest == current);
    let at = compared.as_ref().map_or(0, |build| build.position);

    let mut divergences = None;
    let mut run = events(&mut *conn, &mut verification, 1, at, witness, progress).await;
    if let (Ok(()), Some(build), Some(fold)) = (&run, &compared, verification.live()) {
        divergences = Some(against(&mut *conn, build, fold).await?);
    }
    if run.is_ok() {
        run = events(&mut *conn, &mut verification, at + 1, head.position, witness, progress).await;
    }
    if run.is_ok() {
        run = ends(&mut *conn, &verification, &head).await;
    }
    VerificationReport::of(head.position, &verification, run, divergences)
}

/// The live build of scores, if there is one that the log reaches.
async fn live(conn: &mut PgConnection, head: &Head) -> Result<Option<Build>, ReplayError> {
    let builds = store::live_builds(conn).await?;
    Ok(builds.into_iter().find(|build| build.projection == Projection::Metrics && build.position <= head.position))
}

async fn against(
    conn: &mut PgConnection,
    metrics: &Build,
    fold: &projections::Fold,
) -> Result<Vec<Divergence>, ReplayError> {
    let builds = store::live_builds(&mut *conn).await?;
    let mut found = verify::against_live(conn, fold, &builds).await?;
    let outcome = as_of::outcome(fold);
    let noted = [
        ("digest", outcome.digest, metrics.output_digest),
        ("state_digest", outcome.state_digest, metrics.state_digest),
    ];
    for (metric, replayed, live) in noted {
        if metrics.position > 0 && live != Some(replayed) {
            let (id, metric) = ("build".to_owned(), metric.to_owned());
            let live = live.map(|live| live.to_string());
            found.push(Divergence { id, metric, replayed: Some(replayed.to_string()), live });
        }
    }
    Ok(found)
}

/// Reads on, checks each event against the tiles and hands it to the verification.
async fn events(
    conn: &mut PgConnection,
    verification: &mut Verification,
    from: Position,
    to: Position,
    witness: &mut dyn Witness,
    progress: &mut dyn FnMut(&Stored),
) -> Result<(), VerificationStop> {
    let mut next = from;
    while next <= to {
        let end = to.min((next - 1) / PAGE_POSITIONS * PAGE_POSITIONS + PAGE_POSITIONS);
        let leaves = leaves(&mut *conn, next, end).await?;
        log::read(&mut *conn, next, end, |stored| {
            progress(&stored);
            tiled(&leaves, &stored)?;
            verification.push(&stored, witness)
        })
        .await?;
        next = end + 1;
    }
    Ok(())
}

async fn leaves(conn: &mut PgConnection, from: Position, to: Position) -> Result<Tiles, ReplayError> {
    let which: BTreeSet<TileId> =
        ((from - 1) / WIDTH..=(to - 1) / WIDTH).map(|index| TileId { level: 0, index }).collect();
    tiles::read(conn, &which).await
}

fn tiled(leaves: &Tiles, stored: &Stored) -> Result<(), Fault> {
    let index = stored.position - 1;
    let tile = leaves.0.get(&TileId { level: 0, index: index / WIDTH });
    let leaf = usize::try_from(index % WIDTH).ok().and_then(|place| tile?.get(place));
    if leaf == Some(&stored.leaf_hash) {
        Ok(())
    } else {
        Err(Fault::at(stored.position, "the event is not the one whose leaf the tiles hold"))
    }
}

/// The end of the log: no event beyond the head, the head's own root and frontier, every tile.
async fn ends(conn: &mut PgConnection, verification: &Verification, head: &Head) -> Result<(), VerificationStop> {
    verification.end()?;
    let tree = verification.tree();
    let order = sqlx::query_file!("sql/ends.sql").fetch_one(&mut *conn).await.map_err(ReplayError::from)?;
    let number = |stored: i64| {
        let detail = || format!("the order of the log says {stored}");
        u64::try_from(stored).map_err(|_| ReplayError::Corrupt { position: 0, detail: detail() })
    };
    let (last, events) = (number(order.last)?, number(order.events)?);
    if last != head.position || events != head.position {
        let reason = format!("the head says {} events, the order says {events}", head.position);
        return Err(Fault::at(head.position.min(last) + 1, reason).into());
    }
    let expected: Vec<u8> = tree.frontier().nodes().iter().flat_map(|node| node.0).collect();
    if head.root != tree.root() || order.frontier != expected {
        let reason = "the root or the frontier that the head keeps is not that of the events".to_owned();
        return Err(Fault { position: None, reason }.into());
    }
    let rows = sqlx::query_file!("sql/upper_tiles.sql").fetch_all(&mut *conn).await.map_err(ReplayError::from)?;
    let bytes = |hashes: &[Digest]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
    let upper = tree.upper().iter().map(|(level, hashes)| (fit(*level, "level of a tile"), bytes(hashes)));
    if !rows.into_iter().map(|row| (row.level, row.hashes)).eq(upper) {
        return Err(Fault {
            position: None,
            reason: "the tiles above the leaves are not those of the tree".to_owned(),
        }
        .into());
    }
    let leaves = sqlx::query_file_scalar!("sql/tiled_leaves.sql").fetch_one(conn).await.map_err(ReplayError::from)?;
    if u64::try_from(leaves) != Ok(head.position) {
        let reason = format!("the tiles know {leaves} events, the head says {}", head.position);
        return Err(Fault::at(head.position + 1, reason).into());
    }
    Ok(())
}

/// The first fault of hashes and order, where a fault is known already.
async fn first_of(conn: &mut PgConnection, head: &Head, anchors: Vec<Anchor>, known: ReplayError) -> VerificationStop {
    let scan = async {
        let mut tree = Tree::new(anchors)?;
        log::read(conn, 1, head.position, |stored| Ok::<(), VerificationStop>(tree.push(&stored)?)).await?;
        Ok::<(), VerificationStop>(())
    };
    match scan.await {
        Ok(()) => known.into(),
        Err(stop) => stop,
    }
}

/// The report of a check that stopped before it began.
fn stopped(head: &Head, stop: VerificationStop) -> Result<VerificationReport, ReplayError> {
    match stop {
        VerificationStop::Error(error) => Err(error),
        VerificationStop::Fault(fault) => VerificationReport::before(head.position, fault),
    }
}
