//! The scores of the present, as they are published: at a head that was taken once, whatever is appended meanwhile and
//! whoever moves the live builds.

use std::collections::BTreeSet;

use domain::digest::Digest;
use domain::facts::log::ScoresPublished;
use domain::recorded::Position;
use projections::families;
use projections::fold::Fold;
use projections::store::schema::FormulaDocument;
use projections::store::{self, Build, load};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use crate::as_of::{FoldDigests, FoldOutcome, outcome};
use crate::audit::tiles;
use crate::catch_up;
use crate::log::{self, Stored};
use crate::onlooker::Onlooker;
use crate::projector::{Opened, Projector, all_ours};
use crate::quarantine::Quarantine;
use crate::threads::joined;
use crate::{ReplayError, formulas, snapshot};

/// The scores at a position.
#[derive(Clone, Debug)]
pub struct Present {
    /// The position.
    pub position: Position,
    /// Root of the log there.
    pub root: Digest,
    /// The live formula.
    pub formula: FormulaDocument,
    /// Digest of the scores.
    pub digest: Digest,
    /// Digest of the state.
    pub state_digest: Digest,
    /// Digest of what was passed over.
    pub quarantine_digest: Digest,
}

impl Present {
    /// What publishes them under a label.
    #[must_use]
    pub fn published(&self, label: &str) -> ScoresPublished {
        ScoresPublished {
            label: label.to_owned(),
            position: self.position,
            root: self.root,
            formula: self.formula.formula.name.clone(),
            formula_hash: self.formula.formula.hash(),
            digest: self.digest,
            state_digest: self.state_digest,
            quarantine_digest: self.quarantine_digest,
            families: families::published(),
        }
    }

    async fn of(
        conn: &mut PgConnection,
        position: Position,
        formula: FormulaDocument,
        outcome: &FoldOutcome,
        quarantine: &Quarantine,
    ) -> Result<Self, ReplayError> {
        let FoldOutcome { digest, state_digest, .. } = *outcome;
        let head = log::head(&mut *conn).await?;
        let root = if head.position == position { head.root } else { tiles::root_at(conn, position).await? };
        Ok(Self { position, root, formula, digest, state_digest, quarantine_digest: quarantine.digest() })
    }
}

/// The formula of the live scores.
///
/// # Errors
/// When the database refuses or the formula is beyond this program.
pub async fn formula(conn: &mut PgConnection) -> Result<FormulaDocument, ReplayError> {
    catch_up::ensure_live(&mut *conn).await?;
    formulas::of_builds(&store::live_builds(conn).await?)
}

/// Evaluates at the head, as it stands now or a little later. The live builds are brought there, in one try, by the
/// projector that is answered with the scores; where that cannot be done as they are, for they are stale or another
/// projector moves them, a fold in memory gives the answer.
///
/// # Errors
/// When the log cannot be read or the database refuses.
pub async fn evaluate(
    conn: &mut PgConnection,
    progress: &mut dyn FnMut(&Stored),
) -> Result<(Present, Option<Projector>), ReplayError> {
    let head = log::head(&mut *conn).await?.position;
    catch_up::ensure_live(&mut *conn).await?;
    match brought(&mut *conn, head, progress).await {
        Ok(Some(projector)) => {
            let (position, outcome) = (projector.position(), projector.outcome());
            let formula = formulas::of_builds(projector.builds())?;
            let present = Present::of(conn, position, formula, &outcome, &projector.quarantine).await?;
            return Ok((present, Some(projector)));
        }
        Ok(None) => {}
        Err(error) if error.is_fenced() || error.is_erased() => {}
        Err(error) => return Err(error),
    }
    let beside = async |snapshot: &mut PgConnection| beside(snapshot, &mut *progress).await;
    Ok((snapshot::read(conn, beside).await?, None))
}

/// The projector of the live builds at `head` or beyond; `None` where they are to be built anew.
async fn brought(
    conn: &mut PgConnection,
    head: Position,
    progress: &mut dyn FnMut(&Stored),
) -> Result<Option<Projector>, ReplayError> {
    let Opened::Ready(mut projector) = Projector::open(&mut *conn).await? else { return Ok(None) };
    projector.catch_up(conn, head, progress).await?;
    Ok(Some(*projector))
}

/// The digests of what live builds hold, from the state in their tables: who moves them notes none. `None` where this
/// program has not all of them, at one position.
///
/// # Errors
/// When the database refuses or stored rows are not readable.
pub async fn digests(conn: &mut PgConnection, live: &[Build]) -> Result<Option<FoldDigests>, ReplayError> {
    if !all_ours(live) || live.iter().any(|build| build.position != live[0].position) {
        return Ok(None);
    }
    let world = load::world(conn, live).await?;
    let fold = Fold::new(world, formulas::of_builds(live)?.formula, BTreeSet::new(), None);
    Ok(Some(joined(spawn_blocking(move || FoldDigests::of(&fold))).await))
}

/// Evaluates at the head of one snapshot, by a fold of its own: nobody is waited for, nothing is moved.
async fn beside(snapshot: &mut PgConnection, progress: &mut dyn FnMut(&Stored)) -> Result<Present, ReplayError> {
    let onlooker = Onlooker::open_in(&mut *snapshot, progress).await?;
    let (fold, formula, quarantine) = onlooker.into_parts();
    let position = fold.world.position;
    Present::of(snapshot, position, formula, &outcome(&fold), &quarantine).await
}
