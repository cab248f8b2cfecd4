//! A code host, asked for what it says of one repository. No address is built in: whoever runs the program says which
//! hosts it may ask.

use std::time::Duration;

use domain::facts::Subject;
use reqwest::Url;
use reqwest::header::HeaderValue;
use thiserror::Error;

use super::{MAX_DOCUMENT_BYTES, parse, reading};
use crate::source::clean::to_bytes;
use crate::source::fetch::{AnswerShape, FetchError, FetchOptions, Http, UnusableAddress, base, below};
use crate::source::{Reading, Refused};

/// The environment variables that name the hosts, and those that hold the tokens they let in by.
pub mod variable {
    /// GitHub's API, or another that answers as it does: `{base}/repos/OWNER/NAME`.
    pub const GITHUB: &str = "PG_ATLAS_GITHUB_URL";
    /// What it lets in by; optional.
    pub const GITHUB_TOKEN: &str = "PG_ATLAS_GITHUB_TOKEN";
    /// GitLab's API: `{base}/projects/GROUP%2FNAME`.
    pub const GITLAB: &str = "PG_ATLAS_GITLAB_URL";
    /// What it lets in by; optional.
    pub const GITLAB_TOKEN: &str = "PG_ATLAS_GITLAB_TOKEN";
}

/// The hosts that can be asked, with the type of their purls.
const HOSTS: [HostKind; 2] = [
    HostKind { purl_type: "github", url: variable::GITHUB, token: variable::GITHUB_TOKEN, page: repos_of_owners },
    HostKind { purl_type: "gitlab", url: variable::GITLAB, token: variable::GITLAB_TOKEN, page: projects_of_groups },
];

/// A kind of host.
#[derive(Clone, Copy, Debug)]
struct HostKind {
    purl_type: &'static str,
    url: &'static str,
    token: &'static str,
    /// Where it speaks of the repository at a path.
    page: fn(&Url, &str) -> Url,
}

fn repos_of_owners(base: &Url, path: &str) -> Url {
    let segments: Vec<&str> = ["repos"].into_iter().chain(path.split('/')).collect();
    below(base, &segments)
}

fn projects_of_groups(base: &Url, path: &str) -> Url {
    below(base, &["projects", path])
}

