//! The measurement behind `bench criticality`: the engine alone, from edges in memory to all scores.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use domain::number::fit;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::graph::DependencyGraph;
use super::input::{self, EdgeFileError, Input};
use super::{active_set, criticality};

/// What to measure.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// The edge file, see [`input::read`].
    pub edges: PathBuf,
    /// The node file; without it every node is an active repository.
    pub nodes: Option<PathBuf>,
    /// Where the active set starts.
    pub seeds: Seeds,
    /// How many threads count; at least one does.
    pub threads: usize,
    /// How often the computation is repeated; at least once.
    pub repeat: usize,
}

/// The nodes at which the active set starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// Live repositories that nothing depends on.
    Leaves,
    /// Every node.
    All,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// Nodes of the graph.
    pub nodes: u32,
    /// Distinct edges of the graph, self edges left out.
    pub edges: u32,
    /// Nodes in the active set.
    pub active: usize,
    /// Reading and numbering, in seconds.
    pub load_seconds: f64,
    /// From edges in memory to all scores, in seconds: the median over the repeats.
    pub compute_seconds: f64,
    /// The most memory the process ever held, in MiB; unknown where the system does not say.
    pub peak_rss_mib: Option<f64>,
    /// The sum of all scores.
    pub sum: u64,
    /// SHA-256 of the scores of all nodes in node order, in decimal, separated by line feeds.
    pub sha256: String,
}

/// Reads the files, computes all scores as often as asked, and reports.
///
/// # Errors
/// If a file cannot be read.
pub fn run(options: &BenchOptions) -> Result<BenchReport, EdgeFileError> {
    let begin = Instant::now();
    let input = input::read(&options.edges, options.nodes.as_deref())?;
    let load_seconds = begin.elapsed().as_secs_f64();

    let mut times = Vec::new();
    let round = |times: &mut Vec<Duration>| {
        let begin = Instant::now();
        let computed = compute(&input, options);
        times.push(begin.elapsed());
        computed
    };
    // Freed before the next round, so that the peak is that of one.
    (1..options.repeat).for_each(|_| drop(round(&mut times)));
    let Computed { edges, active, scores } = round(&mut times);
    Ok(BenchReport {
        nodes: fit(input.names.len(), "nodes"),
        edges,
        active,
        load_seconds,
        compute_seconds: median(times),
        peak_rss_mib: peak_rss_mib(),
        sum: scores.iter().map(|&score| u64::from(score)).sum(),
        sha256: sha256_of_lines(&scores),
    })
}

struct Computed {
    edges: u32,
    active: usize,
    scores: Vec<u32>,
}

fn compute(input: &Input, options: &BenchOptions) -> Computed {
    let node_count = fit(input.names.len(), "nodes");
    let graph = DependencyGraph::from_edges(node_count, &input.edges);
    let active = match options.seeds {
        Seeds::All => vec![true; input.names.len()],
        Seeds::Leaves => {
            let mut seeds = graph.has_dependents();
            for (seed, live_repo) in seeds.iter_mut().zip(&input.live_repo) {
                *seed = !*seed && *live_repo;
            }
            active_set(&graph, &seeds)
        }
    };
    let everyone = vec![true; input.names.len()];
    let scores = criticality(&graph, &active, &everyone, options.threads);
    Computed { edges: graph.edge_count(), active: active.iter().filter(|&&active| active).count(), scores }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let upper = times[times.len() / 2];
    let lower = times[(times.len() - 1) / 2];
    f64::midpoint(lower.as_secs_f64(), upper.as_secs_f64())
}

/// SHA-256, in lower-case hexadecimal, of the numbers in decimal, separated by line feeds.
#[must_use]
pub fn sha256_of_lines(numbers: &[u32]) -> String {
    let mut hash = Sha256::new();
    for (index, number) in numbers.iter().enumerate() {
        let separator = if index == 0 { "" } else { "\n" };
        hash.update(format!("{separator}{number}"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The high-water mark of resident memory, as Linux reports it.
fn peak_rss_mib() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: u32 =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(f64::from(kibibytes) / 1024.0)
}
