//! A drawn graph of dependencies, the same for the same numbers: three fifths are applications that nothing depends on,
//! the rest libraries of which few are in great demand. Who depends is younger than what it depends on, and within the
//! same of six ecosystems but for one edge in fifty. One edge in two thousand of a library has a twin the other way, so
//! that there are circles.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use domain::number::fit;
use ingest::bench::generate::Random;

const ECOSYSTEMS: usize = 6;
/// Shares of the ecosystems, in hundredths.
const SHARES: [u64; ECOSYSTEMS] = [45, 20, 15, 12, 5, 3];

/// At least 0 and less than 1.
fn share(random: &mut Random) -> f64 {
    const PARTS: u64 = 1 << 53;
    random.below(PARTS) as f64 / PARTS as f64
}

fn ecosystem(random: &mut Random) -> usize {
    let mut drawn = random.below(100);
    let found = SHARES.iter().position(|share| {
        let found = drawn < *share;
        drawn = drawn.wrapping_sub(*share);
        found
    });
    found.unwrap_or_default()
}

/// The libraries of an ecosystem, the oldest first, with the demand for all up to each.
#[derive(Default)]
struct Libraries {
    nodes: Vec<usize>,
    demand: Vec<f64>,
}

impl Libraries {
    fn add(&mut self, node: usize, demand: f64) {
        self.nodes.push(node);
        self.demand.push(self.demand.last().unwrap_or(&0.0) + demand);
    }

    /// One that is older than `node`, by demand.
    fn one_before(&self, node: usize, random: &mut Random) -> Option<usize> {
        let older = self.nodes.partition_point(|library| *library < node);
        let all = self.demand.get(older.checked_sub(1)?)?;
        let wanted = share(random) * all;
        self.nodes.get(self.demand.partition_point(|up_to| *up_to <= wanted).min(older - 1)).copied()
    }
}

/// The lines of an edge file: about `edges` of them.
pub(crate) fn draw(nodes: usize, edges: usize) -> String {
    let mut random = Random::new(1);
    let below = |random: &mut Random, bound: usize| fit::<usize>(random.below(bound as u64), "drawn number");
    let mut libraries: [Libraries; ECOSYSTEMS] = Default::default();
    let mut kinds = Vec::with_capacity(nodes);
    for node in 0..nodes {
        let ecosystem = ecosystem(&mut random);
        let application = node >= nodes / 200 && share(&mut random) < 0.6;
        if !application {
            // A long tail: demand falls with the power 1.15.
            let demand = (1.0 - share(&mut random)).powf(-1.0 / 1.15) - 0.95;
            libraries[ecosystem].add(node, demand);
        }
        kinds.push((ecosystem, application));
    }
    let mut drawn: BTreeSet<(usize, usize)> = BTreeSet::new();
    // A graph too small for so many edges gets fewer.
    for _ in 0..edges.saturating_mul(4) {
        if drawn.len() >= edges {
            break;
        }
        let node = below(&mut random, nodes);
        let (ecosystem, application) = kinds[node];
        // A library has half as many dependencies as an application.
        if !application && random.once_in(2) {
            continue;
        }
        let within = if random.once_in(50) { below(&mut random, ECOSYSTEMS) } else { ecosystem };
        if let Some(library) = libraries[within].one_before(node, &mut random) {
            drawn.insert((node, library));
            if !application && random.once_in(2_000) {
                drawn.insert((library, node));
            }
        }
    }
    let mut lines = "src,dst\n".to_owned();
    for (dependent, dependency) in drawn {
        let _ = writeln!(lines, "{dependent},{dependency}");
    }
    lines
}
