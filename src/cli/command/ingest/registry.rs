//! `ingest registry`: packages from their registries, one event each, appended as it comes.

use std::os::unix::fs::DirBuilderExt as _;
use std::time::Duration;

use ::ingest::append::part_key;
use ::ingest::source::registry::{CrawlOptions, Crawler, CrawlerError, RegistryConfig};
use ::ingest::{Append, Log};
use domain::purl::Purl;
use serde_json::{Value, json};

use super::{keep, observed_at, open_unless_dry, rehearse, warn};
use crate::cli::failure::{Failure, REFUSED, Result};
use crate::cli::flags::{Common, IngestOptions};
use crate::cli::output::{Output, object};
use crate::cli::session::{self, Session};

/// Where answers are kept between crawls, below the data folder.
const CACHE: [&str; 2] = ["cache", "registry"];
/// Mode of the folders made for it.
const FOLDER_MODE: u32 = 0o700;
/// Variable with a link or an address of whoever runs this, told to the registries.
const CONTACT: &str = "PG_ATLAS_CONTACT";

/// `ingest registry`. Interrupted, it answers for what it has appended, with exit code 1.
pub(crate) async fn run(
    common: &Common,
    purls: &[String],
    hops: u32,
    interval: Duration,
    options: &IngestOptions,
) -> Result<(Output, u8)> {
    let observed_at = observed_at(options)?;
    let purls = purls.iter().map(|purl| Purl::parse(purl)).collect::<std::result::Result<Vec<_>, _>>();
    let purls = purls.map_err(Failure::environment)?;
    let mut crawler = crawler(common, interval)?;
    let mut walk = crawler.walk(&purls, hops).map_err(Failure::environment)?;
    let session = open_unless_dry(common, options)?;
    let log: Option<Log> = match &session {
        Some(session) => Some(session.log().await?),
        None => None,
    };
    let store = session.as_ref().map(Session::store).transpose()?;
    let context = session.as_ref().map(|session| session.context(options.actor.as_deref()));
    let mut progress = session::counter(common, "looking up packages");
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    let (mut appended, mut duplicates, mut last, mut interrupted) = (0u64, 0u64, None, false);
    let mut refused: Vec<Value> = Vec::new();
    loop {
        let step = tokio::select! {
            biased;
            _ = &mut stop => {
                interrupted = true;
                break;
            }
            step = walk.next() => step,
        };
        let Some(step) = step else { break };
        let crawled = match step {
            Ok(crawled) => crawled,
            Err(refusal) => {
                warn(common, &[format!("{} refused: {}", refusal.purl, refusal.reason)]);
                refused.push(json!({"row": refusal.purl, "reason": refusal.reason}));
                continue;
            }
        };
        let purl = crawled.facts.purl.clone();
        warn(common, &crawled.warnings.iter().map(|warning| format!("{purl}: {warning}")).collect::<Vec<_>>());
        let key = options.idempotency_key.as_ref().map(|key| part_key(key, &purl));
        let append = Append { event: crawled.facts.into(), observed_at, key };
        if let (Some(store), Some(log), Some(context)) = (&store, &log, &context) {
            let outcome = keep::one(log, store, append, crawled.cleaned, context).await?;
            *(if outcome.is_duplicate() { &mut duplicates } else { &mut appended }) += 1;
            last = last.max(Some(outcome.place().position));
        } else {
            rehearse(options, append).await?;
        }
        let at = walk.progress();
        progress.of((at.crawled + at.refused) as u64, (at.crawled + at.refused + at.waiting) as u64);
    }
    drop(progress);
    let at = walk.progress();
    if at.left_out > 0 {
        warn(common, &[format!("{} packages were left out: a walk ends at a bounded number", at.left_out)]);
    }
    let answer = object(json!({
        "outcome": if session.is_some() { "done" } else { "dry-run" },
        "appended": appended,
        "duplicates": duplicates,
        "refused": refused,
        "last_position": last,
        "purls": at.crawled,
        "left_out": at.left_out,
        "interrupted": interrupted,
    }));
    Ok((Output::Object(answer), if interrupted { REFUSED } else { 0 }))
}

fn crawler(common: &Common, interval: Duration) -> Result<Crawler> {
    let config = RegistryConfig::from_variables(|name| std::env::var(name).ok()).map_err(Failure::environment)?;
    let cache = CACHE.iter().fold(session::data_dir(common)?, |path, part| path.join(part));
    std::fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&cache).map_err(|error| {
        Failure::environment(CrawlerError::Cache { folder: cache.clone(), reason: error.to_string() })
    })?;
    let contact = std::env::var(CONTACT).ok().filter(|contact| !contact.trim().is_empty());
    let options = CrawlOptions { cache: Some(cache), interval, contact, ..CrawlOptions::default() };
    Crawler::new(config, options).map_err(Failure::environment)
}
