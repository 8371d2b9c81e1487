//! Every statement that the built-in plans can send, checked by Google's SQL analyzer: stages, checks, `load` and
//! leases for each table, against a server that does nothing.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::feeds::feed_outages;
use backcourt::nba::tables;
use backcourt::partition::{Grain, Partition, Timezone};
use backcourt::plan::{self, Plan, StageKind, StageOutput, StageSpec};
use backcourt::table::{
    CarriedType, Column, ColumnType, PARTITION_TIME, Row, SchemaChange, Slice, SliceValue, TableDef, Value,
    partition_time,
};
use backcourt::warehouse::bigquery::{Attempt, BigQueryWarehouse};
use backcourt::warehouse::{
    Asking, Came, Claim, Dates, Draft, DryRunQuery, Entry, Filling, Holder, Lease, OwnedPart, Owner,
    OwnerRecord, Owners, Read, Recording, Refill, Replace, RowsExpected, Trial, UNIT, Warehouse,
};
use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Value as Json, json};

use super::emulator::PROJECT;
use super::faults::{behind_port, block_on};
use super::proxy::{Call, Fate, Method, Proxy, body};
use super::recorder::Recorder;
use super::warehouse::{day, games};

const DATES: [&str; 3] = ["2021-10-19", "2021-10-20", "2021-10-21"];

/// The tables of the built-in plans, and one with every column type; and those of every length on a TIMESTAMP, on a
/// DATETIME and by ingestion time.
fn every_table() -> Vec<TableDef> {
    let shop = plan::load("shop").unwrap();
    let own = shop.stages.iter().filter_map(|stage| match &stage.kind {
        StageKind::Sql(spec) => spec.table.definition().cloned(),
        StageKind::Command(spec) => match &spec.output {
            StageOutput::Printed(table) => Some(table.clone()),
            _ => None,
        },
        StageKind::Nba => None,
    });
    let built_in = tables::all().into_iter().chain([feed_outages()]).cloned();
    (built_in.chain(own).chain([games()]))
        .chain(Grain::ALL.map(by_timestamp))
        .chain(Grain::ALL.map(by_datetime))
        .chain(Grain::ALL.map(by_ingestion_time))
        .chain([in_zone(), of_carried_types(), without_geography(), by_slice()])
        .collect()
}

/// A slice of a table by columns of every type that can divide it.
fn by_slice() -> TableDef {
    let types = [
        ("country", ColumnType::String, r"O'Br\ien"),
        ("shard", ColumnType::Int64, "-3"),
        ("paid", ColumnType::Bool, "true"),
        ("since", ColumnType::Date, "2024-03-01"),
    ];
    let mut table = games();
    table.name = "sliced".into();
    let mut values = BTreeMap::new();
    for (name, kind, value) in types {
        table.columns.to_mut().push(Column::required(name, kind, ""));
        values.insert(name.to_owned(), SliceValue::Text(value.to_owned()));
    }
    let columns: Vec<_> = (table.columns.iter())
        .map(|column| (column.name.as_ref(), &column.kind))
        .collect();
    let slice = Slice::new(values).unwrap().typed(&columns).unwrap();
    TableDef {
        cluster: slice.columns().map(|name| name.to_owned().into()).collect(),
        slice,
        ..table
    }
}

/// A table of a query with every type that only a query fills.
fn of_carried_types() -> TableDef {
    let types = [
        "STRING(5)",
        "BYTES(5)",
        "BIGNUMERIC",
        "BIGNUMERIC(40,10)",
        "GEOGRAPHY",
        "INTERVAL",
        "RANGE<DATE>",
        "RANGE<TIMESTAMP>",
        "ARRAY<INT64>",
        "ARRAY<STRUCT<order INT64, name STRING(3), tags ARRAY<STRING>>>",
        "STRUCT<id INT64, inner STRUCT<at DATETIME, price NUMERIC(10,2)>>",
    ];
    let columns = types.iter().enumerate().map(|(at, word)| Column {
        name: format!("c{at}").into(),
        ..Column::nullable("", ColumnType::parse(word).unwrap(), "")
    });
    let keys = ["game_date", "c0", "c1"];
    let mut table = games();
    let day = Column::required("game_date", ColumnType::Date, "");
    table.columns = [day].into_iter().chain(columns).collect();
    for key in keys {
        let at = table.position(key).unwrap();
        table.columns.to_mut()[at].nullable = false;
    }
    TableDef {
        name: "carried".into(),
        cluster: std::borrow::Cow::Borrowed(&[]),
        ..table.keyed_by(&keys)
    }
}