/// Why a host cannot be asked.
#[derive(Debug, Error)]
pub enum HostError {
    /// Its address is unusable.
    #[error(transparent)]
    Address(#[from] UnusableAddress),
    /// Its token is. Never its text.
    #[error("{variable}: {reason}")]
    Token {
        /// The variable that holds it.
        variable: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing can be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// How a host is asked: somebody waits for the one answer.
#[must_use]
pub fn options() -> FetchOptions {
    FetchOptions {
        interval: Duration::ZERO,
        tries: 2,
        backoff: Duration::from_secs(1),
        longest_wait: Duration::from_secs(10),
        request_timeout: Duration::from_secs(30),
        max_wire_bytes: MAX_DOCUMENT_BYTES as u64,
        max_answer_bytes: MAX_DOCUMENT_BYTES as u64,
        ..FetchOptions::default()
    }
}

/// A host of which the address is known.
#[derive(Debug)]
pub struct HostClient {
    kind: HostKind,
    base: Url,
    http: Http,
}

impl HostClient {
    /// The host of the repository with this canonical id, by the variables that `get` reads; `None` where it is no host
    /// that can be asked, or has no address.
    ///
    /// # Errors
    /// When the address or the token is unusable, or HTTP cannot be set up.
    pub fn of<E: ToString>(
        repo: &str,
        options: FetchOptions,
        get: impl Fn(&'static str) -> Result<Option<String>, E>,
    ) -> Result<Option<Self>, HostError> {
        let purl_type = repo.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map(|(kind, _)| kind);
        let Some(kind) = HOSTS.into_iter().find(|kind| Some(kind.purl_type) == purl_type) else { return Ok(None) };
        let Some(base) = base(kind.url, &get)? else { return Ok(None) };
        let wrong = |reason: String| HostError::Token { variable: kind.token, reason };
        let token = get(kind.token).map_err(|error| wrong(error.to_string()))?;
        let token = token.map(|token| token.trim().to_owned()).filter(|token| !token.is_empty());
        if token.is_some() && !is_private(&base) {
            return Err(wrong(format!("it would be sent for all to read: {} begins with http://", kind.url)));
        }
        let header = |token: String| {
            let value = HeaderValue::try_from(format!("Bearer {token}"));
            value.map_err(|_| wrong("no request can hold it".to_owned()))
        };
        let http = Http::new(std::iter::once(&base), options)?.with_token(token.map(header).transpose()?);
        Ok(Some(Self { kind, base, http }))
    }

    /// What the host says of the repository.
    ///
    /// # Errors
    /// When it does not answer, or with something that does not describe a repository.
    pub async fn look_up(&mut self, subject: Subject) -> Result<Reading, Refused> {
        let path = subject.id.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map_or("", |(_, path)| path);
        let url = (self.kind.page)(&self.base, path);
        let answer = self.http.get(&url, AnswerShape::Json).await;
        let answer = answer.map_err(|failure| Refused::whole(failure.to_string()))?;
        parse(&to_bytes(&answer), subject).map(reading)
    }
}

/// Whether what is sent to an address is read by nobody else: by way of TLS, or on this machine.
fn is_private(base: &Url) -> bool {
    let here = |host: &str| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
    };
    base.scheme() == "https" || base.host_str().is_some_and(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(repo: &str, url: &str, token: &str) -> Result<Option<HostClient>, HostError> {
        let said = |name: &'static str| if name.ends_with("_URL") { url } else { token };
        HostClient::of(repo, options(), |name| Ok::<_, String>(Some(said(name).to_owned())))
    }

    #[test]
    fn a_repository_has_a_page_on_its_host() {
        let page = |repo: &str| {
            let host = host(repo, "https://host.example/api/v4/", "").unwrap().unwrap();
            let path = repo.split_once('/').unwrap().1.to_owned();
            (host.kind.page)(&host.base, &path).to_string()
        };
        assert_eq!(page("pkg:github/o/r.js"), "https://host.example/api/v4/repos/o/r.js");
        assert_eq!(page("pkg:gitlab/group/sub/name"), "https://host.example/api/v4/projects/group%2Fsub%2Fname");
        for elsewhere in ["pkg:bitbucket/o/r", "pkg:npm/x", "p:a"] {
            assert!(host(elsewhere, "https://host.example/", "").unwrap().is_none(), "{elsewhere}");
        }
        assert!(host("pkg:github/o/r", " ", "HUNTER2").unwrap().is_none(), "no address, nobody to ask");
    }

    #[test]
    fn a_token_is_neither_shown_nor_sent_for_all_to_read() {
        for (url, token) in [
            ("http://host.example/", "HUNTER2"),
            ("http://127.0.0.1.example/", "HUNTER2"),
            ("https://host.example/", "HUNTER2\nX: y"),
        ] {
            let error = host("pkg:github/o/r", url, token).unwrap_err().to_string();
            assert!(error.starts_with("PG_ATLAS_GITHUB_TOKEN: ") && !error.contains("HUNTER2"), "{error}");
        }
        for url in ["https://host.example/", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost/"] {
            let shown = format!("{:?}", host("pkg:gitlab/o/r", url, " HUNTER2 ").unwrap().unwrap());
            assert!(!shown.contains("HUNTER2"), "{shown}");
        }
        assert!(host("pkg:github/o/r", "http://host.example/", "").unwrap().is_some(), "nothing to hide");
        let error = host("pkg:github/o/r", "https://ann:HUNTER2@host.example/", "").unwrap_err().to_string();
        assert!(error.starts_with("PG_ATLAS_GITHUB_URL: ") && !error.contains("HUNTER2"), "{error}");
    }
}
