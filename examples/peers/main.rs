//! Beside peers: the same events through other stores, in one run, on one server. `scripts/peers` calls it.
//!
//! ```text
//! peers edges NODES EDGES                    a drawn graph of dependencies on standard output
//! peers run ROUNDS REPORT CRITICALITY PEER   measures, writes all figures to REPORT, prints a table
//! ```
//!
//! CRITICALITY is what `bench criticality` printed for that graph, PEER what another engine printed, or nothing.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use pg_atlas::service::bench::private;
use pg_atlas::service::watch::Unwatched;
use pg_atlas::service::{Error, Settings};

mod bulk;
mod edges;
mod framework;
mod message_store;
mod meter;
mod report;
mod rounds;
mod singly;

/// That of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["edges", nodes, edges] => {
            let drawn = edges::draw(nodes.parse().context("NODES")?, edges.parse().context("EDGES")?);
            Ok(std::io::stdout().write_all(drawn.as_bytes())?)
        }
        ["run", rounds, report, ours, peer] => {
            run(rounds.parse().context("ROUNDS")?, Path::new(report), Path::new(ours), Path::new(peer)).await
        }
        _ => bail!("usage: peers edges NODES EDGES | peers run ROUNDS REPORT CRITICALITY PEER"),
    }
}

/// Measures the stores on the server that is named, and puts all figures together.
async fn run(rounds: usize, report: &Path, ours: &Path, peer: &Path) -> Result<()> {
    let criticality = report::criticality(ours, peer)?;
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL names a server to measure on")?;
    let settings = Settings { database_url: Some(url), ..Settings::default() };
    let stores = private::on(&settings, Arc::new(Unwatched), async |deps| {
        rounds::all(deps.server().await?, rounds).await.map_err(|error| Error::unavailable(format!("{error:#}")))
    });
    let figures = report::whole(stores.await?, criticality);
    std::fs::write(report, format!("{figures:#}\n")).with_context(|| report.display().to_string())?;
    Ok(std::io::stdout().write_all(report::table(&figures).as_bytes())?)
}
