//! A fold of one's own that follows the log and writes nothing: for whoever answers questions, with or without the
//! right to write, and any number of them at once.

use domain::recorded::Position;
use projections::changes::Changes;
use projections::fold::{Fold, View, World};
use projections::metrics::Scores;
use projections::store::schema::FormulaDocument;
use projections::store::{self, Build, load};
use sqlx::PgConnection;

use crate::log::{self, Stored};
use crate::projector::all_ours;
use crate::quarantine::Quarantine;
use crate::{ReplayError, as_of, formulas, snapshot};

/// A fold beside the live builds.
#[derive(Debug)]
pub struct Onlooker {
    fold: Fold,
    formula: FormulaDocument,
    quarantine: Quarantine,
}

/// What a look at the log came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// Nothing is new.
    Still,
    /// The fold moved, or its formula is another.
    Moved,
}

impl Onlooker {
    /// Folds to the head. It goes on from where the live builds stand, if they are as this program would have folded
    /// them; else from the beginning of the log.
    ///
    /// # Errors
    /// When the log cannot be read or the database refuses.
    pub async fn open(conn: &mut PgConnection) -> Result<Self, ReplayError> {
        snapshot::read(conn, async |snapshot: &mut PgConnection| Self::open_in(snapshot, &mut |_| {}).await).await
    }

    /// As [`Self::open`], in a snapshot that is open. `progress` sees each event as stored.
    pub(crate) async fn open_in(
        snapshot: &mut PgConnection,
        progress: &mut dyn FnMut(&Stored),
    ) -> Result<Self, ReplayError> {
        let head = log::head(&mut *snapshot).await?.position;
        let quarantine = Quarantine::read(&mut *snapshot).await?;
        let live = store::live_builds(&mut *snapshot).await?;
        let formula = formulas::of_builds_or_default(&mut *snapshot, &live).await?;
        let position = live.first().map(|build| build.position);
        let holds = |build: &Build| build.quarantine_digest == quarantine.digest() && Some(build.position) == position;
        let world = if all_ours(&live) && live.iter().all(holds) {
            load::world(&mut *snapshot, &live).await?
        } else {
            World::default()
        };
        let mut fold = Fold::new(world, formula.formula.clone(), quarantine.positions.clone(), None);
        as_of::advance(&mut *snapshot, &mut fold, head, progress).await?;
        Ok(Self { fold, formula, quarantine })
    }

    /// Follows the log to its head, under the formula that is live now. Where other events are passed over by now, it
    /// begins anew.
    ///
    /// # Errors
    /// As [`Self::open`]. What was folded before stays.
    pub async fn look(&mut self, conn: &mut PgConnection) -> Result<Looked, ReplayError> {
        snapshot::read(conn, async |snapshot: &mut PgConnection| self.look_in(snapshot).await).await
    }

    async fn look_in(&mut self, snapshot: &mut PgConnection) -> Result<Looked, ReplayError> {
        let head = log::head(&mut *snapshot).await?.position;
        let live = store::live_builds(&mut *snapshot).await?;
        let hash = live.iter().find_map(|build| build.formula_hash);
        let other_formula = hash.is_some_and(|hash| hash != self.formula.formula.hash());
        if head == self.position() && !other_formula {
            return Ok(Looked::Still);
        }
        let quarantine = Quarantine::read(&mut *snapshot).await?;
        if quarantine != self.quarantine {
            *self = Self::open_in(snapshot, &mut |_| {}).await?;
            return Ok(Looked::Moved);
        }
        if other_formula {
            self.formula = formulas::of_builds(&live)?;
            let world = std::mem::take(&mut self.fold.world);
            self.fold = Fold::new(world, self.formula.formula.clone(), quarantine.positions, None);
        }
        as_of::advance(snapshot, &mut self.fold, head, &mut |_| {}).await?;
        Ok(Looked::Moved)
    }

    /// The last position folded.
    #[must_use]
    pub fn position(&self) -> Position {
        self.fold.world.position
    }

    /// The fold.
    #[must_use]
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Reads what is seen where the fold stands, with the rows that were touched since it was read the last time;
    /// `None` where it is another fold since then.
    pub fn read<T>(&mut self, read: impl FnOnce(&View<'_>, &Scores, Option<&Changes>) -> T) -> T {
        self.fold.read(read)
    }

    /// The live formula.
    #[must_use]
    pub fn formula(&self) -> &FormulaDocument {
        &self.formula
    }

    /// What it passes over.
    #[must_use]
    pub fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// The fold, its formula, and what it passes over.
    pub(crate) fn into_parts(self) -> (Fold, FormulaDocument, Quarantine) {
        (self.fold, self.formula, self.quarantine)
    }
}
