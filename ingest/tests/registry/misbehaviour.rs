use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use ingest::source::fetch::FetchOptions;
use ingest::source::registry::{CrawlRefused, Crawled, Crawler, RegistryConfig};

use crate::crawl::{config, crawler, options};
use crate::samples::{NPM, purl};
use crate::server::{Reply, Request, Server};

const GOOD: &str = "{\"name\":\"x\"}";

async fn look_up(crawler: &mut Crawler) -> Result<Crawled, CrawlRefused> {
    crawler.look_up(&purl("pkg:npm/x")).await
}

/// The reason why `x` is refused, and how often it was asked for.
async fn refused(options: FetchOptions, reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (String, usize) {
    let server = Server::start(reply).await;
    let error = look_up(&mut Crawler::new(config(&server), options).expect("a crawler")).await.expect_err("refused");
    assert_eq!(error.purl, "pkg:npm/x");
    (error.reason, server.requests().len())
}

/// How often `x` was asked for until it was read.
async fn read_after(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> usize {
    let server = Server::start(reply).await;
    look_up(&mut crawler(&server)).await.expect("read in the end");
    server.requests().len()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[tokio::test]
async fn passing_failures_are_tried_again() {
    for bad in [
        Reply::status(500),
        Reply::status(503).header("Retry-After", "0"),
        Reply::status(429).header("Retry-After", "1"),
        Reply::status(429).header("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"),
        Reply::status(429).header("Retry-After", "soon"),
        Reply::hangup(),
        Reply::json(&GOOD[..5]).announcing(GOOD.len()),
        Reply::json(&GOOD[..5]).until_close(),
        Reply::json(GOOD).announcing(GOOD.len() - 1),
    ] {
        let case = format!("{bad:?}");
        let asked = read_after(move |request| if request.nth == 0 { bad.clone() } else { Reply::json(GOOD) }).await;
        assert_eq!(asked, 2, "{case}");
    }
}

#[tokio::test]
async fn tries_are_bounded() {
    let (reason, asked) = refused(options(), |_| Reply::status(502)).await;
    assert_eq!((reason.as_str(), asked), ("packument: answered with status 502", 3));
    let (reason, asked) = refused(options(), |_| Reply::hangup()).await;
    assert!(reason.starts_with("packument: the connection failed: "), "{reason}");
    assert_eq!(asked, 3);
}

#[tokio::test]
async fn lasting_failures_are_not() {
    for (reply, expected) in [
        (Reply::status(404), "not known there"),
        (Reply::status(410), "not known there"),
        (Reply::status(401), "answered with status 401"),
        (Reply::status(403), "answered with status 403"),
        (Reply::status(206).body(GOOD), "answered with status 206"),
        (Reply::status(304), "`not modified`, though nothing was kept"),
        (Reply::json(GOOD).header("Content-Type", "text/html"), "the answer is no JSON but `text/html`"),
        (Reply::json("<html>"), "the answer is no JSON: expected value at line 1 column 1"),
        (Reply::json("[]"), "expected an object, found a list"),
        (Reply::json(NPM), "the answer is about another package, `@stellar/stellar-base`"),
        (Reply::json(GOOD).header("Content-Encoding", "br"), "the answer has the unknown encoding `br`"),
        (Reply::json(GOOD).header("Content-Encoding", "gzip"), "the answer cannot be unpacked: invalid gzip header"),
    ] {
        let (reason, asked) = refused(options(), move |_| reply.clone()).await;
        assert!(reason.ends_with(expected), "{reason}");
        assert_eq!(asked, 1, "{expected}");
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_a_long_rest_gets_it() {
    let server = Server::start(|_| Reply::status(429).header("Retry-After", "86400")).await;
    let mut crawler = crawler(&server);
    let error = look_up(&mut crawler).await.unwrap_err();
    assert!(error.reason.contains("asked to wait longer than 120s"), "{error}");
    // Nor is it asked about the next package.
    let error = crawler.look_up(&purl("pkg:npm/y")).await.unwrap_err();
    assert!(error.reason.contains("asked to wait longer than 120s"), "{error}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn slowness_has_an_end() {
    let hasty = |request_ms, read_ms| FetchOptions {
        request_timeout: Duration::from_millis(request_ms),
        read_timeout: Duration::from_millis(read_ms),
        ..options()
    };
    let drip = || Reply::json(NPM).dripping(1, Duration::from_millis(10));
    let (reason, asked) = refused(hasty(300, 60_000), move |_| drip()).await;
    assert_eq!(reason, "packument: no answer in time");
    assert!(asked <= 3);
    let (reason, _) = refused(hasty(60_000, 200), |_| Reply::silence()).await;
    assert_eq!(reason, "packument: no answer in time");
}

#[tokio::test]
async fn size_has_an_end() {
    let small = || FetchOptions { max_wire_bytes: 10_000, max_answer_bytes: 50_000, ..options() };
    let big = format!("{{\"name\":\"x\",\"readme\":\"{}\"}}", "a".repeat(40_000));
    let (announced, endless, packed) = (big.clone(), big.clone(), gzip(big.as_bytes()));

    let (reason, asked) = refused(small(), move |_| Reply::json(&announced)).await;
    assert_eq!((reason.as_str(), asked), ("packument: the answer is larger than 10000 bytes", 1));
    let (reason, _) = refused(small(), move |_| Reply::json(&endless).until_close()).await;
    assert_eq!(reason, "packument: the answer is larger than 10000 bytes");
    let (reason, _) = refused(small(), |_| Reply::json(GOOD).announcing(usize::MAX >> 1)).await;
    assert_eq!(reason, "packument: the answer is larger than 10000 bytes");

    let server = Server::start(move |_| Reply::json(&packed).header("Content-Encoding", "gzip")).await;
    look_up(&mut Crawler::new(config(&server), small()).unwrap()).await.unwrap();
    // Zeros pack a thousandfold.
    let bomb = gzip(&vec![b' '; 5_000_000]);
    assert!(bomb.len() < 10_000);
    let (reason, asked) = refused(small(), move |_| Reply::json(&bomb).header("Content-Encoding", "gzip")).await;
    assert_eq!((reason.as_str(), asked), ("packument: the answer is larger than 50000 bytes", 1));
    let half = gzip(NPM.as_bytes());
    let half = half[..half.len() / 2].to_vec();
    let (reason, _) = refused(options(), move |_| Reply::json(&half).header("Content-Encoding", "gzip")).await;
    assert!(reason.contains("cannot be unpacked"), "{reason}");
}

#[tokio::test]
async fn a_body_longer_than_announced_spoils_nothing_after_it() {
    let server = Server::start(|request| match request.path.as_str() {
        "/x" => {
            Reply::json("{\"name\":\"x\"}HTTP/1.1 200 x\r\nContent-Length: 12\r\n\r\n{\"name\":\"z\"}").announcing(12)
        }
        _ => Reply::json("{\"name\":\"y\"}"),
    })
    .await;
    let mut crawler = crawler(&server);
    assert_eq!(look_up(&mut crawler).await.unwrap().facts.purl, "pkg:npm/x");
    let y = crawler.look_up(&purl("pkg:npm/y")).await.unwrap();
    assert_eq!(y.facts.purl, "pkg:npm/y");
}

#[tokio::test]
async fn redirects_stay_at_home() {
    let asked = read_after(|request| match request.path.as_str() {
        "/x" => Reply::redirect("/mirror/x"),
        _ => Reply::json(GOOD),
    });
    assert_eq!(asked.await, 2);
    let (reason, asked) = refused(options(), |_| Reply::redirect("/x")).await;
    assert_eq!((reason.as_str(), asked), ("packument: redirected too often", 6));
    for (to, expected) in [
        ("file:///etc/hostname", "packument: redirected to a less safe scheme"),
        ("http://[", "packument: redirected to something that is no address"),
        ("http://127.0.0.1:9/x", "packument: redirected to a host that is not configured"),
    ] {
        let (reason, asked) = refused(options(), move |_| Reply::redirect(to)).await;
        assert_eq!((reason.as_str(), asked), (expected, 1));
    }
    let (reason, _) = refused(options(), |_| Reply::status(301)).await;
    assert_eq!(reason, "packument: redirected to nowhere");
}

#[tokio::test]
async fn redirects_between_configured_hosts_are_followed() {
    let elsewhere = Server::start(|_| Reply::json(GOOD)).await;
    let to = elsewhere.url().join("x").unwrap();
    let server = Server::start(move |_| Reply::redirect(to.as_str())).await;
    let error = look_up(&mut crawler(&server)).await.unwrap_err();
    assert!(error.reason.contains("not configured"), "{error}");
    assert_eq!(elsewhere.paths(), [""; 0], "an unknown host is never asked");

    let both = RegistryConfig { npm_downloads: None, pypi: Some(elsewhere.url()), ..config(&server) };
    look_up(&mut Crawler::new(both, options()).unwrap()).await.unwrap();
    assert_eq!(elsewhere.paths(), ["/x"]);
}
