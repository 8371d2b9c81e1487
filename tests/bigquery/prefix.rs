//! A dataset prefix moves exactly the tables that the plan fills. The tables that it only reads stay where they are, and
//! nothing outside the prefixed datasets is written.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use serde_json::Value;

use super::emulator::{Emulator, PREFIX, PROJECT};
use super::faults::block_on;
use super::planned::Planned;
use super::proxy::{Fate, Method, Proxy};

/// Every kind of query reads a table that the plan fills and one that it doesn't.
const PLAN: &str = r#"
name = "daily_tx"
title = "Daily transactions, production"
from = "2024-01-01"
to = "2024-01-03"
active = "SELECT day FROM `src.days`"
[[stage]]
name = "daily_tx"
kind = "sql"
reads = [{ table = "src.tx" }]
sql = "SELECT day, COUNT(*) AS n, SUM(amount) AS total FROM `src.tx` WHERE day IN UNNEST(@dates) GROUP BY day"
table = "prod.daily_tx"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "n", type = "INT64" }, { name = "total", type = "INT64" }]
expect_rows = "SELECT day, 1 FROM `src.days` WHERE day IN UNNEST(@dates)"
[[stage]]
name = "shares"
kind = "sql"
needs = ["daily_tx"]
reads = [{ table = "prod.daily_tx" }]
sql = """
SELECT p.day, p.total - COUNT(*) AS share FROM `acme-prod.prod.daily_tx` AS p JOIN acme-prod.prod.rates AS r ON r.day = p.day
WHERE p.day = @date GROUP BY p.day, p.total
"""
table = "prod.shares"
date_column = "day"
key = ["day"]
columns = [{ name = "day", type = "DATE" }, { name = "share", type = "INT64" }]
[[check]]
name = "as_source"
stage = "daily_tx"
title = "Every day agrees with the source"
severity = "blocking"
sql = """
SELECT s.day AS day FROM (SELECT day, SUM(amount) AS total FROM `src.tx` GROUP BY day) AS s
LEFT JOIN `prod.daily_tx` AS p ON p.day = s.day AND p.day > DATE '2000-01-01'
WHERE p.day IS NULL OR p.total != s.total
"""
expect = [{ rows = 0 }]
[[breakdown]]
check = "as_source"
title = "Days by cause"
sql = """
SELECT s.day AS day, IF(p.day IS NULL, 'missing', CAST(NULL AS STRING)) AS cause, COUNT(*) AS days FROM `src.tx` AS s
LEFT JOIN `prod.daily_tx` AS p ON p.day = s.day AND p.day > DATE '2000-01-01' GROUP BY 1, 2
"""
date = "day"
by = []
cause = "cause"
count = "days"
causes = ["missing"]
[[source_check]]
name = "rated"
feed = "tx"
title = "Every transaction has a rate"
sql = "SELECT day FROM `src.tx` WHERE day NOT IN (SELECT day FROM `prod.rates`)"
expect = [{ rows = 0 }]
"#;

/// The production tables: sources, and a table that another program fills.
const PRODUCTION: [&str; 7] = [
    "CREATE SCHEMA `src`",
    "CREATE SCHEMA `prod`",
    "CREATE TABLE `src.days` AS SELECT day FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2024-01-01', DATE '2024-01-03')) AS day",
    "CREATE TABLE `src.tx` AS SELECT day, n AS amount FROM `src.days`, UNNEST([10, 20]) AS n",
    "CREATE TABLE `prod.rates` AS SELECT day, 2 AS rate FROM `src.days`",
    "CREATE TABLE `prod.daily_tx` AS SELECT DATE '2024-01-01' AS day, 1 AS n, 999 AS total",
    "CREATE TABLE `prod.shares` AS SELECT DATE '2024-01-01' AS day, 999 AS share",
];

/// The project without a prefix.
fn production(emulator: &Emulator) -> BigQueryWarehouse {
    BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default())
}

/// The rows of a query, values separated by spaces.
fn rows(warehouse: &BigQueryWarehouse, sql: &str) -> Vec<String> {
    let answer = block_on(warehouse.query(sql)).unwrap();
    let line = |row: &Vec<backcourt::table::Value>| {
        let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
        cells.join(" ")
    };
    answer.rows.iter().map(line).collect()
}

fn with_production(emulator: &Emulator) -> BigQueryWarehouse {
    let warehouse = production(emulator);
    for sql in PRODUCTION {
        block_on(warehouse.query(sql)).unwrap();
    }
    warehouse
}

