//! Values as they are held: few bytes each, since there are millions of moves.

use std::borrow::Cow;

use domain::status::ActivityStatus;

use super::MetricValue;
use crate::metrics::value::TermValue;

/// A [`MetricValue`] on its own. What needs more room than a number lies elsewhere.
#[derive(Clone, Debug)]
pub(super) enum HeldValue {
    Unknown,
    Status(ActivityStatus),
    Number(TermValue),
    Text(Box<MetricValue<'static>>),
}

impl HeldValue {
    pub(super) fn of(value: &MetricValue<'_>) -> Self {
        match value {
            MetricValue::Unknown => Self::Unknown,
            MetricValue::Status(status) => Self::Status(*status),
            MetricValue::Number(number) => Self::Number(*number),
            MetricValue::Flags(flags) => Self::Text(Box::new(MetricValue::Flags(Cow::Owned(flags.to_vec())))),
            MetricValue::Written(text) => Self::Text(Box::new(MetricValue::Written(text.clone()))),
        }
    }

    /// Whether it says the same as a value.
    pub(super) fn same(&self, value: &MetricValue<'_>) -> bool {
        match (self, value) {
            (Self::Unknown, MetricValue::Unknown) => true,
            (Self::Status(held), MetricValue::Status(status)) => held == status,
            (Self::Number(held), MetricValue::Number(number)) => held == number,
            (Self::Text(held), value) => held.same(value),
            (_, MetricValue::Written(_)) => self.value().same(value),
            _ => false,
        }
    }

    pub(super) fn value(&self) -> MetricValue<'static> {
        match self {
            Self::Unknown => MetricValue::Unknown,
            Self::Status(status) => MetricValue::Status(*status),
            Self::Number(number) => MetricValue::Number(*number),
            Self::Text(value) => MetricValue::clone(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_value_says_and_nothing_else() {
        let flags =
            |names: &[&str]| MetricValue::Flags(Cow::Owned(names.iter().map(|name| (*name).to_owned()).collect()));
        let written = |text: &str| MetricValue::Written(text.to_owned());
        let values = [
            MetricValue::Unknown,
            MetricValue::Status(ActivityStatus::Live),
            MetricValue::Status(ActivityStatus::InDev),
            MetricValue::Number(TermValue::Count(3)),
            MetricValue::Number(TermValue::Hundredths(300)),
            flags(&[]),
            flags(&["alone"]),
            written("null"),
            written("\"live\""),
            written("3"),
            written("[\"alone\"]"),
        ];
        for one in &values {
            assert_eq!(HeldValue::of(one).value(), *one);
            for other in &values {
                assert_eq!(HeldValue::of(one).same(other), one.same(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn it_takes_no_more_room_than_a_number() {
        assert_eq!(size_of::<Option<HeldValue>>(), size_of::<TermValue>());
    }
}
