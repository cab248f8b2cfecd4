//! What the parts of an evaluation read: the graph, the people and the rules, sorted out once.

use domain::formula::Formula;
use domain::time::{Day, Timestamp};

use super::authors::Authors;
use super::windows::{WindowQuery, Windows, WindowsByVertex};
use crate::graph::Graph;
use crate::people::Contributions;

/// What a formula looks at, sorted out once.
#[derive(Debug)]
pub struct Basis<'a> {
    /// Vertices, edges, membership.
    pub graph: &'a Graph,
    /// Commit days.
    pub contributions: &'a Contributions<'a>,
    /// The formula.
    pub formula: &'a Formula,
    /// The UTC day of world time.
    pub today: Day,
    /// First day of the window of people.
    pub window_from: Day,
    /// Repos of every project, ascending.
    pub members: Vec<Vec<u32>>,
    /// Whose commits count.
    pub authors: Authors,
    /// Commits in the window.
    pub windows: WindowsByVertex,
}

impl<'a> Basis<'a> {
    pub(super) fn of(
        graph: &'a Graph,
        contributions: &'a Contributions<'a>,
        formula: &'a Formula,
        windows: &mut Windows,
    ) -> Self {
        let today = graph.world_time.map_or(Day::from_number(0), Timestamp::day);
        let window_from = today.minus_months(formula.pony.window_months);
        let authors = Authors::of(&formula.people);
        let threshold_percent = formula.pony.threshold_percent;
        let asked = WindowQuery { authors: &authors, threshold_percent, from: window_from, to: today };
        let windows = windows.by_vertex(contributions, asked);
        Self { graph, contributions, formula, today, window_from, members: members(graph), authors, windows }
    }
}

/// Repos of every project, ascending.
fn members(graph: &Graph) -> Vec<Vec<u32>> {
    let mut members = vec![Vec::new(); graph.projects.len()];
    for (vertex, n) in graph.vertices.iter().zip(0u32..) {
        if let (true, Some(project)) = (vertex.repo, vertex.project) {
            members[project as usize].push(n);
        }
    }
    members
}
