//! A code host, asked for one repository: what goes out, what comes back, and what is left alone.

use domain::facts::Subject;
use ingest::source::fetch::FetchOptions;
use ingest::source::repo::host::{HostClient, variable};
use ingest::source::{Reading, Refused};
use serde_json::json;

use super::crawl::options;
use super::server::{Reply, Server};

const REPO: &str = "pkg:github/o/r";

fn subject(repo: &str) -> Subject {
    Subject { id: repo.to_owned(), spelled: repo.to_owned(), project: None }
}

async fn asked(server: &Server, token: &str, options: FetchOptions, repo: &str) -> Result<Reading, Refused> {
    let url = server.url().join("api").expect("an address").to_string();
    let said = |name: &'static str| match name {
        variable::GITHUB | variable::GITLAB => url.clone(),
        _ => token.to_owned(),
    };
    let mut host =
        HostClient::of(repo, options, |name| Ok::<_, String>(Some(said(name)))).expect("an address").expect("a host");
    host.look_up(subject(repo)).await
}

#[tokio::test]
async fn what_a_host_says_is_read_and_cleaned() {
    let server = Server::start(|request| match request.path.as_str() {
        "/api/repos/o/r" => Reply::redirect("/api/repositories/7"),
        "/api/repositories/7" => Reply::json(
            json!({"full_name": "O/New", "stargazers_count": 3, "forks_count": 1, "owner": {"email": "ann@example.org"}})
                .to_string(),
        ),
        "/api/projects/group%2Fsub%2Fname" => {
            Reply::json(json!({"path_with_namespace": "group/sub/name", "star_count": 5}).to_string())
        }
        _ => Reply::status(404),
    })
    .await;
    let read = asked(&server, "HUNTER2", options(), REPO).await.unwrap();
    assert_eq!(json!([read.summary["full_name"], read.summary["stars"]]), json!(["pkg:github/o/new", 3]));
    let kept = String::from_utf8(read.documents[0].to_vec()).unwrap();
    assert!(!kept.contains("ann@example.org"), "{kept}");
    let read = asked(&server, "", options(), "pkg:gitlab/group/sub/name").await.unwrap();
    assert_eq!(read.summary["stars"], 5);
    let tokens: Vec<_> =
        server.requests().iter().map(|request| request.headers.get("authorization").cloned()).collect();
    let bearer = Some("Bearer HUNTER2".to_owned());
    assert_eq!(tokens, [bearer.clone(), bearer, None], "the token goes along on its host");
}

#[tokio::test]
async fn a_host_that_leads_elsewhere_gets_nobody_the_token() {
    let elsewhere = Server::start(|_| Reply::json(r#"{"stargazers_count": 1}"#)).await;
    let there = elsewhere.url().to_string();
    let server = Server::start(move |_| Reply::redirect(&there)).await;
    let refused = asked(&server, "HUNTER2", options(), REPO).await.unwrap_err();
    assert_eq!(refused.reason, "redirected to a host that is not configured");
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn what_describes_no_repository_is_refused_and_says_nothing_of_the_token() {
    let small = FetchOptions { max_wire_bytes: 200, ..options() };
    for (reply, said) in [
        (Reply::status(404), "not known there"),
        (Reply::status(401), "answered with status 401"),
        (Reply::status(403).body("rate limit exceeded"), "answered with status 403"),
        (Reply::status(500), "answered with status 500"),
        (Reply::json(r#"{"message": "Bad credentials"}"#), "nothing about a repository was found"),
        (Reply::json("[]"), "expected a JSON object"),
        (Reply::json("x".repeat(300)), "larger than 200 bytes"),
        (Reply::status(200).body("<html>").header("Content-Type", "text/html"), "no JSON but `text/html`"),
        (Reply::hangup(), "the connection failed"),
    ] {
        let server = Server::start(move |_| reply.clone()).await;
        let refused = asked(&server, "HUNTER2", small.clone(), REPO).await.unwrap_err();
        assert!(refused.reason.contains(said) && !refused.reason.contains("HUNTER2"), "{refused}");
    }
}
