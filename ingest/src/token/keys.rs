//! The host's public keys: fetched when they are needed, kept for a while, fetched again for a key that is not among
//! them, and never often: whoever invents ids of keys makes nobody ask more.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::Url;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::source::fetch::{FetchOptions, Http};

/// How long keys are believed without looking again.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long they are believed while nobody answers.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// How often may be asked at once, and how long it takes until there is another time.
const BURST: u32 = 5;
const ANOTHER: Duration = Duration::from_secs(10);
/// Longest time for an answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Largest answer, in bytes, and most keys of one.
const MAX_ANSWER_BYTES: u64 = 256 * 1024;
const MAX_KEYS: usize = 128;
/// Longest part of a key, in bytes: 8192 bits.
const MAX_PART_BYTES: usize = 1_024;

/// A public key for RS256.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HostKey {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl HostKey {
    /// Whether the signature over these bytes is by this key, of 2048 to 8192 bits.
    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let key = RsaPublicKeyComponents { n: &self.n, e: &self.e };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, bytes, signature).is_ok()
    }
}

/// Bytes of a text in base64url as tokens write it: without padding, in its one spelling.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

/// Keys by their ids, and since when they are known.
#[derive(Clone, Debug)]
struct HeldKeys {
    keys: BTreeMap<String, Arc<HostKey>>,
    since: Instant,
}

/// The keys at an address.
#[derive(Debug)]
pub(super) struct KeySet {
    url: Url,
    held: RwLock<Option<Arc<HeldKeys>>>,
    /// Whoever asks has this.
    asking: Mutex<Allowance>,
}

/// How often may still be asked.
#[derive(Debug)]
struct Allowance {
    left: u32,
    /// When there was one more.
    since: Instant,
    /// When there was an answer, or it was clear that there is none.
    told: Option<Instant>,
}

impl Allowance {
    /// Takes one, where there is one.
    fn take(&mut self, now: Instant) -> bool {
        while self.left < BURST && now.duration_since(self.since) >= ANOTHER {
            self.left += 1;
            self.since += ANOTHER;
        }
        if self.left == BURST {
            self.since = now;
        }
        let any = self.left > 0;
        self.left -= u32::from(any);
        any
    }
}

impl KeySet {
    pub(super) fn at(url: Url) -> Self {
        let asking = Mutex::new(Allowance { left: BURST, since: Instant::now(), told: None });
        Self { url, held: RwLock::default(), asking }
    }

    /// The key of this id. One that is known is answered at once, unless it is too old; one that is not is looked for,
    /// by one request for all who wait.
    pub(super) async fn named(&self, id: &str) -> Option<Arc<HostKey>> {
        let asked = Instant::now();
        if let Some(key) = self.known(id, FRESH) {
            return Some(key);
        }
        {
            let mut asking = self.asking.lock().await;
            // Somebody else has asked since, and found what there is: who waited for nothing waits no second time.
            let told = asking.told.is_some_and(|told| told >= asked);
            if !told && asking.take(Instant::now()) {
                self.ask().await;
                asking.told = Some(Instant::now());
            }
        }
        self.known(id, KEPT)
    }

    fn held(&self) -> Option<Arc<HeldKeys>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn known(&self, id: &str, for_long: Duration) -> Option<Arc<HostKey>> {
        let held = self.held().filter(|held| held.since.elapsed() < for_long)?;
        held.keys.get(id).cloned()
    }

    async fn ask(&self) {
        let options = FetchOptions {
            connect_timeout: ANSWER_TIME,
            read_timeout: ANSWER_TIME,
            request_timeout: ANSWER_TIME,
            max_wire_bytes: MAX_ANSWER_BYTES,
            max_answer_bytes: MAX_ANSWER_BYTES,
            ..FetchOptions::default()
        };
        match Http::once(&self.url, options).await.and_then(|answer| keys(&answer)) {
            Ok(keys) => {
                let held = HeldKeys { keys, since: Instant::now() };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(held));
            }
            Err(reason) => tracing::warn!(reason, "the keys of tokens cannot be read; those known stay for a while"),
        }
    }
}

/// The keys of an answer that sign by RS256.
fn keys(answer: &Value) -> Result<BTreeMap<String, Arc<HostKey>>, String> {
    let listed = answer.get("keys").and_then(Value::as_array).ok_or("the answer is no set of keys")?;
    let read = |key: &Value| {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let may = |name: &str, value: &str| key.get(name).is_none_or(Value::is_null) || text(name) == Some(value);
        let part = |name: &str| decoded(text(name)?).filter(|part| (1..=MAX_PART_BYTES).contains(&part.len()));
        let signs = text("kty") == Some("RSA") && may("use", "sig") && may("alg", "RS256");
        let id = text("kid").filter(|id| signs && !id.is_empty())?;
        Some((id.to_owned(), Arc::new(HostKey { n: part("n")?, e: part("e")? })))
    };
    let keys: BTreeMap<_, _> = listed.iter().take(MAX_KEYS).filter_map(read).collect();
    if keys.is_empty() { Err("none of the keys signs by RS256".to_owned()) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_keys_that_sign_are_read() {
        let key = |kid: &str, more: Value| {
            let mut key = json!({"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let said = json!({"keys": [key("a", json!({"use": "sig", "alg": "RS256"})), key("b", json!({})),
            key("c", json!({"use": "enc"})), key("d", json!({"alg": "PS256"})), key("e", json!({"kty": "EC"})),
            key("", json!({})), key("f", json!({"n": "!"})), 5]});
        assert_eq!(keys(&said).unwrap().into_keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(keys(&json!({"keys": []})).is_err() && keys(&json!([])).is_err());
        assert_eq!(decoded("AQ"), Some(vec![1]));
        assert_eq!((decoded("AR"), decoded("AQ==")), (None, None), "one spelling");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_invents_ids_makes_nobody_ask_more() {
        let mut allowance = Allowance { left: BURST, since: Instant::now(), told: None };
        let mut asked = |seconds| {
            let taken = (0..100).filter(|_| allowance.take(Instant::now())).count();
            (taken, tokio::time::advance(Duration::from_secs(seconds)))
        };
        let mut taken = Vec::new();
        for seconds in [9, 1, 25, 1_000, 0] {
            let (count, wait) = asked(seconds);
            taken.push(count);
            wait.await;
        }
        assert_eq!(taken, [5, 0, 1, 2, 5]);
    }

    #[tokio::test]
    async fn all_who_wait_for_an_answer_are_told_by_one_request() {
        let host = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", host.local_addr().unwrap()).parse().unwrap();
        let keys = Arc::new(KeySet::at(url));
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { keys.named("a").await })
            })
            .collect();
        // All of them wait before the first is told: the host hangs up.
        let (connection, _) = host.accept().await.unwrap();
        tokio::task::yield_now().await;
        drop(connection);
        for key in waiting {
            assert_eq!(key.await.unwrap(), None);
        }
        assert_eq!(keys.asking.lock().await.left, BURST - 1);
    }
}
