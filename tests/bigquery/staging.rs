//! Rows that are too many for a parameter use a load job, and the commit is as atomic and repeatable as with a
//! parameter.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::table::{Row, Value};
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Dates, Read, Replace, Warehouse};

use super::emulator::Emulator;
use super::faults::{behind, block_on};
use super::proxy::{Fate, Method, Proxy};
use super::warehouse::{at, day, game, games};

const DATES: [&str; 2] = ["2024-01-01", "2024-01-02"];

/// Twelve games of about a megabyte each.
pub fn large() -> Vec<Row> {
    let games = DATES
        .iter()
        .flat_map(|date| (0..6).map(move |number| (number, *date)));
    games
        .map(|(number, date)| {
            let mut row = game(&format!("T{number}"), date, number);
            row[5] = Value::from(vec![format!("{number}\n\"é\\{}", "x".repeat(1_000_000))]);
            row
        })
        .collect()
}

pub async fn write(warehouse: &dyn Warehouse, rows: &[Row], name: &str) {
    let replace = Replace {
        table: &games(),
        dates: &DATES.map(day),
        rows: Arc::new(rows.to_vec()),
        short: &[],
        now: at("2024-01-03T00:00:00Z"),
        name: Some(name),
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

async fn stored(warehouse: &BigQueryWarehouse) -> Vec<Row> {
    let read = Read {
        table: &games(),
        columns: &["game_date", "team", "points", "notes", "features", "report"],
        dates: Dates::Only(&DATES.map(day)),
    };
    warehouse.read(read).await.unwrap()
}

#[test]
fn a_large_commit_is_loaded_once_despite_lost_chunks() {
    let Some(emulator) = Emulator::start() else { return };
    let pieces = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pieces);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let is_piece = call.method == Method::Other && call.job == "jobs";
        match is_piece.then(|| count.fetch_add(1, Ordering::Relaxed)) {
            Some(0) => Fate::Reset,
            // The server has received it, and its answer is lost.
            Some(2) => Fate::Truncate,
            _ => Fate::Pass,
        }
    });
    block_on(async {
        let warehouse = behind(&proxy);
        warehouse.ensure(&games()).await.unwrap();
        write(&warehouse, &[game("BOS", DATES[0], 1)], "small").await;
        assert_eq!(pieces.load(Ordering::Relaxed), 0, "a parameter is enough");

        let rows = large();
        write(&warehouse, &rows, "large").await;
        let expected: Vec<Row> = (rows.iter())
            .map(|row| [1, 0, 2, 5, 6, 7].map(|at: usize| row[at].clone()).to_vec())
            .collect();
        assert!(
            stored(&warehouse).await == expected,
            "the rows came as they were sent"
        );
        assert!(pieces.load(Ordering::Relaxed) > 4);

        write(&warehouse, &[game("BOS", DATES[0], 1)], "small again").await;
        write(&warehouse, &rows, "large").await;
        assert_eq!(
            stored(&warehouse).await.len(),
            1,
            "sent again under its name it happens once"
        );
        let left = warehouse
            .query("SELECT table_name FROM `box.INFORMATION_SCHEMA.TABLES` WHERE table_name LIKE 'backcourt_rows%'")
            .await
            .unwrap();
        assert_eq!(
            left.rows,
            [[]; 0],
            "what was loaded is dropped once it is committed"
        );
    });
    proxy.assert_good_manners();
    let scripts = proxy.seen(|seen| {
        let is_large = |(_, sql): &(&String, &String)| sql.contains("backcourt_rows_");
        seen.sent
            .iter()
            .filter(is_large)
            .filter(|(_, sql)| sql.starts_with("BEGIN"))
            .count()
    });
    assert_eq!(scripts, 1);
}