/// The same without the type whose rows have no order of their own, and without a key.
fn without_geography() -> TableDef {
    let mut table = of_carried_types();
    table.columns.to_mut().retain(|column| column.name != "c4");
    TableDef {
        name: "carried_without_key".into(),
        ..table.keyed_by(&[])
    }
}

fn field(column: &Column) -> Json {
    let mut field = typed(&column.name, &column.kind);
    if !column.nullable && !column.kind.is_array() {
        field["mode"] = json!("REQUIRED");
    }
    field
}

/// A field as the server describes it.
fn typed(name: &str, kind: &ColumnType) -> Json {
    let of = |word: &str| json!({"name": name, "type": word, "mode": "NULLABLE"});
    let list = |element: &ColumnType| {
        let mut field = typed(name, element);
        field["mode"] = json!("REPEATED");
        field
    };
    let with = |word: &str, limits: Json| {
        let mut field = of(word);
        field
            .as_object_mut()
            .unwrap()
            .extend(limits.as_object().unwrap().clone());
        field
    };
    match kind {
        ColumnType::StringArray => list(&ColumnType::String),
        ColumnType::Float64Array => list(&ColumnType::Float64),
        ColumnType::Numeric { precision, scale } => with(
            "NUMERIC",
            json!({"precision": precision.to_string(), "scale": scale.to_string()}),
        ),
        ColumnType::Carried(carried) => match carried {
            CarriedType::ShortString(length) => with("STRING", json!({"maxLength": length.to_string()})),
            CarriedType::ShortBytes(length) => with("BYTES", json!({"maxLength": length.to_string()})),
            CarriedType::BigNumeric(Some(digits)) => with(
                "BIGNUMERIC",
                json!({"precision": digits.precision.to_string(), "scale": digits.scale.to_string()}),
            ),
            CarriedType::Range(element) => with(
                "RANGE",
                json!({"rangeElementType": {"type": element.to_string()}}),
            ),
            CarriedType::Array(element) => list(element),
            CarriedType::Struct(fields) => {
                let fields = fields.iter().map(|field| typed(&field.name, &field.kind));
                with("RECORD", json!({"fields": fields.collect::<Vec<Json>>()}))
            }
            word => of(&word.to_string()),
        },
        word => of(&word.to_string()),
    }
}

/// The server's description of a table that matches its definition.
pub fn described(table: &TableDef) -> Json {
    let fields: Vec<Json> = table.schema_columns().map(field).collect();
    let partitioning = if table.is_by_ingestion_time() {
        let span = match table.grain {
            Grain::Week => Grain::Day,
            other => other,
        };
        json!({"type": span.sql_name()})
    } else {
        json!({"type": "DAY", "field": table.date_column})
    };
    json!({
        "tableReference": {"projectId": PROJECT, "datasetId": table.dataset, "tableId": table.name},
        "schema": {"fields": fields},
        "timePartitioning": partitioning,
        "requirePartitionFilter": table.require_partition_filter,
    })
}

fn holder() -> Holder {
    Holder {
        host: "courtside".to_owned(),
        machine: None,
        pid: 1,
        started: None,
        since: DateTime::UNIX_EPOCH,
        folder: "/state".to_owned(),
        jobs_in: vec![PROJECT.to_owned()],
    }
}

/// The server's answer whenever the lease is read.
fn taken() -> String {
    let field = |name: &str, kind: &str| json!({"name": name, "type": kind, "mode": "NULLABLE"});
    let fields = [field("epoch", "INTEGER"), field("holder", "STRING")];
    let holder = serde_json::to_string(&holder()).unwrap();
    let row = json!({"f": [{"v": "1"}, {"v": holder}]});
    json!({"jobComplete": true, "schema": {"fields": fields}, "rows": [row]}).to_string()
}

