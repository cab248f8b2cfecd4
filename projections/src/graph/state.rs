//! What the graph projection remembers: the newest fact of every source, nothing resolved.
//!
//! Every map stores as rows `(kind, key, value)`; reading them back gives the same state.

use std::collections::BTreeMap;

use domain::facts::curation::Curated;
use domain::facts::grant::{ApplicationRecord, PoolRecord, ProjectRecord};
use domain::facts::registry::RegistryCrawled;
use domain::facts::repo::RepoObserved;
use domain::facts::survey::SurveyStatus;
use domain::recorded::{Position, Rank};
use domain::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

use super::snapshot::Snapshots;
use crate::family::fact_maps;
use crate::newest::Newest;

fact_maps! {
    /// The newest fact of every source.
    GraphState {
        /// The log's clocks; one row, key `log`.
        clock: "clock" => Clock,
        /// Repositories an ingestion is about, by purl as given.
        repos: "repo" => RepoFacts,
        /// Bills of materials, by subject as given.
        sboms: "sbom" => Snapshots,
        /// Registry answers, by package.
        packages: "package" => Newest<RegistryCrawled>,
        /// Projects that facts name, by id.
        projects: "project" => ProjectFacts,
        /// Grant applications, by id.
        applications: "application" => Newest<ApplicationRecord>,
        /// Funding rounds, by id.
        pools: "pool" => Newest<PoolRecord>,
        /// Survey answers, by `id/<project id>` or `name/<normalised name>`.
        answers: "answer" => SurveyAnswers,
        /// Corrections, by source.
        curations: "curation" => Newest<Curated>,
    }
}

/// The log's clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Greatest `observed_at` of the facts so far.
    pub world_time: Option<Timestamp>,
    /// Greatest `recorded_at` of any event so far.
    pub recorded_at: Option<Timestamp>,
    /// Position of the last event that says something of the world, or corrects what was said; 0 before the first.
    pub told: Position,
}

/// What is known of a repository besides its dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepoFacts {
    /// Spelling of the newest ingestion.
    pub spelled: Option<Newest<String>>,
    /// By source the project that its newest fact names, if any.
    pub flags: BTreeMap<String, Newest<Option<String>>>,
    /// Host facts.
    pub host: Option<Newest<RepoObserved>>,
}

/// What is known of a project by its id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectFacts {
    /// Newest grants record.
    pub record: Option<Newest<ProjectRecord>>,
    /// Least `observed_at` of the facts that name the project.
    pub first_seen: Option<Timestamp>,
}

/// What was answered about one project or name: one answer an `answered_at`, which is what tells sources apart, by that
/// time. An answer counts once its day has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SurveyAnswers(Vec<SurveyAnswer>);

impl SurveyAnswers {
    /// Takes in an answer, in any order of arrival.
    pub fn offer(&mut self, answer: SurveyAnswer) {
        match self.0.binary_search_by_key(&answer.answered_at, |held| held.answered_at) {
            Ok(place) if self.0[place].rank < answer.rank => self.0[place] = answer,
            Ok(_) => {}
            Err(place) => self.0.insert(place, answer),
        }
    }

    /// The newest answer that counts on a day of world time.
    #[must_use]
    pub fn on(&self, today: Day) -> Option<&SurveyAnswer> {
        self.0.iter().rev().find(|answer| answer.answered_at.day() <= today)
    }

    /// The name in the newest row that has one.
    #[must_use]
    pub fn name(&self) -> Option<(Rank, &str)> {
        self.0.iter().filter_map(|answer| Some((answer.rank, answer.name.as_deref()?))).max()
    }
}

/// An answer to the survey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyAnswer {
    /// When it was given.
    pub answered_at: Timestamp,
    /// When and where it was said.
    pub rank: Rank,
    /// What was answered.
    pub status: SurveyStatus,
    /// Name as given.
    pub name: Option<String>,
}

impl SurveyAnswer {
    /// What makes one newer than another.
    #[must_use]
    pub fn order(&self) -> (Timestamp, Rank) {
        (self.answered_at, self.rank)
    }
}

impl GraphState {
    /// Position of the last event on which scores may rest: all later ones are the log's own affairs.
    #[must_use]
    pub fn told(&self) -> Position {
        self.clock.get(CLOCK).map_or(0, |clock| clock.told)
    }

    /// World time: the greatest `observed_at` of the facts so far.
    #[must_use]
    pub fn world_time(&self) -> Option<Timestamp> {
        self.clock.get(CLOCK).and_then(|clock| clock.world_time)
    }
}

impl GraphState {
    /// The UTC day of world time: facts dated later do not count yet.
    #[must_use]
    pub fn today(&self) -> Day {
        self.world_time().map_or(Day::from_number(0), Timestamp::day)
    }

    /// Log time: the greatest `recorded_at` so far.
    #[must_use]
    pub fn recorded_at(&self) -> Option<Timestamp> {
        self.clock.get(CLOCK).and_then(|clock| clock.recorded_at)
    }
}

/// Key of the one clock row.
pub const CLOCK: &str = "log";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::FactRows as _;

    #[test]
    fn a_clock_that_does_not_say_what_was_told_is_none_of_ours() {
        let mut state = GraphState::default();
        let clock = |more: &str| format!(r#"{{"world_time":null,"recorded_at":null{more}}}"#);
        assert!(state.restore("clock", CLOCK.to_owned(), &clock(r#","told":7"#)).unwrap());
        assert_eq!(state.told(), 7);
        assert!(state.restore("clock", CLOCK.to_owned(), &clock("")).is_err());
    }
}
