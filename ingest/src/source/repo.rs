//! Source `repo`: what a code host says about a repository, as its REST API serves it: in the shape of GitHub,
//! GitLab or Gitea, told by the fields that are there.

use domain::digest::Digest;
use domain::facts::registry::Release;
use domain::facts::repo::RepoObserved;
use domain::facts::{DocumentRef, Subject};
use domain::repository_link::repository_at;
use serde_json::{Map, Value, json};

use super::clean::{clean, to_bytes};
use super::read::{FieldWarnings, MAX_RELEASES, kind};
use super::{Reading, Reads, Refused, SourceKind, encoding};

pub mod host;

/// Host facts.
pub const KIND: SourceKind = SourceKind {
    name: "repo",
    documents: "Host facts of a repository: JSON as GitHub, GitLab or Gitea serve it; one event",
    answer: &["format", "format_version", "full_name", "stars", "forks", "archived"],
    pseudonymous: false,
    publishing: false,
    reads: Reads::Repository(|document, subject, _| parse(&document, subject).map(reading)),
};

/// Greatest size of a document, in bytes: 16 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// The fields of which a document has at least one.
const FIELDS: &str = "full_name (or path_with_namespace), stargazers_count (or star_count, stars_count, stars), \
    forks_count (or forks), private, visibility, archived, fork, parent (or forked_from_project), default_branch, \
    license, description, pushed_at, releases, latest_release";
/// Names of a repository with its owner, the host's own first: GitHub and Gitea, GitLab.
const FULL_NAMES: [&str; 2] = ["full_name", "path_with_namespace"];
/// Counts of stars: GitHub, GitLab, Gitea, exports.
const STARS: [&str; 4] = ["stargazers_count", "star_count", "stars_count", "stars"];
/// Counts of forks: hosts, exports.
const FORKS: [&str; 2] = ["forks_count", "forks"];
/// What it was forked from: GitHub and Gitea, GitLab.
const PARENTS: [&str; 2] = ["parent", "forked_from_project"];
/// Name and version of this parser.
const PARSER: &str = "repo/1";

/// A document that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// What it says.
    pub facts: RepoObserved,
    /// The document without persons and e-mail addresses; `facts.document` names its digest.
    pub cleaned: Vec<u8>,
    /// Fields that were left out, and why.
    pub warnings: Vec<String>,
}

/// Reads the host facts of `subject`. A `full_name` that differs from the subject is evidence of a rename, no error.
///
/// # Errors
/// When the document is too large, no JSON object, or says nothing about a repository: an error message of the host
/// must not wipe what was known.
pub fn parse(bytes: &[u8], subject: Subject) -> Result<Parsed, Refused> {
    if bytes.len() > MAX_DOCUMENT_BYTES {
        let size = bytes.len();
        return Err(Refused::whole(format!("the document has {size} bytes, the limit is {MAX_DOCUMENT_BYTES}")));
    }
    let (narrow, utf16) = encoding::narrow(bytes)?;
    let json = encoding::without_mark(&narrow);
    let mut tree: Value = serde_json::from_slice(json).map_err(|e| Refused::whole(format!("not JSON: {e}")))?;
    clean(&mut tree);
    let Value::Object(fields) = tree else {
        return Err(Refused::whole(format!(
            "expected a JSON object that describes a repository, found {}",
            kind(&tree)
        )));
    };
    let cleaned = to_bytes(&fields);
    let document = DocumentRef {
        sha256: Digest::of(&cleaned),
        bytes: cleaned.len() as u64,
        format: "GitHub-JSON".to_owned(),
        format_version: None,
        parser: PARSER.to_owned(),
    };
    let mut warnings = FieldWarnings::default();
    if utf16 {
        warnings.add("document", encoding::WAS_UTF16);
    }
    let facts = read(&fields, subject, document, &mut warnings);
    if facts.is_silent() {
        return Err(Refused::whole(format!("nothing about a repository was found; looked for {FIELDS}")));
    }
    Ok(Parsed { facts, cleaned, warnings: warnings.into_list() })
}

fn reading(read: Parsed) -> Reading {
    let facts = &read.facts;
    let summary = json!({
        "format": facts.document.format,
        "format_version": facts.document.format_version,
        "full_name": facts.full_name,
        "stars": facts.stars,
        "forks": facts.forks,
        "archived": facts.archived,
    });
    Reading::of_one(read.facts, read.cleaned, read.warnings, summary)
}

