//! How many people are behind a share of commits.

/// The fewest authors whose commits together reach `threshold_percent` of all; 0 without commits. The counts are sorted
/// on the way.
#[must_use]
pub fn pony_factor(counts: &mut [u64], threshold_percent: u32) -> u32 {
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    let mut sum = 0u128;
    let mut people = 0;
    for count in counts.iter().take_while(|count| **count > 0) {
        sum += u128::from(*count);
        people += 1;
        if sum * 100 >= u128::from(threshold_percent) * total {
            break;
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        for (counts, expected) in [
            (vec![], 0),
            (vec![0, 0], 0),
            (vec![7], 1),
            (vec![5, 5], 1),
            (vec![1; 10], 5),
            (vec![4, 3, 3], 2),
            (vec![50, 30, 20], 1),
            (vec![49, 30, 21], 2),
        ] {
            assert_eq!(pony_factor(&mut counts.clone(), 50), expected, "{counts:?}");
        }
    }
}
