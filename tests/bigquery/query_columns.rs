//! Query stages without declared columns on `BigQuery`: their columns come from the existing table or from a dry run, and
//! values of every type stay there.

use std::sync::Arc;
use std::time::Duration;

use backcourt::table::{ColumnType, StoredType, TableDef, Value};
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use backcourt::warehouse::{Trial, Tried, Warehouse};
use serde_json::{Value as Json, json};

use super::emulator::Emulator;
use super::faults::{behind_port, block_on};
use super::planned::Planned;
use super::proxy::{Fate, Method, Proxy};
use super::warehouse::day;

const PLAN: &str = r#"
name = "orders"
title = "Orders by day"
from = "2024-01-01"
to = "2024-01-02"

[[stage]]
name = "orders"
kind = "sql"
sql = """
SELECT day, COUNT(*) AS n, ARRAY_AGG(STRUCT(sku AS sku, amount AS amount) ORDER BY sku) AS lines,
  MIN(sent) AS first_at
FROM `src.lines` WHERE day = @date GROUP BY day"""
table = "prod.orders"
date_column = "day"

[[stage]]
name = "shares"
kind = "sql"
needs = ["orders"]
reads = [{ table = "prod.orders" }]
sql = "SELECT o.day, o.n / 2 AS half, o.first_at FROM `prod.orders` AS o WHERE o.day = @date"
table = "prod.shares"
date_column = "day"
"#;

/// The raw table.
const LINES: [&str; 2] = [
    "CREATE SCHEMA `src`",
    "CREATE TABLE `src.lines` AS SELECT DATE '2024-01-01' AS day, 'a' AS sku, 2 AS amount, DATETIME '2024-01-01 10:00:00' \
     AS sent UNION ALL SELECT DATE '2024-01-01', 'b', 3, DATETIME '2024-01-01 09:00:00' UNION ALL \
     SELECT DATE '2024-01-02', 'a', 1, DATETIME '2024-01-02 08:00:00'",
];

/// The columns that a dry run of each query reports.
fn dry_run(sql: &str) -> Json {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind, "mode": "NULLABLE"});
    let fields = if sql.contains("half") {
        vec![
            field("day", "DATE"),
            field("half", "FLOAT"),
            field("first_at", "DATETIME"),
        ]
    } else {
        let lines = json!({
            "name": "lines", "type": "RECORD", "mode": "REPEATED",
            "fields": [field("sku", "STRING"), field("amount", "INTEGER")],
        });
        vec![
            field("day", "DATE"),
            field("n", "INTEGER"),
            lines,
            field("first_at", "DATETIME"),
        ]
    };
    json!({"statistics": {"totalBytesProcessed": "0", "query": {"schema": {"fields": fields}}}})
}

#[test]
fn columns_of_every_type_come_from_the_dry_run() {
    let Some(emulator) = Emulator::start() else { return };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), Settings::default());
    for sql in LINES {
        block_on(project.query(sql)).unwrap();
    }
    // As the documentation of the API describes the answer to a dry run.
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |call| {
        let is_own = call.sql.contains("lines") || call.sql.contains("half");
        if call.method == Method::Insert && call.is_dry && is_own {
            return Fate::Say(200, dry_run(&call.sql).to_string());
        }
        Fate::Pass
    });
    let planned = Planned::on(PLAN, &proxy.flags());
    let dry = planned.run(&["--dry-run"]).expect(0).out;
    assert!(dry.contains("orders: 2 dates, 2 to do"), "{dry}");
    assert!(
        block_on(project.schema("rehearsal_prod.orders"))
            .unwrap()
            .is_none()
    );
    planned.run(&[]).expect(0);

    let schema = block_on(project.schema("rehearsal_prod.orders"))
        .unwrap()
        .unwrap();
    let columns: Vec<String> = schema
        .columns
        .iter()
        .map(|column| {
            format!(
                "{} {}{}",
                column.name,
                column.kind,
                if column.nullable { "" } else { " NOT NULL" }
            )
        })
        .collect();
    assert_eq!(
        columns,
        [
            "day DATE NOT NULL",
            "n INT64",
            "lines ARRAY<STRUCT<sku STRING, amount INT64>>",
            "first_at DATETIME"
        ]
    );
    let rows = "SELECT CAST(day AS STRING), n, TO_JSON_STRING(lines), CAST(first_at AS STRING) FROM `rehearsal_prod.orders` \
                ORDER BY day";
    let answer = block_on(project.query(rows)).unwrap();
    assert_eq!(
        answer.rows[0],
        vec![
            Value::from("2024-01-01"),
            Value::Int(2),
            Value::from(r#"[{"sku":"a","amount":2},{"sku":"b","amount":3}]"#),
            Value::from("2024-01-01 09:00:00"),
        ]
    );
    let answer = block_on(project.query("SELECT half FROM `rehearsal_prod.shares` ORDER BY day")).unwrap();
    assert_eq!(answer.rows, [vec![Value::Float(1.0)], vec![Value::Float(0.5)]]);

    // The table now tells its columns, whatever the dry run reports of a type.
    let again = planned.run(&["--dry-run"]).expect(0).out;
    assert!(
        again.contains("orders: 2 dates, 0 to do, 2 already done"),
        "{again}"
    );
    planned
        .backcourt(&["rerun", "--dates", "2024-01-02", "--output", "plain"])
        .expect(0);
}

#[test]
fn a_planned_table_of_every_type_is_an_empty_subquery() {
    let server = Proxy::start(None, Duration::ZERO, |call| match call.method {
        Method::Insert if call.is_dry => Fate::Say(200, dry_run(&call.sql).to_string()),
        _ => Fate::Pass,
    });
    let warehouse = behind_port(server.port());
    let column = |name: &'static str, word: &str| {
        backcourt::table::Column::nullable(name, ColumnType::parse(word).unwrap(), "")
    };
    let table = TableDef::new(
        "prod",
        "orders",
        "",
        vec![
            column("day", "DATE"),
            column("lines", "ARRAY<STRUCT<sku STRING(5), amount NUMERIC(5,2)>>"),
        ],
        "day",
    );
    let trial = Trial {
        sql: "SELECT day, lines FROM `prod.orders` WHERE day = @date",
        date: day("2024-01-01"),
        planned: &[&table],
    };
    let warehouse: Arc<dyn Warehouse> = Arc::new(warehouse);
    let Tried::Returns(returned) = block_on(warehouse.infer(trial)).unwrap() else {
        panic!("columns")
    };
    let lines = ColumnType::parse("ARRAY<STRUCT<sku STRING, amount INT64>>").unwrap();
    assert_eq!(returned[2].kind, Some(StoredType::Exactly(lines)));
}