/// A server on which every table matches its definition, the lease is ours, and everything else is empty.
pub fn server() -> Proxy {
    let known: HashMap<String, Json> = every_table()
        .iter()
        .map(|table| (table.name.to_string(), described(table)))
        .collect();
    let leases: Mutex<Vec<String>> = Mutex::default();
    let has_made = AtomicBool::new(false);
    Proxy::start(None, Duration::ZERO, move |call: &Call| match call.method {
        Method::Insert if call.is_dry => Fate::Say(
            200,
            json!({"statistics": {"totalBytesProcessed": "0"}}).to_string(),
        ),
        Method::Insert => {
            if call.sql.contains("SELECT epoch, holder FROM") {
                leases.lock().unwrap().push(call.job.clone());
            }
            Fate::Pass
        }
        Method::Results if leases.lock().unwrap().contains(&call.job) => Fate::Say(200, taken()),
        // Once created, it has more entries than dates.
        Method::Other if call.job == "ledger" && has_made.load(Ordering::Relaxed) => {
            Fate::Say(200, json!({"numRows": "1000000"}).to_string())
        }
        Method::Other if call.job == "tables" && has_made.fetch_or(true, Ordering::Relaxed) => {
            Fate::Say(200, described(&games()).to_string())
        }
        // The tables of leases and owners, and the notice of a lease.
        Method::Other if call.job == "tables" || call.job.starts_with("heartbeat_") => {
            Fate::Say(200, described(&games()).to_string())
        }
        // Loaded rows.
        Method::Other if call.job == "jobs" => Fate::Pass,
        Method::Other => match known.get(&call.job) {
            Some(table) => Fate::Say(200, table.to_string()),
            None => Fate::Say(404, body(404, "notFound", "Not found")),
        },
        _ => Fate::Pass,
    })
}

fn row(table: &TableDef, date: Partition) -> Row {
    let value = |column: &Column| match &column.kind {
        _ if column.is_pseudo() => partition_time(date),
        _ if column.stamp.is_some() => Value::Null,
        ColumnType::Timestamp if column.name == table.date_column => Value::Timestamp(date.start(table.zone)),
        ColumnType::Int64 => 1_i64.into(),
        ColumnType::Float64 | ColumnType::Numeric { .. } => 1.5.into(),
        ColumnType::Bool => true.into(),
        ColumnType::Date => date.first_day().into(),
        ColumnType::Timestamp => Value::Timestamp(DateTime::UNIX_EPOCH),
        ColumnType::Datetime => Value::Datetime(date.start(Timezone::UTC).naive_utc()),
        ColumnType::Time => Value::Time(NaiveTime::MIN),
        ColumnType::Bytes => Value::Bytes(vec![0, 255]),
        ColumnType::String => "x".into(),
        ColumnType::Json => "{}".into(),
        ColumnType::StringArray => Value::from(vec!["x".to_owned()]),
        ColumnType::Float64Array => Value::Numbers(vec![0.5]),
        // No row with one is sent.
        ColumnType::Carried(_) => Value::Null,
    };
    table.columns.iter().map(value).collect()
}

/// The progress entries for a commit of these dates.
fn recording(dates: &[Partition]) -> Recording {
    let ways = [RowsExpected::Exactly(2), RowsExpected::AtLeastOne];
    let draft = |(number, (&date, owed)): (i64, (&Partition, RowsExpected))| Draft {
        number,
        date,
        owed,
        is_whole: true,
        came: Came::default(),
        body: "{}".to_owned(),
    };
    let each = dates.iter().zip(ways.into_iter().cycle());
    Recording {
        plan: "it's nba".to_owned(),
        stage: "one".to_owned(),
        run: "r".to_owned(),
        host: "courtside".to_owned(),
        fingerprint: Some("f".to_owned()),
        dates: (0..).zip(each).map(draft).collect(),
    }
}

/// A table of partitions of this length on a TIMESTAMP.
fn by_timestamp(grain: Grain) -> TableDef {
    let mut table = games();
    let at = table.position("game_date").unwrap();
    table.columns.to_mut()[at] = Column::required("game_date", ColumnType::Timestamp, "Start.");
    let name = format!("games_by_{grain}").into();
    TableDef { grain, name, ..table }
}

