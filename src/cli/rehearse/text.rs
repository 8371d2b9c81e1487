//! Prints a rehearsal for a person: a line per table with its differing rows below.

use super::Rehearsal;
use super::difference::{ChangedRow, RowId, TableDifference};
use crate::escape::EscapedText;
use crate::figures::counted;
use crate::plan::source_clause;

/// Width of the verdict column.
const VERDICT_WIDTH: usize = 12;

/// Every table with at most `most` of its differing rows.
pub(super) fn text(rehearsal: &Rehearsal, most: usize) -> EscapedText {
    let rows: usize = rehearsal.copied.iter().map(|copied| copied.rows).sum();
    let mut lines = vec![format!(
        "{} ({}) of plan {}{}, from {}: copied {} of {}",
        counted(rehearsal.dates.len(), "date"),
        rehearsal.days(),
        rehearsal.plan,
        source_clause(rehearsal.source.as_deref()),
        rehearsal.from,
        counted(rows, "row"),
        counted(rehearsal.copied.len(), "table"),
    )];
    let incomplete = rehearsal.copied.iter().filter(|copied| copied.left_out > 0);
    lines.extend(incomplete.map(|copied| {
        let left_out = counted(copied.left_out, "row");
        format!(
            "  {}: skipped {left_out} not valid for the table; see the log",
            copied.table
        )
    }));
    for table in &rehearsal.tables {
        of_table(&mut lines, table, most);
    }
    lines.push(verdict(rehearsal));
    lines.into_iter().collect()
}

fn of_table(lines: &mut Vec<String>, table: &TableDifference, most: usize) {
    let word = match (table.is_equal(), &table.stopped) {
        (true, _) => "= equal",
        (false, Some(_)) => "! not run",
        (false, None) => "≠ DIFFERENT",
    };
    lines.push(format!(
        "{word:VERDICT_WIDTH$} {}: {}",
        table.table,
        summary(table)
    ));
    let indented = |line: String| format!("{:VERDICT_WIDTH$}   {line}", "");
    lines.extend(table.attention.iter().map(|unmade| {
        let reason = unmade.reason.as_deref().unwrap_or("no reason given");
        indented(format!("{} is {} here: {reason}", unmade.date, unmade.state))
    }));
    let different = table.different.iter().map(changed);
    let here = table
        .only_here
        .iter()
        .map(|row| format!("only here: {}", name(row)));
    let there = table
        .only_there
        .iter()
        .map(|row| format!("only there: {}", name(row)));
    lines.extend(different.chain(here).chain(there).take(most).map(indented));
    let more = table.differing().saturating_sub(most);
    if more > 0 && most > 0 {
        lines.push(indented(format!(
            "and {more} more; show more with --rows, or all with --output FILE"
        )));
    }
}

/// The number of equal and differing rows of a table, or why it was stopped.
fn summary(table: &TableDifference) -> String {
    if let Some(stopped) = &table.stopped {
        return stopped.clone();
    }
    if table.differing() == 0 {
        return counted(table.same, "row");
    }
    format!(
        "{} different, {} only here, {} only there, {} equal",
        table.different.len(),
        table.only_here.len(),
        table.only_there.len(),
        table.same
    )
}

fn changed(row: &ChangedRow) -> String {
    let cells = row.columns.iter().map(|cell| {
        let (column, here, there) = (&cell.column, &cell.here, &cell.there);
        format!("{column} here {here}, there {there}")
    });
    format!("{}: {}", name(&row.named), cells.collect::<Vec<_>>().join("; "))
}

/// A row by date and key; just the date if they are equal.
fn name(named: &RowId) -> String {
    let date = named.date.clone().unwrap_or_default();
    if date == named.row {
        return date;
    }
    format!("{date} {}", named.row)
}

fn verdict(rehearsal: &Rehearsal) -> String {
    let computed = format!("The computed rows are in {}.", rehearsal.scratch);
    let differing = rehearsal.tables.iter().filter(|table| !table.is_equal()).count();
    if differing == 0 {
        return format!("All rows are equal. {computed}");
    }
    format!(
        "{differing} of {} differ. {computed}",
        counted(rehearsal.tables.len(), "table")
    )
}

#[cfg(test)]
mod tests {
    use super::super::compute::IncompleteUnit;
    use super::super::copy::Copied;
    use super::super::difference::ChangedValue;
    use chrono::NaiveDate;

    use super::*;
    use crate::ledger::UnitState;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2021, 11, 5).unwrap()
    }

    fn named(row: &str) -> RowId {
        RowId {
            date: Some(day().to_string()),
            row: row.to_owned(),
        }
    }

    fn rehearsal(tables: Vec<TableDifference>) -> Rehearsal {
        Rehearsal {
            schema: super::super::SCHEMA,
            plan: "nba".to_owned(),
            from: "bigquery:nba-props".to_owned(),
            source: Some("auto".to_owned()),
            dates: vec![day().into()],
            copied: vec![Copied {
                table: "raw.feed".to_owned(),
                dates: 3,
                rows: 40,
                left_out: 1,
            }],
            equal: tables.iter().all(TableDifference::is_equal),
            tables,
            scratch: "/s/rehearse".to_owned(),
        }
    }

    #[test]
    fn differences_are_listed_by_table_up_to_the_limit() {
        let cell = |column: &str, here: &str, there: &str| ChangedValue {
            column: column.to_owned(),
            here: here.to_owned(),
            there: there.to_owned(),
        };
        let equal = TableDifference {
            table: "made.games".to_owned(),
            same: 26,
            ..TableDifference::default()
        };
        let different = TableDifference {
            table: "made.form".to_owned(),
            same: 1,
            attention: vec![IncompleteUnit {
                date: day().into(),
                state: UnitState::Partial,
                reason: Some("UTA has no minutes".to_owned()),
            }],
            different: vec![ChangedRow {
                named: named("BOS"),
                columns: vec![cell("points", "110", "111"), cell("pace", "99.5", "NULL")],
            }],
            only_here: vec![named("2021-11-05")],
            only_there: vec![named("UTA"), named("MIA")],
            ..TableDifference::default()
        };
        let stopped = TableDifference {
            table: "made.cards".to_owned(),
            stopped: Some("the disk is full".to_owned()),
            ..TableDifference::default()
        };
        let found = rehearsal(vec![equal.clone(), different, stopped]);
        assert!(!found.equal);
        assert_eq!(
            text(&found, 3).as_str(),
            "\
1 date (2021-11-05) of plan nba, source auto, from bigquery:nba-props: copied 40 rows of 1 table
  raw.feed: skipped 1 row not valid for the table; see the log
= equal      made.games: 26 rows
≠ DIFFERENT  made.form: 1 different, 1 only here, 2 only there, 1 equal
               2021-11-05 is partial here: UTA has no minutes
               2021-11-05 BOS: points here 110, there 111; pace here 99.5, there NULL
               only here: 2021-11-05
               only there: 2021-11-05 UTA
               and 1 more; show more with --rows, or all with --output FILE
! not run    made.cards: the disk is full
2 of 3 tables differ. The computed rows are in /s/rehearse.
"
        );
        let shown = text(&rehearsal(vec![equal]), 3);
        assert!(
            shown
                .as_str()
                .ends_with("\nAll rows are equal. The computed rows are in /s/rehearse.\n"),
            "{shown:?}"
        );
    }
}
