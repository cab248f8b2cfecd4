//! Rust crates: the sparse index (versions and dependencies) and the metadata API (link, licence, downloads).

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::purl::Purl;
use semver::Version;
use serde_json::{Map, Value};

use super::answers::Answers;
use super::collect::{Dependencies, repository_link};
use super::features::on_by_default;
use super::{Parsed, Registry};
use crate::source::Refused;
use crate::source::fetch::AnswerShape;
use crate::source::read::{FieldWarnings, MAX_RELEASES, kind};

/// The file of the index.
pub(super) const INDEX: &str = "index";
/// The answer of the metadata API.
pub(super) const CRATE: &str = "crate";
/// Window over which the metadata API counts recent downloads, in days.
const DOWNLOAD_DAYS: u32 = 90;

/// Reads a crate's file of the sparse index (one JSON object a line), or answers by part (`index`, `crate`), about
/// `purl`.
///
/// # Errors
/// When the document is too large, holds no JSON line, or is about another crate.
pub fn parse_crates_index(purl: &Purl, bytes: &[u8]) -> Result<Parsed, Refused> {
    read(purl, &Answers::parse(bytes, INDEX, AnswerShape::Lines)?)
}

/// A version as the index lists it.
struct IndexEntry<'a> {
    fields: &'a Map<String, Value>,
    version: String,
    yanked: bool,
}

/// What the metadata API adds to a version.
#[derive(Default)]
struct Extra {
    created: Option<Timestamp>,
    license: Option<String>,
}

/// Reads what was fetched.
pub(super) fn read(purl: &Purl, answers: &Answers) -> Result<Parsed, Refused> {
    let mut warnings = answers.warnings();
    let w = &mut warnings;
    let index = answers.get(INDEX).unwrap_or(&Value::Null);
    let lines = index.as_array().filter(|lines| !lines.is_empty());
    let lines = lines.ok_or_else(|| Refused::at(INDEX, format!("expected versions, found {}", kind(index))))?;
    let first = lines.iter().find_map(|line| line.get("name"));
    let own = Registry::Crates.answered(purl, first)?;
    let entries = entries(lines, &own.spelled, w);

    let api = w.object(CRATE, answers.get(CRATE));
    let meta = api.and_then(|api| w.object("crate.crate", api.get("crate")));
    let extras = api.map(|api| extras(api, w)).unwrap_or_default();
    let latest = latest(&entries, w);
    let (dependencies, next) = latest.map(|entry| dependencies(&own, entry.fields, w)).unwrap_or_default();
    let mut releases = Vec::new();
    for entry in &entries {
        let published = w.time(&format!("{}.pubtime", entry.version), entry.fields.get("pubtime"));
        let released = published.or_else(|| extras.get(&entry.version)?.created);
        releases.push(Release { released, version: entry.version.clone() });
    }
    let mut link = |key: &str, claims| (claims, meta.and_then(|meta| w.line(key, meta.get(key))));
    let links = [link("repository", true), link("homepage", false)];
    let homepage = links[1].1.clone();
    let description = meta.and_then(|meta| w.prose("description", meta.get("description")));
    let recent = meta.and_then(|meta| w.count("recent_downloads", meta.get("recent_downloads")));
    let (cleaned, document) = answers.seal("crates-JSON", "crates/1");
    let facts = RegistryCrawled {
        purl: own.id,
        spelled: own.spelled,
        document,
        releases: w.newest("versions", releases, MAX_RELEASES),
        dependencies,
        repository: repository_link(links),
        license: latest.and_then(|entry| extras.get(&entry.version)?.license.clone()),
        downloads: recent.map(|count| Downloads { count, days: DOWNLOAD_DAYS }),
        latest_version: latest.map(|entry| entry.version.clone()),
        description,
        homepage,
    };
    Ok(Parsed { facts, cleaned, next, warnings: warnings.into_list() })
}

fn entries<'a>(lines: &'a [Value], own: &str, w: &mut FieldWarnings) -> Vec<IndexEntry<'a>> {
    let mut entries = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let place = format!("{INDEX}[{index}]");
        let Some(fields) = line.as_object() else {
            w.add(&place, format_args!("left out: expected an object, found {}", kind(line)));
            continue;
        };
        if fields.get("name").and_then(Value::as_str) != Some(own) {
            w.add(&place, "left out: it is about another crate");
            continue;
        }
        match w.line(&format!("{place}.vers"), fields.get("vers")) {
            Some(version) => {
                let yanked = w.flag(&format!("{place}.yanked"), fields.get("yanked")).unwrap_or(false);
                entries.push(IndexEntry { fields, version, yanked });
            }
            None => w.add(&place, "left out: no version"),
        }
    }
    entries
}

/// The greatest version that is neither yanked nor a pre-release; else one that is not yanked; else any.
fn latest<'e, 'a>(entries: &'e [IndexEntry<'a>], w: &mut FieldWarnings) -> Option<&'e IndexEntry<'a>> {
    let mut greatest: Option<((bool, bool, Version), &IndexEntry<'a>)> = None;
    for entry in entries {
        let Ok(version) = Version::parse(&entry.version) else {
            w.add(&entry.version, "no semantic version, so it is never the latest");
            continue;
        };
        let rank = (!entry.yanked, version.pre.is_empty(), version);
        if greatest.as_ref().is_none_or(|(best, _)| *best < rank) {
            greatest = Some((rank, entry));
        }
    }
    greatest.map(|(_, entry)| entry)
}

fn dependencies(own: &Purl, entry: &Map<String, Value>, w: &mut FieldWarnings) -> (Vec<Dependency>, Vec<Purl>) {
    let mut found = Dependencies::new(Registry::Crates, own);
    let on = on_by_default(entry);
    for (index, item) in w.list("deps", entry.get("deps")).unwrap_or_default().iter().enumerate() {
        let place = format!("deps[{index}]");
        let Some(dependency) = w.object(&place, Some(item)) else { continue };
        let get = |key: &str| dependency.get(key);
        let field = |key: &str| format!("{place}.{key}");
        if w.line(&field("kind"), get("kind")).is_some_and(|kind| kind != "normal") {
            continue;
        }
        let Some(name) = w.line(&field("name"), get("name")) else {
            w.add(&place, "left out: no name");
            continue;
        };
        if w.flag(&field("optional"), get("optional")).unwrap_or(false) && !on.contains(name.as_str()) {
            continue;
        }
        if w.line(&field("registry"), get("registry")).is_some() {
            w.add(&place, format_args!("left out: `{name}` comes from another registry"));
            continue;
        }
        // A renamed dependency says what it really is.
        let package = w.line(&field("package"), get("package")).unwrap_or(name);
        found.package(&place, &package, w.line(&field("req"), get("req")), w);
    }
    found.finish(w)
}

fn extras(api: &Map<String, Value>, w: &mut FieldWarnings) -> BTreeMap<String, Extra> {
    let mut extras = BTreeMap::new();
    for (index, item) in w.list("crate.versions", api.get("versions")).unwrap_or_default().iter().enumerate() {
        let place = format!("crate.versions[{index}]");
        let Some(version) = w.object(&place, Some(item)) else { continue };
        let Some(number) = w.line(&format!("{place}.num"), version.get("num")) else { continue };
        let created = w.time(&format!("{place}.created_at"), version.get("created_at"));
        let license = w.line(&format!("{place}.license"), version.get("license"));
        extras.insert(number, Extra { created, license });
    }
    extras
}