/// A table of partitions of this length on a DATETIME, with the types that no built-in table has.
fn by_datetime(grain: Grain) -> TableDef {
    let mut table = games();
    let at = table.position("game_date").unwrap();
    table.columns.to_mut()[at] = Column::required("game_date", ColumnType::Datetime, "Start.");
    table.columns.to_mut().extend([
        Column::nullable("starts_at", ColumnType::Time, ""),
        Column::nullable("ticket", ColumnType::Bytes, ""),
    ]);
    let name = format!("games_by_clock_of_{grain}").into();
    TableDef { grain, name, ..table }
}

/// A table of partitions of this length by ingestion time, without a key or with one.
fn by_ingestion_time(grain: Grain) -> TableDef {
    let mut table = games();
    let at = table.position("game_date").unwrap();
    table.columns.to_mut().remove(at);
    table.columns.to_mut().retain(|column| column.stamp.is_none());
    table.columns.to_mut().push(Column::partition_time());
    let key: Vec<_> = (table.key.iter().filter(|key| *key != "game_date").cloned()).collect();
    TableDef {
        grain,
        name: format!("games_by_ingestion_time_of_{grain}").into(),
        date_column: PARTITION_TIME.into(),
        key: if grain == Grain::Day { Vec::new() } else { key }.into(),
        cluster: (table
            .cluster
            .iter()
            .filter(|column| *column != "game_date")
            .cloned())
        .collect(),
        ..table
    }
}

/// A table of local days.
fn in_zone() -> TableDef {
    TableDef {
        zone: Timezone::parse("America/New_York").unwrap(),
        name: "games_in_zone".into(),
        ..by_timestamp(Grain::Day)
    }
}

/// Reads a table in every way.
async fn reads(warehouse: &BigQueryWarehouse, table: &TableDef, dates: &[Partition; 3]) {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    for dates in [
        Dates::Only(dates),
        Dates::Only(&[]),
        Dates::Between(dates[0], dates[2]),
    ] {
        let read = Read {
            table,
            columns: &columns,
            dates,
        };
        warehouse.read(read).await.unwrap();
        warehouse.dry_run(DryRunQuery::Read(read)).await.unwrap();
    }
}

/// A query with a condition on a variable and a function that precede it.
fn declaring(query: &str) -> String {
    format!(
        "DECLARE wanted DATE DEFAULT @date;\nCREATE TEMP FUNCTION twice(n INT64) AS (2 * n);\n{query} AND wanted = @date AND \
         twice(1) = 2"
    )
}

