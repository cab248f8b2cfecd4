//! Activity status of a project: what the cascade works on and what every table shows.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::facts::survey::SurveyStatus;

/// How alive a project is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActivityStatus {
    /// In use.
    Live,
    /// Being built.
    InDev,
    /// Given up.
    Discontinued,
    /// Nobody answered for it.
    NonResponsive,
}

impl ActivityStatus {
    /// Every status, the most alive first.
    pub const ALL: [Self; 4] = [Self::Live, Self::InDev, Self::Discontinued, Self::NonResponsive];

    /// The word that is stored and shown.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::InDev => "in-dev",
            Self::Discontinued => "discontinued",
            Self::NonResponsive => "non-responsive",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether a project of this status counts as active: `live` or `in-dev`.
    #[must_use]
    pub fn is_active(self) -> bool {
        matches!(self, Self::Live | Self::InDev)
    }

    /// Place in a ranking, from 1 (`non-responsive`) to 4 (`live`).
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::Live => 4,
            Self::InDev => 3,
            Self::Discontinued => 2,
            Self::NonResponsive => 1,
        }
    }
}

impl fmt::Display for ActivityStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<SurveyStatus> for ActivityStatus {
    fn from(answer: SurveyStatus) -> Self {
        match answer {
            SurveyStatus::Live => Self::Live,
            SurveyStatus::InDev => Self::InDev,
            SurveyStatus::Discontinued => Self::Discontinued,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_everywhere() {
        for status in ActivityStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(ActivityStatus::from_name(status.name()), Some(status));
        }
        assert_eq!(ActivityStatus::from_name("Live"), None);
        for answer in [SurveyStatus::Live, SurveyStatus::InDev, SurveyStatus::Discontinued] {
            assert_eq!(serde_json::to_value(answer).unwrap(), ActivityStatus::from(answer).name());
        }
    }

    #[test]
    fn ranks_fall_from_live_and_the_upper_half_is_active() {
        let ranks: Vec<u8> = ActivityStatus::ALL.into_iter().map(ActivityStatus::rank).collect();
        assert_eq!(ranks, [4, 3, 2, 1]);
        let active = ActivityStatus::ALL.into_iter().filter(|status| status.is_active());
        assert_eq!(active.collect::<Vec<_>>(), [ActivityStatus::Live, ActivityStatus::InDev]);
    }
}
