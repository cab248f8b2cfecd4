//! What a piece of work costs: time on the wall, and processor time of the two sides of a connection.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use sqlx::PgPool;

/// Length of the unit in which the system tells processor time, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// What was spent on a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) wall: Duration,
    /// Processor time of this process.
    pub(crate) client: Duration,
    /// Processor time of all processes of the server.
    pub(crate) server: Duration,
}

/// Measures work on one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    /// The process that all others of the server are children of.
    postmaster: u32,
}

impl Meter {
    /// Of the server behind this pool, which must be on this machine.
    pub(crate) async fn of(pool: &PgPool) -> Result<Self> {
        let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await?;
        let stat = Stat::read(&backend.to_string()).context("the server is not on this machine")?;
        Ok(Self { postmaster: stat.parent })
    }

    /// What `work` costs.
    pub(crate) async fn measure(self, work: impl Future<Output = Result<()>>) -> Result<Spent> {
        let (client, server, start) = (client()?, self.server()?, Instant::now());
        work.await?;
        let wall = start.elapsed();
        Ok(Spent {
            wall,
            client: self::client()?.saturating_sub(client),
            server: self.server()?.saturating_sub(server),
        })
    }

    /// Of the server so far: of the first process, of its children that have ended, and of those that live.
    fn server(self) -> Result<Duration> {
        let first = Stat::read(&self.postmaster.to_string()).context("the server's first process")?;
        let mut spent = first.own + first.ended;
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            // What is no process, or has just ended, says nothing.
            if let Some(stat) = name.to_str().and_then(Stat::read)
                && stat.parent == self.postmaster
            {
                spent += stat.own;
            }
        }
        Ok(spent)
    }
}

/// Of this process so far.
fn client() -> Result<Duration> {
    Ok(Stat::read("self").context("/proc/self/stat")?.own)
}

/// What the system says of a process.
struct Stat {
    parent: u32,
    own: Duration,
    ended: Duration,
}

impl Stat {
    fn read(process: &str) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The program's name comes before, in parentheses.
        let fields: Vec<&str> = text.rsplit(')').next()?.split_whitespace().collect();
        let ticks = |from: usize| -> Option<Duration> {
            let ticks: u32 = fields.get(from..from + 2)?.iter().filter_map(|field| field.parse::<u32>().ok()).sum();
            Some(TICK * ticks)
        };
        Some(Self { parent: fields.get(1)?.parse().ok()?, own: ticks(11)?, ended: ticks(13)? })
    }
}
