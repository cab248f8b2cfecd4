//! Proofs: that the log is the one that was vouched for, and that scores follow from it.

pub mod bundle;
pub mod check;
pub mod trust;

use std::path::Path;
use std::time::Duration;

use domain::recorded::Position;
pub use replay::audit::explain::Explanation;
pub use replay::audit::fault::NamedFault;
use replay::audit::live::Settling;
pub use replay::audit::report::VerificationReport;
pub use replay::audit::tiles::{Consistency, Inclusion};
use replay::audit::{bundle as bundles, definitions, explain, live, tiles, tlog};
use replay::{ReplayError, SNAPSHOT, log, snapshot};
use sqlx::Connection as _;

use self::trust::{Brought, Trust};
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

/// Looks at live builds that are not what the log has decided, before they are called so: five seconds.
const LOOKS: u32 = 25;
/// The same where somebody is about to make others live, who waits for those who read the views: two minutes.
const LOOKS_AT_WORK: u32 = 600;
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(200);

/// Checks the log, what it published, and all that a reader of the database can see; with `artifacts` also that every
/// raw document is there.
///
/// # Errors
/// When the check cannot be made; what it finds is its answer.
pub async fn verify(deps: &Deps, brought: &Trust, artifacts: bool) -> Result<VerificationReport> {
    let Brought { policy, anchors, remarks } = brought.read()?;
    deps.warn_all(&remarks);
    // One snapshot: whoever appends or projects meanwhile is neither kept waiting nor mistaken for a fault.
    let mut conn = deps.read_long().await?;
    let mut looks = 1;
    let mut report = loop {
        let read = snapshot::read(&mut conn, async |conn| -> Result<_> {
            let most = match live::settling(conn).await? {
                Settling::Settled => 0,
                Settling::Due => LOOKS,
                Settling::UnderWay => LOOKS_AT_WORK,
            };
            if looks < most {
                return Ok(None);
            }
            let head = log::head(conn).await?;
            let mut progress = deps.begin("verifying", head.position);
            Ok(Some(live::verify(conn, anchors.clone(), &policy, &mut |_| progress.step()).await?))
        });
        match read.await? {
            Some(report) => break report,
            // Somebody erases or promotes at this moment, and switches next.
            None => tokio::time::sleep(PAUSE).await,
        }
        looks += 1;
    };
    // Of the moment after it: they follow the builds, which others may have switched meanwhile.
    report.take_in(definitions::check(&mut conn, deps.tenant()).await?);
    drop(conn);
    if artifacts {
        report.take_in(documents(deps).await?);
    } else {
        report.not_covered.push("raw documents that events name".to_owned());
    }
    if !brought.allow_unprovable {
        report.require_provable();
    }
    Ok(report)
}

/// The raw documents that events name and that are missing or damaged.
#[cfg(feature = "ingest")]
async fn documents(deps: &Deps) -> Result<Vec<NamedFault>> {
    let unsound = super::artifact::check(deps).await?.into_iter();
    let fault = |one: super::artifact::Unsound| {
        NamedFault::of("document", &one.id.to_string(), format!("it is {}, {}", one.kind, one.reason))
    };
    Ok(unsound.map(fault).collect())
}

/// A program without the append path has no raw documents.
#[cfg(not(feature = "ingest"))]
#[allow(clippy::unused_async, reason = "the same signature in every build")]
async fn documents(_: &Deps) -> Result<Vec<NamedFault>> {
    Err(Error::unavailable("this program keeps no raw documents"))
}

/// Checks a bundle: with neither database nor network. With `artifacts` also that it holds every raw document.
///
/// # Errors
/// When the file cannot be read; what is wrong with the bundle is the answer.
pub fn verify_bundle(file: &Path, brought: &Trust, artifacts: bool) -> Result<VerificationReport> {
    let Brought { policy, anchors, remarks } = brought.read()?;
    let mut report = bundles::verify::verify(bundle::open(file)?, anchors, &policy, artifacts, &mut |_| Ok(()))?;
    report.remarks.extend(remarks);
    if !brought.allow_unprovable {
        report.require_provable();
    }
    Ok(report)
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
