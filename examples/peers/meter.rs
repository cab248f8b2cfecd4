//! What a piece of work costs: time on the wall, and processor time of the two sides of a connection.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use pg_atlas::service::bench::processor::ProcessTimes;
use sqlx::PgPool;

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
        let stat = ProcessTimes::of(&backend.to_string()).context("the server is not on this machine")?;
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
        let first = ProcessTimes::of(&self.postmaster.to_string()).context("the server's first process")?;
        let mut spent = first.own + first.ended;
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            // What is no process, or has just ended, says nothing.
            if let Some(stat) = name.to_str().and_then(ProcessTimes::of)
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
    Ok(ProcessTimes::of("self").context("/proc/self/stat")?.own)
}
