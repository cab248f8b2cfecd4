//! `audit`: proofs.

use std::fs::File;
use std::path::Path;

use ::replay::audit::tiles;
use ::replay::{SNAPSHOT, log};
use anyhow::{Context as _, anyhow};
use sqlx::Connection as _;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Audit, Common};
use crate::cli::output::{Output, object};
use crate::cli::session::Session;

#[cfg(feature = "ingest")]
mod checkpoint;
mod explain;
mod export;
#[cfg(feature = "ingest")]
mod import;
mod trust;
mod verify;

/// `audit`.
pub(crate) async fn run(common: &Common, command: Audit) -> Result<(Output, u8)> {
    let open = || Session::open(common);
    match command {
        #[cfg(feature = "ingest")]
        Audit::Checkpoint { origin, rotate } => {
            checkpoint::run(&open()?, origin.as_deref(), rotate).await.map(|output| (output, 0))
        }
        Audit::Prove { position: Some(position), size, .. } => inclusion(&open()?, position, size).await,
        Audit::Prove { from, to, .. } => consistency(&open()?, from.unwrap_or(0), to).await,
        Audit::Verify { bundle: None, trust } => verify::live(&open()?, &trust).await,
        Audit::Verify { bundle: Some(file), trust } => verify::bundle(common, &file, &trust),
        #[cfg(feature = "ingest")]
        Audit::Import { file, trust } => import::run(&open()?, &file, &trust).await.map(|output| (output, 0)),
        Audit::Explain { id, metric, label } => {
            explain::run(&open()?, &id, &metric, label.as_deref()).await.map(|output| (output, 0))
        }
        Audit::Export { file, artifacts } => export::run(&open()?, &file, artifacts).await.map(|output| (output, 0)),
    }
}

async fn inclusion(session: &Session, position: u64, size: Option<u64>) -> Result<(Output, u8)> {
    let mut conn = session.connect().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let size = bounded(size, log::head(&mut conn).await?.position)?;
    answer(&tiles::inclusion(&mut conn, position, size).await?)
}

async fn consistency(session: &Session, from: u64, to: Option<u64>) -> Result<(Output, u8)> {
    let mut conn = session.connect().await?;
    let mut conn = conn.begin_with(SNAPSHOT).await?;
    let to = bounded(to, log::head(&mut conn).await?.position)?;
    answer(&tiles::consistency(&mut conn, from, to).await?)
}

/// The size of a tree that the log has had.
fn bounded(size: Option<u64>, head: u64) -> Result<u64> {
    match size {
        Some(size) if size > head => {
            Err(Failure::refused(anyhow!("the log has not had size {size} yet: it ends at {head}")))
        }
        size => Ok(size.unwrap_or(head)),
    }
}

/// A bundle to read.
fn open(bundle: &Path) -> Result<File> {
    let opened = File::open(bundle).and_then(|file| match file.metadata()?.is_dir() {
        true => Err(std::io::ErrorKind::IsADirectory.into()),
        false => Ok(file),
    });
    opened.with_context(|| bundle.display().to_string()).map_err(Failure::refused)
}

/// A value as the command's result.
fn answer(value: &impl serde::Serialize) -> Result<(Output, u8)> {
    let value = serde_json::to_value(value).map_err(Failure::refused)?;
    Ok((Output::Object(object(value)), 0))
}
