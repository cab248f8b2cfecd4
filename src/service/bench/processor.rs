//! Processor time of processes, as the system tells it.

use std::fs;
use std::time::Duration;

/// The unit in which it is told, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What a process is, and what it has spent so far.
#[derive(Clone, Copy, Debug)]
pub struct ProcessTimes {
    /// The process that it is a child of.
    pub parent: u32,
    /// Its own processor time, that of ended threads included.
    pub own: Duration,
    /// That of its children that have ended.
    pub ended: Duration,
}

impl ProcessTimes {
    /// Of the process with this number, or of this one, which is called `self`; `None` where the system does not say.
    #[must_use]
    pub fn of(process: &str) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The name of the program comes before, in parentheses; it may hold any.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        // User's and system's, side by side.
        let spent = |first: usize| -> Option<Duration> {
            let ticks: Option<u32> = fields.get(first..first + 2)?.iter().map(|field| field.parse::<u32>().ok()).sum();
            Some(TICK * ticks?)
        };
        Some(Self { parent: fields.get(1)?.parse().ok()?, own: spent(11)?, ended: spent(13)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_works_spends_time() {
        let own = || ProcessTimes::of("self").unwrap().own;
        let before = own();
        // Some seconds at most, where a hundredth will do.
        let work =
            |sum, round| (0..1_000_000_u64).fold(sum, |sum: u64, n| std::hint::black_box(sum.wrapping_add(n + round)));
        let mut sum = 0;
        let spent = (0..1_000).any(|round| {
            sum = work(sum, round);
            own() > before
        });
        assert!(spent, "no time was spent on {sum}");
    }

    #[test]
    fn a_child_is_known_by_its_parent() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let times = ProcessTimes::of(&child.id().to_string()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(times.parent, std::process::id());
        assert!(ProcessTimes::of("0").is_none());
    }
}
