//! From a few packages along their dependencies: breadth first, in an order that depends on the answers alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use domain::facts::registry::RegistryCrawled;
use domain::purl::Purl;
use thiserror::Error;

use super::answers::Answers;
use super::config::{ConfigError, RegistryConfig};
use super::{Parsed, Registry, crates, npm, pypi};
use crate::source::Refused;
use crate::source::fetch::{FetchError, FetchFailure, FetchOptions, Http};

/// A package that was looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crawled {
    /// What the registry says.
    pub facts: RegistryCrawled,
    /// The stored document; `facts.document` names its digest.
    pub cleaned: Vec<u8>,
    /// Fields that were left out, and why.
    pub warnings: Vec<String>,
}

/// A package that was not.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{purl}: {reason}")]
pub struct CrawlRefused {
    /// Its canonical purl.
    pub purl: String,
    /// Why.
    pub reason: String,
}

/// How far a walk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CrawlProgress {
    /// Packages looked up.
    pub crawled: usize,
    /// Packages refused.
    pub refused: usize,
    /// Packages known and waiting.
    pub waiting: usize,
    /// Packages known and left out because of the bound on their number.
    pub left_out: usize,
    /// Distance of the package that is next from those the walk began with.
    pub hop: u32,
}

/// Why a crawl cannot begin.
#[derive(Debug, Error)]
pub enum CrawlerError {
    /// The addresses are unset or unusable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Nothing can be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// Greatest number of packages in one walk, unless another is named.
const MAX_PACKAGES: usize = 10_000;

/// Looks packages up in their registries.
#[derive(Debug)]
pub struct Crawler {
    config: RegistryConfig,
    http: Http,
    max_packages: usize,
}

impl Crawler {
    /// A crawler of the registries in `config`.
    ///
    /// # Errors
    /// When an address is unusable, the cache folder cannot be made, or HTTP cannot be set up.
    pub fn new(config: RegistryConfig, options: FetchOptions) -> Result<Self, CrawlerError> {
        config.check()?;
        let http = Http::new(config.bases().map(|(_, url)| url), options)?;
        Ok(Self { config, http, max_packages: MAX_PACKAGES })
    }

    /// With so many packages at most in one walk.
    #[must_use]
    pub fn at_most(self, max_packages: usize) -> Self {
        Self { max_packages, ..self }
    }

    /// Looks one package up.
    ///
    /// # Errors
    /// When its registry is not configured or does not know it, or its answer is not usable. A registry that is
    /// configured for downloads and fails to give them refuses the package too: half an answer would pass for news.
    pub async fn look_up(&mut self, purl: &Purl) -> Result<Crawled, CrawlRefused> {
        let found = self.fetch(purl).await;
        found.map(|(crawled, _)| crawled)
    }

    async fn fetch(&mut self, purl: &Purl) -> Result<(Crawled, Vec<Purl>), CrawlRefused> {
        let refused = |reason: String| CrawlRefused { purl: purl.id.clone(), reason };
        let registry = Registry::of(purl).map_err(|error| refused(error.reason))?;
        let name = registry.name(purl).map_err(|error| refused(error.reason))?;
        let parts = self.config.parts(registry, name).map_err(|error| refused(error.to_string()))?;
        let mut answers = BTreeMap::new();
        let mut missing = Vec::new();
        for part in parts {
            match self.http.get(&part.url, part.shape).await {
                Ok(answer) => {
                    answers.insert(part.name, answer);
                }
                Err(FetchFailure::NotFound) if !part.main => {
                    missing.push(format!("{}: {}", part.name, FetchFailure::NotFound));
                }
                Err(failure) => return Err(refused(format!("{}: {failure}", part.name))),
            }
        }
        let answers = Answers::of_parts(answers);
        let parsed = match registry {
            Registry::Npm => npm::read(purl, &answers),
            Registry::Crates => crates::read(purl, &answers),
            Registry::Pypi => pypi::read(purl, &answers),
        };
        let Parsed { facts, cleaned, next, mut warnings } = parsed.map_err(|error: Refused| refused(error.reason))?;
        warnings.extend(missing);
        Ok((Crawled { facts, cleaned, warnings }, next))
    }

    /// Begins a walk at `purls`, in their order, that goes `hops` steps along dependencies (0: only `purls`).
    ///
    /// # Errors
    /// When a registry that the walk begins with is not configured; the error names the variable to set.
    pub fn walk(&mut self, purls: &[Purl], hops: u32) -> Result<CrawlWalk<'_>, ConfigError> {
        for purl in purls {
            if let Ok(registry) = Registry::of(purl) {
                self.config.base(registry)?;
            }
        }
        let mut walk = CrawlWalk {
            crawler: self,
            hops,
            queue: VecDeque::new(),
            ahead: BTreeMap::new(),
            seen: BTreeSet::new(),
            progress: CrawlProgress::default(),
        };
        for purl in purls {
            if walk.is_new(purl) {
                walk.queue.push_back(purl.clone());
            }
        }
        Ok(walk)
    }
}

/// A walk along dependencies. Each step hands over one package, so what was learnt can be kept before the next request;
/// a walk that is broken off is begun again and costs one conditional request for each answer that has not changed.
#[derive(Debug)]
pub struct CrawlWalk<'a> {
    crawler: &'a mut Crawler,
    hops: u32,
    /// The packages of this hop.
    queue: VecDeque<Purl>,
    /// Those of the next one, by purl.
    ahead: BTreeMap<String, Purl>,
    seen: BTreeSet<String>,
    progress: CrawlProgress,
}

impl CrawlWalk<'_> {
    /// The next package, or `None` at the end. Dropped before it is done, it loses nothing: the same package is next.
    pub async fn next(&mut self) -> Option<Result<Crawled, CrawlRefused>> {
        let purl = self.queue.front()?.clone();
        let found = self.crawler.fetch(&purl).await;
        self.queue.pop_front();
        let found = found.map(|(crawled, next)| {
            self.progress.crawled += 1;
            // The registry may know the package under another spelling than it was asked for.
            self.seen.insert(crawled.facts.purl.clone());
            if self.progress.hop < self.hops {
                for purl in next {
                    if self.is_new(&purl) {
                        self.ahead.insert(purl.id.clone(), purl);
                    }
                }
            }
            crawled
        });
        self.progress.refused += usize::from(found.is_err());
        if self.queue.is_empty() && !self.ahead.is_empty() {
            self.queue = std::mem::take(&mut self.ahead).into_values().collect();
            self.progress.hop += 1;
        }
        Some(found)
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> CrawlProgress {
        CrawlProgress { waiting: self.queue.len() + self.ahead.len(), ..self.progress }
    }

    /// Whether a package is seen for the first time, within the bound.
    fn is_new(&mut self, purl: &Purl) -> bool {
        if self.seen.contains(&purl.id) {
            return false;
        }
        let room = self.seen.len() < self.crawler.max_packages;
        if room {
            self.seen.insert(purl.id.clone());
        } else {
            self.progress.left_out += 1;
        }
        room
    }
}
