//! `audit verify`: of a database, of a bundle.

use std::path::Path;

use ::replay::SNAPSHOT;
use ::replay::audit::bundle;
use ::replay::audit::live::{self, Report};
use ::replay::log;
use sqlx::Connection as _;

use super::trust;
use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::{Common, Trust};
use crate::cli::output::{Output, object};
use crate::cli::session::{Session, say};

/// `audit verify` without a bundle.
pub(crate) async fn live(session: &Session, brought: &Trust) -> Result<(Output, u8)> {
    let (keys, anchors) = trust::read(brought)?;
    let mut conn = session.connect().await?;
    // One snapshot: whoever appends or projects meanwhile is neither kept waiting nor mistaken for a fault.
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let head = log::head(&mut conn).await?;
    let mut progress = session.progress("verifying", head.position);
    let report = live::verify(&mut conn, anchors, &keys, &mut (), &mut |event| progress.event(event)).await?;
    drop(progress);
    conn.rollback().await?;
    answer(&report)
}

/// `audit verify BUNDLE`: neither database nor network.
pub(crate) fn bundle(common: &Common, file: &Path, brought: &Trust) -> Result<(Output, u8)> {
    let (keys, anchors) = trust::read(brought)?;
    let report = bundle::verify::verify(super::open(file)?, anchors, &keys, &mut |_| Ok(()))?;
    for remark in &report.remarks {
        say(common, &format!("warning: {remark}"));
    }
    answer(&report)
}

/// The report as the command's result.
pub(crate) fn answer(report: &Report) -> Result<(Output, u8)> {
    let value = serde_json::to_value(report).map_err(Failure::refused)?;
    Ok((Output::Object(object(value)), if report.ok { 0 } else { REFUSED }))
}
