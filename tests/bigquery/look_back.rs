//! What the reads of the stages that look back are billed by `BigQuery`'s rules, compared with one read of all their
//! inputs. The local server bills nothing, so the bytes are counted from the queries sent and the stored rows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::engine::{BatchDates, Scope, Stage};
use backcourt::nba::stored::Extract;
use backcourt::nba::tables;
use backcourt::partition::Partition;
use backcourt::plan;
use backcourt::stages::stage;
use backcourt::table::{ColumnType, Row, TableDef, Value};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{Dates, Read, Warehouse};
use serde_json::{Value as Json, json};

use super::emulator::PREFIX;
use super::faults::{behind, block_on};
use super::month::{embedded, run};
use super::program::State;
use super::proxy::{Call, Fate, Method, Proxy, body};
use super::statements::described;
use super::warehouse::day;

/// The first months of two seasons.
const SPANS: [[&str; 2]; 2] = [["2021-10-19", "2021-12-10"], ["2022-10-18", "2022-11-20"]];

/// Dates per batch: the fewest that the dispatcher hands out.
const BATCH: usize = 4;

/// The least that a query is billed for each of its tables.
const LEAST: u64 = 10 << 20;

/// Columns of `player_game_summary` that the expected rows of a date are counted from.
const COUNTED: [&str; 4] = ["game_date", "player_lookup", "minutes_played", "points"];

/// The stages, and what each needs to read.
const STAGES: [(&str, &[Extract], bool); 5] = [
    (
        "team_defense_zone",
        &[Extract::DefenseLogs, Extract::Finals],
        false,
    ),
    ("player_shot_zone", &[Extract::ShotLogs, Extract::Finals], true),
    (
        "player_composite",
        &[
            Extract::PlayerLogs,
            Extract::TeamLogs,
            Extract::Finals,
            Extract::Appearances,
            Extract::PlayerZones,
            Extract::DefenseZones,
        ],
        true,
    ),
    (
        "player_daily_cache",
        &[
            Extract::PlayerLogs,
            Extract::TeamLogs,
            Extract::Finals,
            Extract::Appearances,
            Extract::PlayerZones,
        ],
        true,
    ),
    (
        "ml_feature_store",
        &[
            Extract::PlayerLogs,
            Extract::TeamLogs,
            Extract::Finals,
            Extract::Appearances,
            Extract::Cached,
            Extract::Factors,
            Extract::PlayerZones,
            Extract::DefenseZones,
        ],
        true,
    ),
];

/// The bytes of a table, by column and date.
type Sizes = BTreeMap<String, BTreeMap<Partition, u64>>;

/// The size of a value, by `BigQuery`'s rules.
fn size(value: &Value, kind: &ColumnType) -> u64 {
    match (value, kind) {
        (Value::Null, _) => 0,
        (Value::Bool(_), _) => 1,
        (Value::Text(text), _) => 2 + text.len() as u64,
        (Value::List(items), _) => items.iter().map(|item| 2 + item.len() as u64).sum(),
        (Value::Numbers(numbers), _) => 8 * numbers.len() as u64,
        (_, ColumnType::Numeric { .. }) => 16,
        (Value::Bytes(bytes), _) => 2 + bytes.len() as u64,
        (
            Value::Int(_)
            | Value::Float(_)
            | Value::Date(_)
            | Value::Timestamp(_)
            | Value::Datetime(_)
            | Value::Time(_),
            _,
        ) => 8,
    }
}

/// The bytes of a table's stored rows, and their number.
async fn stored(warehouse: &SqliteWarehouse, table: &TableDef) -> (Sizes, usize) {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_ref()).collect();
    let read = Read {
        table,
        columns: &columns,
        dates: Dates::Between(day("2000-01-01"), day("2100-01-01")),
    };
    let at = table.position(&table.date_column).unwrap();
    let mut sizes = Sizes::new();
    let rows = warehouse.read(read).await.unwrap();
    for row in &rows {
        let date = Partition::day(row[at].as_date().unwrap());
        for (column, value) in table.columns.iter().zip(row) {
            let dates = sizes.entry(column.name.to_string()).or_default();
            *dates.entry(date).or_default() += size(value, &column.kind);
        }
    }
    (sizes, rows.len())
}

/// The bytes of some columns, on dates within any of the ranges.
fn bytes(sizes: &Sizes, columns: &BTreeSet<&str>, ranges: &[(Partition, Partition)]) -> u64 {
    let is_in = |date: &Partition| ranges.iter().any(|(from, to)| (from..=to).contains(&date));
    let dates = columns.iter().filter_map(|column| sizes.get(*column)).flatten();
    dates
        .filter(|(date, _)| is_in(date))
        .map(|(_, bytes)| bytes)
        .sum()
}

