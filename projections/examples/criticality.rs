//! Measures the criticality engine on a graph: `criticality EDGES [NODES|-] [leaves|all] [THREADS] [REPEAT]`.
#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::error::Error;

use projections::engine::bench::{Options, Seeds, run};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let edges = arguments.next().ok_or("which edge file?")?.into();
    let nodes = arguments.next().filter(|path| path != "-").map(Into::into);
    let seeds = match arguments.next().as_deref() {
        None | Some("leaves") => Seeds::Leaves,
        Some("all") => Seeds::All,
        Some(other) => return Err(format!("seeds are `leaves` or `all`, not `{other}`").into()),
    };
    let threads = arguments.next().map_or(Ok(1), |number| number.parse())?;
    let repeat = arguments.next().map_or(Ok(1), |number| number.parse())?;
    let report = run(&Options { edges, nodes, seeds, threads, repeat })?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}
