//! Stages of days and months in one plan, on `BigQuery`.

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

const PLAN: &str = r#"
name = "views"
title = "Views by day and month"
from = "2024-01-30"
to = "2024-03-02"
workers = 4
[[stage]]
name = "daily"
kind = "sql"
sql = "SELECT day, SUM(n) AS n FROM `src.views` WHERE day IN UNNEST(@dates) GROUP BY day"
table = "prod.daily"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }]
[[stage]]
name = "monthly"
kind = "sql"
partition = "month"
needs = ["daily"]
reads = [{ table = "prod.daily" }]
sql = "SELECT @date AS month, SUM(n) AS n FROM `prod.daily` WHERE day >= @date AND DATE_TRUNC(day, MONTH) = @date"
table = "prod.monthly"
date_column = "month"
key = ["month"]
columns = [{ name = "month", type = "DATE" }, { name = "n", type = "INT64" }]
expect_rows = 1
"#;

#[test]
fn a_month_follows_its_days() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask("CREATE SCHEMA `src`");
    ask(
        "CREATE TABLE `src.views` AS SELECT day, 2 AS n FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2024-01-30', DATE \
         '2024-03-02')) AS day",
    );
    let stored = || -> Vec<String> {
        let answer = ask(&format!(
            "SELECT month, n FROM `{PREFIX}prod.monthly` WHERE month > DATE '2000-01-01'"
        ));
        (answer.rows.iter())
            .map(|row| format!("{} {}", row[0], row[1]))
            .collect()
    };
    let planned = Planned::on(PLAN, &emulator.flags());
    planned.run(&[]).expect(0);
    assert_eq!(
        (planned.dates("daily", "ok"), planned.dates("monthly", "ok")),
        (33, 1)
    );
    assert_eq!(stored(), ["2024-02-01 58"]);
    ask("UPDATE `src.views` SET n = 12 WHERE day = DATE '2024-02-20'");
    let rerun = [
        "rerun",
        "--dates",
        "2024-02-20",
        "--stage",
        "daily",
        "--output",
        "plain",
    ];
    planned.backcourt(&rerun).expect(0);
    assert_eq!(planned.dates("monthly", "stale"), 1);
    planned.run(&[]).expect(0);
    assert_eq!(stored(), ["2024-02-01 68"]);
    // Another host finds both lengths in the warehouse.
    let second = Planned::on(PLAN, &emulator.flags());
    let said = second.run(&[]).expect(0).out;
    assert!(said.contains("nothing to do"), "{said}");
}