/// The words of a query, without its punctuation.
fn words(sql: &str) -> BTreeSet<&str> {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').collect()
}

/// The dates that a query names: ranges, and single dates.
fn ranges(sql: &str) -> Vec<(Partition, Partition)> {
    let mut found = Vec::new();
    let mut literals = sql.split("DATE '").skip(1);
    while let Some(literal) = literals.next() {
        let from = day(&literal[..10]);
        let is_range = literal[10..].starts_with("' AND ");
        let to = if is_range {
            literals.next().map(|to| day(&to[..10]))
        } else {
            None
        };
        found.push((from, to.unwrap_or(from)));
    }
    found
}

/// The sizes of the stages' inputs in an embedded warehouse, and a server that answers from it.
struct Ground {
    stored: BTreeMap<String, Sizes>,
    proxy: Proxy,
}

/// The warehouse's answer to a query, as `BigQuery` sends it.
fn answer(warehouse: &SqliteWarehouse, sql: &str) -> String {
    let sql = sql.replace(PREFIX, "");
    let found = block_on(warehouse.query(&sql)).unwrap();
    let kind = |at: usize| match found
        .rows
        .iter()
        .map(|row| &row[at])
        .find(|value| **value != Value::Null)
    {
        Some(Value::Int(_)) => "INTEGER",
        Some(value) if value.as_date().is_some() => "DATE",
        _ => "STRING",
    };
    let fields = found.columns.iter().enumerate();
    let fields: Vec<Json> = fields
        .map(|(at, name)| json!({"name": name, "type": kind(at)}))
        .collect();
    let is_bool = |name: &String| {
        let column = tables::all().into_iter().find_map(|table| table.column(name));
        column.is_some_and(|column| column.kind == ColumnType::Bool)
    };
    let bools: Vec<bool> = found.columns.iter().map(is_bool).collect();
    let cell = |(value, is_bool): (&Value, &bool)| match value {
        Value::Null => json!({"v": null}),
        Value::Int(truth) if *is_bool => json!({"v": (*truth == 1).to_string()}),
        value => json!({"v": value.to_string()}),
    };
    let row = |row: &Row| json!({"f": row.iter().zip(&bools).map(cell).collect::<Vec<_>>()});
    let rows: Vec<Json> = found.rows.iter().map(row).collect();
    json!({"jobComplete": true, "schema": {"fields": fields}, "rows": rows}).to_string()
}

fn ground(folder: &Path) -> Ground {
    let warehouse = SqliteWarehouse::open(folder).unwrap();
    let inputs = STAGES.iter().flat_map(|(_, reads, _)| *reads);
    let inputs: BTreeSet<String> = inputs.map(|extract| extract.table().path()).collect();
    let (mut sizes, mut known) = (BTreeMap::new(), HashMap::new());
    for table in tables::all() {
        let mut description = described(table);
        if inputs.contains(&table.path()) {
            let (of_table, rows) = block_on(stored(&warehouse, table));
            description["numRows"] = rows.to_string().into();
            sizes.insert(table.path(), of_table);
        }
        known.insert(table.name.to_string(), description.to_string());
    }
    let queries: Mutex<HashMap<String, String>> = Mutex::default();
    let dry: BTreeMap<String, Sizes> = sizes.clone();
    let proxy = Proxy::start(None, Duration::ZERO, move |call: &Call| match call.method {
        Method::Insert if call.is_dry => {
            // A stage also counts the rows of its own table, which may be an input of another.
            let is_count = call.sql.contains("COUNT(*) AS held");
            let bytes = if is_count { 0 } else { read_by(&dry, &call.sql) };
            let statistics = json!({"totalBytesProcessed": bytes.to_string()});
            Fate::Say(200, json!({"statistics": statistics}).to_string())
        }
        Method::Insert => {
            queries.lock().unwrap().insert(call.job.clone(), call.sql.clone());
            Fate::Pass
        }
        Method::Results => {
            let sql = queries.lock().unwrap()[&call.job].clone();
            match input_of(&dry, &sql) {
                Some(_) => Fate::Say(200, answer(&warehouse, &sql)),
                None => Fate::Pass,
            }
        }
        Method::Other if known.contains_key(&call.job) => Fate::Say(200, known[&call.job].clone()),
        Method::Get | Method::Other => Fate::Say(404, body(404, "notFound", "Not found")),
    });
    Ground { stored: sizes, proxy }
}

/// The sizes of the input that a query reads.
fn input_of<'s>(stored: &'s BTreeMap<String, Sizes>, sql: &str) -> Option<&'s Sizes> {
    let named = |(path, _): &(&String, &Sizes)| sql.contains(&format!("{PREFIX}{path}`"));
    stored.iter().find(named).map(|(_, sizes)| sizes)
}

