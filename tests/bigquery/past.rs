//! Stages that depend on their past, on `BigQuery`: a query reads the earlier dates of its own table.

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

const PLAN: &str = r#"
name = "balance"
title = "Running balance"
from = "2024-01-01"
to = "2024-01-08"
workers = 4
[[stage]]
name = "balance"
kind = "sql"
depends_on_past = true
seed = "SELECT @date AS day, SUM(amount) AS n FROM `src.tx` WHERE day = @date"
sql = """
SELECT @date AS day, SUM(t.amount) + 2 * p.n AS n FROM `src.tx` AS t
JOIN `prod.balance` AS p ON p.day = DATE_SUB(@date, INTERVAL 1 DAY) WHERE t.day = @date GROUP BY p.n
"""
table = "prod.balance"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 1
"#;

/// What a plain loop stores, if `amounts` are those of the dates.
fn looped(amounts: [i64; 8]) -> Vec<i64> {
    let mut before = 0;
    let sums = amounts.map(|amount| {
        before = amount + 2 * before;
        before
    });
    sums.to_vec()
}

#[test]
fn a_balance_from_date_to_date_is_that_of_a_plain_loop() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask("CREATE SCHEMA `src`");
    ask(
        "CREATE TABLE `src.tx` AS SELECT day, EXTRACT(DAY FROM day) AS amount FROM UNNEST(GENERATE_DATE_ARRAY(DATE \
         '2024-01-01', DATE '2024-01-08')) AS day",
    );
    let stored = || -> Vec<i64> {
        let answer = ask(&format!(
            "SELECT n FROM `{PREFIX}prod.balance` WHERE day > DATE '2000-01-01' ORDER BY day"
        ));
        (answer.rows.iter())
            .map(|row| row[0].to_string().parse().unwrap())
            .collect()
    };
    let planned = Planned::on(PLAN, &emulator.flags());
    planned.run(&[]).expect(0);
    assert_eq!(stored(), looped([1, 2, 3, 4, 5, 6, 7, 8]));
    ask("UPDATE `src.tx` SET amount = 50 WHERE day = DATE '2024-01-04'");
    let rerun = ["rerun", "--dates", "2024-01-04", "--output", "plain"];
    planned.backcourt(&rerun).expect(0);
    assert_eq!(planned.dates("balance", "stale"), 4);
    planned.run(&[]).expect(0);
    assert_eq!(stored(), looped([1, 2, 3, 50, 5, 6, 7, 8]));
    // Another host knows what each date was computed from.
    let second = Planned::on(PLAN, &emulator.flags());
    let said = second.run(&[]).expect(0).out;
    assert!(said.contains("nothing to do"), "{said}");
}
