//! Two sides in turn, and what came of them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::service::Result;

/// Figures by name.
pub type Figures = Map<String, Value>;

/// Figures of a `json!({...})` literal.
pub(super) fn report(value: Value) -> Figures {
    match value {
        Value::Object(map) => map,
        other => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Runs of each side.
pub(super) const RUNS: usize = 5;

/// Runs both sides alternately (A B B A), so that a machine that slows down or warms up does so for both. `units` of
/// work are done in each run.
pub(super) async fn compare(
    work: &str,
    units: u64,
    ours: &mut impl AsyncFnMut() -> Result<Duration>,
    reference: &mut impl AsyncFnMut() -> Result<Duration>,
) -> Result<Figures> {
    let (mut our_times, mut reference_times) = (vec![], vec![]);
    for pair in 0..RUNS {
        if pair % 2 == 0 {
            our_times.push(ours().await?);
            reference_times.push(reference().await?);
        } else {
            reference_times.push(reference().await?);
            our_times.push(ours().await?);
        }
    }
    let rates = |times: &[Duration]| -> Vec<f64> { times.iter().map(|t| units as f64 / t.as_secs_f64()).collect() };
    let (ours, reference) = (rates(&our_times), rates(&reference_times));
    let (our_rate, reference_rate) = (quantile(&ours, 50), quantile(&reference, 50));
    Ok(report(json!({
        "work": work,
        "units": units,
        "ours_per_second": our_rate,
        "reference_per_second": reference_rate,
        "ratio": our_rate / reference_rate,
        "ours": ours,
        "reference": reference,
    })))
}

/// The least value that at least `percent` of the values do not exceed; 0 for none.
pub(super) fn quantile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=1_000).rev().map(f64::from).collect();
        assert_eq!(quantile(&values, 50), 500.0);
        assert_eq!(quantile(&values, 99), 990.0);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 50), 2.0);
        assert_eq!(quantile(&[], 50), 0.0);
    }

    #[test]
    fn sides_take_turns() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let turns = std::cell::RefCell::new(String::new());
        let side = async |name: char, millis: u64| {
            turns.borrow_mut().push(name);
            Ok(Duration::from_millis(millis))
        };
        let (mut ours, mut reference) = (async || side('A', 200).await, async || side('B', 100).await);
        let report = runtime.block_on(compare("test", 100, &mut ours, &mut reference)).unwrap();
        assert_eq!(*turns.borrow(), "ABBAABBAAB");
        assert_eq!(report["ratio"], 0.5);
        assert_eq!(report["ours"].as_array().unwrap().len(), RUNS);
    }
}
