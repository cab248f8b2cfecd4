//! `bench serve`: mixed reads over HTTP at a rate, of a process that serves a generated log, and documents that are
//! handed in beside them.
//!
//! A request's time counts from when it was due, not from when a connection was free for it: a server that falls behind
//! is seen to.

mod handed;
mod pace;
mod visible;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use ingest::Log;
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::generate::{Size, measured};
use super::measure::{Figures, quantile, report};
use crate::service::plain_http::Connection;
use crate::service::{Deps, Error, Result};
use pace::Pace;
use visible::Sightings;

/// Longest time until the server answers.
const LONGEST_START: Duration = Duration::from_secs(1_800);
/// Ids that requests name, of each kind.
const IDS: usize = 200;

/// How the service is loaded.
#[derive(Clone, Copy, Debug)]
pub struct LoadPlan {
    /// Requests a second.
    pub rate: u32,
    /// For how long, in seconds.
    pub seconds: u32,
    /// Connections that they go by.
    pub connections: u32,
    /// Bills of materials handed in a second meanwhile.
    pub ingest_rate: u32,
    /// Connections that those go by.
    pub ingest_connections: u32,
    /// The log.
    pub size: Size,
}

/// What came of requests.
#[derive(Debug, Default)]
struct Came {
    milliseconds: Vec<f64>,
    errors: u64,
    /// From the first to the last.
    seconds: f64,
}

/// Ids of what is served, which requests name.
#[derive(Debug)]
struct ServedIds {
    repos: Vec<String>,
    packages: Vec<String>,
}

/// Loads a server of a log of its own. `program` makes a command of this program, by the URL of its database (in its
/// environment, where no other user reads it) and what it is to do.
///
/// # Errors
/// When the database server fails or lets us make no database, when the server ends, and when a document was accepted
/// that is not in the log.
pub async fn run(deps: &Deps, plan: &LoadPlan, program: impl Fn(&str, &[&str]) -> Command) -> Result<Figures> {
    measured(deps, plan.size, async |scratch, log| {
        let url = scratch.options().to_url_lossy();
        let key = if plan.ingest_rate > 0 { Some(key(program(url.as_str(), &["key", "create"])).await?) } else { None };
        let mut command = program(url.as_str(), &["serve", "--listen", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| Error::unavailable(error).of("cannot start the server"))?;
        let report = measure(deps, &log, &mut child, plan, key).await;
        child.start_kill().map_err(Error::unavailable)?;
        child.wait().await.map_err(Error::unavailable)?;
        report
    })
    .await
}

/// A key to hand documents in with.
async fn key(mut command: Command) -> Result<String> {
    let made = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().await.map_err(Error::unavailable)?;
    let made: Value = serde_json::from_slice(&made.stdout).map_err(Error::unavailable)?;
    made["key"].as_str().map(str::to_owned).ok_or_else(|| Error::unavailable("no key was made"))
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

async fn measure(deps: &Deps, log: &Log, child: &mut Child, plan: &LoadPlan, key: Option<String>) -> Result<Figures> {
    let host = address(child).await?;
    let ids = Arc::new(ids(&host).await?);
    let targets = Arc::new(targets(&ids));
    let rss = child.id().and_then(|process| memory(process, "VmRSS:"));
    let begun = Instant::now();
    let pace = Arc::new(Pace::new(begun, plan.rate, plan.seconds));
    let mut workers = JoinSet::new();
    for _ in 0..plan.connections {
        workers.spawn(reader(host.clone(), Arc::clone(&targets), Arc::clone(&pace)));
    }
    let (tell, last) = oneshot::channel();
    let handing = async {
        let handed = handed::hand_in(&host, key, plan, &ids, begun).await;
        // Nobody may be watching.
        let _ = tell.send(handed.last());
        handed
    };
    let watching =
        async { if plan.ingest_rate > 0 { visible::watch(&host, last).await } else { Sightings::default() } };
    let (handed, seen, mut came) = tokio::join!(handing, watching, async {
        let mut all = Came::default();
        while let Some(one) = workers.join_next().await {
            let Ok(one) = one else { continue };
            all.errors += one.errors;
            all.milliseconds.extend(one.milliseconds);
        }
        all.seconds = begun.elapsed().as_secs_f64();
        all
    });
    let seconds = came.seconds;
    if let Some(status) = child.try_wait().map_err(Error::unavailable)? {
        return Err(Error::refused(format!("the server ended: {status}")));
    }
    deps.note(format!("{} targets", targets.len()));
    came.milliseconds.sort_by(f64::total_cmp);
    let times = &came.milliseconds;
    let mut figures = report(json!({
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
        "rss_before_mib": rss,
        "rss_mib": child.id().and_then(|process| memory(process, "VmRSS:")),
        "rss_max_mib": child.id().and_then(|process| memory(process, "VmHWM:")),
    }));
    if plan.ingest_rate > 0 {
        figures.extend(seen.figures(handed.accepted()));
    }
    figures.extend(handed.figures(log, plan.size.events).await?);
    Ok(figures)
}

/// Asks for one target after another, as planned.
async fn reader(host: String, targets: Arc<Vec<String>>, pace: Arc<Pace>) -> Came {
    let (mut came, mut connection) = (Came::default(), None::<Connection>);
    while let Some((number, due)) = pace.next().await {
        let target = &targets[domain::number::fit::<usize>(number, "requests") % targets.len()];
        let answered = match connection.take() {
            Some(held) => held.get(&host, target).await.ok(),
            None => None,
        };
        // One that was idle for long may be closed by now: who asks again is a client like any other.
        let answered = match answered {
            Some(answered) => Ok(answered),
            None => async { Connection::open(&host).await?.get(&host, target).await }.await,
        };
        match answered {
            Ok((held, 200, _)) => connection = Some(held),
            Ok(_) | Err(_) => came.errors += 1,
        }
        came.milliseconds.push(due.elapsed().as_secs_f64() * 1_000.0);
    }
    came
}

/// Memory of a process by this name, in MiB; none where the system does not say.
fn memory(process: u32, name: &str) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1_024.0)
}

/// An id as a part of an address.
fn encoded(id: &str) -> String {
    id.replace('%', "%25").replace('/', "%2F").replace('@', "%40")
}

/// Ids of what is served.
async fn ids(host: &str) -> Result<ServedIds> {
    let ids = async |target: &str, key: &str| -> Result<Vec<String>> {
        let (_, status, body) = Connection::open(host).await?.get(host, target).await?;
        let page: Value = serde_json::from_slice(&body).map_err(Error::unavailable)?;
        let items = page["items"].as_array().filter(|items| status == 200 && !items.is_empty());
        let items = items.ok_or_else(|| Error::refused(format!("{target} answers {status} with nothing")))?;
        Ok(items.iter().filter_map(|item| item[key].as_str().map(str::to_owned)).collect())
    };
    let repos = ids(&format!("/repos?limit={IDS}"), "canonical_id").await?;
    let packages = ids(&format!("/packages?limit={IDS}"), "id").await?;
    Ok(ServedIds { repos, packages })
}

/// What is asked for, in turn: lists, what is one of many, what needs much of the graph.
fn targets(ids: &ServedIds) -> Vec<String> {
    let mut targets = Vec::new();
    for number in 0..IDS {
        let repo = encoded(&ids.repos[number % ids.repos.len()]);
        let package = encoded(&ids.packages[number % ids.packages.len()]);
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
    targets
}