/// The bytes that a query reads of an input.
fn read_by(stored: &BTreeMap<String, Sizes>, sql: &str) -> u64 {
    input_of(stored, sql).map_or(0, |sizes| bytes(sizes, &words(sql), &ranges(sql)))
}

impl Ground {
    /// The bytes of one read of all columns that a stage needs, by table.
    fn read_once(&self, reads: &[Extract], counts: bool) -> Vec<u64> {
        let mut needed: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for extract in reads {
            let columns = needed.entry(extract.table().path()).or_default();
            columns.extend(extract.columns());
        }
        if counts {
            needed
                .entry(tables::player_game().path())
                .or_default()
                .extend(COUNTED);
        }
        let whole = SPANS.map(|[from, to]| (day(from), day(to)));
        (needed.iter())
            .map(|(path, columns)| bytes(&self.stored[path], columns, &whole))
            .collect()
    }
}

/// Reads what a stage reads in a run of these dates, batch by batch.
async fn read(warehouse: &dyn Warehouse, stage: &dyn Stage, dates: &[Partition]) {
    let scopes = stage.scope(warehouse, dates).await.unwrap();
    let is_due = |(_, scope): &(&Partition, Scope)| matches!(scope, Scope::Rows(_));
    let due: Vec<Partition> = dates
        .iter()
        .zip(scopes)
        .filter(is_due)
        .map(|(date, _)| *date)
        .collect();
    assert!(due.len() > BATCH, "{due:?}");
    let reader = stage.reader();
    for (number, dates) in due.chunks(BATCH).enumerate() {
        let upcoming = &due[number * BATCH..];
        let batch = BatchDates { dates, upcoming };
        reader.read(warehouse, batch, "reconstruct").await.unwrap();
    }
}

fn stage_named(name: &str) -> Arc<dyn Stage> {
    let plan = plan::load("nba").unwrap();
    let spec = plan.stages.iter().find(|spec| spec.name == name).unwrap();
    stage(spec).unwrap()
}

/// What a dry run of the plan expects these stages to be billed.
fn estimated(ground: &Ground) -> u64 {
    let flags = ground.proxy.flags();
    let dry = ["--dry-run", "--no-resume", "--replace-existing"].into_iter();
    let more: Vec<&str> = dry.chain(flags.iter().map(String::as_str)).collect();
    let said = run(&State::none(), [SPANS[0][0], SPANS[1][1]], &more)
        .expect(0)
        .out;
    let of_stage = |name: &str| {
        let line = said.lines().rfind(|line| line.starts_with(name)).unwrap();
        let bytes = line.split_once(" MiB").unwrap().0.rsplit_once(' ').unwrap().1;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "each query is billed the least, a whole number of MiB"
        )]
        let mib = bytes.parse::<f64>().unwrap() as u64;
        mib << 20
    };
    STAGES.iter().map(|(name, ..)| of_stage(name)).sum()
}

#[test]
fn look_back_stages_are_billed_little_more_than_one_read_of_their_inputs() {
    let state = embedded(SPANS[0], &[]);
    run(&state, SPANS[1], &[]).expect(0);
    let ground = ground(&state.path().join("warehouse"));
    let spans = SPANS.map(|span| span.map(day));
    let days = |[from, to]: [Partition; 2]| from.up_to(to);
    let dates: Vec<Partition> = spans.into_iter().flat_map(days).collect();
    let warehouse = behind(&ground.proxy);
    for (name, ..) in STAGES {
        block_on(read(&warehouse, stage_named(name).as_ref(), &dates));
    }
    let once: Vec<u64> = (STAGES.iter())
        .flat_map(|(_, reads, counts)| ground.read_once(reads, *counts))
        .collect();
    let sent = ground.proxy.seen(|seen| seen.sent.clone());
    let schedule = sent.values().filter(|sql| sql.contains("nbac_schedule")).count() as u64;
    let sent: Vec<u64> = sent.values().map(|sql| read_by(&ground.stored, sql)).collect();
    let total = |of: &[u64], least: u64| of.iter().map(|bytes| (*bytes).max(least)).sum::<u64>();
    for least in [0, LEAST] {
        let (billed, needed) = (total(&sent, least), total(&once, least));
        #[allow(clippy::cast_precision_loss, reason = "shown with two digits")]
        let ratio = billed as f64 / needed as f64;
        assert!(
            ratio <= 1.3,
            "{billed} bytes for {} queries, {ratio:.2} times {needed} for {}",
            sent.len(),
            once.len()
        );
    }
    // In a whole run, an earlier stage has read the schedule.
    assert_eq!(estimated(&ground) + schedule * LEAST, total(&sent, LEAST));
}