fn read(
    fields: &Map<String, Value>,
    subject: Subject,
    document: DocumentRef,
    warnings: &mut FieldWarnings,
) -> RepoObserved {
    let get = |key: &str| fields.get(key);
    let host = subject.id.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')).map_or("github", |(host, _)| host);
    let parent = first(fields, &PARENTS).map(|place| (place, warnings.object(place, get(place))));
    let of_parent = |parent: &Map<String, Value>, place: &str, warnings: &mut FieldWarnings| {
        let name = first(parent, &FULL_NAMES)?;
        full_name(&format!("{place}.{name}"), host, parent.get(name), warnings)
    };
    let releases = releases(get("releases"), warnings);
    RepoObserved {
        full_name: first(fields, &FULL_NAMES).and_then(|name| full_name(name, host, get(name), warnings)),
        stars: first(fields, &STARS).and_then(|name| warnings.count(name, get(name))),
        forks: first(fields, &FORKS).and_then(|name| warnings.count(name, get(name))),
        private: private(fields, warnings),
        archived: warnings.flag("archived", get("archived")),
        // GitLab has no word for a fork but what it was forked from.
        fork: warnings.flag("fork", get("fork")).or_else(|| (parent?.0 == PARENTS[1]).then_some(true)),
        parent: parent.and_then(|(place, parent)| of_parent(parent?, place, warnings)),
        default_branch: warnings.line("default_branch", get("default_branch")),
        license: license(get("license"), warnings),
        description: warnings.prose("description", get("description")),
        pushed_at: warnings.time("pushed_at", get("pushed_at")),
        latest_version: latest_version(get("latest_release"), &releases, warnings),
        releases: releases.into_iter().map(|(release, _)| release).collect(),
        subject,
        document,
    }
}

/// The first of these fields that is there.
fn first(fields: &Map<String, Value>, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| fields.get(*name).is_some_and(|value| !value.is_null()))
}

/// The canonical purl of `owner/name` on the subject's host.
fn full_name(place: &str, host: &str, value: Option<&Value>, warnings: &mut FieldWarnings) -> Option<String> {
    let name = warnings.line(place, value)?;
    let id = repository_at(host, &name).filter(|id| id.matches('/').count() == name.matches('/').count() + 1);
    if id.is_none() {
        warnings.add(place, format_args!("left out: `{name}` is not of the form OWNER/NAME"));
    }
    id
}

/// `private`, else `visibility`, of which everything but `public` is private.
fn private(fields: &Map<String, Value>, warnings: &mut FieldWarnings) -> Option<bool> {
    let private = warnings.flag("private", fields.get("private"));
    let visibility = warnings.line("visibility", fields.get("visibility"));
    let visibility = visibility.and_then(|word| match word.as_str() {
        "public" => Some(false),
        "private" | "internal" => Some(true),
        _ => {
            warnings.add("visibility", format_args!("left out: expected public, private or internal, found `{word}`"));
            None
        }
    });
    if let (Some(private), Some(visibility)) = (private, visibility)
        && private != visibility
    {
        warnings.add("visibility", "contradicts `private`, which stands");
    }
    private.or(visibility)
}

/// `{"spdx_id": "MIT"}`, or the expression itself. `NOASSERTION` is the host's word for "I cannot tell".
fn license(value: Option<&Value>, warnings: &mut FieldWarnings) -> Option<String> {
    let text = match value {
        Some(Value::Object(license)) => warnings.line("license.spdx_id", license.get("spdx_id")),
        other => warnings.line("license", other),
    };
    text.filter(|text| text != "NOASSERTION")
}

/// Published releases, each with whether it is a pre-release, sorted; drafts are nobody's releases yet.
fn releases(value: Option<&Value>, warnings: &mut FieldWarnings) -> Vec<(Release, bool)> {
    let mut found = Vec::new();
    for (index, item) in warnings.list("releases", value).unwrap_or_default().iter().enumerate() {
        found.extend(release(&format!("releases[{index}]"), item, warnings));
    }
    warnings.newest("releases", found, MAX_RELEASES)
}

fn release(place: &str, value: &Value, warnings: &mut FieldWarnings) -> Option<(Release, bool)> {
    let item = warnings.object(place, Some(value))?;
    if warnings.flag(&format!("{place}.draft"), item.get("draft")) == Some(true) {
        return None;
    }
    let Some(version) = warnings.line(&format!("{place}.tag_name"), item.get("tag_name")) else {
        warnings.add(place, "left out: no tag_name");
        return None;
    };
    let released = warnings.time(&format!("{place}.published_at"), item.get("published_at"));
    let early = warnings.flag(&format!("{place}.prerelease"), item.get("prerelease")) == Some(true);
    Some((Release { released, version }, early))
}

fn latest_version(
    latest: Option<&Value>,
    releases: &[(Release, bool)],
    warnings: &mut FieldWarnings,
) -> Option<String> {
    let named = match latest {
        None | Some(Value::Null) => None,
        Some(text @ Value::String(_)) => warnings.line("latest_release", Some(text)),
        Some(item) => release("latest_release", item, warnings).map(|(release, _)| release.version),
    };
    named.or_else(|| releases.iter().rev().find(|(_, early)| !early).map(|(release, _)| release.version.clone()))
}
