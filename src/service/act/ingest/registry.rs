//! Packages from their registries, one event each, appended as it comes.

use std::os::unix::fs::DirBuilderExt as _;
use std::time::Duration;

use domain::purl::Purl;
use domain::recorded::Position;
use ingest::Append;
use ingest::append::part_key;
use ingest::source::fetch::{FetchError, FetchOptions};
use ingest::source::registry::{Crawler, RegistryConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::intake::Intake;
use super::reason::reason;
use super::{Circumstances, Destination, RefusedRecord};
use crate::service::run::Stop;
use crate::service::{Error, Result, Settings};

/// Where answers are kept between crawls, below the data folder.
const CACHE: [&str; 2] = ["cache", "registry"];
/// Mode of the folders made for it.
const FOLDER_MODE: u32 = 0o700;
/// Variable with a link or an address of whoever runs this, told to registries and hosts.
const CONTACT: &str = "PG_ATLAS_CONTACT";

/// Which packages.
#[derive(Clone, Debug)]
pub struct AskedPackages {
    /// Those to begin with.
    pub purls: Vec<String>,
    /// Steps to follow along dependencies.
    pub hops: u32,
    /// Least time between two requests to one host.
    pub interval: Duration,
}

/// What became of packages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PackagesIngested {
    /// `done` or `dry-run`.
    pub outcome: String,
    /// Packages whose facts are new in the log.
    pub appended: u64,
    /// Packages of which the log held the same before.
    pub duplicates: u64,
    /// Packages that are not in the log, and why.
    pub refused: Vec<RefusedRecord>,
    /// The greatest position of a package.
    pub last_position: Option<Position>,
    /// Packages that were looked up.
    pub purls: usize,
    /// Packages left out because a walk ends at a bounded number.
    pub left_out: usize,
    /// Whether it was asked to stop before the end.
    pub interrupted: bool,
}

/// Looks packages up and takes in what their registries say. Asked to stop, it answers for what it has appended.
///
/// # Errors
/// When a registry that it begins with is not configured, and when there is no way to the log.
pub async fn crawl(
    to: &Destination,
    asked: &AskedPackages,
    circumstances: &Circumstances,
    stop: &Stop,
) -> Result<PackagesIngested> {
    let Circumstances { observed_at, actor, key, .. } = circumstances;
    let purls = asked.purls.iter().map(|purl| Purl::parse(purl)).collect::<std::result::Result<Vec<_>, _>>();
    let purls = purls.map_err(|error| Error::invalid("purl", error))?;
    let mut crawler = crawler(to, asked.interval)?;
    let mut walk = crawler.walk(&purls, asked.hops).map_err(Error::unavailable)?;
    let intake = Intake::open(to, actor.as_deref()).await?;
    let mut progress = to.watch().begin("looking up packages", None);
    let (mut appended, mut duplicates, mut last_position, mut interrupted) = (0, 0, None, false);
    let mut refused = Vec::new();
    loop {
        let step = tokio::select! {
            biased;
            () = stop.asked() => {
                interrupted = true;
                break;
            }
            step = walk.next() => step,
        };
        let Some(step) = step else { break };
        let crawled = match step {
            Ok(crawled) => crawled,
            Err(refusal) => {
                let reason = reason(&refusal.reason);
                to.warn_all(&[format!("{} refused: {reason}", refusal.purl)]);
                refused.push(RefusedRecord { row: refusal.purl.into(), reason });
                continue;
            }
        };
        let purl = crawled.facts.purl.clone();
        to.warn_all(&crawled.warnings.iter().map(|warning| format!("{purl}: {warning}")).collect::<Vec<_>>());
        let key = key.as_ref().map(|key| part_key(key, &purl));
        let append = Append { event: crawled.facts.into(), observed_at: *observed_at, key };
        if let Some(outcome) = intake.one(append, Some(crawled.cleaned.into())).await? {
            *(if outcome.is_duplicate() { &mut duplicates } else { &mut appended }) += 1;
            last_position = last_position.max(Some(outcome.place().position));
        }
        let at = walk.progress();
        progress.reach_of((at.crawled + at.refused) as u64, (at.crawled + at.refused + at.waiting) as u64);
    }
    drop(progress);
    let at = walk.progress();
    if at.left_out > 0 {
        to.warn_all(&[format!("{} packages were left out: a walk ends at a bounded number", at.left_out)]);
    }
    Ok(PackagesIngested {
        outcome: if intake.is_rehearsal() { "dry-run" } else { "done" }.to_owned(),
        appended,
        duplicates,
        refused,
        last_position,
        purls: at.crawled,
        left_out: at.left_out,
        interrupted,
    })
}

fn crawler(to: &Destination, interval: Duration) -> Result<Crawler> {
    let settings = to.settings();
    let config = RegistryConfig::from_variables(|name| settings.variable(name)).map_err(Error::unavailable)?;
    let cache = CACHE.iter().fold(to.data_dir()?, |path, part| path.join(part));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(&cache)
        .map_err(|error| Error::unavailable(FetchError::Cache { folder: cache.clone(), reason: error.to_string() }))?;
    let options = FetchOptions { cache: Some(cache), interval, contact: contact(settings)?, ..FetchOptions::default() };
    Crawler::new(config, options).map_err(Error::unavailable)
}

/// Who runs this, as registries and hosts are told.
pub(in crate::service::act) fn contact(settings: &Settings) -> Result<Option<String>> {
    Ok(settings.variable(CONTACT)?.filter(|contact| !contact.trim().is_empty()))
}
