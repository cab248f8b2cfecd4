//! `bench serve`: mixed reads over HTTP at a rate, of a process that serves a generated log.
//!
//! A request's time counts from when it was due, not from when a connection was free for it: a server that falls behind
//! is seen to.

mod client;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ingest::bench::event;
use ingest::{Append, Log};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::generate::{Size, measured};
use super::measure::{Figures, quantile, report};
use crate::service::deps::context;
use crate::service::{Deps, Error, Result};
use client::Connection;

/// Longest time until the server answers.
const LONGEST_START: Duration = Duration::from_secs(1_800);
/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;
/// Ids that requests name, of each kind.
const IDS: usize = 200;
/// Streams that are appended to meanwhile.
const STREAMS: usize = 200;

/// How the service is loaded.
#[derive(Clone, Copy, Debug)]
pub struct LoadPlan {
    /// Requests a second.
    pub rate: u32,
    /// For how long, in seconds.
    pub seconds: u32,
    /// Connections that they go by.
    pub connections: u32,
    /// Events appended a second meanwhile.
    pub ingest_rate: u32,
    /// The log.
    pub size: Size,
}

/// What came of requests.
#[derive(Debug, Default)]
struct Came {
    milliseconds: Vec<f64>,
    errors: u64,
}

/// Loads a server of a log of its own. `server` makes the command of one, by the URL of its database: in its
/// environment, where no other user reads it.
///
/// # Errors
/// When the database server fails or lets us make no database, and when the server ends.
pub async fn run(deps: &Deps, plan: &LoadPlan, server: impl FnOnce(&str) -> Command) -> Result<Figures> {
    measured(deps, plan.size, async |scratch, log| {
        let mut command = server(scratch.options().to_url_lossy().as_str());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| Error::unavailable(error).of("cannot start the server"))?;
        let report = measure(deps, &log, &mut child, plan).await;
        child.start_kill().map_err(Error::unavailable)?;
        child.wait().await.map_err(Error::unavailable)?;
        report
    })
    .await
}

/// Where the server answers, once it does.
async fn address(child: &mut Child) -> Result<String> {
    let out = child.stdout.take().ok_or_else(|| Error::unavailable("the server has no output"))?;
    let mut lines = BufReader::new(out).lines();
    let line = tokio::time::timeout(LONGEST_START, lines.next_line()).await;
    let line = line.map_err(|_| Error::unavailable("the server does not answer"))?.map_err(Error::unavailable)?;
    let said: Value = serde_json::from_str(&line.unwrap_or_default()).map_err(Error::unavailable)?;
    let address = said["listening"].as_str().and_then(|address| address.strip_prefix("http://"));
    address.map(str::to_owned).ok_or_else(|| Error::unavailable("the server does not say where it listens"))
}

