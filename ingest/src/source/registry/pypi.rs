//! Python packages: the project's JSON document and the count of last month's downloads.

use domain::facts::registry::{Dependency, Downloads, RegistryCrawled, Release};
use domain::purl::Purl;
use domain::repository_link::repository_of;
use serde_json::{Map, Value};

use super::answers::Answers;
use super::collect::Dependencies;
use super::{Parsed, Registry, requirement};
use crate::source::Refused;
use crate::source::fetch::AnswerShape;
use crate::source::read::{FieldWarnings, MAX_RELEASES};

/// The project's document.
pub(super) const PROJECT: &str = "project";
/// The count of downloads.
pub(super) const DOWNLOADS: &str = "downloads";
/// Length of the window that is asked for, in days.
const DOWNLOAD_DAYS: u32 = 30;
/// Greatest length of a licence, in bytes: the field often holds the whole text.
const MAX_LICENSE_BYTES: usize = 200;
/// What old tools write where nothing is known.
const UNKNOWN: &str = "UNKNOWN";
/// Words in labels of trackers, which live beside the repository: lower case.
const TRACKERS: [&str; 3] = ["bug", "issue", "tracker"];
/// Labels under which projects link their repository, best first: lower case, letters only.
const REPOSITORY_LABELS: [&str; 9] =
    ["repository", "source", "sourcecode", "code", "github", "gitlab", "bitbucket", "git", "sourcecoderepository"];

/// Words by which any other label says the same: lower case.
const REPOSITORY_WORDS: [&str; 5] = ["repository", "repo", "source", "sources", "sourcecode"];

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
    let (dependencies, next) = dependencies(&own, info, w);
    let recent = w.object(DOWNLOADS, answers.get(DOWNLOADS));
    let recent = recent.and_then(|answer| w.object("downloads.data", answer.get("data")));
    let recent = recent.and_then(|data| w.count("downloads.data.last_month", data.get("last_month")));
    let (labelled, page) = (labelled(info, w), said("home_page", info, w));
    let repository = repository(&labelled, page.as_deref(), info, w);
    let labelled_page = || labelled.iter().find(|found| found.label == "homepage").map(|found| found.link.clone());
    let (cleaned, document) = answers.seal("PyPI-JSON", "pypi/1");
    let facts = RegistryCrawled {
        purl: own.id,
        spelled: own.spelled,
        document,
        latest_version: w.line("info.version", info.get("version")),
        description: said("summary", info, w),
        homepage: page.or_else(labelled_page),
        releases: releases(project.get("releases"), w),
        dependencies,
        repository,
        license: license(info, w),
        downloads: recent.map(|count| Downloads { count, days: DOWNLOAD_DAYS }),
    };
    Ok(Parsed { facts, cleaned, next, warnings: warnings.into_list() })
}

