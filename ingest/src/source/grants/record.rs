//! From the fields of a record to its facts.

use domain::facts::grant::{ApplicationRecord, GrantRecord, Link, PoolRecord, ProjectRecord};

use super::fields::At::{self, Core, Scf};
use super::fields::Fields;
use super::kind::RecordKind;
use crate::source::quoted::quoted;

/// Names of social accounts that lead to code.
const CODE_HOSTS: [&str; 3] = ["GitHub", "GitLab", "Git"];

/// Fields that only this kind has, for records that do not name their type.
const TELLING: [(RecordKind, &[At]); 3] = [
    (
        RecordKind::Application,
        &[Core("grantPoolId"), Core("grantPoolName"), Core("projectId"), Core("fundsAsked"), Core("fundsApproved")],
    ),
    (
        RecordKind::Pool,
        &[Core("totalGrantPoolSize"), Core("grantFundingMechanism"), Core("closeDate"), Core("applicationsURI")],
    ),
    (RecordKind::Project, &[Core("socials"), Core("relevantTo"), Core("membersURI"), Scf("integrationStatus")]),
];

/// The kind that a record names, or that its fields tell.
fn kind_of(fields: &mut Fields<'_>) -> Result<RecordKind, String> {
    if let Some(name) = fields.line(Core("type"))? {
        let kind = RecordKind::named(&name);
        return kind.ok_or_else(|| format!("type: {} is not Project, GrantPool or GrantApplication", quoted(&name)));
    }
    let told = TELLING.into_iter().find(|(_, telling)| telling.iter().any(|at| fields.has(*at)));
    told.map(|(kind, _)| kind)
        .ok_or_else(|| "type: missing, and the fields do not tell Project, GrantPool or GrantApplication".to_owned())
}

/// The facts of a record.
pub(super) fn read(fields: &mut Fields<'_>) -> Result<GrantRecord, String> {
    let kind = kind_of(fields)?;
    let id = fields.id(Core("id"))?.ok_or_else(|| match fields.shown_id() {
        Some(id) if !id.is_empty() => format!("id: `{id}` is no id"),
        _ => "id: missing".to_owned(),
    })?;
    match kind {
        RecordKind::Project => project(id, fields).map(GrantRecord::from),
        RecordKind::Pool => pool(id, fields).map(GrantRecord::from),
        RecordKind::Application => application(id, fields).map(GrantRecord::from),
    }
}

fn project(id: String, fields: &mut Fields<'_>) -> Result<ProjectRecord, String> {
    let (git_urls, links) = links(fields, &[Scf("github")])?;
    Ok(ProjectRecord {
        id,
        name: fields.name(Core("name"))?,
        description: fields.prose(Core("description"))?,
        integration_status: fields.line(Scf("integrationStatus"))?,
        category: fields.line(Scf("category"))?,
        website: match fields.link(Scf("website"))? {
            None => fields.link(Core("contentURI"))?,
            website => website,
        },
        x: fields.link(Scf("x"))?,
        git_urls,
        links,
        awarded_usd: fields.decimal(Scf("totalAwardedUSD")),
        paid_usd: fields.decimal(Scf("totalPaidUSD")),
        awarded_submissions: fields.decimal(Scf("awardedSubmissionsCount")),
        open_source: fields.flag(Scf("openSource")),
        analytics: fields.link(Scf("analytics"))?,
        regions_of_operation: fields.enumeration(Scf("regionsOfOperation"))?,
        rounds: fields.names(Scf("roundFromSubmissions"))?,
        awarded_rounds: fields.names(Scf("roundFromAwardedSubmissions"))?,
    })
}

fn pool(id: String, fields: &mut Fields<'_>) -> Result<PoolRecord, String> {
    Ok(PoolRecord {
        id,
        name: fields.name(Core("name"))?,
        description: fields.prose(Core("description"))?,
        round_type: fields.line(Scf("type"))?,
        phase: fields.line(Scf("phase"))?,
        is_open: fields.flag(Core("isOpen")),
        submission_open_date: fields.line(Scf("submissionOpenDate"))?,
        close_date: fields.line(Core("closeDate"))?,
        amounts: fields.amounts(Core("totalGrantPoolSize"))?,
        awarded_usd: fields.decimal(Scf("totalAwardedUSD")),
        paid_usd: fields.decimal(Scf("totalPaidUSD")),
        submissions: fields.decimal(Scf("appliedSubmissions")),
        awarded_submissions: fields.decimal(Scf("awardedSubmissions")),
    })
}

fn application(id: String, fields: &mut Fields<'_>) -> Result<ApplicationRecord, String> {
    let (git_urls, links) = links(fields, &[Scf("code"), Scf("github")])?;
    let project = match fields.name(Scf("project"))? {
        None => fields.name(Scf("submissionProject"))?,
        project => project,
    };
    Ok(ApplicationRecord {
        project_id: match fields.id(Core("projectId"))? {
            Some(project_id) => project_id,
            // The extension's `project` is a display name unless it is spelled as an id.
            None => {
                project.as_deref().filter(|project| project.starts_with("daoip-5:")).unwrap_or(&id).trim().to_owned()
            }
        },
        project_name: fields.name(Core("projectName"))?,
        project,
        title: fields.line(Scf("submissionTitle"))?,
        description: fields.prose(Scf("oneSentenceDescription"))?,
        technical_architecture: fields.prose(Scf("technicalArchitecture"))?,
        pool_id: fields.name(Core("grantPoolId"))?,
        round: match fields.line(Scf("round"))? {
            None => fields.line(Core("grantPoolName"))?,
            round => round,
        },
        category: fields.line(Scf("category"))?,
        website: fields.link(Scf("website"))?,
        x: fields.link(Scf("x"))?,
        git_urls,
        links,
        completion_percent: fields.decimal(Scf("trancheCompletionPercent")),
        completion: fields.line(Scf("trancheCompletion"))?,
        awarded_usd: fields.decimal(Scf("totalAwardedUSD")),
        paid_usd: fields.decimal(Scf("totalPaidUSD")),
        status: fields.line(Core("status"))?,
        id,
    })
}

/// The git URLs of a record, those of `first` before its social accounts, without repeats; and the other accounts.
fn links(fields: &mut Fields<'_>, first: &[At]) -> Result<(Vec<String>, Vec<Link>), String> {
    let mut urls = Vec::new();
    for at in first {
        urls.extend(fields.link(*at)?);
    }
    let is_code = |link: &Link| CODE_HOSTS.iter().any(|host| link.name.trim().eq_ignore_ascii_case(host));
    let (code, links): (Vec<Link>, Vec<Link>) = fields.socials()?.into_iter().partition(is_code);
    urls.extend(code.into_iter().map(|link| link.url));
    let mut git_urls = Vec::new();
    for url in urls {
        if !git_urls.contains(&url) {
            git_urls.push(url);
        }
    }
    Ok((git_urls, links))
}
