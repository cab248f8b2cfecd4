use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use domain::purl::Purl;
use ingest::source::fetch::FetchOptions;
use ingest::source::registry::{
    CrawlProgress, Crawled, Crawler, RegistryConfig, parse_crates_index, parse_npm, parse_pypi,
};
use serde_json::json;

use crate::samples::{CRATES, NPM, PYPI, assert_no_address, encoded, purl};
use crate::server::{Reply, Server};

/// In a hurry, and patient enough for a busy machine.
pub(crate) fn options() -> FetchOptions {
    FetchOptions { interval: Duration::ZERO, tries: 3, backoff: Duration::from_millis(1), ..FetchOptions::default() }
}

/// Every registry, without downloads, behind one server.
pub(crate) fn config(server: &Server) -> RegistryConfig {
    RegistryConfig {
        npm: Some(server.url()),
        crates_index: Some(server.url()),
        pypi: Some(server.url()),
        ..RegistryConfig::default()
    }
}

pub(crate) fn crawler(server: &Server) -> Crawler {
    Crawler::new(config(server), options()).expect("a crawler")
}

fn cached(server: &Server, folder: &Path) -> Crawler {
    Crawler::new(config(server), FetchOptions { cache: Some(folder.to_owned()), ..options() }).expect("a crawler")
}

/// A line of the sparse index about `name`.
fn line(name: &str, dependencies: &[&str]) -> String {
    let deps: Vec<_> = dependencies.iter().map(|name| json!({"name": name, "req": "^1", "kind": "normal"})).collect();
    json!({"name": name, "vers": "1.0.0", "deps": deps}).to_string()
}

/// An index of crates that depend on one another, each answer tagged by name.
async fn index(crates: &'static [(&'static str, &'static [&'static str])]) -> Server {
    let crates: BTreeMap<_, _> = crates.iter().copied().collect();
    Server::start(move |request| {
        let name = request.path.rsplit('/').next().unwrap_or("");
        let Some(dependencies) = crates.get(name) else { return Reply::status(404) };
        let tag = format!("\"{name}\"");
        if request.headers.get("if-none-match") == Some(&tag) {
            return Reply::status(304).header("ETag", tag);
        }
        Reply::json(line(name, dependencies)).header("ETag", tag)
    })
    .await
}

/// What a walk yields, package by package, a `!` before those refused; and how far it was at the end.
async fn walked(crawler: &mut Crawler, from: &[&str], hops: u32) -> (Vec<String>, CrawlProgress) {
    let from: Vec<Purl> = from.iter().map(|text| purl(text)).collect();
    let mut walk = crawler.walk(&from, hops).expect("configured");
    let mut found = Vec::new();
    while let Some(step) = walk.next().await {
        found.push(match step {
            Ok(crawled) => crawled.facts.purl.replace("pkg:cargo/", ""),
            Err(refused) => format!("!{}", refused.purl.replace("pkg:cargo/", "")),
        });
    }
    (found, walk.progress())
}

#[tokio::test]
async fn looks_packages_up_in_their_registries() {
    let server = Server::start(|request| match request.path.as_str() {
        "/npm/@stellar%2Fstellar-base" => Reply::json(NPM),
        "/st/el/stellar-xdr" => Reply::status(200).body(CRATES).header("Content-Type", "text/plain"),
        "/pypi/stellar-sdk/json" => Reply::json(PYPI),
        _ => Reply::status(404),
    })
    .await;
    let config = RegistryConfig { npm: Some(server.url().join("npm").unwrap()), ..config(&server) };
    let contact = Some("https://atlas.example".to_owned());
    let mut crawler = Crawler::new(config, FetchOptions { contact, ..options() }).unwrap();
    let npm = purl("pkg:npm/%40stellar/stellar-base");
    let crates = purl("pkg:cargo/stellar-xdr");
    let pypi = purl("pkg:pypi/stellar-sdk");
    for (asked, parsed) in [
        (&npm, parse_npm(&npm, NPM.as_bytes())),
        (&crates, parse_crates_index(&crates, CRATES.as_bytes())),
        (&pypi, parse_pypi(&pypi, PYPI.as_bytes())),
    ] {
        let parsed = parsed.unwrap();
        let expected = Crawled { facts: parsed.facts, cleaned: parsed.cleaned, warnings: parsed.warnings };
        assert_eq!(crawler.look_up(asked).await.unwrap(), expected);
    }
    let request = &server.requests()[0];
    let agent = format!("pg-atlas/{} (https://atlas.example)", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.headers["user-agent"], agent);
    assert_eq!(request.headers["accept-encoding"], "gzip");
    assert!(!request.headers.contains_key("if-none-match") && !request.headers.contains_key("referer"));
}

