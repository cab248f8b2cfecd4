//! What names a repository: its clone URL, its purl, or a checkout with a remote.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use domain::Timestamp;
use domain::purl::Purl;
use domain::repository_link::{clone_url, repository_of};
use ingest::source::gitlog::{self, GitSource, Options};

use crate::service::{Error, Result};

/// A place that does not say which repository it is of: whoever asks has to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{place}` does not say which repository it is: {reason}")]
pub struct Unnamed {
    /// The place.
    place: String,
    /// Why not.
    reason: &'static str,
}

/// The repository, and where its history is read.
///
/// # Errors
/// [`Error::Invalid`], of [`Unnamed`] too; [`Error::Refused`] for a checkout that cannot be read.
pub(super) async fn found(place: &str, named: Option<&str>, observed_at: Timestamp) -> Result<(String, String)> {
    let named = named.map(|repo| Purl::parse_repository(repo).map_err(|error| Error::invalid("repo", error)));
    let named = named.transpose()?.map(|purl| purl.id);
    if place.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkg:")) {
        let purl = Purl::parse_repository(place).map_err(|error| Error::invalid("place", error))?;
        let url = clone_url(&purl.id)
            .ok_or_else(|| Error::invalid("place", format!("{}: no clone URL is known", purl.id)))?;
        return Ok((named.unwrap_or(purl.id), url));
    }
    let is_file = place.starts_with("file://");
    let is_elsewhere = !is_file && (place.contains("://") || place.starts_with("git@"));
    if is_elsewhere {
        // A page of a repository, or its address for ssh, is read where everybody may.
        let known = repository_of(place);
        let source = known.as_deref().and_then(clone_url).unwrap_or_else(|| place.to_owned());
        let unnamed = || unnamed(place, "its host is not one whose addresses say so");
        return Ok((named.or(known).ok_or_else(unnamed)?, source));
    }
    let source = GitSource::from_argument(OsStr::new(place)).map_err(|error| {
        let link = repository_of(place).filter(|_| !Path::new(place).exists());
        match link.as_deref().and_then(clone_url) {
            Some(url) => Error::invalid("place", format!("{error}: did you mean {url}")),
            None => Error::refused(error),
        }
    })?;
    let repo = match named {
        Some(repo) => repo,
        None => remote(source, place, observed_at).await?,
    };
    Ok((repo, place.to_owned()))
}

/// The repository that the remote of a checkout is.
async fn remote(source: GitSource, place: &str, observed_at: Timestamp) -> Result<String> {
    // Git is a child process; the runtime has other threads.
    let (timeout, interrupted) = (gitlog::DEFAULT_TIMEOUT, Arc::default());
    let options =
        Options { observed_at, since_months: None, branch: None, key: None, timeout, scratch: None, interrupted };
    let asked = tokio::task::spawn_blocking(move || gitlog::origin(&source, &options)).await;
    let url = asked.map_err(Error::refused)?.map_err(Error::refused)?;
    let url = url.ok_or_else(|| unnamed(place, "it has no remote `origin`"))?;
    repository_of(&url).ok_or_else(|| unnamed(place, "its remote `origin` is on no host whose addresses say so"))
}

fn unnamed(place: &str, reason: &'static str) -> Error {
    let place = domain::redact::emails(place).into_owned();
    Error::invalid("repo", Unnamed { place, reason })
}
