//! Rows are never replaced by fewer, in both backends: the replacing statement decides which stored rows are kept.

use std::borrow::Cow;
use std::sync::Arc;

use backcourt::table::{Column, ColumnType, Row, TableDef, Value};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Asking, Refill, Replace, RowsExpected, Warehouse};
use chrono::{NaiveDate, TimeDelta};

use super::emulator::Emulator;
use super::faults::block_on;
use super::warehouse::{at, day};

/// The expected rows of a date, the stored rows, the new rows, and how many of the new ones are invalid.
type Case = (RowsExpected, u32, u32, u32);

const CASES: [Case; 11] = [
    (RowsExpected::Exactly(4), 4, 0, 0),
    (RowsExpected::Exactly(4), 4, 3, 0),
    (RowsExpected::Exactly(4), 3, 3, 0),
    (RowsExpected::Exactly(4), 2, 3, 0),
    (RowsExpected::Exactly(4), 5, 4, 0),
    (RowsExpected::Exactly(0), 2, 0, 0),
    (RowsExpected::Exactly(4), 0, 1, 0),
    (RowsExpected::AtLeastOne, 3, 0, 0),
    (RowsExpected::AtLeastOne, 3, 1, 0),
    (RowsExpected::AtLeastOne, 3, 2, 1),
    (RowsExpected::Any, 3, 0, 1),
];

fn visits() -> TableDef {
    TableDef {
        dataset: Cow::Borrowed("order"),
        name: Cow::Borrowed("visits"),
        doc: Cow::Borrowed(""),
        columns: Cow::Owned(vec![
            Column::required("day", ColumnType::Date, ""),
            Column::required("group", ColumnType::Int64, ""),
            Column::required("stored", ColumnType::Int64, ""),
        ]),
        date_column: Cow::Borrowed("day"),
        key: Cow::Owned(vec![Cow::Borrowed("day"), Cow::Borrowed("group")]),
        cluster: Cow::Borrowed(&[]),
        require_partition_filter: true,
    }
}

fn source() -> TableDef {
    TableDef {
        name: Cow::Borrowed("source"),
        columns: Cow::Owned(vec![
            Column::required("day", ColumnType::Date, ""),
            Column::required("group", ColumnType::Int64, ""),
            Column::nullable("stored", ColumnType::Int64, ""),
        ]),
        ..visits()
    }
}

fn dates() -> Vec<NaiveDate> {
    let nth = |days: i64| day("2024-01-01") + TimeDelta::days(days);
    (0..).take(CASES.len()).map(nth).collect()
}

/// `fit` valid rows of a date and `misfit` rows with a missing required value.
fn rows(date: NaiveDate, fit: u32, misfit: u32, mark: i64) -> impl Iterator<Item = Row> {
    let value = move |number: u32| if number < fit { mark.into() } else { Value::Null };
    (0..fit + misfit).map(move |number| vec![date.into(), i64::from(number).into(), value(number)])
}

fn of_all(count: impl Fn(&Case) -> (u32, u32), mark: i64) -> Vec<Row> {
    let with_dates = CASES.iter().zip(dates());
    let counted = with_dates.map(|(case, date)| (count(case), date));
    counted
        .flat_map(|((fit, misfit), date)| rows(date, fit, misfit, mark))
        .collect()
}

async fn replace(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    rows: &[Row],
    short: &[NaiveDate],
    name: &str,
) -> Vec<(NaiveDate, u32)> {
    let replace = Replace {
        table,
        dates: &dates(),
        rows: Arc::new(rows.to_vec()),
        short,
        now: at("2024-02-01T00:00:00Z"),
        name: Some(name),
        record: None,
    };
    let kept = warehouse.replace(replace).await.unwrap();
    kept.into_iter().map(|kept| (kept.date, kept.rows)).collect()
}

/// The number of stored rows per date, and their mark.
async fn held(warehouse: &dyn Warehouse) -> Vec<(u32, i64)> {
    let sql = "SELECT `day`, COUNT(*), MAX(`stored`) FROM `order.visits` WHERE `day` > DATE '2000-01-01' GROUP BY `day`";
    let answer = warehouse.query(sql).await.unwrap();
    let of = |date: NaiveDate| {
        let row = answer.rows.iter().find(|row| row[0].as_date() == Some(date));
        row.map_or((0, 0), |row| match (&row[1], &row[2]) {
            (Value::Int(rows), Value::Int(mark)) => (u32::try_from(*rows).unwrap(), *mark),
            other => panic!("{other:?}"),
        })
    };
    dates().into_iter().map(of).collect()
}

