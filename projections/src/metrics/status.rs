//! Activity status: the survey's answer, lifted by the cascade.

use domain::facts::survey::SurveyStatus;
use domain::formula::StatusSource;
use domain::grants;
use domain::status::ActivityStatus;
use domain::time::{Day, Timestamp};

use super::windows::WindowsByVertex;
use crate::graph::{Graph, Project};

/// How the status of a project came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusDecision {
    /// The status.
    pub status: ActivityStatus,
    /// What it was before anything lifted it.
    pub classified: ActivityStatus,
    /// Who said so.
    pub by: Classifier,
    /// A commit on a later day lifts what is given up or silent; `None` where nothing says since when.
    pub since: Option<Timestamp>,
    /// What lifted it.
    pub lift: Option<StatusLift>,
}

/// Who classified a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classifier {
    /// Its newest survey answer.
    Survey,
    /// The word of its newest grants record.
    GrantsRecord,
    /// Its grant applications, where no record describes it.
    Applications,
    /// Nobody.
    Nobody,
}

/// What lifts a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusLift {
    /// Its grants are complete.
    Completion,
    /// A commit after the classification.
    Commit,
    /// Both.
    CommitAndCompletion,
}

/// The rules about statuses, ready to be asked.
#[derive(Clone, Copy, Debug)]
pub struct StatusRules<'a> {
    /// The projects.
    pub graph: &'a Graph,
    /// Commits up to today.
    pub windows: &'a WindowsByVertex,
    /// Repos of every project.
    pub members: &'a [Vec<u32>],
    /// Where the classification comes from.
    pub source: StatusSource,
}

impl StatusRules<'_> {
    /// The decision about a project, by its index.
    #[must_use]
    pub fn decide(&self, n: usize) -> StatusDecision {
        let project = &self.graph.projects[n];
        let funder = || grants::upstream_status(project.integration_status.as_deref());
        let (classified, by) = match (self.source, &project.answer) {
            (StatusSource::IntegrationStatus, _) => {
                let (status, by) = by_funder(project);
                return StatusDecision { status, classified: status, by, since: None, lift: None };
            }
            (_, Some(answer)) => (answered(answer.status), Classifier::Survey),
            (StatusSource::CascadeFromIntegrationStatus, None) if project.recorded => {
                (funder(), Classifier::GrantsRecord)
            }
            (_, None) => (ActivityStatus::NonResponsive, Classifier::Nobody),
        };
        let since = project.answer.as_ref().map(|answer| answer.answered_at);
        let since = since.or(self.graph.newest_answer).or(project.first_seen);
        let committed = || since.is_some_and(|since| self.committed(n, since.day()));
        let (status, lift) = match (classified, project.complete) {
            (ActivityStatus::InDev, true) => (ActivityStatus::Live, Some(StatusLift::Completion)),
            (ActivityStatus::Discontinued | ActivityStatus::NonResponsive, complete) if committed() => {
                if complete {
                    (ActivityStatus::Live, Some(StatusLift::CommitAndCompletion))
                } else {
                    (ActivityStatus::InDev, Some(StatusLift::Commit))
                }
            }
            (same, _) => (same, None),
        };
        StatusDecision { status, classified, by, since, lift }
    }

    fn committed(&self, project: usize, after: Day) -> bool {
        self.members[project].iter().any(|repo| self.windows.last_commit(*repo).is_some_and(|day| day > after))
    }
}

/// Upstream's rule: the project record's word; an application without a project record by its completion.
fn by_funder(project: &Project) -> (ActivityStatus, Classifier) {
    match (project.recorded, project.complete) {
        (true, _) => (grants::upstream_status(project.integration_status.as_deref()), Classifier::GrantsRecord),
        (false, true) => (ActivityStatus::Live, Classifier::Applications),
        (false, false) if project.applied => (ActivityStatus::InDev, Classifier::Applications),
        (false, false) => (ActivityStatus::NonResponsive, Classifier::Nobody),
    }
}

fn answered(status: SurveyStatus) -> ActivityStatus {
    match status {
        SurveyStatus::Live => ActivityStatus::Live,
        SurveyStatus::InDev => ActivityStatus::InDev,
        SurveyStatus::Discontinued => ActivityStatus::Discontinued,
    }
}
