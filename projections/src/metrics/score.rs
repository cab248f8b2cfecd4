//! The composite: sum(weight x norm(term)) / sum(weight), on integers.

use domain::formula::{Norm, ScorePolicy};
use domain::number::fit;

use super::ScoreRow;
use super::exact::{below, half_up, log1p_micro_of_hundredths};

/// Units of a normalised term: six decimals.
const MICRO: u128 = 1_000_000;

/// Adds the composite to rows that all have one level.
pub fn add(rows: &mut [ScoreRow], policy: &ScorePolicy) {
    // Every term in hundredths, so that one normalisation serves all three.
    let criticality: Vec<Option<u64>> = rows.iter().map(|row| row.criticality.map(|n| n * 100)).collect();
    let pony: Vec<Option<u64>> = rows.iter().map(|row| row.pony_factor.map(|n| u64::from(n) * 100)).collect();
    let adoption: Vec<Option<u64>> = rows.iter().map(|row| row.adoption.map(u64::from)).collect();
    let terms = [
        (policy.criticality, normalised(&criticality, policy.criticality.norm)),
        (policy.pony, normalised(&pony, policy.pony.norm)),
        (policy.adoption, normalised(&adoption, policy.adoption.norm)),
    ];
    let weights: u128 = terms.iter().map(|(term, _)| u128::from(term.weight)).sum();
    for (n, row) in rows.iter_mut().enumerate() {
        let weighted: Option<u128> =
            terms.iter().map(|(term, values)| values[n].map(|value| value * u128::from(term.weight))).sum();
        row.pg_score = weighted.map(|sum| fit(half_up(sum * 100, weights * MICRO), "composite in hundredths"));
    }
}

/// Values in hundredths, brought to a common scale, in millionths.
fn normalised(values: &[Option<u64>], norm: Norm) -> Vec<Option<u128>> {
    match norm {
        Norm::Percentile => {
            let (ranks, count) = below(values);
            let share = |rank: u64| half_up(u128::from(rank) * 100 * MICRO, u128::from(count.max(1)));
            ranks.into_iter().map(|rank| rank.map(share)).collect()
        }
        Norm::Identity => values.iter().map(|value| value.map(|value| u128::from(value) * (MICRO / 100))).collect(),
        Norm::Inverse => values
            .iter()
            .map(|value| value.filter(|value| *value > 0).map(|value| half_up(100 * MICRO, u128::from(value))))
            .collect(),
        Norm::Log1p => values.iter().map(|value| value.map(log1p_micro_of_hundredths)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_as_they_are_give_what_no_32_bits_hold() {
        use domain::formula::TermPolicy;

        let term = |weight| TermPolicy { weight, norm: Norm::Identity };
        let policy = ScorePolicy { criticality: term(1), pony: term(0), adoption: term(0) };
        let (pony_factor, adoption) = (Some(1), Some(0));
        let mut rows = [ScoreRow { criticality: Some(42_949_673), pony_factor, adoption, ..ScoreRow::default() }];
        add(&mut rows, &policy);
        assert_eq!(rows[0].pg_score, Some(4_294_967_300));
    }

    #[test]
    fn norms() {
        let values = [Some(0), Some(100), Some(300), None];
        assert_eq!(normalised(&values, Norm::Percentile), [Some(0), Some(33_333_333), Some(66_666_667), None]);
        assert_eq!(normalised(&values, Norm::Identity), [Some(0), Some(1_000_000), Some(3_000_000), None]);
        assert_eq!(normalised(&values, Norm::Inverse), [None, Some(1_000_000), Some(333_333), None]);
        assert_eq!(normalised(&values, Norm::Log1p), [Some(0), Some(693_147), Some(1_386_294), None]);
    }
}
