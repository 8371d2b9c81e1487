//! Queries behind `DECLARE` and `CREATE TEMP FUNCTION`, as published daily queries have them. The local server has no
//! functions of SQL; `statements.rs` holds those against Google's analyzer.

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};

use rusqlite::Connection;

use super::emulator::{Emulator, PREFIX};
use super::faults::block_on;
use super::planned::Planned;

fn plan(sql: &str) -> String {
    format!(
        r#"
name = "views"
title = "Views of two days"
from = "2024-01-01"
to = "2024-01-04"
workers = 2
[[stage]]
name = "views"
kind = "sql"
sql = """
{sql}
"""
table = "prod.views"
date_column = "day"
key = ["day"]
columns = [{{ name = "day", type = "DATE" }}, {{ name = "n", type = "INT64" }}]
expect_rows = 1
"#
    )
}

const OF_ONE: &str = "
-- The day before; of the first day; nothing.
DECLARE before DATE DEFAULT DATE_SUB(@date, INTERVAL 1 DAY);
DECLARE factor INT64 DEFAULT 10;
SELECT @date AS day, SUM(n * factor) AS n FROM `src.views` WHERE day BETWEEN before AND @date;
";

const OF_MANY: &str = "
DECLARE factor INT64 DEFAULT 100;
SELECT day, SUM(n * factor) AS n FROM `src.views` WHERE day IN UNNEST(@dates) GROUP BY day
";

#[test]
fn declarations_precede_the_query_in_its_script() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    let ask = |sql: &str| block_on(project.query(sql)).unwrap();
    ask("CREATE SCHEMA `src`");
    ask(
        "CREATE TABLE `src.views` AS SELECT day, EXTRACT(DAY FROM day) AS n FROM UNNEST(GENERATE_DATE_ARRAY(DATE '2024-01-01', \
         DATE '2024-01-04')) AS day",
    );
    let planned = Planned::on(&plan(OF_ONE), &emulator.flags());
    let shown = planned
        .backcourt(&["plan", "show", "--date", "2024-01-03"])
        .expect(0)
        .out;
    let declared = shown.find("DECLARE before DATE DEFAULT DATE_SUB(DATE '2024-01-03', INTERVAL 1 DAY);");
    assert!(declared < shown.find("BEGIN TRANSACTION"), "{shown}");
    assert!(declared.is_some(), "{shown}");
    planned.run(&[]).expect(0);
    let stored = || -> Vec<i64> {
        let answer = ask(&format!(
            "SELECT n FROM `{PREFIX}prod.views` WHERE day > DATE '2000-01-01' ORDER BY day"
        ));
        (answer.rows.iter())
            .map(|row| row[0].to_string().parse().unwrap())
            .collect()
    };
    assert_eq!(stored(), [10, 30, 50, 70]);
    planned.write(&plan(OF_MANY));
    planned.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(stored(), [100, 200, 300, 400]);
}

#[test]
fn another_statement_before_a_query_is_refused() {
    let plan = plan("DELETE FROM `prod.views` WHERE TRUE; SELECT @date AS day, 1 AS n");
    let planned = Planned::new(&plan);
    let refused = planned.run(&[]).expect(2).err;
    let problem =
        "only DECLARE and CREATE TEMP FUNCTION may precede the query, not 'DELETE'; write one SELECT";
    assert!(refused.contains(problem), "{refused}");
}

#[test]
fn the_embedded_warehouse_has_the_same_numbers() {
    let planned = Planned::new(&plan(OF_ONE));
    let folder = planned.state.path().join("warehouse");
    std::fs::create_dir_all(&folder).unwrap();
    let source = Connection::open(folder.join("src.sqlite")).unwrap();
    source
        .execute_batch(
            "CREATE TABLE views (day TEXT DATE, n INT64);
             INSERT INTO views VALUES ('2024-01-01', 1), ('2024-01-02', 2), ('2024-01-03', 3), ('2024-01-04', 4)",
        )
        .unwrap();
    let stored = || -> Vec<i64> {
        let filled = Connection::open(folder.join("prod.sqlite")).unwrap();
        let mut query = filled.prepare("SELECT n FROM views ORDER BY day").unwrap();
        let numbers = query.query_map([], |row| row.get(0)).unwrap();
        numbers.collect::<Result<_, _>>().unwrap()
    };
    planned.run(&[]).expect(0);
    assert_eq!(stored(), [10, 30, 50, 70]);
    planned.write(&plan(OF_MANY));
    planned.run(&["--on-change", "rerun"]).expect(0);
    assert_eq!(stored(), [100, 200, 300, 400]);
}
