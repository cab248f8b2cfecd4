//! The composite: sum(weight x norm(term)) / sum(weight), on integers.

use domain::formula::{Norm, ScorePolicy};
use domain::number::fit;

use super::exact::{below, half_up, log1p_micro_of_hundredths};

/// Units of a normalised term: six decimals.
const MICRO: u128 = 1_000_000;

/// The composite of each of those that are compared with one another, from its three terms.
pub(super) fn composites(
    criticality: &[Option<u64>],
    pony_factor: &[Option<u32>],
    adoption: &[Option<u32>],
    policy: &ScorePolicy,
) -> Vec<Option<u64>> {
    // Every term in hundredths, so that one normalisation serves all three.
    let criticality: Vec<Option<u64>> = criticality.iter().map(|count| count.map(|n| n * 100)).collect();
    let pony: Vec<Option<u64>> = pony_factor.iter().map(|people| people.map(|n| u64::from(n) * 100)).collect();
    let adoption: Vec<Option<u64>> = adoption.iter().map(|hundredths| hundredths.map(u64::from)).collect();
    let terms = [
        (policy.criticality, normalised(&criticality, policy.criticality.norm)),
        (policy.pony, normalised(&pony, policy.pony.norm)),
        (policy.adoption, normalised(&adoption, policy.adoption.norm)),
    ];
    let weights: u128 = terms.iter().map(|(term, _)| u128::from(term.weight)).sum();
    let composite = |n: usize| {
        let weighted: Option<u128> =
            terms.iter().map(|(term, values)| values[n].map(|value| value * u128::from(term.weight))).sum();
        weighted.map(|sum| fit(half_up(sum * 100, weights * MICRO), "composite in hundredths"))
    };
    (0..criticality.len()).map(composite).collect()
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
        assert_eq!(composites(&[Some(42_949_673)], &[Some(1)], &[Some(0)], &policy), [Some(4_294_967_300)]);
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
