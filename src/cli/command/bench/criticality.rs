//! `bench criticality`: the metric engine alone.

use projections::engine::bench::{Options, Seeds, run as measure};
use serde_json::to_value;

use crate::cli::failure::{Failure, Result};
use crate::cli::flags::{Criticality, SeedsArg};
use crate::cli::output::{Output, object};

pub(crate) fn run(asked: &Criticality) -> Result<Output> {
    let seeds = match asked.seeds {
        SeedsArg::Leaves => Seeds::Leaves,
        SeedsArg::All => Seeds::All,
    };
    let report = measure(&Options {
        edges: asked.edges.clone(),
        nodes: asked.nodes.clone(),
        seeds,
        threads: asked.threads.into(),
        repeat: asked.repeat.into(),
    });
    let report = report.map_err(Failure::refused)?;
    Ok(Output::Object(object(to_value(report).map_err(Failure::refused)?)))
}
