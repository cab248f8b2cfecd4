//! The check of a database: its log, what it published, its live tables. To be called in one snapshot; it only reads.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use domain::checkpoint::Checkpoint;
use domain::digest::Digest;
use domain::formula::{self, Formula};
use domain::merkle::tile::{TileId, Tiles, WIDTH};
use domain::note::Note;
use domain::number::fit;
use domain::recorded::Position;
use projections::store;
use projections::tables::Projection;
use sqlx::PgConnection;

use super::beside::verifying;
use super::fault::NamedFault;
use super::live_tables::{self, LiveTables};
use super::policy::Policy;
use super::report::VerificationReport;
use super::rules::ExaminedEvent;
use super::tiles;
use super::tree::{Anchor, Fault, Tree};
use super::verification::{LiveFold, Verification, VerificationStop};
use crate::ReplayError;
use crate::decisions::Decisions;
use crate::log::{self, Head, Stored};
use crate::rebuild;
use crate::snapshot::OfDatabase as _;
use crate::threads::ReadEnd;

/// Events read between two looks at the tiles: 19 tiles, which is one page of the log.
const PAGE_POSITIONS: u64 = 19 * WIDTH;

/// Checkpoints that the database keeps: they narrow down where a log was changed, and vouch for it as the policy says.
async fn kept(conn: &mut PgConnection, policy: &Policy) -> Result<Vec<Anchor>, VerificationStop> {
    let mut anchors = Vec::new();
    for row in sqlx::query_file!("sql/checkpoints.sql").fetch_all(conn).await.map_err(ReplayError::from)? {
        let wrong = |reason: &dyn std::fmt::Display| Fault {
            position: None,
            reason: format!("the kept checkpoint of size {}: {reason}", row.tree_size),
        };
        let anchor = policy.kept(&row.note).map_err(|error| wrong(&error))?.anchor;
        if (i64::try_from(anchor.size).ok(), &anchor.root.0[..]) != (Some(row.tree_size), &row.root[..]) {
            return Err(wrong(&"its row says another size or root than its note").into());
        }
        anchors.push(anchor);
    }
    Ok(anchors)
}

/// The notes that the database keeps, by size.
///
/// # Errors
/// When the database refuses.
pub async fn checkpoints(conn: &mut PgConnection) -> Result<Vec<String>, ReplayError> {
    let rows = sqlx::query_file!("sql/checkpoints.sql").fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| row.note).collect())
}

/// The notes of the largest size that the database keeps.
///
/// # Errors
/// When the database refuses.
pub async fn newest_checkpoints(conn: &mut PgConnection) -> Result<Vec<String>, ReplayError> {
    Ok(sqlx::query_file_scalar!("sql/newest_checkpoints.sql").fetch_all(conn).await?)
}

/// The largest checkpoint that the database keeps, among those whose size is asked for, with its note: of several of
/// that size one that most have signed. What is no checkpoint is none.
///
/// # Errors
/// When the database refuses.
pub(super) async fn newest_checkpoint(
    conn: &mut PgConnection,
    is_asked: impl Fn(u64) -> bool,
) -> Result<Option<(Checkpoint, String)>, ReplayError> {
    let parsed = |note: String| Some((Checkpoint::parse(&Note::parse(&note).ok()?.text).ok()?, note));
    let kept = checkpoints(conn).await?.into_iter().filter_map(parsed).filter(|(found, _)| is_asked(found.size));
    Ok(kept.max_by_key(|(found, note)| (found.size, note.lines().count())))
}

/// Whether the live builds are about to be others, so that what stands there for the moment is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// They are what they are.
    Settled,
    /// They hold what was erased, or are not under the formula that was promoted last: somebody may be about to make
    /// them anew, or the others live.
    Due,
    /// Somebody who has made the others is about to make them live.
    UnderWay,
}

/// How the live builds stand to what the log has decided.
///
/// # Errors
/// When the database refuses.
pub async fn settling(conn: &mut PgConnection) -> Result<Settling, ReplayError> {
    let builds = store::live_builds(&mut *conn).await?;
    let decisions = match Decisions::read(&mut *conn).await {
        Ok(decisions) => decisions,
        Err(error) if error.database().is_some() => return Err(error),
        // What cannot be read the check itself tells, with its position.
        Err(_) => return Ok(Settling::Settled),
    };
    if builds.iter().any(|build| live_tables::holds_erased(build, &decisions).is_some()) {
        return Ok(Settling::Due);
    }
    let metrics = builds.iter().find(|build| build.projection == Projection::Metrics);
    let promoted = metrics.and_then(|metrics| Some((metrics, decisions.promoted(metrics.position)?.1.hash)));
    match promoted {
        Some((metrics, hash)) if metrics.formula_hash != Some(hash) => {
            let at_work = rebuild::is_made_under(conn, &hash).await?;
            Ok(if at_work { Settling::UnderWay } else { Settling::Due })
        }
        _ => Ok(Settling::Settled),
    }
}