#[tokio::test]
async fn downloads_and_metadata_come_from_addresses_of_their_own() {
    let index = Server::start(|_| Reply::json(line("x", &[]))).await;
    let api = Server::start(|request| match request.path.as_str() {
        "/api/v1/crates/x" => Reply::json("{\"crate\":{\"recent_downloads\":90}}"),
        "/downloads/point/last-month/y" => Reply::status(404),
        "/api/packages/z/recent?period=month" => Reply::status(500),
        _ => Reply::json("{\"name\":\"y\",\"info\":{\"name\":\"z\"}}"),
    })
    .await;
    let config = RegistryConfig {
        crates_index: Some(index.url()),
        crates_api: Some(api.url()),
        npm: Some(api.url()),
        npm_downloads: Some(api.url()),
        pypi: Some(api.url()),
        pypi_downloads: Some(api.url()),
    };
    let mut crawler = Crawler::new(config, options()).unwrap();
    let x = crawler.look_up(&purl("pkg:cargo/x")).await.unwrap();
    assert_eq!(x.facts.downloads_30d(), Some(30));
    // No count for a package is news, a failing count is none.
    let y = crawler.look_up(&purl("pkg:npm/y")).await.unwrap();
    assert_eq!(y.facts.downloads, None);
    assert!(y.warnings.iter().any(|warning| warning.starts_with("downloads: ")), "{:?}", y.warnings);
    let z = crawler.look_up(&purl("pkg:pypi/z")).await.unwrap_err();
    assert_eq!(z.to_string(), "pkg:pypi/z: downloads: answered with status 500");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start(|request| match request.headers.get("if-none-match").map(String::as_str) {
        Some("W/\"one\"") if request.nth < 3 => Reply::status(304),
        _ => Reply::json(NPM).header("ETag", "W/\"one\""),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let asked = purl("pkg:npm/@stellar/stellar-base");
    let first = cached(&server, folder.path()).look_up(&asked).await.unwrap();
    let again = cached(&server, folder.path()).look_up(&asked).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(server.requests()[1].headers["if-none-match"], "W/\"one\"");
    encoded(again.facts);

    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_no_address(&std::fs::read_to_string(&files[0]).unwrap());
    // A damaged file is as good as none.
    std::fs::write(&files[0], "{}").unwrap();
    assert_eq!(cached(&server, folder.path()).look_up(&asked).await.unwrap(), first);
    assert!(!server.requests()[2].headers.contains_key("if-none-match"));
    // A new answer replaces the old one.
    assert_eq!(cached(&server, folder.path()).look_up(&asked).await.unwrap(), first);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn walks_breadth_first_in_the_order_of_names() {
    let server = index(&[
        ("aaaa", &["dddd", "cccc", "aaaa"]),
        ("bbbb", &["cccc", "gone"]),
        ("cccc", &["eeee", "aaaa"]),
        ("dddd", &["eeee"]),
        ("eeee", &["ffff"]),
        ("ffff", &[]),
    ])
    .await;
    let mut crawler = crawler(&server);
    let from = ["pkg:cargo/bbbb@1.0", "pkg:cargo/aaaa", "pkg:cargo/bbbb"];
    let (found, end) = walked(&mut crawler, &from, 2).await;
    assert_eq!(found, ["bbbb", "aaaa", "cccc", "dddd", "!gone", "eeee"]);
    assert_eq!(end, CrawlProgress { crawled: 5, refused: 1, waiting: 0, left_out: 0, hop: 2 });
    assert_eq!(server.requests().len(), 6, "each package is asked for once");
    let (found, _) = walked(&mut crawler, &from, 0).await;
    assert_eq!(found, ["bbbb", "aaaa"]);
}

#[tokio::test]
async fn a_walk_is_bounded() {
    let server = index(&[("aaaa", &["bbbb", "cccc", "dddd"]), ("bbbb", &["eeee"]), ("cccc", &[]), ("dddd", &[])]).await;
    let mut crawler = Crawler::new(config(&server), options()).unwrap().at_most(2);
    let (found, end) = walked(&mut crawler, &["pkg:cargo/aaaa"], 9).await;
    assert_eq!(found, ["aaaa", "bbbb"]);
    assert_eq!((end.crawled, end.left_out), (2, 3));
}

#[tokio::test]
async fn a_walk_begun_again_costs_conditional_requests() {
    let server = index(&[("aaaa", &["bbbb"]), ("bbbb", &["cccc"]), ("cccc", &[])]).await;
    let folder = tempfile::tempdir().unwrap();
    let mut first = cached(&server, folder.path());
    let from = [purl("pkg:cargo/aaaa")];
    let mut walk = first.walk(&from, 2).unwrap();
    assert!(walk.next().await.unwrap().is_ok());
    assert!(walk.next().await.unwrap().is_ok());
    drop(walk);
    let (found, _) = walked(&mut cached(&server, folder.path()), &["pkg:cargo/aaaa"], 2).await;
    assert_eq!(found, ["aaaa", "bbbb", "cccc"]);
    let conditional: Vec<bool> =
        server.requests().iter().map(|request| request.headers.contains_key("if-none-match")).collect();
    assert_eq!(conditional, [false, false, true, true, false]);
}

#[tokio::test]
async fn a_step_that_is_dropped_is_taken_again() {
    let server = Server::start(|request| match request.nth {
        0 => Reply::silence(),
        _ => Reply::json(line("aaaa", &[])),
    })
    .await;
    let mut crawler = crawler(&server);
    let from = [purl("pkg:cargo/aaaa")];
    let mut walk = crawler.walk(&from, 0).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), walk.next()).await.is_err());
    assert_eq!(walk.next().await.unwrap().unwrap().facts.purl, "pkg:cargo/aaaa");
    assert!(walk.next().await.is_none());
}

#[tokio::test]
async fn what_cannot_be_looked_up_says_so() {
    let server = index(&[]).await;
    let mut crawler = crawler(&server);
    let (found, end) = walked(&mut crawler, &["pkg:golang/x.org/y", "pkg:github/o/r", "pkg:npm/a%2Fb"], 1).await;
    assert_eq!(found, ["!pkg:golang/x.org/y", "!pkg:github/o/r", "!pkg:npm/a%2Fb"]);
    assert_eq!((end.refused, server.requests().len()), (3, 0));

    let mut unset = Crawler::new(RegistryConfig { npm: None, ..config(&server) }, options()).unwrap();
    let error = unset.walk(&[purl("pkg:npm/x")], 0).unwrap_err();
    assert!(error.to_string().contains("PG_ATLAS_NPM_URL"), "{error}");
    let secret = "https://ann:s3cret@registry.example/".parse().ok();
    let error = Crawler::new(RegistryConfig { npm: secret, ..config(&server) }, options()).unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}
