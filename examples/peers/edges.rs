//! A drawn graph of dependencies, the same for the same numbers: three fifths are applications that nothing depends on,
//! the rest libraries of which few are in great demand. Who depends is younger than what it depends on, and within the
//! same of six ecosystems but for one edge in fifty. One edge in two thousand of a library has a twin the other way, so
//! that there are circles.

use std::collections::BTreeSet;
use std::fmt::Write as _;

const ECOSYSTEMS: usize = 6;
/// Shares of the ecosystems, in hundredths.
const SHARES: [u64; ECOSYSTEMS] = [45, 20, 15, 12, 5, 3];

/// A generator of numbers (xorshift, the high bits).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    /// At least 0 and less than 1.
    fn share(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }

    fn ecosystem(&mut self) -> usize {
        let mut at = self.next() % 100;
        SHARES
            .iter()
            .position(|share| {
                at < *share || {
                    at -= share;
                    false
                }
            })
            .unwrap_or(0)
    }
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
    fn one_before(&self, node: usize, draw: &mut Draw) -> Option<usize> {
        let older = self.nodes.partition_point(|library| *library < node);
        let all = self.demand.get(older.checked_sub(1)?)?;
        let wanted = draw.share() * all;
        self.nodes.get(self.demand.partition_point(|up_to| *up_to <= wanted).min(older - 1)).copied()
    }
}

/// The lines of an edge file: about `edges` of them.
pub(crate) fn draw(nodes: usize, edges: usize) -> String {
    let mut draw = Draw(0x9E37_79B9_7F4A_7C15);
    let mut libraries: [Libraries; ECOSYSTEMS] = Default::default();
    let mut kinds = Vec::with_capacity(nodes);
    for node in 0..nodes {
        let ecosystem = draw.ecosystem();
        let application = node >= nodes / 200 && draw.share() < 0.6;
        if !application {
            // A long tail: demand falls with the power 1.15.
            let demand = (1.0 - draw.share()).powf(-1.0 / 1.15) - 0.95;
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
        let node = draw.below(nodes);
        let (ecosystem, application) = kinds[node];
        // A library has half as many dependencies as an application.
        if !application && draw.below(2) == 0 {
            continue;
        }
        let within = if draw.below(50) == 0 { draw.below(ECOSYSTEMS) } else { ecosystem };
        if let Some(library) = libraries[within].one_before(node, &mut draw) {
            drawn.insert((node, library));
            if !application && draw.below(2_000) == 0 {
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
