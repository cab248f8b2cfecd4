//! Activity status: the survey's answer, lifted by the cascade.

use domain::facts::survey::SurveyStatus;
use domain::formula::StatusSource;
use domain::grants;
use domain::status::ActivityStatus;
use domain::time::Day;

use super::authors::Authors;
use crate::graph::{Graph, Project};
use crate::people::Contributions;

/// The status of every project.
#[must_use]
pub fn statuses(
    graph: &Graph,
    contributions: &Contributions<'_>,
    members: &[Vec<u32>],
    authors: &Authors,
    source: StatusSource,
    today: Day,
) -> Vec<ActivityStatus> {
    let committed = |project: usize, after: Day| {
        let mut repos = members[project].iter().filter_map(|repo| contributions.repos.get(repo));
        repos.any(|repo| authors.any_commit_after(repo, after, today))
    };
    let each = graph.projects.iter().enumerate();
    each.map(|(n, project)| {
        let funder = || grants::upstream_status(project.integration_status.as_deref());
        let classified = match (source, &project.answer) {
            (StatusSource::IntegrationStatus, _) => return by_funder(project),
            (_, Some(answer)) => answered(answer.status),
            (StatusSource::CascadeFromIntegrationStatus, None) if project.recorded => funder(),
            (_, None) => ActivityStatus::NonResponsive,
        };
        let since = project.answer.as_ref().map(|answer| answer.answered_at);
        let since = since.or(graph.newest_answer).or(project.first_seen);
        let complete = project.complete;
        match classified {
            ActivityStatus::InDev if complete => ActivityStatus::Live,
            ActivityStatus::Discontinued | ActivityStatus::NonResponsive
                if since.is_some_and(|since| committed(n, since.day())) =>
            {
                if complete {
                    ActivityStatus::Live
                } else {
                    ActivityStatus::InDev
                }
            }
            same => same,
        }
    })
    .collect()
}

/// Upstream's rule: the project record's word; an application without a project record by its completion.
fn by_funder(project: &Project) -> ActivityStatus {
    match (project.recorded, project.complete) {
        (true, _) => grants::upstream_status(project.integration_status.as_deref()),
        (false, true) => ActivityStatus::Live,
        (false, false) if project.applied => ActivityStatus::InDev,
        (false, false) => ActivityStatus::NonResponsive,
    }
}

fn answered(status: SurveyStatus) -> ActivityStatus {
    match status {
        SurveyStatus::Live => ActivityStatus::Live,
        SurveyStatus::InDev => ActivityStatus::InDev,
        SurveyStatus::Discontinued => ActivityStatus::Discontinued,
    }
}
