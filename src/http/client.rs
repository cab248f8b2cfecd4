//! Clients: who they are, whatever they say of themselves, and how often each may ask.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::answer::{Complaint, HttpAnswer};
use crate::service::{Error, Settings};

/// The addresses that a request came by, as the proxies on its way tell them.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How often a client may ask, and how often it still may.
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
/// What a request is called, in answers and in the program's log.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest name of a request that a client gives it.
const MAX_ID_BYTES: usize = 64;
/// The variable that names proxies that are believed.
const PROXIES: &str = "PG_ATLAS_TRUSTED_PROXIES";
/// Requests a client and minute, where nobody says.
const RATE: u32 = 6_000;
/// What rates are of.
const MINUTE: Duration = Duration::from_secs(60);
/// Most clients that are remembered at once.
const REMEMBERED: usize = 65_536;
/// Bits of an address of version 6 that are one client's: it has the rest to choose from.
const NETWORK_BITS: u32 = 64;

/// Networks of proxies that are believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TrustedProxies(Vec<(IpAddr, u32)>);

impl TrustedProxies {
    /// Reads addresses and networks, separated by commas.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let one = |text: &str| {
            let (address, bits) = text.split_once('/').unwrap_or((text, ""));
            let address: IpAddr = address.parse().ok()?;
            let whole = if address.is_ipv4() { 32 } else { 128 };
            let bits = if bits.is_empty() { whole } else { bits.parse().ok().filter(|bits| *bits <= whole)? };
            Some((address, bits))
        };
        let expected = "expected addresses and networks such as 10.0.0.0/8, separated by commas";
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| one(part).ok_or_else(|| expected.to_owned())).collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|(network, bits)| match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let first = |address| u32::from(address).checked_shr(32 - bits);
                first(*network) == first(address)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let first = |address| u128::from(address).checked_shr(128 - bits);
                first(*network) == first(address)
            }
            _ => false,
        })
    }

    /// The client behind a peer: the peer itself, unless it is a proxy that is believed; then the nearest address that
    /// it and others like it tell, and that is none of theirs.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let said = headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = said.flat_map(|value| value.split(',')).collect();
        for hop in hops.iter().rev() {
            let Some(address) = Some(client).filter(|client| self.holds(*client)).and_then(|_| hop.trim().parse().ok())
            else {
                break;
            };
            client = IpAddr::to_canonical(&address);
        }
        client
    }
}

/// How often each client may ask.
#[derive(Debug)]
pub(crate) struct ClientLimits {
    /// Requests a minute; without, as often as it likes.
    rate: Option<u32>,
    proxies: TrustedProxies,
    /// When each has used up what a tenant gave it, if it goes on from now on as it may.
    used: Mutex<HashMap<(Option<String>, IpAddr), Instant>>,
}

/// What a client may still ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAllowance {
    rate: u32,
    left: u32,
}

impl ClientLimits {
    /// So many requests a client and minute of each tenant, which may come at once; 0 is without limit.
    pub(crate) fn new(rate: u32, proxies: TrustedProxies) -> Self {
        Self { rate: Some(rate).filter(|rate| *rate > 0), proxies, used: Mutex::default() }
    }

    /// So many requests a client and minute, if that is said; else without limit where a listener is for this machine
    /// alone. The settings say which proxies are believed.
    ///
    /// # Errors
    /// When they say it in no form that is known.
    pub(crate) fn of(settings: &Settings, rate: Option<u32>, listener: IpAddr) -> Result<Self, Error> {
        let said = settings.variable(PROXIES)?.unwrap_or_default();
        let proxies =
            TrustedProxies::read(&said).map_err(|reason| Error::invalid(PROXIES, format!("{PROXIES}: {reason}")))?;
        let rate = rate.unwrap_or(if listener.is_loopback() { 0 } else { RATE });
        Ok(Self::new(rate, proxies))
    }

    /// Who asks, by the address that a client is known by: of a network of version 6 the first one.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        match self.proxies.client(peer, headers) {
            IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & (u128::MAX << (128 - NETWORK_BITS))).into(),
            address @ IpAddr::V4(_) => address,
        }
    }

    /// Counts a request of a client to a tenant, unless it is one too many. Tenants that are not known count as one:
    /// nobody asks more often by making names up.
    pub(super) fn count(
        &self,
        tenant: Option<&str>,
        client: IpAddr,
        now: Instant,
    ) -> Result<Option<ClientAllowance>, Complaint> {
        let Some(rate) = self.rate else { return Ok(None) };
        let (each, client) = (MINUTE / rate, (tenant.map(str::to_owned), client));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= REMEMBERED && !used.contains_key(&client) {
            used.retain(|_, until| *until > now);
            if used.len() >= REMEMBERED {
                used.clear();
            }
        }
        let until = used.entry(client).or_insert(now);
        let next = (*until).max(now) + each;
        if next > now + MINUTE {
            let complaint = Complaint::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded");
            let wait = (next - now - MINUTE).as_secs() + 1;
            return Err(complaint
                .with(header::RETRY_AFTER, &wait.to_string())
                .with(LIMIT, &rate.to_string())
                .with(REMAINING, "0"));
        }
        *until = next;
        let left = (now + MINUTE - next).as_nanos() / each.as_nanos().max(1);
        Ok(Some(ClientAllowance { rate, left: domain::number::fit(left.min(u128::from(rate)), "requests left") }))
    }
}

