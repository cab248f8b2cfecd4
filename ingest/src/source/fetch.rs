//! Polite HTTP, for registries and code hosts: one request at a time, a pause per host, waits that servers ask for,
//! bounded retries, redirects only within the configured hosts, every answer cleaned before it is kept or handed on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, ETAG, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};
use serde_json::Value;
use thiserror::Error;
use tokio::time::{Instant, sleep};

use self::cache::{Cache, CachedAnswer};
pub(in crate::source) use self::response::FetchFailure;
use self::response::{check_content_type, check_status, read_body, text};
pub(in crate::source) use self::shape::AnswerShape;
use super::clean::clean;

mod address;
mod cache;
mod response;
mod shape;

pub use self::address::{UnusableAddress, base};
pub(in crate::source) use self::address::{below, check};

/// Greatest number of redirects followed for one answer.
const MAX_REDIRECTS: u32 = 5;
/// Longest rest of a host that is kept account of; more is no different.
const MAX_REST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How to ask. The defaults suit public registries.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// Folder that keeps answers for the next time; without one everything is read anew.
    pub cache: Option<PathBuf>,
    /// Least time between two requests to one host. Default 1 s.
    pub interval: Duration,
    /// Tries for one answer, the first included. Default 4.
    pub tries: u32,
    /// Pause before the second try, doubled for each further one up to `longest_wait`. Default 2 s.
    pub backoff: Duration,
    /// Longest wait that a server may ask for (`Retry-After`); asked for more, we leave it in peace. Default 2 min.
    pub longest_wait: Duration,
    /// Longest time to connect. Default 10 s.
    pub connect_timeout: Duration,
    /// Longest silence while reading. Default 30 s.
    pub read_timeout: Duration,
    /// Longest time for one request with its answer. Default 3 min.
    pub request_timeout: Duration,
    /// Greatest size of an answer on the wire, in bytes. Default 64 MiB.
    pub max_wire_bytes: u64,
    /// Greatest size of an answer when inflated, in bytes. Default 128 MiB.
    pub max_answer_bytes: u64,
    /// Whether proxies named in the environment are used. Default no: what is asked, and through whom, is
    /// configuration.
    pub environment_proxies: bool,
    /// Who runs this (a link or an address), told in the user agent.
    pub contact: Option<String>,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            cache: None,
            interval: Duration::from_secs(1),
            tries: 4,
            backoff: Duration::from_secs(2),
            longest_wait: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            request_timeout: Duration::from_secs(180),
            max_wire_bytes: 64 * 1024 * 1024,
            max_answer_bytes: 128 * 1024 * 1024,
            environment_proxies: false,
            contact: None,
        }
    }
}

/// Why nothing can be asked.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The cache folder cannot be made.
    #[error("cannot make the cache folder {folder}: {reason}")]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The HTTP client cannot be built.
    #[error("cannot set up HTTP: {0}")]
    Client(String),
}

/// Fetches answers.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    options: FetchOptions,
    cache: Option<Cache>,
    /// What every request is allowed by; it is not shown.
    token: Option<HeaderValue>,
    /// `host:port` of every configured address.
    trusted: BTreeSet<String>,
    /// When the next request to a `host:port` may go out.
    turns: BTreeMap<String, Instant>,
}

