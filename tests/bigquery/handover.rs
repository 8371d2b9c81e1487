//! Plan progress stored in the warehouse: recorded in the same transaction as the data, by the same rule in
//! both warehouses, so that another host can resume the plan.

use std::borrow::Cow;
use std::sync::Arc;

use backcourt::partition::{Grain, Timezone};
use backcourt::table::{Column, ColumnType, Row, Slice, TableDef};
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Prefix, Settings};
use backcourt::warehouse::sqlite::SqliteWarehouse;
use backcourt::warehouse::{
    Asking, COMMIT, Came, Draft, Entry, ErrorClass, Holder, Recording, Refill, Replace, RowsExpected, UNIT,
    Warehouse,
};
use chrono::DateTime;

use super::emulator::Emulator;
use super::faults::block_on;
use super::moved;
use super::warehouse::{at, day};

const PLAN: &str = "it's a plan";

fn scores() -> TableDef {
    TableDef {
        dataset: Cow::Borrowed("box"),
        name: Cow::Borrowed("scores"),
        doc: Cow::Borrowed("A score."),
        columns: Cow::Owned(vec![
            Column::required("team", ColumnType::String, "Team."),
            Column::required("game_date", ColumnType::Date, "Day."),
            Column::nullable("points", ColumnType::Int64, "Points."),
        ]),
        date_column: Cow::Borrowed("game_date"),
        grain: Grain::Day,
        zone: Timezone::UTC,
        slice: Slice::default(),
        key: Cow::Owned(vec![Cow::Borrowed("team"), Cow::Borrowed("game_date")]),
        cluster: Cow::Borrowed(&[]),
        require_partition_filter: false,
    }
}

fn score(team: &str, date: &str, points: i64) -> Row {
    vec![
        team.to_owned().into(),
        day(date).first_day().into(),
        points.into(),
    ]
}

/// A `BigQuery` and an embedded warehouse, each holding the lease of the plan.
async fn both(emulator: &Emulator, dir: &std::path::Path) -> [Arc<dyn Warehouse>; 2] {
    let settings = Settings {
        prefix: Prefix::parse("try_").unwrap(),
        ..Settings::default()
    };
    let project = BigQueryWarehouse::new(Address::parse(&emulator.address()).unwrap(), settings);
    let both: [Arc<dyn Warehouse>; 2] = [Arc::new(project), Arc::new(SqliteWarehouse::open(dir).unwrap())];
    for warehouse in &both {
        let holder = Holder {
            host: "courtside".to_owned(),
            machine: None,
            pid: 1,
            started: None,
            since: DateTime::UNIX_EPOCH,
            folder: "/state".to_owned(),
            jobs_in: Vec::new(),
        };
        let leases = warehouse.leases().unwrap();
        assert!(leases.take(PLAN, None, &holder).await.unwrap());
        leases.heartbeat().await.unwrap();
        // As a run does: a lease holder that finds no progress table creates it.
        assert_eq!(warehouse.records().unwrap().entries(PLAN, 0).await.unwrap(), []);
        warehouse.ensure(&scores()).await.unwrap();
    }
    both
}

fn draft(number: i64, date: &str, owed: RowsExpected, rows: u32) -> Draft {
    Draft {
        number,
        date: day(date),
        owed,
        is_whole: number != 3,
        came: Came {
            rows,
            quarantined: 0,
            digest: u64::MAX - 5,
        },
        body: format!("{{\"text\": \"it's {number} \\\\ \\\"quoted\\\"\"}}"),
    }
}

fn recording(dates: Vec<Draft>) -> Recording {
    Recording {
        plan: PLAN.to_owned(),
        stage: "games".to_owned(),
        run: "r1".to_owned(),
        host: "courtside".to_owned(),
        fingerprint: Some("0123".to_owned()),
        dates,
    }
}

/// The recorded entries without digests, which differ between the warehouses when a query computes the rows.
async fn recorded(warehouse: &dyn Warehouse) -> Vec<Entry> {
    let entries = warehouse.records().unwrap().entries(PLAN, 0).await.unwrap();
    let without = |entry| Entry {
        digest: None,
        ..entry
    };
    entries.into_iter().map(without).collect()
}

async fn replaced(warehouse: &dyn Warehouse) {
    let dates = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"].map(day);
    let first = [score("BOS", "2024-01-01", 1), score("LAL", "2024-01-01", 2)];
    let replace = Replace {
        table: &scores(),
        dates: &dates[..1],
        rows: Arc::new(first.to_vec()),
        short: &[],
        now: at("2024-02-01T00:00:00Z"),
        name: None,
        record: None,
    };
    warehouse.replace(replace).await.unwrap();
    let record = recording(vec![
        draft(1, "2024-01-01", RowsExpected::Exactly(2), 1),
        draft(2, "2024-01-02", RowsExpected::Exactly(1), 1),
        draft(3, "2024-01-03", RowsExpected::AtLeastOne, 1),
        draft(4, "2024-01-04", RowsExpected::Exactly(0), 0),
    ]);
    let rows = [
        score("BOS", "2024-01-01", 1),
        score("BOS", "2024-01-02", 2),
        score("BOS", "2024-01-03", 3),
    ];
    let replace = Replace {
        dates: &dates,
        rows: Arc::new(rows.to_vec()),
        short: &dates[..1],
        now: at("2024-02-02T00:00:00Z"),
        table: &scores(),
        name: None,
        record: Some(&record),
    };
    let kept = warehouse.replace(replace).await.unwrap();
    assert_eq!(kept.len(), 1);
}

