//! Processes that can be killed: the test binary again, at its hidden entry `storm::child`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use domain::TenantId;
use ingest::Log;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use super::writer::{Ack, Told, write};
use super::{WRITERS_PER_CHILD, setting};

const ROLE: &str = "PG_ATLAS_STORM_ROLE";
const DATABASE: &str = "PG_ATLAS_STORM_DATABASE";
const TENANT: &str = "PG_ATLAS_STORM_TENANT";
const NUMBER: &str = "PG_ATLAS_STORM_NUMBER";
const SEED: &str = "PG_ATLAS_STORM_SEED";
const MILLISECONDS: &str = "PG_ATLAS_STORM_MILLISECONDS";

/// A running child.
pub(crate) struct Process {
    child: Child,
    reader: JoinHandle<Vec<String>>,
}

impl Process {
    /// Starts a child in a role at the log of a tenant; it ends by itself at `until`.
    pub(crate) fn start(
        role: &str,
        (database, tenant): (&PgConnectOptions, TenantId),
        seed: u64,
        number: u64,
        until: Instant,
    ) -> Self {
        let left = until.saturating_duration_since(Instant::now()).as_millis();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["storm::child", "--exact", "--nocapture"])
            .env(ROLE, role)
            .env(DATABASE, database.to_url_lossy().to_string())
            .env(TENANT, tenant.number().to_string())
            .env(NUMBER, number.to_string())
            .env(SEED, seed.to_string())
            .env(MILLISECONDS, left.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let reader = std::thread::spawn(move || lines.map_while(Result::ok).collect());
        Self { child, reader }
    }

    /// Stops it where it stands.
    pub(crate) fn stop(&self) {
        let stopped = Command::new("kill").args(["-STOP", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
    }

    /// Ends it at once (SIGKILL), also when it is stopped.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert!(!status.success(), "it was still at work");
    }

    /// Waits for its end, which must be a good one.
    pub(crate) fn wait(&mut self) {
        let status = self.child.wait().unwrap();
        assert!(status.success(), "a child of the storm failed: {status}");
    }

    /// What it said; of a killed one, the whole lines.
    pub(crate) fn told(self) -> Told {
        let mut told = Told::default();
        for line in self.reader.join().unwrap() {
            if let Some(ack) = Ack::parse(&line) {
                told.acks.push(ack);
            } else if let Some(what) = line.strip_prefix("trouble ").and_then(|rest| rest.strip_suffix(" .")) {
                *told.troubles.entry(what.to_owned()).or_default() += 1;
            }
        }
        told
    }
}

/// What a child does.
pub(crate) async fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    // The test harness has begun a line.
    println!();
    let url = std::env::var(DATABASE).unwrap();
    let (seed, number) = (setting(SEED).unwrap(), setting(NUMBER).unwrap());
    let until = Instant::now() + Duration::from_millis(setting(MILLISECONDS).unwrap());
    let tenant = TenantId::new(setting(TENANT).unwrap().try_into().unwrap()).unwrap();
    let options = PgConnectOptions::from_str(&url).unwrap();
    let log = Log::new(ingest::connect::pool(options, tenant, ingest::connect::MAX_CONNECTIONS), tenant);
    if role == "sequencer" {
        log.run_sequencer(tokio::time::sleep_until(until.into())).await;
        return;
    }
    let writers = (0..WRITERS_PER_CHILD).map(|n| tokio::spawn(write(log.clone(), seed, number + n, until, true)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}