/// Checks the log against anchors, folds it, and compares everything published and the live tables.
///
/// # Errors
/// When the database vanishes, or a formula is beyond this program. Faults of the log are in the report.
pub async fn verify(
    conn: &mut PgConnection,
    mut anchors: Vec<Anchor>,
    policy: &Policy,
    progress: &mut dyn FnMut(&Stored),
) -> Result<VerificationReport, ReplayError> {
    let head = log::head(&mut *conn).await?;
    let builds = store::live_builds(&mut *conn).await?;
    let brought = anchors.clone();
    let kept = match kept(&mut *conn, policy).await {
        Ok(kept) => kept,
        Err(stop) => return stopped(&head, stop),
    };
    let lacking = lacking(&brought, &kept);
    anchors.extend(kept);
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
    let mut live = LiveTables::of(builds, &decisions, head.position);
    let folded = match live.fold.clone() {
        Some(fold) => fold,
        // Every event is to be decoded and folded, also those that no publication rests on.
        None => LiveFold {
            formula: Formula::shipped(formula::DEFAULT)?,
            passed: decisions.passed_over(Position::MAX).positions,
            history: false,
        },
    };
    let verification = match Verification::new(anchors, decisions, Some(folded)) {
        Ok(verification) => verification,
        Err(stop) => return stopped(&head, stop),
    };
    live.open(&mut *conn).await?;
    let (mut verification, mut run) = events(&mut *conn, verification, 1..=live.position, &mut live, progress).await;
    if run.is_ok() {
        live.at_their_position(&mut *conn, verification.live()).await?;
        let rest = live.position + 1..=head.position;
        (verification, run) = events(&mut *conn, verification, rest, &mut live, progress).await;
    }
    if run.is_ok() {
        run = ends(&mut *conn, &verification, &head).await;
    }
    if run.is_ok() {
        live.manifests(&mut *conn, head.position).await?;
    }
    let LiveTables { fold, faults, divergences, .. } = live;
    let compared = run.is_ok() && fold.is_some();
    let mut report = VerificationReport::of(head.position, &verification, run, compared.then_some(divergences))?;
    report.take_in(lacking);
    report.take_in(faults);
    report.not_covered = NOT_COVERED.map(str::to_owned).to_vec();
    report.not_covered.extend(others(conn).await?);
    Ok(report)
}

/// What a check of a database does not look at.
const NOT_COVERED: [&str; 3] = [
    "names of contributors beside the log",
    "what streams remember, idempotency keys, and events that have no position yet",
    "who may read and write what in the database",
];

/// Builds that are not live, in words: nobody reads them.
async fn others(conn: &mut PgConnection) -> Result<Option<String>, ReplayError> {
    let others = sqlx::query_file!("sql/other_builds.sql").fetch_all(conn).await?;
    let each: Vec<String> = others.iter().map(|one| format!("build_{} ({})", one.id, one.status)).collect();
    let said =
        || format!("builds that are not live, which nobody reads until a switch makes them so: {}", each.join(", "));
    Ok((!each.is_empty()).then(said))
}

/// Checkpoints that the auditor brought and the database does not keep.
fn lacking(brought: &[Anchor], kept: &[Anchor]) -> Vec<NamedFault> {
    let held = |anchor: &&Anchor| kept.iter().any(|kept| (kept.size, kept.root) == (anchor.size, anchor.root));
    let lacking = brought.iter().filter(|anchor| !held(anchor));
    let fault = |anchor: &Anchor| {
        NamedFault::of(
            "checkpoint",
            &format!("of size {}", anchor.size),
            "it was brought, and the database does not keep it",
        )
    };
    lacking.map(fault).collect()
}

/// Reads on, checks each event against the tiles and has it verified. What was read before something could not be is
/// verified all the same: an earlier fault is told first.
async fn events(
    conn: &mut PgConnection,
    verification: Verification,
    which: RangeInclusive<Position>,
    live: &mut LiveTables,
    progress: &mut dyn FnMut(&Stored),
) -> (Verification, Result<(), VerificationStop>) {
    let (mut thread, ended) = verifying(verification);
    let read = async {
        let (mut next, to) = which.into_inner();
        while next <= to {
            let end = to.min((next - 1) / PAGE_POSITIONS * PAGE_POSITIONS + PAGE_POSITIONS);
            let leaves = leaves(&mut *conn, next, end).await?;
            log::read_with(&mut *conn, next, end, ExaminedEvent::of, |examined| {
                progress(&examined.stored);
                tiled(&leaves, &examined.stored).map_err(|fault| ReadEnd::Failed(fault.into()))?;
                let bytes = examined.stored.payload.len();
                thread.give(examined, bytes)
            })
            .await?;
            live.on_the_way(&mut *conn, ended.try_iter()).await?;
            next = end + 1;
        }
        Ok(())
    };
    let read = read.await;
    let (verification, run) = thread.end().await;
    let run = match (run, read) {
        (Ok(()), Ok(())) => live.on_the_way(conn, ended.try_iter()).await.map_err(VerificationStop::from),
        (Ok(()), Err(ReadEnd::Failed(stop))) => Err(stop),
        (run, _) => run,
    };
    (verification, run)
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
