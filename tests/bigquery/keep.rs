//! Rows are never replaced by fewer, in both backends: the replacing statement decides which stored rows are kept.

use std::borrow::Cow;
use std::sync::Arc;

use backcourt::partition::{Grain, Partition, Timezone};
use backcourt::table::{Column, ColumnType, Row, Slice, TableDef, Value, partition_of};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Asking, Refill, Replace, RowsExpected, Warehouse};

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

/// The length of the partitions, the type of their column and the zone of their days.
type Layout = (Grain, &'static ColumnType, Timezone);

/// Every length on either type, of timestamps also in a zone. Hours need a TIMESTAMP and have no zone.
fn layouts() -> impl Iterator<Item = Layout> {
    let days = || Grain::ALL.into_iter().filter(|grain| *grain != Grain::Hour);
    let of_dates = days().map(|grain| (grain, &ColumnType::Date, Timezone::UTC));
    let of_times = Grain::ALL.map(|grain| (grain, &ColumnType::Timestamp, Timezone::UTC));
    let zone = Timezone::parse("America/New_York").unwrap();
    let in_zone = days().map(move |grain| (grain, &ColumnType::Timestamp, zone));
    of_dates.chain(of_times).chain(in_zone)
}

fn name((grain, kind, zone): Layout) -> String {
    let zone = if zone.is_utc() { "" } else { "_of_zone" };
    format!("{grain}_{}{zone}", kind.to_string().to_lowercase())
}

fn visits((grain, kind, zone): Layout) -> TableDef {
    TableDef {
        dataset: Cow::Borrowed("order"),
        name: Cow::Owned(format!("visits_{}", name((grain, kind, zone)))),
        doc: Cow::Borrowed(""),
        columns: Cow::Owned(vec![
            Column::required("day", kind.clone(), ""),
            Column::required("group", ColumnType::Int64, ""),
            Column::required("stored", ColumnType::Int64, ""),
        ]),
        date_column: Cow::Borrowed("day"),
        grain,
        zone,
        slice: Slice::default(),
        key: Cow::Owned(vec![Cow::Borrowed("day"), Cow::Borrowed("group")]),
        cluster: Cow::Borrowed(&[]),
        require_partition_filter: true,
    }
}

fn source((grain, kind, zone): Layout) -> TableDef {
    TableDef {
        name: Cow::Owned(format!("source_{}", name((grain, kind, zone)))),
        columns: Cow::Owned(vec![
            Column::required("day", kind.clone(), ""),
            Column::required("group", ColumnType::Int64, ""),
            Column::nullable("stored", ColumnType::Int64, ""),
        ]),
        ..visits((grain, kind, zone))
    }
}

fn dates(grain: Grain) -> Vec<Partition> {
    let first = Partition::containing(day("2024-01-01").first_day(), grain);
    let nth = |number: i64| first.moved(number).unwrap();
    (0..).take(CASES.len()).map(nth).collect()
}

/// `fit` valid rows of a date and `misfit` rows with a missing required value: of a DATE from its first day on, of a
/// TIMESTAMP at its first and last microsecond.
fn rows(
    date: Partition,
    (_, kind, zone): Layout,
    fit: u32,
    misfit: u32,
    mark: i64,
) -> impl Iterator<Item = Row> {
    let value = move |number: u32| if number < fit { mark.into() } else { Value::Null };
    let places: Vec<Value> = match kind {
        ColumnType::Timestamp => [date.start(zone), date.last_instant(zone)]
            .map(Value::Timestamp)
            .to_vec(),
        _ => date.days().map(Value::from).collect(),
    };
    (0..fit + misfit).map(move |number| {
        let place = places[number as usize % places.len()].clone();
        vec![place, i64::from(number).into(), value(number)]
    })
}

fn of_all(layout: Layout, count: impl Fn(&Case) -> (u32, u32), mark: i64) -> Vec<Row> {
    let with_dates = CASES.iter().zip(dates(layout.0));
    let counted = with_dates.map(|(case, date)| (count(case), date));
    counted
        .flat_map(|((fit, misfit), date)| rows(date, layout, fit, misfit, mark))
        .collect()
}

async fn replace(
    warehouse: &dyn Warehouse,
    table: &TableDef,
    rows: &[Row],
    short: &[Partition],
    name: &str,
) -> Vec<(Partition, u32)> {
    let replace = Replace {
        table,
        dates: &dates(table.grain),
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
async fn held(warehouse: &dyn Warehouse, layout: Layout) -> Vec<(u32, i64)> {
    let (grain, begun) = (layout.0, begun(layout));
    let sql = format!(
        "SELECT {begun} AS begun, COUNT(*), MAX(`stored`) FROM `order.visits_{}` WHERE {} GROUP BY begun",
        name(layout),
        after_2000(layout)
    );
    let answer = warehouse.query(&sql).await.unwrap();
    let of = |date: Partition| {
        let row = answer
            .rows
            .iter()
            .find(|row| partition_of(&row[0], grain, layout.2) == Some(date));
        row.map_or((0, 0), |row| match (&row[1], &row[2]) {
            (Value::Int(rows), Value::Int(mark)) => (u32::try_from(*rows).unwrap(), *mark),
            other => panic!("{other:?}"),
        })
    };
    dates(grain).into_iter().map(of).collect()
}

/// The start of the partition of a row.
fn begun((grain, kind, zone): Layout) -> String {
    match kind {
        ColumnType::Timestamp if !zone.is_utc() => {
            format!("TIMESTAMP_TRUNC(`day`, {}, '{zone}')", grain.sql_name())
        }
        ColumnType::Timestamp => format!("TIMESTAMP_TRUNC(`day`, {})", grain.sql_name()),
        _ => format!("DATE_TRUNC(`day`, {})", grain.sql_name()),
    }
}

fn after_2000((_, kind, _): Layout) -> String {
    match kind {
        ColumnType::Timestamp => "`day` > TIMESTAMP '2000-01-01 00:00:00+00'".to_owned(),
        _ => "`day` > DATE '2000-01-01'".to_owned(),
    }
}

/// The dates whose new rows miss the expectation.
fn short(grain: Grain) -> Vec<Partition> {
    let missed = CASES
        .iter()
        .zip(dates(grain))
        .filter(|(case, _)| case.0.is_missed(case.2, case.3));
    missed.map(|(_, date)| date).collect()
}

fn expected_kept(grain: Grain) -> Vec<(Partition, u32)> {
    let stays = |(expected, stored, came, misfit): &Case| expected.keeps(*stored, *came, *misfit);
    let kept = CASES.iter().zip(dates(grain)).filter(|(case, _)| stays(case));
    kept.map(|(case, date)| (date, case.1)).collect()
}

async fn keeps(warehouse: &dyn Warehouse, layout: Layout) {
    let (grain, kind, _) = layout;
    let named = |commit: &str| format!("{commit}_{}", name(layout));
    for table in [visits(layout), source(layout)] {
        warehouse.ensure(&table).await.unwrap();
    }
    let (old, new) = (1, 2);
    let stays = |(expected, stored, came, misfit): &Case| expected.keeps(*stored, *came, *misfit);
    let expected_kept = expected_kept(grain);
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

    let before = of_all(layout, |case| (case.1, 0), old);
    replace(
        warehouse,
        &source(layout),
        &of_all(layout, |case| (case.2, case.3), new),
        &[],
        &named("source"),
    )
    .await;
    let sql = format!(
        "SELECT `stored`, `group`, `day` FROM `order.source_{}` WHERE {} AND {}",
        name(layout),
        after_2000(layout),
        begun(layout)
    );
    let parameters = match kind {
        ColumnType::Timestamp => ["= @start", "IN UNNEST(@starts)"],
        _ => ["= @date", "IN UNNEST(@dates)"],
    };
    for (asking, filter) in [Asking::DateByDate, Asking::AllAtOnce]
        .into_iter()
        .zip(parameters)
    {
        replace(
            warehouse,
            &visits(layout),
            &before,
            &[],
            &named(match asking {
                Asking::DateByDate => "before_one",
                Asking::AllAtOnce => "before_all",
            }),
        )
        .await;
        let refill = Refill {
            table: &visits(layout),
            dates: &dates(grain),
            expected: &CASES.map(|case| case.0),
            sql: &format!("{sql} {filter}"),
            asking,
            now: at("2024-02-02T00:00:00Z"),
            name: &named(match asking {
                Asking::DateByDate => "one",
                Asking::AllAtOnce => "all",
            }),
            record: None,
        };
        let refilled = warehouse.refill(refill).await.unwrap();
        let kept: Vec<(Partition, u32)> = refilled
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
        assert_eq!(held(warehouse, layout).await, expected_held);
    }

    replace(warehouse, &visits(layout), &before, &[], &named("before")).await;
    let fresh = of_all(layout, |case| (case.2, 0), new);
    let kept = replace(warehouse, &visits(layout), &fresh, &short(grain), &named("short")).await;
    assert_eq!(kept, expected_kept);
    assert_eq!(held(warehouse, layout).await, expected_held);
}

#[test]
fn bigquery_keeps_stored_rows_only_if_new_rows_are_short() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = emulator.open();
    block_on(async {
        for layout in layouts() {
            keeps(&warehouse, layout).await;
            let grain = layout.0;
            let fresh = of_all(layout, |case| (case.2, 0), 2);
            let name = format!("short_{}", name(layout));
            let again = replace(&warehouse, &visits(layout), &fresh, &short(grain), &name).await;
            assert_eq!(
                again,
                expected_kept(grain),
                "sent again under its name it tells the same"
            );
        }
    });
}

#[test]
fn the_embedded_warehouse_keeps_stored_rows_by_the_same_rule() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = SqliteWarehouse::open(folder.path()).unwrap();
    for layout in layouts() {
        block_on(keeps(&warehouse, layout));
    }
}
