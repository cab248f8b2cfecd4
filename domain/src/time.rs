//! World time and log time: microseconds and whole days, UTC only.

use std::fmt;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, SecondsFormat, Timelike, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::from_text::from_text;
use crate::number::fit;

const NANOS_PER_SECOND: u32 = 1_000_000_000;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// How far `observed_at` may lie ahead of `recorded_at`, which is the log's clock, in minutes: clocks differ,
/// prophecies are refused.
pub const MAX_AHEAD_MINUTES: i64 = 5;

/// A text that is no RFC 3339 time or date.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no RFC 3339 time (2026-01-31T12:00:00Z) between the years 1970 and 9999")]
pub struct TimeError(pub String);

/// A moment: microseconds since 1970-01-01T00:00:00Z, what Postgres keeps. Text form: RFC 3339, six decimals, `Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Parses RFC 3339 with any offset; decimals beyond six are cut. A leap second, which ends a UTC day, is the second
    /// before.
    ///
    /// # Errors
    /// When the text is no such time or lies outside the years 1970 to 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let error = || TimeError(text.to_owned());
        let mut moment = DateTime::parse_from_rfc3339(text.trim()).map_err(|_| error())?.with_timezone(&Utc);
        // The calendar's form has a second of more than a thousand milliseconds, wherever in a day.
        if moment.nanosecond() >= NANOS_PER_SECOND {
            let ends_day = (moment.hour(), moment.minute(), moment.second()) == (23, 59, 59);
            let within = moment.nanosecond() - NANOS_PER_SECOND;
            moment = moment.with_nanosecond(within).filter(|_| ends_day).ok_or_else(error)?;
        }
        Self::from_datetime(moment).filter(|_| (1970..=9999).contains(&moment.year())).ok_or_else(error)
    }

    /// Parses a time, or a date, which stands for its first moment.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse_time_or_date(text: &str) -> Result<Self, TimeError> {
        Day::parse(text).map(Day::start).or_else(|_| Self::parse(text))
    }

    /// From microseconds since 1970; `None` outside the years 1970 to 9999.
    #[must_use]
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::<Utc>::from_timestamp_micros(micros)
            .filter(|moment| (1970..=9999).contains(&moment.year()))
            .map(|_| Self(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The calendar form, for the database driver.
    #[must_use]
    pub fn datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).expect("a moment lies within the calendar")
    }

    /// From the calendar form, cut to microseconds; `None` outside the years 1970 to 9999.
    #[must_use]
    pub fn from_datetime(moment: DateTime<Utc>) -> Option<Self> {
        Self::from_micros(moment.timestamp_micros())
    }

    /// The UTC day this moment lies in.
    #[must_use]
    pub fn day(self) -> Day {
        Day(fit(self.0.div_euclid(MICROS_PER_DAY), "day of a moment"))
    }

    /// Whether something observed now is too far ahead of the log's clock, by more than [`MAX_AHEAD_MINUTES`].
    #[must_use]
    pub fn is_too_far_ahead(self, recorded_at: Self) -> bool {
        self.0 - recorded_at.0 > MAX_AHEAD_MINUTES * MICROS_PER_MINUTE
    }

    /// The same time of day, so many days before.
    #[must_use]
    pub fn days_before(self, days: u16) -> Self {
        Self(self.0 - i64::from(days) * MICROS_PER_DAY)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.datetime().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// A UTC day: days since 1970-01-01. Text form: `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Day(i32);

impl Day {
    /// Parses `YYYY-MM-DD`.
    ///
    /// # Errors
    /// When the text is no such date between the years 1970 and 9999.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let date = match text.trim().as_bytes() {
            [year @ .., b'-', m1, m2, b'-', d1, d2] if year.len() == 4 => {
                let number = |digits: &[u8]| {
                    digits
                        .iter()
                        .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
                };
                number(year).zip(number(&[*m1, *m2])).zip(number(&[*d1, *d2]))
            }
            _ => None,
        };
        date.filter(|((year, _), _)| *year >= 1970)
            .and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year.cast_signed(), month, day))
            .map(Self::from_date)
            .ok_or_else(|| TimeError(text.to_owned()))
    }

    fn from_date(date: NaiveDate) -> Self {
        let days = date.signed_duration_since(NaiveDate::default()).num_days();
        Self(fit(days, "day of the calendar"))
    }

    fn date(self) -> NaiveDate {
        let days = Days::new(u64::from(self.0.unsigned_abs()));
        let epoch = NaiveDate::default();
        let date = if self.0 < 0 { epoch.checked_sub_days(days) } else { epoch.checked_add_days(days) };
        date.expect("a day lies within the calendar, but for a bound, which has no date")
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// The day `number` days after 1970-01-01. Numbers beyond the calendar (some 262,000 years to both sides) are
    /// bounds to compare with: they have no date.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The first moment of the day.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp(i64::from(self.0) * MICROS_PER_DAY)
    }

    /// The same day `months` earlier, clamped to the month's end; the least day of all where no calendar reaches.
    #[must_use]
    pub fn minus_months(self, months: u32) -> Self {
        self.date().checked_sub_months(Months::new(months)).map_or(Self(i32::MIN), Self::from_date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date();
        write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
    }
}

macro_rules! as_text {
    ($name:ident, $parse:path) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                from_text(deserializer, $parse)
            }
        }
    };
}
as_text!(Timestamp, Timestamp::parse);
as_text!(Day, Day::parse);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_six_decimals_and_z() {
        let moment = Timestamp::parse("2026-01-31T13:00:00.1234567+01:00").unwrap();
        assert_eq!(moment.to_string(), "2026-01-31T12:00:00.123456Z");
        assert_eq!(Timestamp::parse("2026-01-31T12:00:00Z").unwrap().to_string(), "2026-01-31T12:00:00.000000Z");
        assert!(Timestamp::parse("yesterday").is_err());
        assert!(Timestamp::parse("1969-12-31T23:59:59Z").is_err());
        assert_eq!(Timestamp::parse_time_or_date("2026-02-01").unwrap().to_string(), "2026-02-01T00:00:00.000000Z");
    }

    #[test]
    fn a_leap_second_ends_a_day_of_utc() {
        for (text, kept) in [
            ("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59.000000Z")),
            ("2016-12-31T18:59:60.25-05:00", Some("2016-12-31T23:59:59.250000Z")),
            ("2026-03-01T23:59:60+05:45", None),
            ("2026-03-01T12:00:60Z", None),
        ] {
            assert_eq!(Timestamp::parse(text).ok().map(|time| time.to_string()).as_deref(), kept, "{text}");
        }
    }

    #[test]
    fn windows_clamp_to_the_end_of_the_month() {
        let day = Day::parse("2026-03-31").unwrap();
        assert_eq!(day.minus_months(1).to_string(), "2026-02-28");
        assert_eq!(day.minus_months(24).to_string(), "2024-03-31");
        assert_eq!(day.start().day(), day);
        for text in ["2026-3-1", "+2026-3-01", "2026-02-29", "2026-03-1 2", "20260301", ""] {
            assert!(Day::parse(text).is_err(), "{text}");
        }
    }
}