/// A version is released when its first file is uploaded; without any file there is nothing to install.
fn releases(value: Option<&Value>, w: &mut FieldWarnings) -> Vec<Release> {
    let mut found = Vec::new();
    for (version, files) in w.object("releases", value).into_iter().flatten() {
        let place = format!("releases.{version}");
        let Some(named) = w.line_of("releases", version) else { continue };
        let mut released = None;
        let files = w.list(&place, Some(files)).unwrap_or_default();
        if files.is_empty() {
            continue;
        }
        for (index, file) in files.iter().enumerate() {
            let place = format!("{place}[{index}]");
            let uploaded = w.object(&place, Some(file)).and_then(|file| file.get("upload_time_iso_8601"));
            let uploaded = w.time(&format!("{place}.upload_time_iso_8601"), uploaded);
            released = match (released, uploaded) {
                (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
                (one, other) => one.or(other),
            };
        }
        found.push(Release { released, version: named });
    }
    w.newest("releases", found, MAX_RELEASES)
}

fn dependencies(own: &Purl, info: &Map<String, Value>, w: &mut FieldWarnings) -> (Vec<Dependency>, Vec<Purl>) {
    let mut found = Dependencies::new(Registry::Pypi, own);
    for (index, item) in w.list("requires_dist", info.get("requires_dist")).unwrap_or_default().iter().enumerate() {
        let place = format!("requires_dist[{index}]");
        let Some(text) = w.line(&place, Some(item)) else { continue };
        match requirement::read(&text) {
            Ok(asked) if asked.without_extra => found.package(&place, asked.name, asked.asks, w),
            Ok(_) => {}
            Err(problem) => w.add(&place, problem),
        }
    }
    found.finish(w)
}

/// A text of one line, unless it says that nothing is known.
fn said(key: &str, info: &Map<String, Value>, w: &mut FieldWarnings) -> Option<String> {
    w.line(&format!("info.{key}"), info.get(key)).filter(|text| text != UNKNOWN)
}

/// A link of a project, and what its label says.
struct LabelledLink {
    /// Lower case, letters only.
    label: String,
    /// Whether it is the repository by its label, and how surely: the best is 0.
    claims: Option<usize>,
    link: String,
}

impl LabelledLink {
    fn of(label: &str, link: String) -> Self {
        let words = label.to_ascii_lowercase();
        let label: String = words.chars().filter(char::is_ascii_alphabetic).collect();
        let by_word = || {
            let mut words = words.split(|c: char| !c.is_ascii_alphanumeric());
            (!is_tracker(&label) && words.any(|word| REPOSITORY_WORDS.contains(&word)))
                .then_some(REPOSITORY_LABELS.len())
        };
        let claims = REPOSITORY_LABELS.iter().position(|known| *known == label).or_else(by_word);
        Self { label, claims, link }
    }
}

fn is_tracker(label: &str) -> bool {
    TRACKERS.iter().any(|word| label.contains(word))
}

/// The links of a project by label.
fn labelled(info: &Map<String, Value>, w: &mut FieldWarnings) -> Vec<LabelledLink> {
    let mut found = Vec::new();
    for (label, value) in w.object("project_urls", info.get("project_urls")).into_iter().flatten() {
        let link = w.line(&format!("project_urls.{label}"), Some(value)).filter(|link| link != UNKNOWN);
        found.extend(link.map(|link| LabelledLink::of(label, link)));
    }
    found
}

/// The link that claims to be the repository, even on a host that is none of ours; without such a label the page of the
/// project, and last its tracker, where these name a repository.
fn repository(
    labelled: &[LabelledLink],
    page: Option<&str>,
    info: &Map<String, Value>,
    w: &mut FieldWarnings,
) -> Option<String> {
    // A label may say `n/a`, which is the short form of a repository elsewhere.
    let may_be_followed = |link: &str| link.contains("://") || (link.contains('.') && repository_of(link).is_some());
    let claims = labelled.iter().filter(|found| may_be_followed(&found.link));
    let claims = claims.filter_map(|found| Some((found.claims?, &found.link)));
    if let Some((_, claim)) = claims.min_by_key(|(rank, _)| *rank) {
        return Some(claim.clone());
    }
    let of = |wanted: &dyn Fn(&str) -> bool| {
        labelled.iter().filter(|found| wanted(&found.label)).map(|found| found.link.clone()).collect::<Vec<_>>()
    };
    let pages = of(&|label| label == "homepage").into_iter().chain(page.map(str::to_owned));
    let trackers = of(&is_tracker).into_iter().chain(said("bugtrack_url", info, w));
    pages.chain(trackers).find(|link| repository_of(link).is_some())
}

fn license(info: &Map<String, Value>, w: &mut FieldWarnings) -> Option<String> {
    if let Some(expression) = said("license_expression", info, w) {
        return Some(expression);
    }
    let text = info.get("license")?.as_str()?.trim();
    // The text of a licence is no name of one.
    let is_name =
        !text.is_empty() && text.len() <= MAX_LICENSE_BYTES && text != UNKNOWN && !text.contains(char::is_control);
    is_name.then(|| text.to_owned())
}
