//! Missing values in the stored rows of a stage, added up over its dates for console and report.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ledger::Gap;
use crate::partition::Partition;

/// A missing value or data issue in rows of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageGap {
    /// The column that is NULL, or the issue named in an issues column.
    pub what: String,
    pub dates: u64,
    pub rows: u64,
}

/// Adds up the gaps of all dates, most rows first.
pub(super) fn added_up(by_date: &BTreeMap<Partition, Vec<Gap>>) -> Vec<StageGap> {
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for gaps in by_date.values() {
        // Older ledgers list an issue once for each column that names it.
        let mut seen = BTreeSet::new();
        for gap in gaps.iter().filter(|gap| seen.insert(&gap.what)) {
            let (dates, rows) = sums.entry(&gap.what).or_default();
            *dates += 1;
            *rows += u64::from(gap.rows);
        }
    }
    let gap = |(what, (dates, rows)): (&str, (u64, u64))| StageGap {
        what: what.to_owned(),
        dates,
        rows,
    };
    let mut gaps: Vec<StageGap> = sums.into_iter().map(gap).collect();
    gaps.sort_by_key(|gap| Reverse(gap.rows));
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_summed_over_dates() {
        let day = |number| Partition::day(chrono::NaiveDate::from_ymd_opt(2024, 1, number).unwrap());
        let gap = |what: &str, rows| Gap {
            what: what.to_owned(),
            rows,
        };
        let by_date = BTreeMap::from([
            (day(1), vec![gap("early", 2), gap("line", 3)]),
            (day(2), vec![gap("line", 4), gap("line", 4)]),
        ]);
        let texts: Vec<_> = added_up(&by_date)
            .into_iter()
            .map(|gap| (gap.what, gap.dates, gap.rows))
            .collect();
        assert_eq!(texts, [("line".to_owned(), 2, 7), ("early".to_owned(), 1, 2)]);
    }
}