/// All statements for one table. Timestamps have nanoseconds, as from a clock.
async fn about(warehouse: &BigQueryWarehouse, table: &TableDef, planned: &[&TableDef]) {
    let first = Partition::containing(day(DATES[0]).first_day(), table.grain);
    let dates = [0, 1, 2].map(|later| first.moved(later).unwrap());
    let now = Utc::now();
    warehouse.ensure(table).await.unwrap();
    warehouse.holds_rows(table).await.unwrap();
    let is_carried = table.columns.iter().any(|column| column.kind.is_carried());
    reads(warehouse, table, &dates).await;
    let rows = dates.map(|date| row(table, date));
    for short in [&[][..], &dates[1..]].into_iter().filter(|_| !is_carried) {
        let replace = Replace {
            table,
            dates: &dates,
            rows: Arc::new(rows.to_vec()),
            short,
            now,
            name: None,
            record: Some(&recording(&dates)),
        };
        warehouse.replace(replace).await.unwrap();
    }
    let made: Vec<String> = (table.made_columns())
        .map(|column| format!("`{}`", column.name))
        .collect();
    let select = format!("SELECT {} FROM `{}`", made.join(", "), table.path());
    let day = &table.date_column;
    let kind = table.column(day).map(|column| &column.kind);
    let [of_one, of_many] = match kind {
        Some(ColumnType::Timestamp) => [
            format!("`{day}` >= @start AND `{day}` < @end"),
            format!(
                "TIMESTAMP_TRUNC(`{day}`, {}) IN UNNEST(@starts)",
                table.grain.sql_name()
            ),
        ],
        Some(ColumnType::Datetime) => [
            format!("`{day}` >= DATETIME(@start) AND `{day}` < DATETIME(@end)"),
            format!(
                "TIMESTAMP(DATETIME_TRUNC(`{day}`, {})) IN UNNEST(@starts)",
                table.grain.sql_name()
            ),
        ],
        _ => [format!("`{day}` = @date"), format!("`{day}` IN UNNEST(@dates)")],
    };
    let ways = [
        RowsExpected::Exactly(2),
        RowsExpected::AtLeastOne,
        RowsExpected::Any,
    ];
    for (sql, asking, expected) in [
        (format!("{select} WHERE {of_one}"), Asking::DateByDate, ways),
        (
            declaring(&format!("{select} WHERE {of_one}")),
            Asking::DateByDate,
            ways,
        ),
        (
            format!("{select} WHERE {of_many}"),
            Asking::AllAtOnce,
            [RowsExpected::Any; 3],
        ),
    ] {
        if table.is_by_ingestion_time() && asking == Asking::AllAtOnce {
            continue;
        }
        let refill = Refill {
            table,
            dates: &dates,
            expected: &expected,
            sql: &sql,
            asking,
            now,
            name: &format!("{}.{asking:?}.{}", table.path(), sql.len()),
            record: Some(&recording(&dates)),
        };
        warehouse.refill(refill).await.unwrap();
        let trial = Trial {
            sql: &sql,
            date: dates[0],
            planned,
        };
        warehouse.try_out(trial).await.unwrap();
    }
    if !is_carried {
        let filling = Filling {
            table: table.clone(),
            rows: Box::new(rows.into_iter()),
        };
        warehouse.fill(vec![filling], &AtomicUsize::new(0)).await.unwrap();
    }
    for attempt in [
        Attempt::Read(table),
        Attempt::Write(table),
        Attempt::Create(table),
    ] {
        warehouse.attempt(attempt).await.unwrap();
    }
}

/// Runs every query of a plan.
async fn queries(warehouse: &BigQueryWarehouse, plan: &Plan) {
    let checks = plan.checks.iter().chain(&plan.sources).map(|check| &check.sql);
    let others = plan.source_tables.iter().map(|table| &table.sql);
    let breakdowns = plan.breakdowns.iter().map(|breakdown| &breakdown.sql);
    for sql in checks.chain(others).chain(breakdowns) {
        warehouse.query(sql).await.unwrap();
    }
    for sql in plan.stages.iter().flat_map(StageSpec::queries) {
        warehouse
            .query_about(sql, &DATES.map(day), Timezone::UTC)
            .await
            .unwrap();
    }
    let own = plan.stages.iter().filter_map(|stage| match &stage.kind {
        StageKind::Sql(spec) => Some(spec),
        _ => None,
    });
    for spec in own {
        let table = spec.table.definition().unwrap();
        let refill = Refill {
            table,
            dates: &DATES.map(day),
            expected: &[RowsExpected::AtLeastOne; 3],
            sql: &spec.query.sql,
            asking: Asking::DateByDate,
            now: Utc::now(),
            name: &format!("plan.{}", table.path()),
            record: None,
        };
        warehouse.refill(refill).await.unwrap();
    }
}

