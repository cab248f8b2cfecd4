//! The supervisor of background work: starts the parts that are switched on, and ends them in order.
//!
//! They end in the order opposite to their start, each once the one before it has ended: the projector saves its page,
//! then the sequencer stops, then the connections go. A part that fails ends the others, and its error is the answer.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::recorded::Position;
use projections::store;
use projections::tables::Projection;
use replay::log;
use replay::stop::Stop;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::outage::{Pauses, says_not_now};
use super::parts::Parts;
use super::projector;
#[cfg(feature = "ingest")]
use super::{sequencer, signer};
use crate::service::ask::{lag, status};
use crate::service::{Deps, Result};

/// How long the last answer may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where background work begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The last position that every live build holds.
    pub position: Position,
    /// The last position of the log.
    pub head: Position,
    /// The projections that are kept.
    pub projections: Vec<&'static str>,
    /// Name of the formula of the live scores.
    pub formula: String,
}

/// Runs the parts until it is asked to stop, or one fails; then ends them in order and closes every connection of
/// `deps`. `begun` is called before they start. Answers where the live builds stand in the end, where the database
/// still says it.
///
/// # Errors
/// What a part failed of; as [`Deps::write`], where nobody answers in the beginning.
pub async fn run(
    deps: &Deps,
    parts: Parts,
    stop: &Stop,
    begun: impl FnOnce(&Begun),
) -> Result<Option<status::LiveBuilds>> {
    tokio::select! {
        biased;
        () = stop.asked() => {}
        ready = ready(deps) => {
            ready?;
            match beginning(deps).await {
                Ok(beginning) => begun(&beginning),
                Err(error) => tracing::debug!(%error, "nothing to announce"),
            }
        }
    }
    let (atlas, opened) = watch::channel(deps.clone());
    let atlas = Arc::new(atlas);
    let mut crew = Crew::default();
    if !stop.is_asked() {
        #[cfg(feature = "ingest")]
        if parts.sequencer {
            let opened = opened.clone();
            crew.start("sequencer", |stop| Box::pin(sequencer::run(opened, stop)));
        }
        #[cfg(feature = "ingest")]
        if parts.signer {
            let opened = opened.clone();
            crew.start("signer", |stop| Box::pin(signer::run(opened, stop)));
        }
        if parts.projector {
            crew.start("projector", |stop| Box::pin(projector::run(atlas, parts, stop)));
        }
    }
    let ended = crew.work(stop).await;
    let deps = opened.borrow().clone();
    // A database that is down keeps nobody waiting.
    let farewell = async {
        match &ended {
            Ok(()) => status::standing(&mut *deps.read_long().await?).await.map(Some),
            Err(_) => Ok(None),
        }
    };
    let told = tokio::time::timeout(FAREWELL, farewell).await;
    let _ = tokio::time::timeout(FAREWELL, deps.close()).await;
    ended?;
    Ok(told.ok().and_then(Result::ok).flatten())
}

/// Waits for a server that says "not now"; where nobody answers, the configuration is wrong.
async fn ready(deps: &Deps) -> Result<()> {
    let (mut pauses, mut said) = (Pauses::default(), String::new());
    loop {
        match deps.write().await {
            Err(error) if says_not_now(&error) => {
                let reason = error.to_string();
                if reason != said {
                    tracing::warn!(%error, "the database is not ready; trying until it is");
                    said = reason;
                }
                pauses.next().await;
            }
            connected => return connected.map(drop),
        }
    }
}

/// What is followed, and from where.
async fn beginning(deps: &Deps) -> Result<Begun> {
    let mut conn = deps.read_long().await?;
    let head = log::head(&mut conn).await?.position;
    let live = store::live_builds(&mut conn).await?;
    let metrics = live.iter().find(|build| build.projection == Projection::Metrics);
    Ok(Begun {
        position: lag::position(&live),
        head,
        projections: Projection::ALL.iter().map(|projection| projection.name()).collect(),
        formula: metrics.and_then(|build| build.formula.clone()).unwrap_or(domain::formula::DEFAULT.to_owned()),
    })
}