#[test]
fn sources_are_read_where_they_are_and_only_prefixed_datasets_are_written() {
    let Some(emulator) = Emulator::start() else { return };
    let project = with_production(&emulator);
    let sent = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sent);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        if call.method == Method::Insert && !call.is_dry {
            seen.lock().unwrap().push(call.sql.clone());
        }
        Fate::Pass
    });
    let planned = Planned::on(PLAN, &proxy.flags());
    let doctor = planned.backcourt(&["doctor"]).expect(0).out;
    for part in [
        "  ok     src.days: exists; the plan only reads it\n",
        "  ok     src.tx: exists; the plan only reads it\n",
        "  ok     prod.rates: exists; the plan only reads it\n",
    ] {
        assert!(doctor.contains(part), "{part:?} in {doctor}");
    }
    planned.run(&["--dry-run"]).expect(0);
    planned.run(&["--sample", "--dry-run"]);
    planned.run(&[]).expect(0);
    planned.backcourt(&["check", "--breakdown"]).expect(0);
    planned
        .backcourt(&["rerun", "--dates", "2024-01-02", "--output", "plain"])
        .expect(0);

    let table = |path: &str| {
        rows(
            &project,
            &format!("SELECT * FROM `{path}` WHERE day > DATE '2000-01-01' ORDER BY day"),
        )
    };
    let days = ["2024-01-01", "2024-01-02", "2024-01-03"];
    assert_eq!(
        table(&format!("{PREFIX}prod.daily_tx")),
        days.map(|day| format!("{day} 2 30"))
    );
    assert_eq!(
        table(&format!("{PREFIX}prod.shares")),
        days.map(|day| format!("{day} 29"))
    );
    assert_eq!(table("prod.daily_tx"), ["2024-01-01 1 999"]);
    assert_eq!(table("prod.shares"), ["2024-01-01 999"]);
    assert_eq!(table("src.tx").len(), 6);
    for (dataset, exists) in [
        (format!("{PREFIX}prod"), true),
        (format!("{PREFIX}backcourt"), true),
        (format!("{PREFIX}src"), false),
        ("backcourt".to_owned(), false),
    ] {
        let location = block_on(project.location_of(&dataset)).unwrap();
        assert_eq!(location.is_some(), exists, "{dataset}");
    }
    for sql in sent.lock().unwrap().iter() {
        for verb in [
            "INSERT INTO `",
            "DELETE FROM `",
            "MERGE `",
            "UPDATE `",
            "EXISTS `",
            "TABLE `",
            "SCHEMA `",
        ] {
            for target in sql.split(verb).skip(1) {
                assert!(target.starts_with(PREFIX), "{verb}{target}");
            }
        }
    }
}

#[test]
fn doctor_names_each_source_that_is_missing() {
    let Some(emulator) = Emulator::start() else { return };
    let project = with_production(&emulator);
    for sql in ["DROP TABLE `src.tx`", "DROP TABLE `prod.rates`"] {
        block_on(project.query(sql)).unwrap();
    }
    // A table of this name with the prefix is another table.
    for sql in [
        format!("CREATE SCHEMA `{PREFIX}src`"),
        format!("CREATE TABLE `{PREFIX}src.tx` AS SELECT DATE '2024-01-01' AS day, 1 AS amount"),
    ] {
        block_on(project.query(&sql)).unwrap();
    }
    let planned = Planned::on(PLAN, &emulator.flags());
    let said = planned.backcourt(&["doctor", "--json"]).expect(1).out;
    let said: Value = serde_json::from_str(&said).unwrap();
    let findings = said["findings"].as_array().unwrap();
    for (table, state) in [("src.tx", "fail"), ("prod.rates", "fail"), ("src.days", "ok")] {
        let of: Vec<&Value> = findings
            .iter()
            .filter(|finding| finding["what"] == table)
            .collect();
        assert_eq!(of.len(), 1, "{table}: {findings:#?}");
        assert_eq!(of[0]["state"], state, "{table}: {findings:#?}");
        let detail = of[0]["detail"].as_str().unwrap();
        assert_eq!(detail.contains("not found"), state == "fail", "{detail}");
    }
    let ended = planned.run(&[]);
    assert_ne!(ended.code, Some(0), "{ended:#?}");
}

#[test]
fn a_check_cannot_write_production_under_a_prefix() {
    let Some(emulator) = Emulator::start() else { return };
    let project = with_production(&emulator);
    for sql in [
        "DELETE FROM `src.tx` WHERE TRUE",
        "SELECT day FROM `src.tx`; DELETE FROM `src.tx` WHERE TRUE",
    ] {
        let check = format!(
            "[[check]]\nname = \"wild\"\nstage = \"daily_tx\"\ntitle = \"Writes\"\nseverity = \"advisory\"\n\
             sql = \"{sql}\"\nexpect = [{{ rows = 0 }}]\n"
        );
        let planned = Planned::on(&format!("{PLAN}{check}"), &emulator.flags());
        let refused = planned.run(&[]).expect(2).err;
        assert!(
            refused.contains("check 'wild': a query contains DELETE"),
            "{refused}"
        );
        planned.backcourt(&["plan", "check"]).expect(2);
    }
    assert_eq!(rows(&project, "SELECT COUNT(*) AS n FROM `src.tx`"), ["6"]);
    assert!(PLAN.contains(PROJECT));
}
