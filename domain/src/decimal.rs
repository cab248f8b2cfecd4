//! Exact decimal numbers as text: amounts and percentages enter the log without passing through a float.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Greatest number of digits of a decimal in its normal form.
pub const MAX_DECIMAL_DIGITS: usize = 40;

/// A decimal number in its one normal form: `-?digits[.digits]`, without exponent, needless zeros or `-0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal(String);

impl Decimal {
    /// Parses a JSON number, or the same written with leading zeros; `None` for anything else and for numbers of
    /// more than [`MAX_DECIMAL_DIGITS`] digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text.trim().strip_prefix('-').map_or((false, text.trim()), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // The number is 0.`digits` x 10^`point`, `digits` without zeros at either end.
        let written = format!("{whole}{fraction}");
        let digits = written.trim_start_matches('0');
        let leading = i64::try_from(written.len() - digits.len()).ok()?;
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self("0".to_owned()));
        }
        let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?.checked_sub(leading)?;
        let zeros_before = usize::try_from(point.saturating_neg().max(0)).ok()?;
        let whole_digits = usize::try_from(point.max(0)).ok()?;
        if zeros_before.max(whole_digits) > MAX_DECIMAL_DIGITS || zeros_before + digits.len() > MAX_DECIMAL_DIGITS {
            return None;
        }
        let sign = if negative { "-" } else { "" };
        Some(Self(if whole_digits == 0 {
            format!("{sign}0.{}{digits}", "0".repeat(zeros_before))
        } else if whole_digits >= digits.len() {
            format!("{sign}{digits}{}", "0".repeat(whole_digits - digits.len()))
        } else {
            format!("{sign}{}.{}", &digits[..whole_digits], &digits[whole_digits..])
        }))
    }

    /// The normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the number is greater than zero.
    #[must_use]
    pub(crate) fn is_positive(&self) -> bool {
        self.0 != "0" && !self.0.starts_with('-')
    }

    /// Whole part and fraction of the absolute value.
    fn magnitude(&self) -> (&str, &str) {
        let text = self.0.trim_start_matches('-');
        text.split_once('.').unwrap_or((text, ""))
    }
}

impl From<u32> for Decimal {
    fn from(number: u32) -> Self {
        Self(number.to_string())
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (left, right) = (self.magnitude(), other.magnitude());
        let by_size =
            left.0.len().cmp(&right.0.len()).then_with(|| left.0.cmp(right.0)).then_with(|| left.1.cmp(right.1));
        match (self.0.starts_with('-'), other.0.starts_with('-')) {
            (false, false) => by_size,
            (true, true) => by_size.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .filter(|decimal| decimal.0 == text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no decimal number in normal form")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(text: &str) -> Option<String> {
        Decimal::parse(text).map(|decimal| decimal.to_string())
    }

    #[test]
    fn one_number_has_one_form() {
        for (text, form) in [
            ("166000", "166000"),
            ("19994.09", "19994.09"),
            ("100.00", "100"),
            ("007", "7"),
            ("-0.0", "0"),
            ("0.050", "0.05"),
            ("1e3", "1000"),
            ("1.25E+1", "12.5"),
            ("-5e-3", "-0.005"),
            (" 12 ", "12"),
            ("9007199254740993.1", "9007199254740993.1"),
            ("0e99999", "0"),
        ] {
            assert_eq!(normal(text).as_deref(), Some(form), "{text}");
        }
        for text in
            ["", "-", ".5", "5.", "1,000", "$5", "NaN", "1e400", "1e-400", "1e99999999999999999999", "+5", "1 2"]
        {
            assert_eq!(normal(text), None, "{text}");
        }
    }

    #[test]
    fn the_stored_form_is_the_normal_one() {
        assert_eq!(serde_json::from_str::<Decimal>("\"12.5\"").unwrap().as_str(), "12.5");
        assert!(serde_json::from_str::<Decimal>("\"12.50\"").is_err());
        assert!(serde_json::from_str::<Decimal>("12.5").is_err());
    }

    proptest! {
        #[test]
        fn order_and_form_are_those_of_the_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let cents = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                Decimal::parse(&format!("{sign}{}.{:02}", n.abs() / 100, n.abs() % 100)).unwrap()
            };
            prop_assert_eq!(cents(a).cmp(&cents(b)), a.cmp(&b));
            prop_assert_eq!(cents(a).is_positive(), a > 0);
            prop_assert_eq!(Decimal::parse(&format!("{a}e-2")).unwrap(), cents(a));
        }

        #[test]
        fn any_text_parses_to_a_fixed_point_or_not_at_all(text in "-?[0-9]{0,12}(\\.[0-9]{0,12})?([eE][+-]?[0-9]{1,3})?") {
            if let Some(decimal) = Decimal::parse(&text) {
                prop_assert_eq!(Decimal::parse(decimal.as_str()).unwrap(), decimal);
            }
        }
    }
}
