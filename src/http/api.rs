//! What this atlas answers beside the contract of others.

mod badges;
mod export;
mod formulas;
mod graph;
mod history;
mod log;
mod packages;
mod publications;
mod said;
mod scores;
mod stream;
pub(super) mod watch;

use axum::body::Body;

use super::answer::{Complaint, HttpAnswer};
use super::asked::Asked;
use super::ingest::Reception;
use super::table::{ApiOp, Matched};
use crate::service::act::key::BATCH;
pub(super) use packages::LookupRequest;
pub(super) use said::{NEXT_MAX, TEXT_MAX};

/// The answer of an operation.
pub(super) async fn answer(
    asked: &Asked<'_>,
    op: ApiOp,
    matched: &Matched,
    body: Body,
) -> Result<HttpAnswer, Complaint> {
    let name = |at| matched.name(at);
    match op {
        ApiOp::Scores => scores::listed(asked).await,
        ApiOp::Score => scores::one(asked, name(0)).await,
        ApiOp::History => history::of(asked, name(0)).await,
        ApiOp::Why => history::why(asked, name(0), name(1)).await,
        ApiOp::Packages => packages::listed(asked).await,
        ApiOp::Package => packages::one(asked, name(0)).await,
        ApiOp::PackageDependsOn => packages::neighbours(asked, name(0), true).await,
        ApiOp::PackageHasDependents => packages::neighbours(asked, name(0), false).await,
        ApiOp::PackageBlastRadius => packages::blast_radius(asked, name(0)).await,
        ApiOp::RepoBlastRadius => graph::blast_radius(asked, name(0)).await,
        ApiOp::Lookup => packages::lookup(asked, body).await,
        ApiOp::Edges => graph::edges(asked).await,
        ApiOp::EdgeWhy => graph::edge_why(asked).await,
        ApiOp::Conflicts => graph::questions(asked, true).await,
        ApiOp::Triage => graph::questions(asked, false).await,
        ApiOp::Formulas => formulas::listed(asked).await,
        ApiOp::Formula => formulas::one(asked, name(0)).await,
        ApiOp::FormulaDiff => formulas::difference(asked).await,
        ApiOp::FormulaTry => formulas::tried(asked, body).await,
        ApiOp::Publications => publications::listed(asked).await,
        ApiOp::Publication => publications::one(asked, name(0)).await,
        ApiOp::Bundle => publications::bundle(asked, name(0)).await,
        ApiOp::Events => log::events(asked).await,
        ApiOp::EventStream => stream::events(asked),
        ApiOp::Event => log::event(asked, name(0)).await,
        ApiOp::Checkpoint => log::checkpoint(asked).await,
        ApiOp::Tile => log::tile(asked, name(0)).await,
        ApiOp::Proof => log::proof(asked).await,
        ApiOp::Export => export::export(asked, name(0)).await,
        ApiOp::BadgeSvg => badges::svg(asked, name(0), name(1)).await,
        ApiOp::BadgeJson => badges::json(asked, name(0), name(1)).await,
        ApiOp::Ingest => Reception::of(asked).take(name(0), asked.head, body).await,
        ApiOp::IngestBatch => Reception::of(asked).take(BATCH, asked.head, body).await,
        ApiOp::Live => Ok(watch::live()),
        ApiOp::Ready => watch::ready(asked).await,
    }
}