async fn measure(deps: &Deps, log: &Log, child: &mut Child, plan: &LoadPlan) -> Result<Figures> {
    let host = address(child).await?;
    let targets = Arc::new(targets(&host).await?);
    let begun = Instant::now();
    let (next, requests) = (Arc::new(AtomicU64::new(0)), u64::from(plan.rate) * u64::from(plan.seconds));
    let mut workers = JoinSet::new();
    for _ in 0..plan.connections {
        let (host, targets, next) = (host.clone(), Arc::clone(&targets), Arc::clone(&next));
        let rate = u64::from(plan.rate);
        workers.spawn(async move {
            let mut came = Came::default();
            let mut connection = None;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= requests {
                    return came;
                }
                let due = begun + Duration::from_nanos(number * NANOS / rate);
                sleep_until(due).await;
                let target = &targets[domain::number::fit::<usize>(number, "requests") % targets.len()];
                let answered = async {
                    let held = match connection.take() {
                        Some(held) => held,
                        None => Connection::open(&host).await?,
                    };
                    held.get(&host, target).await
                };
                match answered.await {
                    Ok((held, 200, _)) => connection = Some(held),
                    Ok(_) | Err(_) => came.errors += 1,
                }
                came.milliseconds.push(due.elapsed().as_secs_f64() * 1_000.0);
            }
        });
    }
    let ends = begun + Duration::from_secs(plan.seconds.into());
    let (appended, mut came) = tokio::join!(append(log, plan.ingest_rate, begun, ends), async {
        let mut all = Came::default();
        while let Some(one) = workers.join_next().await {
            let Ok(one) = one else { continue };
            all.errors += one.errors;
            all.milliseconds.extend(one.milliseconds);
        }
        all
    });
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(status) = child.try_wait().map_err(Error::unavailable)? {
        return Err(Error::refused(format!("the server ended: {status}")));
    }
    deps.note(format!("{} targets", targets.len()));
    came.milliseconds.sort_by(f64::total_cmp);
    let times = &came.milliseconds;
    let appended = appended?;
    Ok(report(json!({
        "work": "serve",
        "rate": plan.rate,
        "seconds": seconds,
        "connections": plan.connections,
        "requests": times.len(),
        "achieved_per_second": times.len() as f64 / seconds,
        "p50_ms": quantile(times, 50),
        "p95_ms": quantile(times, 95),
        "p99_ms": quantile(times, 99),
        "max_ms": quantile(times, 100),
        "errors": came.errors,
        "appended": appended,
        "rss_mib": child.id().and_then(memory),
    })))
}

/// Appends at a rate until a time; how many.
async fn append(log: &Log, rate: u32, begun: Instant, ends: Instant) -> Result<u64> {
    let context = context(Some("bench"));
    let mut appended = 0;
    while rate > 0 && Instant::now() < ends {
        let due = begun + Duration::from_secs(1) * appended / rate;
        sleep_until(due).await;
        let number: usize = domain::number::fit(appended, "appends");
        log.append(Append::from(event(number, number % STREAMS)?), &context).await?;
        appended += 1;
    }
    Ok(appended.into())
}

/// Memory of a process, in MiB; none where the system does not say.
fn memory(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1_024.0)
}

/// What is asked for, in turn: lists, what is one of many, what needs much of the graph.
async fn targets(host: &str) -> Result<Vec<String>> {
    let ids = async |target: &str, key: &str| -> Result<Vec<String>> {
        let (_, status, body) = Connection::open(host).await?.get(host, target).await?;
        let page: Value = serde_json::from_slice(&body).map_err(Error::unavailable)?;
        let items = page["items"].as_array().filter(|items| status == 200 && !items.is_empty());
        let items = items.ok_or_else(|| Error::refused(format!("{target} answers {status} with nothing")))?;
        let encoded = |id: &str| id.replace('%', "%25").replace('/', "%2F").replace('@', "%40");
        Ok(items.iter().filter_map(|item| item[key].as_str().map(encoded)).collect())
    };
    let repos = ids(&format!("/repos?limit={IDS}"), "canonical_id").await?;
    let packages = ids(&format!("/packages?limit={IDS}"), "id").await?;
    let mut targets = Vec::new();
    for number in 0..IDS {
        let (repo, package) = (&repos[number % repos.len()], &packages[number % packages.len()]);
        targets.extend([
            format!("/repos/{repo}"),
            format!("/repos/{repo}/depends-on"),
            format!("/repos/{repo}/has-dependents"),
            format!("/repos?limit=50&offset={}", number * 10),
            format!("/packages/{package}"),
            format!("/packages/{package}/has-dependents"),
            format!("/badge/json/criticality_score/{repo}"),
            format!("/scores?level=repo&limit=50&offset={}", number * 10),
            "/metadata".to_owned(),
            "/projects?limit=50".to_owned(),
            "/contributors?limit=50".to_owned(),
            "/scores?level=repo&sort=criticality_score:desc&limit=20".to_owned(),
        ]);
    }
    Ok(targets)
}
