//! NULLs and data issues in a stage's rows: counted per date, summed per stage for the screen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::ledger::Gap;
use crate::partition::Partition;
use crate::table::{Row, TableDef, Value};

use super::GapView;

/// Counts the NULLs in each column of `rows`, and the rows with each data issue.
pub(super) fn count(table: &TableDef, rows: &[Row]) -> Vec<Gap> {
    let mut empty = vec![0_u32; table.columns.len()];
    let mut named: BTreeMap<&str, u32> = BTreeMap::new();
    for row in rows {
        // An issue listed in two columns of a row counts once.
        let mut issues_of_row = BTreeSet::new();
        for (at, (column, value)) in table.columns.iter().zip(row).enumerate() {
            match value {
                // The warehouse fills write timestamps, so their NULLs don't count.
                Value::Null if column.stamp.is_none() => empty[at] += 1,
                Value::List(issues) if column.lists_issues() => {
                    issues_of_row.extend(issues.iter().map(|issue| kind(issue)));
                }
                _ => {}
            }
        }
        for issue in issues_of_row {
            *named.entry(issue).or_default() += 1;
        }
    }
    let empty = table.columns.iter().zip(empty).filter(|(_, rows)| *rows > 0);
    let empty = empty.map(|(column, rows)| (column.name.to_string(), rows));
    let named = named.into_iter().map(|(issue, rows)| (issue.to_owned(), rows));
    empty
        .chain(named)
        .map(|(what, rows)| Gap { what, rows })
        .collect()
}

/// The issue without its figures, which differ from row to row and would make a gap of each row.
fn kind(issue: &str) -> &str {
    match issue.split_once(':') {
        Some((kind, figures)) if figures.starts_with(|c: char| c.is_ascii_digit()) => kind,
        _ => issue,
    }
}

/// The gaps of a stage by date, so that a rerun date replaces its own.
#[derive(Debug, Default)]
pub(super) struct StageGaps {
    by_date: HashMap<Partition, Vec<(Arc<str>, u32)>>,
    sums: BTreeMap<Arc<str>, Sum>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    dates: u64,
    rows: u64,
}

impl StageGaps {
    pub(super) fn put(&mut self, date: Partition, gaps: &[Gap]) {
        for (what, rows) in self.by_date.remove(&date).unwrap_or_default() {
            if let Some(sum) = self.sums.get_mut(&what) {
                sum.dates -= 1;
                sum.rows -= u64::from(rows);
                if sum.dates == 0 {
                    self.sums.remove(&what);
                }
            }
        }
        let mut kept: Vec<(Arc<str>, u32)> = Vec::with_capacity(gaps.len());
        for gap in gaps {
            // Older ledgers have an issue once per column that lists it.
            if kept.iter().any(|(what, _)| **what == *gap.what) {
                continue;
            }
            let known = self.sums.get_key_value(gap.what.as_str());
            let what = known.map_or_else(|| Arc::from(gap.what.as_str()), |(what, _)| Arc::clone(what));
            let sum = self.sums.entry(Arc::clone(&what)).or_default();
            sum.dates += 1;
            sum.rows += u64::from(gap.rows);
            kept.push((what, gap.rows));
        }
        if !kept.is_empty() {
            self.by_date.insert(date, kept);
        }
    }

    pub(super) fn view(&self) -> Vec<GapView> {
        let shown = |(what, sum): (&Arc<str>, &Sum)| GapView {
            what: Arc::clone(what),
            dates: sum.dates,
            rows: sum.rows,
        };
        let mut gaps: Vec<GapView> = self.sums.iter().map(shown).collect();
        gaps.sort_by_key(|gap| Reverse(gap.rows));
        gaps
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::table::{Column, ColumnType, Stamp, fixture};

    fn table() -> TableDef {
        TableDef {
            columns: Cow::Owned(vec![
                Column::required("name", ColumnType::String, ""),
                Column::nullable("line", ColumnType::Float64, ""),
                Column::nullable("quality_issues", ColumnType::StringArray, ""),
                Column::nullable("data_quality_issues", ColumnType::StringArray, ""),
                Column::nullable("feature_names", ColumnType::StringArray, ""),
                Column::stamped("created_at", Stamp::Created, ""),
            ]),
            ..fixture::table()
        }
    }

    fn row(line: Option<f64>, issues: &[&str]) -> Row {
        let texts = |texts: &[&str]| Value::from(texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        vec![
            "a".into(),
            line.into(),
            texts(issues),
            texts(&issues[..1]),
            texts(&["pace", "rest"]),
            Value::Null,
        ]
    }

    fn gap(what: &str, rows: u32) -> Gap {
        Gap {
            what: what.to_owned(),
            rows,
        }
    }

    #[test]
    fn only_nulls_and_issues_are_counted() {
        let rows = [
            row(None, &["no_shots", "window:5/6"]),
            row(Some(0.0), &["no_shots", "early", "default:last_10"]),
            row(None, &["window:10/12"]),
        ];
        let expected = [
            gap("line", 2),
            gap("default:last_10", 1),
            gap("early", 1),
            gap("no_shots", 2),
            gap("window", 2),
        ];
        assert_eq!(count(&table(), &rows), expected);
        assert_eq!(count(&table(), &[]), []);
    }

    #[test]
    fn a_rerun_replaces_the_gaps_of_its_date() {
        let day = |number| Partition::day(chrono::NaiveDate::from_ymd_opt(2023, 12, number).unwrap());
        let shown = |gaps: &StageGaps| -> Vec<(String, u64, u64)> {
            let view = gaps.view();
            view.iter()
                .map(|gap| (gap.what.to_string(), gap.dates, gap.rows))
                .collect()
        };
        let mut gaps = StageGaps::default();
        gaps.put(day(16), &[gap("line", 3), gap("early", 9)]);
        gaps.put(day(17), &[gap("line", 4), gap("line", 4)]);
        assert_eq!(
            shown(&gaps),
            [("early".to_owned(), 1, 9), ("line".to_owned(), 2, 7)]
        );
        gaps.put(day(16), &[gap("line", 1)]);
        assert_eq!(shown(&gaps), [("line".to_owned(), 2, 5)]);
        gaps.put(day(16), &[]);
        gaps.put(day(17), &[]);
        assert_eq!(shown(&gaps), []);
    }
}
