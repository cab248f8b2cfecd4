//! Risk flags: thresholds over scores and terms.

use domain::decimal::Decimal;
use domain::formula::{Condition, Flag, Measured, Term};
use domain::time::Day;

use super::ScoreRow;
use super::exact::{below, hundredths};

/// Raises the flags of rows that all have one level. `moved` hears which rows raised others before.
pub(super) fn raise(rows: &mut [ScoreRow], terms: &[Term], flags: &[Flag], today: Day, mut moved: impl FnMut(usize)) {
    if flags.is_empty() {
        return;
    }
    let criticality: Vec<Option<u64>> = rows.iter().map(|row| row.criticality).collect();
    let (ranks, count) = below(&criticality);
    for (n, (row, rank)) in rows.iter_mut().zip(ranks).enumerate() {
        let percentile = rank.and_then(|rank| (rank * 100).checked_div(count));
        let value = |measured: Measured| -> Option<Decimal> {
            match measured {
                Measured::Criticality => Decimal::parse(&row.criticality?.to_string()),
                Measured::CriticalityPercentile => Decimal::parse(&percentile?.to_string()),
                Measured::PonyFactor => row.pony_factor.map(Decimal::from),
                Measured::Adoption => Decimal::parse(&hundredths(row.adoption?)),
                Measured::PgScore => Decimal::parse(&hundredths(row.pg_score?)),
                Measured::Term(term) => row.terms[terms.binary_search(&term).ok()?]?.decimal(today),
            }
        };
        let holds = |condition: &Condition| {
            value(condition.value).is_some_and(|value| {
                condition.at_least.as_ref().is_none_or(|bound| value >= *bound)
                    && condition.at_most.as_ref().is_none_or(|bound| value <= *bound)
            })
        };
        let raised = flags.iter().filter(|flag| flag.when.iter().all(holds)).map(|flag| flag.name.clone());
        let mut raised: Vec<String> = raised.collect();
        raised.sort_unstable();
        if row.flags != raised {
            row.flags = raised;
            moved(n);
        }
    }
}
