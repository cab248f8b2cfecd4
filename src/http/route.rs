//! Which operation a path means. Paths are matched decoded, so an id may be one encoded segment or several.

use axum::http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

use crate::service::act::ingest::is_taken;

/// What is percent-encoded in a path that names an id: all but letters, digits and these.
pub(super) const IN_PATHS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b':');

/// An operation of the service, with what its path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Whether it works.
    Health,
    /// What there is to ask, for people.
    Docs,
    /// The same for programs.
    OpenApi,
    /// Whether the process runs.
    Live,
    /// Whether it can answer.
    Ready,
    /// Counts.
    Metadata,
    /// The list of projects.
    Projects,
    /// A project, or a part of it.
    Project(String, RoutePart),
    /// The list of Repos.
    Repos,
    /// A Repo, or a part of it.
    Repo(String, RoutePart),
    /// The list of contributors.
    Contributors,
    /// A contributor.
    Contributor(String),
    /// The list of git logs.
    GitLogs,
    /// A git log.
    GitLog(String),
    /// The list of bills of materials; also where they are sent.
    Sboms,
    /// A bill of materials.
    Sbom(String),
    /// Where documents of a kind are sent, or many of any.
    Ingest(String),
}

/// A part of a project or Repo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoutePart {
    /// It whole.
    Whole,
    /// Its Repos.
    Repos,
    /// Its contributors.
    Contributors,
    /// Its dependencies.
    DependsOn,
    /// Its dependents.
    HasDependents,
}

/// Parts by the last segment of a path.
const PARTS: [(&str, RoutePart); 4] = [
    ("/repos", RoutePart::Repos),
    ("/contributors", RoutePart::Contributors),
    ("/depends-on", RoutePart::DependsOn),
    ("/has-dependents", RoutePart::HasDependents),
];

impl Route {
    /// The operation that a decoded path means.
    pub(super) fn of(path: &str) -> Option<Self> {
        let fixed = match path {
            "/health" => Some(Self::Health),
            "/docs" | "/redoc" => Some(Self::Docs),
            "/openapi.json" => Some(Self::OpenApi),
            "/live" => Some(Self::Live),
            "/ready" => Some(Self::Ready),
            "/metadata" => Some(Self::Metadata),
            "/projects" => Some(Self::Projects),
            "/repos" => Some(Self::Repos),
            "/contributors" => Some(Self::Contributors),
            "/gitlog" => Some(Self::GitLogs),
            "/ingest/sbom" => Some(Self::Sboms),
            _ => None,
        };
        let segment = |rest: &str| (!rest.is_empty() && !rest.contains('/')).then(|| rest.to_owned());
        let part = |rest: &str| {
            let found = PARTS.iter().find_map(|(end, part)| Some((rest.strip_suffix(end)?.to_owned(), *part)));
            found.unwrap_or_else(|| (rest.to_owned(), RoutePart::Whole))
        };
        fixed.or_else(|| {
            if let Some(rest) = path.strip_prefix("/projects/") {
                let (id, part) = part(rest);
                return segment(&id).map(|id| Self::Project(id, part));
            }
            if let Some(rest) = path.strip_prefix("/repos/") {
                let (id, part) = match part(rest) {
                    (_, RoutePart::Repos) => (rest.to_owned(), RoutePart::Whole),
                    found => found,
                };
                return Some(Self::Repo(id, part));
            }
            let one = |prefix: &str| path.strip_prefix(prefix).and_then(segment);
            one("/contributors/")
                .map(Self::Contributor)
                .or_else(|| one("/gitlog/").map(Self::GitLog))
                .or_else(|| one("/ingest/sbom/").map(Self::Sbom))
                .or_else(|| one("/ingest/").filter(|kind| is_taken(kind)).map(Self::Ingest))
        })
    }

    /// Whether a decoded path, of whatever tenant, is one that documents are sent to.
    pub(super) fn takes_documents(path: &str) -> bool {
        path.rsplit_once("/ingest/").is_some_and(|(_, kind)| is_taken(kind))
    }

    /// The methods that it takes.
    pub(super) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Sboms => &[Method::POST, Method::GET],
            Self::Ingest(_) => &[Method::POST],
            _ => &[Method::GET],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_come_before_the_whole_of_an_id_with_slashes() {
        let id = |id: &str, part| Some(Route::Repo(id.to_owned(), part));
        assert_eq!(Route::of("/repos/pkg:github/a/b/depends-on"), id("pkg:github/a/b", RoutePart::DependsOn));
        assert_eq!(Route::of("/repos/pkg:github/a/b/depends-on/"), id("pkg:github/a/b/depends-on/", RoutePart::Whole));
        assert_eq!(Route::of("/repos/depends-on"), id("depends-on", RoutePart::Whole));
        assert_eq!(Route::of("/repos/"), id("", RoutePart::Whole));
        assert_eq!(Route::of("/projects/a/b"), None);
        assert_eq!(Route::of("/projects/a/repos"), Some(Route::Project("a".to_owned(), RoutePart::Repos)));
        assert_eq!(Route::of("//projects"), None);
    }
}