async fn leases_and_owners(warehouse: &BigQueryWarehouse) {
    let leases = warehouse.leases().unwrap();
    leases.look("nba").await.unwrap();
    assert!(leases.take("nba", None, &holder()).await.unwrap());
    leases.heartbeat().await.unwrap();
    let before = Lease {
        epoch: 7,
        heartbeat: 1,
        holder: None,
    };
    // The server returns another holder's lease; the test only needs the statements.
    assert!(!leases.take("nba", Some(&before), &holder()).await.unwrap());
    let owner = |plan: &str| Owner {
        plan: plan.to_owned(),
        by: "ann".to_owned(),
        host: "courtside".to_owned(),
        since: DateTime::UNIX_EPOCH,
    };
    let slice = OwnedPart::slice_of("d.c", &by_slice().slice);
    let parts = [
        OwnedPart::whole("nba_raw.nbac_schedule"),
        OwnedPart::whole("d.b"),
        slice,
    ];
    warehouse.owners_of(&parts).await.unwrap();
    let seen = |part: &OwnedPart| OwnerRecord {
        part: part.clone(),
        owner: owner("it's shop"),
    };
    let whole = OwnedPart::whole("d.c");
    let seen = [vec![], vec![seen(&parts[1])], vec![seen(&parts[2]), seen(&whole)]];
    let claims: Vec<Claim> = (parts.into_iter().zip(seen))
        .map(|(part, from)| Claim { part, from })
        .collect();
    warehouse.claim(&claims[..2], &owner("nba")).await.unwrap();
    warehouse.claim(&claims, &owner("nba")).await.unwrap();
    let records = warehouse.records().unwrap();
    records.entries("nba", 7).await.unwrap();
    let entry = Entry {
        number: 8,
        kind: UNIT.to_owned(),
        subject: "one".to_owned(),
        date: Some(day(DATES[0]).first_day()),
        state: "ok".to_owned(),
        rows: Some(2),
        kept: None,
        quarantined: None,
        digest: Some(u64::MAX),
        fingerprint: None,
        run: "r".to_owned(),
        host: "courtside".to_owned(),
        at: Utc::now(),
        body: "{}".to_owned(),
    };
    records.append("nba", &[entry]).await.unwrap();
    records.prune("nba", 1).await.unwrap();
}

#[test]
fn google_accepts_every_statement_of_the_built_in_plans() {
    let home = std::env::var("BACKCOURT_ANALYZER").expect(
        "BACKCOURT_ANALYZER names the folder that scripts/analyzer prints, or is 'none' where it cannot be had",
    );
    if home == "none" {
        return;
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let server = server();
    let recorder = Recorder::before(server.port(), folder.path());
    let warehouse = behind_port(recorder.port());
    let tables = every_table();
    let planned: Vec<&TableDef> = tables.iter().collect();
    block_on(async {
        leases_and_owners(&warehouse).await;
        for table in &tables {
            about(&warehouse, table, &planned).await;
        }
        for grain in Grain::ALL {
            if grain != Grain::Hour {
                about(&warehouse, &TableDef { grain, ..games() }, &planned).await;
            }
        }
        for name in ["nba", "shop"] {
            queries(&warehouse, &plan::load(name).unwrap()).await;
        }
        let mut wider = games();
        let note = Column::nullable("note", ColumnType::String, "");
        wider.columns.to_mut().push(note);
        let changes = [
            SchemaChange::Add("note".to_owned()),
            SchemaChange::Relax("team".to_owned()),
        ];
        warehouse.migrate(&wider, &changes).await.unwrap();
        warehouse.attempt(Attempt::Job).await.unwrap();
        warehouse.leases().unwrap().give_back().await.unwrap();
    });
    let said = Command::new(format!("{home}/venv/bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/statements.py"))
        .args([home.as_ref(), folder.path().as_os_str()])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&said.stdout), text(&said.stderr));
    assert!(said.status.success(), "{out}{err}");
}

/// `plan show` prints these texts.
#[test]
fn queries_are_sent_as_they_are_shown() {
    let sent: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&sent);
    let server = Proxy::start(None, Duration::ZERO, move |call: &Call| {
        if call.method == Method::Insert {
            noted.lock().unwrap().push(call.sql.clone());
        }
        Fate::Pass
    });
    let warehouse = behind_port(server.port());
    let dates = DATES.map(day);
    let table = games();
    let refill = Refill {
        table: &table,
        dates: &dates[..1],
        expected: &[RowsExpected::Exactly(2)],
        sql: &format!("SELECT * FROM `raw.games` WHERE {} = @date", table.date_column),
        asking: Asking::DateByDate,
        now: Utc::now(),
        name: "shown",
        record: None,
    };
    block_on(async {
        warehouse.refill(refill).await.unwrap();
        warehouse
            .query_about("SELECT @date, @dates", &dates, Timezone::UTC)
            .await
            .unwrap();
    });
    let shown = [
        warehouse.refill_as_sent(&refill).unwrap(),
        warehouse
            .query_as_sent("SELECT @date, @dates", &dates, Timezone::UTC)
            .unwrap(),
    ];
    let sent = sent.lock().unwrap();
    for text in shown {
        assert!(sent.contains(&text), "{text} in {sent:#?}");
    }
}