/// The dates whose new rows miss the expectation.
fn short() -> Vec<NaiveDate> {
    let missed = CASES
        .iter()
        .zip(dates())
        .filter(|(case, _)| case.0.is_missed(case.2, case.3));
    missed.map(|(_, date)| date).collect()
}

fn expected_kept() -> Vec<(NaiveDate, u32)> {
    let stays = |(expected, stored, came, misfit): &Case| expected.keeps(*stored, *came, *misfit);
    let kept = CASES.iter().zip(dates()).filter(|(case, _)| stays(case));
    kept.map(|(case, date)| (date, case.1)).collect()
}

async fn keeps(warehouse: &dyn Warehouse) {
    for table in [visits(), source()] {
        warehouse.ensure(&table).await.unwrap();
    }
    let (old, new) = (1, 2);
    let stays = |(expected, stored, came, misfit): &Case| expected.keeps(*stored, *came, *misfit);
    let expected_kept = expected_kept();
    let expected_held: Vec<(u32, i64)> = CASES
        .iter()
        .map(|case| {
            if stays(case) {
                (case.1, old)
            } else {
                (case.2, if case.2 == 0 { 0 } else { new })
            }
        })
        .collect();

    let before = of_all(|case| (case.1, 0), old);
    replace(
        warehouse,
        &source(),
        &of_all(|case| (case.2, case.3), new),
        &[],
        "source",
    )
    .await;
    let sql = "SELECT `stored`, `group`, `day` FROM `order.source` WHERE `day`";
    for (asking, filter) in [
        (Asking::DateByDate, "= @date"),
        (Asking::AllAtOnce, "IN UNNEST(@dates)"),
    ] {
        replace(
            warehouse,
            &visits(),
            &before,
            &[],
            &format!("before {filter}")
                .replace(' ', "_")
                .replace(['=', '@', '(', ')'], ""),
        )
        .await;
        let refill = Refill {
            table: &visits(),
            dates: &dates(),
            expected: &CASES.map(|case| case.0),
            sql: &format!("{sql} {filter}"),
            asking,
            now: at("2024-02-02T00:00:00Z"),
            name: match asking {
                Asking::DateByDate => "one",
                Asking::AllAtOnce => "all",
            },
            record: None,
        };
        let refilled = warehouse.refill(refill).await.unwrap();
        let kept: Vec<(NaiveDate, u32)> = refilled
            .iter()
            .filter_map(|of| Some((of.date, of.kept?)))
            .collect();
        assert_eq!(kept, expected_kept);
        let came: Vec<(u32, usize)> = refilled.iter().map(|of| (of.rows, of.set_aside.len())).collect();
        assert_eq!(
            came,
            CASES.map(|case| (case.2, case.3 as usize)),
            "what came is told either way"
        );
        assert_eq!(held(warehouse).await, expected_held);
    }

    replace(warehouse, &visits(), &before, &[], "before").await;
    let fresh = of_all(|case| (case.2, 0), new);
    let kept = replace(warehouse, &visits(), &fresh, &short(), "short").await;
    assert_eq!(kept, expected_kept);
    assert_eq!(held(warehouse).await, expected_held);
}

#[test]
fn bigquery_keeps_stored_rows_only_if_new_rows_are_short() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = emulator.open();
    block_on(async {
        keeps(&warehouse).await;
        let fresh = of_all(|case| (case.2, 0), 2);
        let again = replace(&warehouse, &visits(), &fresh, &short(), "short").await;
        assert_eq!(
            again,
            expected_kept(),
            "sent again under its name it tells the same"
        );
    });
}

#[test]
fn the_embedded_warehouse_keeps_stored_rows_by_the_same_rule() {
    let folder = tempfile::tempdir().unwrap();
    block_on(keeps(&SqliteWarehouse::open(folder.path()).unwrap()));
}
