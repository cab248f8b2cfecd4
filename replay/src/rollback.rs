//! Going back: the former builds, brought to where they can be live again.

use projections::store::schema::{self, FormulaDocument};
use projections::store::{Build, live_builds};
use projections::tables::Projection;
use sqlx::PgConnection;

use crate::log::Stored;
use crate::projector::Projector;
use crate::quarantine::Quarantine;
use crate::rebuild::{self, folded_to};
use crate::{ReplayError, formulas};

/// The builds that were live before the last switch, or before that of one projection, ready to be promoted again.
/// Where another set of events has been quarantined since, or another code folded them, they are built anew under their
/// formula.
///
/// # Errors
/// [`ReplayError::NoFormerBuild`] where there are none; when the log cannot be read or the database refuses.
pub async fn former(
    conn: &mut PgConnection,
    which: &[Projection],
    progress: &mut dyn FnMut(&Stored),
) -> Result<Projector, ReplayError> {
    let builds = schema::former(&mut *conn, which).await?;
    let Some(first) = builds.first() else { return Err(ReplayError::NoFormerBuild) };
    let position = first.position;
    let formula = formula(&mut *conn, &builds).await?;
    let quarantine = Quarantine::read(&mut *conn).await?;
    let fits =
        |build: &Build| build.position == position && build.quarantine_digest == quarantine.digest() && build.is_ours();
    let folded = if builds.iter().all(fits) {
        match folded_to(&mut *conn, &builds, &formula, &quarantine, position, progress).await {
            // They hold what was erased meanwhile.
            Err(error) if error.is_erased() => None,
            folded => Some(folded?),
        }
    } else {
        None
    };
    let Some(fold) = folded else {
        let projections: Vec<Projection> = builds.iter().map(|build| build.projection).collect();
        return rebuild::build(conn, &projections, &formula, position, progress).await;
    };
    // Whoever looks meanwhile sees that somebody is at work on them.
    rebuild::own(conn, &builds).await?;
    Ok(Projector::at(builds, fold, quarantine))
}

/// The formula of builds; that of the live scores where these need none.
async fn formula(conn: &mut PgConnection, builds: &[Build]) -> Result<FormulaDocument, ReplayError> {
    let candidates = [builds, &live_builds(&mut *conn).await?].concat();
    formulas::of_builds_or_default(conn, &candidates).await
}
