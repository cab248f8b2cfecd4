//! Exact shares and one way of rounding: half up, on integers.

use domain::number::fit;

/// `numerator / denominator`, rounded half up. The denominator is not zero.
#[must_use]
pub fn half_up(numerator: u128, denominator: u128) -> u128 {
    (2 * numerator + denominator) / (2 * denominator)
}

/// For each value, how many of the known values are strictly below it, and how many are known.
#[must_use]
pub fn below<T: Ord + Copy>(values: &[Option<T>]) -> (Vec<Option<u64>>, u64) {
    let known = values.iter().enumerate().filter_map(|(place, value)| Some(((*value)?, place)));
    let mut sorted: Vec<(T, usize)> = known.collect();
    sorted.sort_unstable();
    let mut ranks = vec![None; values.len()];
    let count = rank(&sorted, |place, below| ranks[place] = Some(below));
    (ranks, count)
}

/// Tells of each of these sorted values, by its place, how many are strictly below it. Answers how many there are.
pub(super) fn rank<T: Eq>(sorted: &[(T, usize)], mut tell: impl FnMut(usize, u64)) -> u64 {
    let mut below = 0;
    for same in sorted.chunk_by(|a, b| a.0 == b.0) {
        same.iter().for_each(|(_, place)| tell(*place, below));
        below += same.len() as u64;
    }
    below
}

/// The mean of percentiles `100 x below / count`, in hundredths, half up; `None` for no terms.
#[must_use]
pub fn mean_percentile(terms: &[(u64, u64)]) -> Option<u32> {
    if terms.is_empty() {
        return None;
    }
    if let Some(mean) = small_mean(terms) {
        return Some(mean);
    }
    let denominator: u128 = terms.iter().map(|(_, count)| u128::from(*count)).product();
    let sum: u128 = terms.iter().map(|(below, count)| u128::from(*below) * (denominator / u128::from(*count))).sum();
    Some(fit(half_up(sum * 10_000, denominator * terms.len() as u128), "percentile in hundredths"))
}

/// The same where all of it fits into 64 bits, which divide many times as fast; and they need to only once.
fn small_mean(terms: &[(u64, u64)]) -> Option<u32> {
    let (sum, denominator) = terms.iter().try_fold((0_u64, 1_u64), |(sum, denominator), (below, count)| {
        let more = below.checked_mul(denominator)?;
        Some((sum.checked_mul(*count)?.checked_add(more)?, denominator.checked_mul(*count)?))
    })?;
    let (numerator, denominator) = (sum.checked_mul(20_000)?, denominator.checked_mul(2 * terms.len() as u64)?);
    u32::try_from(numerator.checked_add(denominator / 2)? / denominator).ok()
}

/// ln(1 + value) in millionths.
#[must_use]
pub fn log1p_micro(value: u64) -> u128 {
    micro(libm::log1p(to_float(value)))
}

/// ln(1 + value) in millionths, for a value in hundredths.
#[must_use]
pub fn log1p_micro_of_hundredths(hundredths: u64) -> u128 {
    micro(libm::log1p(to_float(hundredths) / 100.0))
}

/// e^(-numerator / denominator) in millionths.
#[must_use]
pub fn decay_micro(numerator: u64, denominator: u64) -> u128 {
    micro(libm::exp(-to_float(numerator) / to_float(denominator)))
}

/// -p ln p in millionths, for the share p = part / whole; 0 at both ends.
#[must_use]
pub fn surprise_micro(part: u64, whole: u64) -> u128 {
    if part == 0 || part == whole {
        return 0;
    }
    let share = to_float(part) / to_float(whole);
    micro(-share * libm::log(share))
}

/// The nearest double.
#[allow(clippy::cast_precision_loss, reason = "the nearest double is what is meant")]
fn to_float(value: u64) -> f64 {
    value as f64
}

/// A value that is not negative, in millionths, half up. All callers stay below 2^64 / 10^6.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by what is computed here")]
fn micro(value: f64) -> u128 {
    u128::from(libm::floor(value * 1e6 + 0.5) as u64)
}

/// Hundredths as decimal text: 1250 is `12.50`.
#[must_use]
pub fn hundredths(value: impl Into<u64>) -> String {
    let value = value.into();
    format!("{}.{:02}", value / 100, value % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up() {
        assert_eq!(half_up(1, 2), 1);
        assert_eq!(half_up(5, 4), 1);
        assert_eq!(half_up(200, 3), 67);
    }

    #[test]
    fn ties_share_the_lowest_rank() {
        let (ranks, count) = below(&[Some(10), Some(10), Some(20), None]);
        assert_eq!((ranks, count), (vec![Some(0), Some(0), Some(2), None], 3));
        assert_eq!(mean_percentile(&[(2, 3)]), Some(6667));
        assert_eq!(mean_percentile(&[]), None);
        // What fits into 64 bits, and what does not.
        assert_eq!(small_mean(&[(1, 3), (2, 3), (1, 2)]), Some(5_000));
        assert_eq!(mean_percentile(&[(1, 3), (2, 3), (1, 2)]), Some(5_000));
        assert_eq!(small_mean(&[(1 << 40, 1 << 41), (1 << 40, 1 << 41)]), None);
        assert_eq!(mean_percentile(&[(1 << 40, 1 << 41), (1 << 40, 1 << 41)]), Some(5_000));
        assert_eq!(hundredths(6667_u32), "66.67");
        assert_eq!(hundredths(5_u32), "0.05");
    }
}
