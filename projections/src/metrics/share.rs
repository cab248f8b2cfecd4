//! How many people are behind a share of commits.

use super::authors::Commits;

/// The fewest authors whose commits together reach `threshold_percent` of all; 0 without commits.
#[must_use]
pub fn pony_factor(commits: &Commits, threshold_percent: u32) -> u32 {
    let mut counts: Vec<u64> = commits.iter().map(|(_, count)| *count).filter(|count| *count > 0).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    let mut sum = 0u128;
    let mut people = 0;
    for count in counts {
        sum += u128::from(count);
        people += 1;
        if sum * 100 >= u128::from(threshold_percent) * total {
            break;
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use domain::digest::Digest;

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
            let commits = counts.iter().map(|count| (Digest::default(), *count)).collect();
            assert_eq!(pony_factor(&commits, 50), expected, "{counts:?}");
        }
    }
}