impl Http {
    /// What asks below these addresses, and nowhere else.
    pub(in crate::source) fn new<'a>(
        bases: impl Iterator<Item = &'a Url>,
        options: FetchOptions,
    ) -> Result<Self, FetchError> {
        let cache = options.cache.as_deref().map(Cache::open).transpose().map_err(|error| FetchError::Cache {
            folder: options.cache.clone().unwrap_or_default(),
            reason: error.to_string(),
        })?;
        let contact = options.contact.as_deref().map(|contact| format!(" ({contact})")).unwrap_or_default();
        let builder = Client::builder()
            .tls_backend_preconfigured(tls()?)
            .user_agent(format!("pg-atlas/{}{contact}", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(options.connect_timeout)
            .read_timeout(options.read_timeout)
            .timeout(options.request_timeout);
        let builder = if options.environment_proxies { builder } else { builder.no_proxy() };
        let client = builder.build().map_err(|error| FetchError::Client(error.to_string()))?;
        let trusted = bases.map(host_of).collect();
        Ok(Self { client, options, cache, token: None, trusted, turns: BTreeMap::new() })
    }

    /// The answer at `url`, cleaned, asked for once and now.
    pub(crate) async fn once(url: &Url, options: FetchOptions) -> Result<Value, String> {
        let once = FetchOptions { interval: Duration::ZERO, tries: 1, longest_wait: Duration::ZERO, ..options };
        let mut http = Self::new(std::iter::once(url), once).map_err(|error| error.to_string())?;
        http.get(url, AnswerShape::Json).await.map_err(|failure| failure.to_string())
    }

    /// With a token for every request. It goes wherever a redirect may lead: to be used with one address alone.
    pub(in crate::source) fn with_token(self, token: Option<HeaderValue>) -> Self {
        let hidden = |mut token: HeaderValue| {
            token.set_sensitive(true);
            token
        };
        Self { token: token.map(hidden), ..self }
    }

    /// The cleaned answer at `url`, from where it is or, if it has not changed, from the cache.
    pub(in crate::source) async fn get(&mut self, url: &Url, shape: AnswerShape) -> Result<Value, FetchFailure> {
        let mut kept = match &self.cache {
            Some(cache) => cache.load(url).await,
            None => None,
        };
        let longest = self.options.longest_wait;
        let mut pause = self.options.backoff.min(longest);
        let mut tries_left = self.options.tries;
        loop {
            tries_left = tries_left.saturating_sub(1);
            let failure = match self.try_once(url, shape, &mut kept).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let asked = match &failure {
                FetchFailure::Status { retry_after, .. } => retry_after.unwrap_or_default(),
                _ => Duration::ZERO,
            };
            // Also after the last try: the next package of that host has to wait as well.
            self.defer(url, if failure.is_passing() { pause.max(asked) } else { asked });
            if tries_left == 0 || !failure.is_passing() {
                return Err(failure);
            }
            tracing::debug!(%failure, "trying again");
            pause = (pause * 2).min(longest);
        }
    }

    async fn try_once(
        &mut self,
        url: &Url,
        shape: AnswerShape,
        kept: &mut Option<CachedAnswer>,
    ) -> Result<Value, FetchFailure> {
        let response = self.follow(url, kept.as_ref().map(|kept| kept.etag.as_str())).await?;
        if response.status() == StatusCode::NOT_MODIFIED {
            return kept.take().map(|kept| kept.answer).ok_or(FetchFailure::NothingKept);
        }
        check_status(response.status(), response.headers(), Utc::now())?;
        check_content_type(response.headers())?;
        let etag = text(response.headers(), &ETAG).map(str::to_owned);
        let bytes = read_body(response, self.options.max_wire_bytes, self.options.max_answer_bytes).await?;
        let mut answer = shape.read(&bytes).map_err(|error| FetchFailure::of_json(&error))?;
        clean(&mut answer);
        if let (Some(cache), Some(etag)) = (&self.cache, etag)
            && let Err(error) = cache.store(url, &etag, &answer).await
        {
            tracing::warn!(%error, "an answer could not be kept for the next crawl");
        }
        Ok(answer)
    }

    async fn follow(&mut self, url: &Url, etag: Option<&str>) -> Result<Response, FetchFailure> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.wait_for_turn(&url).await?;
            let request = self.client.get(url.clone()).header(ACCEPT, "application/json, */*;q=0.1");
            let mut request = request.header(ACCEPT_ENCODING, "gzip");
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(token) = &self.token {
                request = request.header(AUTHORIZATION, token.clone());
            }
            let response = request.send().await.map_err(FetchFailure::of_client)?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let location = text(response.headers(), &LOCATION).ok_or(FetchFailure::Redirect("to nowhere"))?;
            url = redirected(&url, location, &self.trusted)?;
        }
        Err(FetchFailure::Redirect("too often"))
    }

    /// Sleeps until the host may be asked again. A host that asked for a longer rest than we wait is not asked.
    async fn wait_for_turn(&mut self, url: &Url) -> Result<(), FetchFailure> {
        let host = host_of(url);
        let wait = self.turns.get(&host).map(|free| free.saturating_duration_since(Instant::now())).unwrap_or_default();
        let limit = self.options.longest_wait;
        if wait > limit.max(self.options.interval) {
            return Err(FetchFailure::Busy { limit });
        }
        sleep(wait).await;
        self.turns.insert(host, Instant::now() + self.options.interval);
        Ok(())
    }

    fn defer(&mut self, url: &Url, pause: Duration) {
        let free = Instant::now() + pause.min(MAX_REST);
        let turn = self.turns.entry(host_of(url)).or_insert(free);
        *turn = (*turn).max(free);
    }
}

