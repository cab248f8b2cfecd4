//! Python packages: the project's JSON document and the count of last month's downloads.

use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::purl::Purl;
use serde_json::{Map, Value};

use super::answers::{AnswerShape, Answers};
use super::collect::{Dependencies, repository_link};
use super::{Parsed, Registry};
use crate::source::Refused;
use crate::source::read::{FieldWarnings, MAX_RELEASES};

/// The project's document.
pub(super) const PROJECT: &str = "project";
/// The count of downloads.
pub(super) const DOWNLOADS: &str = "downloads";
/// Length of the window that is asked for, in days.
const DOWNLOAD_DAYS: u32 = 30;
/// Greatest length of a licence, in bytes: the field often holds the whole text.
const MAX_LICENSE_BYTES: usize = 200;
/// Labels under which projects link their repository, best first: lower case, letters only.
const REPOSITORY_LABELS: [&str; 9] =
    ["repository", "source", "sourcecode", "code", "github", "gitlab", "bitbucket", "git", "sourcecoderepository"];

/// Reads a project's document, or answers by part (`project`, `downloads`), about `purl`.
///
/// # Errors
/// When the document is too large, no JSON object, or about another package.
pub fn parse_pypi(purl: &Purl, bytes: &[u8]) -> Result<Parsed, Refused> {
    read(purl, &Answers::parse(bytes, PROJECT, AnswerShape::Json)?)
}

/// Reads what was fetched.
pub(super) fn read(purl: &Purl, answers: &Answers) -> Result<Parsed, Refused> {
    let mut warnings = answers.warnings();
    let w = &mut warnings;
    let project = answers.object(PROJECT)?;
    let none = Map::new();
    let info = w.object("info", project.get("info")).unwrap_or(&none);
    let own = Registry::Pypi.answered(purl, info.get("name"))?;
    let (dependencies, next) = dependencies(info, w);
    let recent = w.object(DOWNLOADS, answers.get(DOWNLOADS));
    let recent = recent.and_then(|answer| w.object("downloads.data", answer.get("data")));
    let recent = recent.and_then(|data| w.count("downloads.data.last_month", data.get("last_month")));
    let (cleaned, document) = answers.seal("PyPI-JSON", "pypi/1");
    let facts = RegistryCrawled {
        purl: own.id,
        spelled: own.spelled,
        document,
        latest_version: w.line("info.version", info.get("version")),
        releases: releases(project.get("releases"), w),
        dependencies,
        repository: repository(info, w),
        license: license(info, w),
        downloads: recent.map(|count| Downloads { count, days: DOWNLOAD_DAYS }),
    };
    Ok(Parsed { facts, cleaned, next, warnings: warnings.into_list() })
}

/// A version is released when its first file is uploaded.
fn releases(value: Option<&Value>, w: &mut FieldWarnings) -> Vec<Release> {
    let mut found = Vec::new();
    for (version, files) in w.object("releases", value).into_iter().flatten() {
        let place = format!("releases.{version}");
        let Some(named) = w.line_of("releases", version) else { continue };
        let mut released = None;
        for file in w.list(&place, Some(files)).unwrap_or_default() {
            let uploaded = w.object(&place, Some(file)).and_then(|file| file.get("upload_time_iso_8601"));
            let uploaded = w.time(&place, uploaded);
            released = match (released, uploaded) {
                (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
                (one, other) => one.or(other),
            };
        }
        found.push(Release { released, version: named });
    }
    w.newest("releases", found, MAX_RELEASES)
}

fn dependencies(info: &Map<String, Value>, w: &mut FieldWarnings) -> (Vec<Dependency>, Vec<Purl>) {
    let mut found = Dependencies::new(Registry::Pypi);
    for (index, item) in w.list("requires_dist", info.get("requires_dist")).unwrap_or_default().iter().enumerate() {
        let place = format!("requires_dist[{index}]");
        let Some(text) = w.line(&place, Some(item)) else { continue };
        let (declared, marker) = text.split_once(';').unwrap_or((&text, ""));
        if !asks_for_extra(marker) {
            let (name, requirement) = name_and_requirement(declared);
            found.package(&place, name, requirement, w);
        }
    }
    found.finish()
}

/// `name[extra] (>=1.0)`, `name>=1.0`, `name @ address`: the name, and what is asked of it.
fn name_and_requirement(declared: &str) -> (&str, Option<String>) {
    let declared = declared.trim();
    let end = declared.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(declared.len());
    let (name, rest) = declared.split_at(end);
    let rest = rest.trim();
    let rest = rest.strip_prefix('[').and_then(|extras| extras.split_once(']')).map_or(rest, |(_, rest)| rest.trim());
    let rest = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(rest).trim();
    (name, (!rest.is_empty()).then(|| rest.to_owned()))
}

/// Whether a marker mentions the variable `extra`, outside quotes: then only who asks for it gets the dependency.
fn asks_for_extra(marker: &str) -> bool {
    let mut quote = None;
    let bare: String = marker
        .chars()
        .map(|c| match quote {
            Some(open) if c == open => {
                quote = None;
                ' '
            }
            Some(_) => ' ',
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                ' '
            }
            None => c,
        })
        .collect();
    bare.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == "extra" || word == "extras")
}

fn repository(info: &Map<String, Value>, w: &mut FieldWarnings) -> Option<String> {
    let mut labelled = Vec::new();
    for (label, value) in w.object("project_urls", info.get("project_urls")).into_iter().flatten() {
        let plain: String = label.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect();
        let rank = REPOSITORY_LABELS.iter().position(|known| *known == plain);
        if rank.is_some() || plain == "homepage" {
            let link = w.line(&format!("project_urls.{label}"), Some(value));
            labelled.push((rank.unwrap_or(REPOSITORY_LABELS.len()), (rank.is_some(), link)));
        }
    }
    labelled.sort_by_key(|(rank, _)| *rank);
    let home = (false, w.line("home_page", info.get("home_page")));
    repository_link(labelled.into_iter().map(|(_, link)| link).chain([home]))
}

fn license(info: &Map<String, Value>, w: &mut FieldWarnings) -> Option<String> {
    if let Some(expression) = w.line("license_expression", info.get("license_expression")) {
        return Some(expression);
    }
    let text = info.get("license")?.as_str()?.trim();
    // The text of a licence is no name of one.
    let is_name = !text.is_empty() && text.len() <= MAX_LICENSE_BYTES && !text.contains(char::is_control);
    is_name.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_as_projects_write_them() {
        for (text, name, requirement) in [
            ("requests", "requests", None),
            ("requests>=2.0.0", "requests", Some(">=2.0.0")),
            ("requests (>=2.0,<3)", "requests", Some(">=2.0,<3")),
            (" aiohttp[speedups, x] ~= 3.9 ", "aiohttp", Some("~= 3.9")),
            ("zope.interface", "zope.interface", None),
            ("name @ https://example.org/x.whl", "name", Some("@ https://example.org/x.whl")),
        ] {
            assert_eq!(name_and_requirement(text), (name, requirement.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn extras_are_told_from_platforms() {
        assert!(asks_for_extra(" extra == \"aiohttp\""));
        assert!(asks_for_extra("python_version < '3' and (extra=='x')"));
        assert!(!asks_for_extra("python_version < \"3.11\""));
        assert!(!asks_for_extra("platform_machine == 'extra'"));
        assert!(!asks_for_extra("extra_thing == 'x'"));
    }
}