/// A part's work.
type PartWork = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Parts at work, in the order in which they were started.
#[derive(Default)]
struct Crew {
    parts: Vec<(&'static str, Stop)>,
    at_work: JoinSet<(usize, Result<()>)>,
}

impl Crew {
    /// Starts a part, which ends when its own token asks it to.
    fn start(&mut self, name: &'static str, work: impl FnOnce(Stop) -> PartWork) {
        let (number, stop) = (self.parts.len(), Stop::default());
        let work = work(stop.clone());
        self.parts.push((name, stop));
        self.at_work.spawn(async move { (number, work.await) });
    }

    /// Waits until the stop is asked for or a part has ended, and ends all that is left, the last started first.
    /// Answers the first failure.
    async fn work(mut self, stop: &Stop) -> Result<()> {
        let mut first = Ok(());
        let mut over: BTreeSet<usize> = BTreeSet::new();
        tokio::select! {
            biased;
            () = stop.asked() => {}
            ended = Self::next(&mut self.at_work) => self.note(ended, &mut over, &mut first),
        }
        for number in (0..self.parts.len()).rev() {
            self.parts[number].1.ask();
            while !over.contains(&number) {
                let ended = Self::next(&mut self.at_work).await;
                self.note(ended, &mut over, &mut first);
            }
        }
        first
    }

    /// The next part that ends. A part's panic is ours.
    async fn next(at_work: &mut JoinSet<(usize, Result<()>)>) -> (usize, Result<()>) {
        match at_work.join_next().await {
            Some(Ok(ended)) => ended,
            Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nothing runs: whoever asks to stop is waited for.
            Some(Err(_)) | None => std::future::pending().await,
        }
    }

    fn note(&self, ended: (usize, Result<()>), over: &mut BTreeSet<usize>, first: &mut Result<()>) {
        let (number, result) = ended;
        over.insert(number);
        let name = self.parts[number].0;
        match result {
            Ok(()) => tracing::info!(part = name, "ended"),
            Err(error) => {
                tracing::info!(part = name, %error, "failed; the others end");
                if first.is_ok() {
                    *first = Err(error);
                }
            }
        }
    }
}

impl Drop for Crew {
    /// Who drops the supervisor leaves no thread at work.
    fn drop(&mut self) {
        for (_, stop) in &self.parts {
            stop.ask();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::service::Error;

    /// Two parts; the second may fail at once. What they say, in order.
    async fn told(fails: bool) -> (Vec<&'static str>, Result<()>) {
        let (said, stop) = (Arc::new(Mutex::new(Vec::new())), Stop::default());
        let mut crew = Crew::default();
        for name in ["sequencer", "projector"] {
            let said = Arc::clone(&said);
            crew.start(name, |stop| {
                Box::pin(async move {
                    if fails && name == "projector" {
                        return Err(Error::refused("poison"));
                    }
                    stop.asked().await;
                    // Whoever is asked after this one is asked once this one has ended.
                    tokio::task::yield_now().await;
                    said.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(name);
                    Ok(())
                })
            });
        }
        if !fails {
            stop.ask();
        }
        let ended = crew.work(&stop).await;
        let said = std::mem::take(&mut *said.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        (said, ended)
    }

    #[tokio::test]
    async fn the_last_started_ends_first() {
        let (said, ended) = told(false).await;
        assert_eq!(said, ["projector", "sequencer"]);
        assert!(ended.is_ok());
    }

    #[tokio::test]
    async fn a_part_that_fails_ends_the_others_and_says_why() {
        let (said, ended) = told(true).await;
        assert_eq!(said, ["sequencer"]);
        assert_eq!(ended.map_err(|error| error.to_string()), Err("poison".to_owned()));
    }
}