async fn refilled(warehouse: &dyn Warehouse) {
    let dates = ["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"].map(day);
    let owed = [
        RowsExpected::Exactly(3),
        RowsExpected::Exactly(1),
        RowsExpected::AtLeastOne,
        RowsExpected::Exactly(0),
    ];
    let drafts = (11..)
        .zip(["2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06"])
        .zip(owed);
    let record = recording(
        drafts
            .map(|((number, date), owed)| draft(number, date, owed, 99))
            .collect(),
    );
    let refill = Refill {
        table: &scores(),
        dates: &dates,
        expected: &owed,
        sql: "SELECT 'BOS' AS team, @date AS game_date, 5 AS points \
              FROM (SELECT 1 AS one) WHERE @date < DATE '2024-01-05'",
        asking: Asking::DateByDate,
        now: at("2024-02-03T00:00:00Z"),
        name: "r1-1-0",
        record: Some(&record),
    };
    warehouse.refill(refill).await.unwrap();
}

#[test]
fn both_warehouses_record_commits_atomically_with_the_data() {
    let Some(emulator) = Emulator::start() else { return };
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let both = both(&emulator, dir.path()).await;
        let mut all = Vec::new();
        for warehouse in &both {
            replaced(warehouse.as_ref()).await;
            let digests = warehouse.records().unwrap().entries(PLAN, 0).await.unwrap();
            assert!(digests.iter().all(|entry| entry.digest == Some(u64::MAX - 5)));
            refilled(warehouse.as_ref()).await;
            all.push(recorded(warehouse.as_ref()).await);
        }
        assert_eq!(all[0], all[1]);
        let states: Vec<_> = (all[0].iter())
            .map(|entry| (entry.number, entry.state.as_str(), entry.rows, entry.kept))
            .collect();
        assert_eq!(
            states,
            [
                (3, "partial", Some(1), None),
                (4, "skipped", Some(0), None),
                (11, "partial", Some(1), Some(2)),
                (12, "ok", Some(1), None),
                (13, "empty", Some(0), None),
                (14, "skipped", Some(0), None),
            ],
            "only the newest entry of each date"
        );
        for warehouse in &both {
            refused(warehouse.as_ref()).await;
            assert_eq!(recorded(warehouse.as_ref()).await.len(), 6);
            lost(warehouse.as_ref()).await;
        }
    });
}

/// A commit that fails inside its transaction leaves neither data nor entries.
async fn refused(warehouse: &dyn Warehouse) {
    let dates = [day("2024-01-09")];
    let record = recording(vec![draft(20, "2024-01-09", RowsExpected::AtLeastOne, 1)]);
    let refill = Refill {
        table: &scores(),
        dates: &dates,
        expected: &[RowsExpected::AtLeastOne],
        sql: "SELECT /* refused */ 'BOS' AS team, @date AS game_date, no_such_column AS points FROM `box.scores`",
        asking: Asking::DateByDate,
        now: at("2024-02-04T00:00:00Z"),
        name: "r1-2-0",
        record: Some(&record),
    };
    warehouse.refill(refill).await.unwrap_err();
}

/// Appends entries and reads those above a number; appending fails once another process holds the lease.
async fn lost(warehouse: &dyn Warehouse) {
    let records = warehouse.records().unwrap();
    let entry = Entry {
        number: 30,
        kind: UNIT.to_owned(),
        subject: "games".to_owned(),
        date: Some(day("2024-01-05").first_day()),
        state: "failed".to_owned(),
        rows: None,
        kept: None,
        quarantined: None,
        digest: None,
        fingerprint: None,
        run: "r2".to_owned(),
        host: "bench".to_owned(),
        at: at("2024-02-05T00:00:00Z"),
        body: "{}".to_owned(),
    };
    let check = Entry {
        number: 31,
        kind: "check".to_owned(),
        date: None,
        ..entry.clone()
    };
    let added = [entry, check];
    records.append(PLAN, &added).await.unwrap();
    assert_eq!(records.entries(PLAN, 14).await.unwrap(), added);
    let all = records.entries(PLAN, 0).await.unwrap();
    assert_eq!(all.iter().filter(|entry| entry.kind == COMMIT).count(), 5);
    assert_eq!(records.entries("another", 0).await.unwrap(), []);

    let other = warehouse.owners().unwrap().without_lease();
    let leases = other.leases().unwrap();
    let seen = leases.look(PLAN).await.unwrap();
    let holder = Holder {
        pid: 2,
        ..seen.clone().unwrap().holder.unwrap()
    };
    assert!(leases.take(PLAN, seen.as_ref(), &holder).await.unwrap());
    let error = records.append(PLAN, &added[..1]).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Auth, "{error}");
}

#[test]
fn a_second_host_resumes_a_plan_and_a_third_reads_its_status() {
    let Some(emulator) = Emulator::start() else { return };
    let warehouse = emulator.open();
    moved::another_state_folder_continues(&emulator.flags(), || {
        let sql = "SELECT COUNT(*) AS n FROM `backcourt.ledger` WHERE kind = 'commit'";
        let answer = block_on(warehouse.query(sql)).unwrap();
        answer.rows[0][0].to_string().parse().unwrap()
    });
}
