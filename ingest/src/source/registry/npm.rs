//! JavaScript packages: the packument (all versions of a package) and the count of last month's downloads.

use domain::Day;
use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::purl::Purl;
use domain::repository_link::repository_of;
use serde_json::{Map, Value};

use super::answers::Answers;
use super::collect::{Dependencies, repository_link};
use super::{Parsed, Registry};
use crate::source::Refused;
use crate::source::fetch::AnswerShape;
use crate::source::read::{FieldWarnings, MAX_RELEASES};

/// The packument.
pub(super) const PACKUMENT: &str = "packument";
/// The count of downloads.
pub(super) const DOWNLOADS: &str = "downloads";
/// Length of the window that is asked for, in days.
const DOWNLOAD_DAYS: u32 = 30;

/// Reads a packument, or answers by part (`packument`, `downloads`), about `purl`.
///
/// # Errors
/// When the document is too large, no JSON object, or about another package.
pub fn parse_npm(purl: &Purl, bytes: &[u8]) -> Result<Parsed, Refused> {
    read(purl, &Answers::parse(bytes, PACKUMENT, AnswerShape::Json)?)
}

/// Reads what was fetched.
pub(super) fn read(purl: &Purl, answers: &Answers) -> Result<Parsed, Refused> {
    let mut warnings = answers.warnings();
    let w = &mut warnings;
    let packument = answers.object(PACKUMENT)?;
    let own = Registry::Npm.answered(purl, packument.get("name"))?;
    refuse_tombstone(&own.id, packument)?;
    let tags = w.object("dist-tags", packument.get("dist-tags"));
    let versions = w.object("versions", packument.get("versions"));
    let latest_version = tags.and_then(|tags| w.line("dist-tags.latest", tags.get("latest")));
    let manifest = match (&latest_version, versions) {
        (Some(latest), Some(versions)) => {
            let place = format!("versions.{latest}");
            let manifest = w.object(&place, versions.get(latest));
            if manifest.is_none() {
                w.add(&place, "the latest version is not listed, so no dependencies are known");
            }
            manifest
        }
        _ => {
            w.add("dist-tags.latest", "no latest version, so no dependencies are known");
            None
        }
    };
    // What the newest version leaves empty may stand above.
    let member = |key: &str| if key.starts_with("licen") { "type" } else { "url" };
    let field = |key: &str| {
        let newest = manifest.and_then(|manifest| manifest.get(key)).filter(|value| !is_empty(value, member(key)));
        newest.or_else(|| packument.get(key))
    };
    let (dependencies, next) = dependencies(&own, manifest, w);
    let homepage = w.line("homepage", field("homepage"));
    let links = [(true, link("repository", field("repository"), w)), (false, homepage.clone())];
    let links = links.into_iter().chain([(false, link("bugs", field("bugs"), w))]);
    let (cleaned, document) = answers.seal("npm-JSON", "npm/1");
    let facts = RegistryCrawled {
        purl: own.id,
        spelled: own.spelled,
        releases: releases(versions, packument.get("time"), w),
        dependencies,
        repository: repository_link(links),
        license: license(field("license").or_else(|| field("licenses")), w),
        downloads: downloads(answers.get(DOWNLOADS), purl, w),
        description: w.prose("description", field("description")),
        homepage,
        latest_version,
        document,
    };
    Ok(Parsed { facts, cleaned, next, warnings: warnings.into_list() })
}

/// Whether a field says nothing: nothing, blanks, or an object without the member that matters (`url` of a link, `type`
/// of a licence).
fn is_empty(value: &Value, member: &str) -> bool {
    match value {
        Value::Object(fields) => fields.get(member).is_none_or(|value| is_empty(value, member)),
        value => value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()),
    }
}