impl ClientAllowance {
    /// Says it beside an answer.
    pub(super) fn say(self, answer: &mut HttpAnswer) {
        answer.headers_mut().insert(LIMIT, HeaderValue::from(self.rate));
        answer.headers_mut().insert(REMAINING, HeaderValue::from(self.left));
    }
}

/// What a request is called: as its client does, where that is a plain word, else as nothing before was.
pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    static COUNTED: AtomicU64 = AtomicU64::new(0);
    static BEGUN: OnceLock<u64> = OnceLock::new();
    let plain = |value: &&HeaderValue| {
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
        (1..=MAX_ID_BYTES).contains(&value.len()) && value.as_bytes().iter().all(word)
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(plain) {
        return given.clone();
    }
    let begun = BEGUN.get_or_init(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        since.as_secs() ^ (u64::from(std::process::id()) << 40)
    });
    let number = COUNTED.fetch_add(1, Ordering::Relaxed);
    HeaderValue::try_from(format!("{begun:x}-{number:x}")).expect("digits are a header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forwarded(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (FORWARDED_FOR, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_proxies_that_are_believed_tell_who_asks() {
        let proxies = TrustedProxies::read("10.0.0.0/8, 192.0.2.1 ,2001:db8::/32").unwrap();
        let client =
            |peer: &str, values: &[&'static str]| proxies.client(peer.parse().unwrap(), &forwarded(values)).to_string();
        assert_eq!(client("198.51.100.1", &["203.0.113.9"]), "198.51.100.1", "anybody says anything");
        assert_eq!(client("10.1.2.3", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["1.1.1.1, 203.0.113.9, 192.0.2.1"]), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &["nobody"]), "10.1.2.3");
        assert_eq!(client("::ffff:10.1.2.3", &["2001:db8::1, 2001:db9::1"]), "2001:db9::1");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
        // Networks of one version say nothing of addresses of the other.
        let local = TrustedProxies::read("::1, 127.0.0.1, 2001:db8:1::/48").unwrap();
        let client = |peer: &str| local.client(peer.parse().unwrap(), &forwarded(&["203.0.113.9"])).to_string();
        assert_eq!(
            ["127.0.0.1", "::1", "2001:db8:1:2::3", "0.0.0.1", "::7f00:1"].map(client),
            ["203.0.113.9", "203.0.113.9", "203.0.113.9", "0.0.0.1", "::7f00:1"]
        );
        for text in ["x", "10.0.0.0/33", "10.0.0.0/-1"] {
            assert!(TrustedProxies::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn each_client_has_a_share_of_its_own() {
        let limits = ClientLimits::new(3, TrustedProxies::default());
        let now = Instant::now();
        let ask_of = |tenant, peer: &str, seconds| {
            let client = limits.client(peer.parse().unwrap(), &HeaderMap::new());
            let counted = limits.count(tenant, client, now + Duration::from_secs(seconds));
            counted.map(|allowance| allowance.unwrap().left).map_err(|complaint| complaint.answer().status().as_u16())
        };
        let ask = |peer, seconds| ask_of(Some("acme"), peer, seconds);
        let (one, other) = ("192.0.2.1", "192.0.2.2");
        assert_eq!([ask(one, 0), ask(one, 0), ask(one, 0), ask(one, 0)], [Ok(2), Ok(1), Ok(0), Err(429)]);
        assert_eq!(ask(other, 0), Ok(2));
        assert_eq!([ask_of(Some("public"), one, 0), ask_of(None, one, 0), ask_of(None, one, 0)], [Ok(2), Ok(2), Ok(1)]);
        assert_eq!([ask(one, 19), ask(one, 20), ask(one, 20)], [Err(429), Ok(0), Err(429)]);
        assert_eq!(ask(one, 1_000), Ok(2));
        // Whoever has a network has one share.
        assert_eq!([ask("2001:db8::1", 0), ask("2001:db8::2", 0)], [Ok(2), Ok(1)]);
        let without = ClientLimits::new(0, TrustedProxies::default());
        assert_eq!(without.count(None, one.parse().unwrap(), now).ok(), Some(None));
    }
}