/// Where a redirect leads: to the same host or another configured one, and never out of TLS.
fn redirected(from: &Url, location: &str, trusted: &BTreeSet<String>) -> Result<Url, FetchFailure> {
    let to = from.join(location).map_err(|_| FetchFailure::Redirect("to something that is no address"))?;
    match to.scheme() {
        "https" => {}
        "http" if from.scheme() == "http" => {}
        _ => return Err(FetchFailure::Redirect("to a less safe scheme")),
    }
    let host = host_of(&to);
    if host == host_of(from) || trusted.contains(&host) {
        Ok(to)
    } else {
        Err(FetchFailure::Redirect("to a host that is not configured"))
    }
}

fn host_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or(""), url.port_or_known_default().unwrap_or(0))
}

/// TLS by the machine's own certificates, with the cryptography that the database driver uses too.
fn tls() -> Result<rustls::ClientConfig, FetchError> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| FetchError::Client(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn redirects_do_not_leave_tls_or_the_configured_hosts() {
        let trusted = BTreeSet::from(["mirror.example:443".to_owned()]);
        let from = url("https://registry.example/a/b");
        let to = |location: &str| redirected(&from, location, &trusted).map(|url| url.to_string());
        assert_eq!(to("/c").unwrap(), "https://registry.example/c");
        assert_eq!(to("c").unwrap(), "https://registry.example/a/c");
        assert_eq!(to("https://mirror.example/c").unwrap(), "https://mirror.example/c");
        for location in ["http://registry.example/c", "http://mirror.example/c", "ftp://registry.example/c", "data:,x"]
        {
            assert_eq!(to(location), Err(FetchFailure::Redirect("to a less safe scheme")), "{location}");
        }
        for location in ["//other.example/c", "https://mirror.example:8443/", "https://registry.example@other.example/"]
        {
            assert_eq!(to(location), Err(FetchFailure::Redirect("to a host that is not configured")), "{location}");
        }
    }

    /// Time stands still but for sleeping, so what is measured is what was waited.
    #[tokio::test(start_paused = true)]
    async fn each_host_has_its_pace() {
        let mut http = Http::new(std::iter::empty(), FetchOptions::default()).unwrap();
        let (one, other) = (url("https://one.example/x"), url("https://other.example/x"));
        let start = Instant::now();
        http.wait_for_turn(&one).await.unwrap();
        http.wait_for_turn(&other).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        http.wait_for_turn(&one).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        http.defer(&one, Duration::from_secs(90));
        http.wait_for_turn(&other).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        http.wait_for_turn(&one).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(91));
        http.defer(&one, Duration::MAX);
        http.defer(&one, Duration::from_secs(1));
        assert!(matches!(http.wait_for_turn(&one).await, Err(FetchFailure::Busy { .. })));
        assert_eq!(start.elapsed(), Duration::from_secs(91));
    }
}
