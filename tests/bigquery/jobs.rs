//! The number of jobs of a run: each takes about a second, and one that reads a table is billed at least 10 MiB.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Dates, Filling, Read, Replace, Warehouse};

use super::emulator::Emulator;
use super::faults::{behind, block_on};
use super::month::{copy, raw_tables, run};
use super::program::State;
use super::proxy::{Fate, Proxy};
use super::staging::large;
use super::statements;
use super::warehouse::{at, day, game, games};

async fn write(warehouse: &BigQueryWarehouse, date: &str, points: i64) {
    let replace = Replace {
        table: &games(),
        dates: &[day(date)],
        rows: Arc::new(vec![game("BOS", date, points)]),
        short: &[],
        now: at("2024-03-03T00:00:00Z"),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
}

/// The points on a date.
async fn points(warehouse: &BigQueryWarehouse, date: &str) -> Vec<String> {
    let read = Read {
        table: &games(),
        columns: &["points", "game_date"],
        dates: Dates::Only(&[day(date)]),
    };
    let rows = warehouse.read(read).await.unwrap();
    rows.iter().map(|row| row[0].to_string()).collect()
}

#[test]
fn a_month_is_read_once_until_its_table_changes() {
    let Some(emulator) = Emulator::start() else { return };
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |_| Fate::Pass);
    let reads = || {
        let is_read = |sql: &&String| sql.starts_with("SELECT `points`");
        proxy.seen(|seen| seen.sent.values().filter(is_read).count())
    };
    block_on(async {
        let warehouse = behind(&proxy);
        warehouse.ensure(&games()).await.unwrap();
        assert!(!warehouse.holds_rows(&games()).await.unwrap());
        for (date, number) in [("2024-01-01", 1), ("2024-01-31", 31), ("2024-02-01", 32)] {
            write(&warehouse, date, number).await;
        }
        assert!(warehouse.holds_rows(&games()).await.unwrap());
        let asked = proxy.seen(|seen| seen.sent.values().any(|sql| sql.contains("AS held")));
        assert!(!asked, "whether a table holds rows costs nothing");

        let both = tokio::join!(points(&warehouse, "2024-01-01"), points(&warehouse, "2024-01-31"));
        assert_eq!(both, (vec!["1".to_owned()], vec!["31".to_owned()]));
        assert_eq!(points(&warehouse, "2024-01-02").await, [""; 0]);
        assert_eq!(reads(), 1);
        let between = Read {
            table: &games(),
            columns: &["points", "game_date"],
            dates: Dates::Between(day("2024-01-02"), day("2024-02-01")),
        };
        assert_eq!(warehouse.read(between).await.unwrap().len(), 2);
        assert_eq!(reads(), 2, "January was read before");

        // A small table is cached whole, up to a century; a longer range is not. One query reads all months not known.
        let games = games();
        let all = |to: &str| Read {
            table: &games,
            columns: &["points", "game_date"],
            dates: Dates::Between(day("2020-01-01"), day(to)),
        };
        for (to, jobs) in [
            ("2030-12-31", 3),
            ("2030-12-31", 3),
            ("2025-06-30", 3),
            ("9999-12-31", 4),
        ] {
            let rows = warehouse.read(all(to)).await.unwrap();
            assert_eq!((rows.len(), reads()), (3, jobs), "to {to}");
        }

        // Our own writes are visible in reads.
        write(&warehouse, "2024-01-01", 7).await;
        assert_eq!(points(&warehouse, "2024-01-01").await, ["7"]);
        assert_eq!(reads(), 5);

        // Upcoming dates are read along. A write makes the next reader read them again.
        write(&warehouse, "2024-03-01", 9).await;
        let january = Read {
            table: &games,
            columns: &["points", "game_date"],
            dates: Dates::Only(&[day("2024-01-01")]),
        };
        let upcoming = [day("2024-03-01")];
        assert_eq!(warehouse.read_shared(january, &upcoming).await.unwrap().len(), 1);
        assert_eq!(points(&warehouse, "2024-03-01").await, ["9"]);
        assert_eq!(reads(), 6);
        write(&warehouse, "2024-03-01", 10).await;
        assert_eq!(points(&warehouse, "2024-03-01").await, ["10"]);
        assert_eq!(reads(), 7);

        // Writes of another process are visible once the table's metadata is checked again.
        write(&emulator.open(), "2024-01-02", 8).await;
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(points(&warehouse, "2024-01-02").await, ["8"]);
        assert_eq!(reads(), 8);
    });
}

/// The first ten days of a season. Without shared reads of whole months, there were three times as many jobs. A second
/// host with an empty state folder asks for what is recorded and computes nothing.
#[test]
fn ten_days_of_the_built_in_plan_need_few_jobs() {
    let Some(emulator) = Emulator::start() else { return };
    let days = ["2021-10-19", "2021-10-28"];
    copy(&State::loaded(), &emulator, days, raw_tables());
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |_| Fate::Pass);
    let (remote, flags) = (State::none(), proxy.flags());
    run(&remote, days, &flags.each_ref().map(String::as_str)).expect(0);
    let jobs = || proxy.seen(|seen| seen.sent.values().cloned().collect::<Vec<_>>());
    let first = jobs();
    assert!(first.len() <= 60, "{} jobs: {first:#?}", first.len());

    let second = State::none();
    run(&second, days, &flags.each_ref().map(String::as_str)).expect(0);
    let is_computed = |fact: &serde_json::Value| fact["event"] == "unit_finished";
    assert!(!second.facts().iter().any(is_computed), "it computed dates again");
    let of_second = jobs().len() - first.len();
    assert!(
        of_second <= 20,
        "{of_second} jobs of a second host: {:#?}",
        jobs()
    );
}

/// It used to take ten jobs: one statement per 8 MB, and three to create and drop a staging table.
#[test]
fn filling_a_table_needs_few_load_jobs_and_one_statement() {
    let server = statements::server();
    let written = AtomicUsize::new(0);
    let rows = large().into_iter().cycle().take(48);
    let filling = Filling {
        table: games(),
        rows: Box::new(rows),
    };
    block_on(behind(&server).fill(vec![filling], &written)).unwrap();
    let (loads, statements) = server.seen(|seen| {
        let loads = seen.sent.values().filter(|sql| sql.is_empty()).count();
        (loads, seen.sent.len() - loads)
    });
    assert_eq!((loads, statements), (2, 1));
    assert_eq!(written.into_inner(), 48);
}
