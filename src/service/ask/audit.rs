//! Proofs: that the log is the one that was vouched for, and that scores follow from it.

pub mod bundle;
pub mod check;
pub mod trust;

use std::path::Path;

use domain::recorded::Position;
pub use replay::audit::explain::Explanation;
pub use replay::audit::live::VerificationReport;
pub use replay::audit::tiles::{Consistency, Inclusion};
use replay::audit::{bundle as bundles, explain, live, tiles, tlog};
use replay::{ReplayError, SNAPSHOT, log, snapshot};
use sqlx::Connection as _;

use self::trust::Trust;
use super::events::backwards;
use super::forms_of;
use crate::service::{Deps, Error, Result};

/// The proof that an event is in the log of a size; of today's where none is named.
///
/// # Errors
/// When there is no such event or size.
pub async fn inclusion(deps: &Deps, position: Position, size: Option<u64>) -> Result<Inclusion> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let size = bounded(size, log::head(&mut conn).await?.position)?;
    Ok(tiles::inclusion(&mut conn, position, size).await?)
}

/// The same against a kept checkpoint, of a size or the newest, in the text form of the C2SP.
///
/// # Errors
/// When there is no such event or checkpoint.
pub async fn tlog_proof(deps: &Deps, position: Position, size: Option<u64>) -> Result<String> {
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    Ok(tlog::proof(&mut conn, position, size).await?.to_string())
}

/// The proof that the log of one size begins the log of another; of today's where none is named.
///
/// # Errors
/// When there are no such sizes.
pub async fn consistency(deps: &Deps, from: u64, to: Option<u64>) -> Result<Consistency> {
    if let Some(to) = to.filter(|to| from > *to) {
        return Err(backwards(from, to));
    }
    let mut conn = deps.read().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let to = bounded(to, log::head(&mut conn).await?.position)?;
    let from = bounded(Some(from), to)?;
    Ok(tiles::consistency(&mut conn, from, to).await?)
}

/// The size of a tree that the log has had.
fn bounded(size: Option<u64>, head: u64) -> Result<u64> {
    match size {
        Some(size) if size > head => {
            Err(Error::refused(format!("the log has not had size {size} yet: it ends at {head}")))
        }
        size => Ok(size.unwrap_or(head)),
    }
}

/// Checks the log, what it published, and the live tables.
///
/// # Errors
/// When the check cannot be made; what it finds is its answer.
pub async fn verify(deps: &Deps, brought: &Trust) -> Result<VerificationReport> {
    let (keys, anchors) = brought.read()?;
    // One snapshot: whoever appends or projects meanwhile is neither kept waiting nor mistaken for a fault.
    let mut conn = deps.read_long().await?;
    let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
        let head = log::head(conn).await?;
        let mut progress = deps.begin("verifying", head.position);
        Ok(live::verify(conn, anchors.clone(), &keys, &mut (), &mut |_| progress.step()).await?)
    });
    read.await
}

/// Checks a bundle: with neither database nor network.
///
/// # Errors
/// When the file cannot be read; what is wrong with the bundle is the answer.
pub fn verify_bundle(file: &Path, brought: &Trust) -> Result<VerificationReport> {
    let (keys, anchors) = brought.read()?;
    Ok(bundles::verify::verify(bundle::open(file)?, anchors, &keys, &mut |_| Ok(()))?)
}

/// The events that a value rests on, each with its proof.
///
/// # Errors
/// When there is no such vertex, metric or publication.
pub async fn explain(deps: &Deps, id: &str, metric: &str, label: Option<&str>) -> Result<Explanation> {
    let mut conn = deps.read_long().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut conn).await?;
    let mut progress = deps.begin("replaying", head.position);
    let forms = forms_of(id);
    let mut explained = explain::explain(&mut conn, &forms[0], metric, label, &mut |_| progress.step()).await;
    if let (Err(ReplayError::NoVertex { .. }), Some(given)) = (&explained, forms.get(1)) {
        explained = match explain::explain(&mut conn, given, metric, label, &mut |_| progress.step()).await {
            Err(ReplayError::NoVertex { .. }) => explained,
            other => other,
        };
    }
    Ok(explained?)
}