/// Refuses what stands where a package was that its owners took back: it says nothing of what was known.
fn refuse_tombstone(id: &str, packument: &Map<String, Value>) -> Result<(), Refused> {
    let gone = packument.get("time").is_some_and(|time| time.get("unpublished").is_some_and(|when| !when.is_null()));
    let left = packument.get("versions").and_then(Value::as_object).is_some_and(|versions| !versions.is_empty());
    if gone && !left {
        return Err(Refused::at(id, "it was unpublished; what was known of it stays"));
    }
    Ok(())
}

fn releases(versions: Option<&Map<String, Value>>, time: Option<&Value>, w: &mut FieldWarnings) -> Vec<Release> {
    let times = w.object("time", time);
    let mut found = Vec::new();
    for version in versions.into_iter().flat_map(Map::keys) {
        let Some(named) = w.line_of("versions", version) else { continue };
        let released = times.and_then(|times| w.time(&format!("time.{version}"), times.get(version)));
        found.push(Release { released, version: named });
    }
    w.newest("versions", found, MAX_RELEASES)
}

fn dependencies(
    own: &Purl,
    manifest: Option<&Map<String, Value>>,
    w: &mut FieldWarnings,
) -> (Vec<Dependency>, Vec<Purl>) {
    let mut found = Dependencies::new(Registry::Npm, own);
    let declared = manifest.and_then(|manifest| w.object("dependencies", manifest.get("dependencies")));
    for (name, declared) in declared.into_iter().flatten() {
        let place = format!("dependencies.{name}");
        let requirement = w.line(&place, Some(declared));
        let empty = declared.is_null() || declared.as_str().is_some_and(|text| text.trim().is_empty());
        if requirement.is_none() && !empty {
            // The warning says that it is left out.
            continue;
        }
        let text = requirement.as_deref().unwrap_or("");
        if let Some(alias) = text.strip_prefix("npm:") {
            // `npm:@scope/name@^1.0.0`: another package under this name.
            let (real, range) = match alias.char_indices().skip(1).find(|(_, c)| *c == '@') {
                Some((at, _)) => (&alias[..at], Some(alias[at + 1..].to_owned())),
                None => (alias, None),
            };
            found.package(&place, real, range, w);
        } else if let Some(id) = repository_of(text) {
            found.repository(&place, id, requirement, w);
        } else if text.contains(':') {
            w.add(&place, "left out: a file or an address, no package");
        } else {
            found.package(&place, name, requirement, w);
        }
    }
    found.finish(w)
}

/// A link, or an object with one.
fn link(field: &str, value: Option<&Value>, w: &mut FieldWarnings) -> Option<String> {
    match value {
        Some(Value::Object(link)) => w.line(&format!("{field}.url"), link.get("url")),
        other => w.line(field, other),
    }
}

/// An expression, an object with a `type`, or, long ago, a list of these, of which one may choose.
fn license(value: Option<&Value>, w: &mut FieldWarnings) -> Option<String> {
    match value {
        Some(Value::Object(license)) => w.line("license.type", license.get("type")),
        Some(Value::Array(items)) => {
            let items: Vec<String> =
                items.iter().filter(|item| !item.is_array()).filter_map(|item| license(Some(item), w)).collect();
            w.line_of("licenses", &items.join(" OR "))
        }
        other => w.line("license", other),
    }
}

fn downloads(value: Option<&Value>, purl: &Purl, w: &mut FieldWarnings) -> Option<Downloads> {
    let answer = w.object(DOWNLOADS, value)?;
    if let Some(name) = w.line("downloads.package", answer.get("package"))
        && !Registry::Npm.same(&purl.spelled, &name)
    {
        w.add("downloads.package", format_args!("left out: they are those of another package, `{name}`"));
        return None;
    }
    let day = |key: &str| answer.get(key).and_then(Value::as_str).and_then(|text| Day::parse(text).ok());
    let days = match (day("start"), day("end")) {
        (Some(start), Some(end)) if start <= end => {
            u32::try_from(end.number() - start.number() + 1).unwrap_or(DOWNLOAD_DAYS)
        }
        _ => DOWNLOAD_DAYS,
    };
    w.count("downloads.downloads", answer.get("downloads")).map(|count| Downloads { count, days })
}
