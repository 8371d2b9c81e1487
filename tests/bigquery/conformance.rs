//! Responses of every call in use, with all documented fields and with almost none: both are parsed. Columns of
//! unsupported types are read as strings or rejected by name.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::table::{Row, Value};
use backcourt::warehouse::bigquery::BigQueryWarehouse;
use backcourt::warehouse::{Bill, ErrorClass, Holder, JobPurpose, Lease, Warehouse};
use chrono::DateTime;
use serde_json::{Value as Json, json};

use super::discovery::Discovery;
use super::emulator::PROJECT;
use super::faults::{behind, block_on};
use super::proxy::{Call, Fate, Method, Proxy, body};
use super::warehouse::games;

/// The column types, from the reference of `TableFieldSchema`, with an encoded value; types without a counterpart are
/// read as strings. <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema>
const TYPES: [(&str, &str); 19] = [
    ("STRING", "x"),
    ("BYTES", "AA=="),
    ("INTEGER", "7"),
    ("INT64", "7"),
    ("FLOAT", "0.5"),
    ("FLOAT64", "0.5"),
    ("NUMERIC", "0.25"),
    ("BIGNUMERIC", "0.25"),
    ("BOOLEAN", "true"),
    ("BOOL", "true"),
    ("TIMESTAMP", "1.7E9"),
    ("DATE", "2024-01-01"),
    ("TIME", "12:00:00"),
    ("DATETIME", "2024-01-01T12:00:00"),
    ("GEOGRAPHY", "POINT(0 0)"),
    ("JSON", "{}"),
    ("INTERVAL", "1-2 3 4:5:6"),
    ("RANGE", "[2024-01-01, UNBOUNDED)"),
    ("RECORD", ""),
];

/// A server with these answers. For `None`, every request succeeds with an empty result.
fn answers(answer: impl Fn(&Call) -> Option<Json> + Send + Sync + 'static) -> Proxy {
    Proxy::start(None, Duration::ZERO, move |call| match answer(call) {
        // Jobs that an earlier process may have sent are looked up part by part, until one doesn't exist.
        _ if call.job == "backcourt_run-1_1" => {
            Fate::Say(404, body(404, "notFound", "Not found: Job p:US.x"))
        }
        Some(answer) => Fate::Say(200, answer.to_string()),
        None => Fate::Pass,
    })
}

fn fields() -> Json {
    TYPES
        .iter()
        .enumerate()
        .map(|(at, (kind, _))| {
            let mut field = json!({"name": format!("c{at}"), "type": kind, "mode": "NULLABLE"});
            match *kind {
                "RECORD" => field["fields"] = json!([{"name": "n", "type": "INTEGER"}]),
                "RANGE" => field["rangeElementType"] = json!({"type": "DATE"}),
                _ => {}
            }
            field
        })
        .collect()
}

/// Makes every call once, with jobs charged to a bill.
fn asks_everything(warehouse: &BigQueryWarehouse) -> Vec<Row> {
    let bill = Arc::new(Bill::default());
    let charged = warehouse
        .charging(Arc::clone(&bill), JobPurpose::default())
        .unwrap();
    block_on(async {
        charged.schema("d.t").await.unwrap();
        warehouse.location_of("d").await.unwrap();
        charged.holds_rows(&games()).await.unwrap();
        let lease = charged.leases().unwrap().look("p").await.unwrap();
        assert_eq!(lease.and_then(|lease| lease.holder), None);
        charged.await_orphaned_write("run-1").await.unwrap();
        charged.query("SELECT 1").await.unwrap().rows
    })
}

#[test]
fn responses_with_all_documented_fields_are_parsed() {
    let Some(discovery) = Discovery::find() else {
        return;
    };
    let mut job = discovery.maximal("Job");
    job["status"]["state"] = json!("DONE");
    let failed = job.clone();
    job["status"].as_object_mut().unwrap().remove("errorResult");
    let mut rows = discovery.maximal("GetQueryResultsResponse");
    rows["jobComplete"] = json!(true);
    rows["rows"] = json!([{"f": [{"v": "7"}]}]);
    rows["schema"]["fields"][0]["type"] = json!("INTEGER");
    rows["schema"]["fields"][0]["mode"] = json!("NULLABLE");
    rows.as_object_mut().unwrap().remove("pageToken");
    let (mut table, dataset) = (discovery.maximal("Table"), discovery.maximal("Dataset"));
    // The table is also read as the notice of a free lease.
    table["description"] = json!("null");
    let proxy = answers(move |call| {
        Some(match call.method {
            Method::Insert | Method::Get => job.clone(),
            Method::Results => rows.clone(),
            Method::Other if call.target.contains("/tables/") => table.clone(),
            Method::Other => dataset.clone(),
        })
    });
    assert_eq!(asks_everything(&behind(&proxy)), [[Value::Int(7)]]);

    // A failed job reports its error.
    let proxy = Proxy::start(None, Duration::ZERO, move |call| match call.method {
        Method::Results => Fate::Say(503, "<html><title>503</title></html>".to_owned()),
        _ => Fate::Say(200, failed.to_string()),
    });
    let refused = block_on(behind(&proxy).query("SELECT 1")).unwrap_err();
    assert!(refused.message.contains("BigQuery says (x): x"), "{refused}");
}

#[test]
fn responses_with_minimal_fields_are_parsed() {
    let proxy = answers(move |call| {
        Some(match call.method {
            Method::Results => json!({"jobComplete": true}),
            Method::Get => json!({"status": {"state": "DONE"}}),
            _ => json!({}),
        })
    });
    assert_eq!(asks_everything(&behind(&proxy)), [] as [Row; 0]);
}

/// Takes the lease of a plan whose last holder left a job running, on a server with these answers to listing and
/// cancelling jobs. Returns the jobs that were cancelled.
fn takes_a_lease(listed: Json, cancelled: Json) -> Vec<String> {
    let by = holder();
    let row = json!([{"f": [{"v": "2"}, {"v": serde_json::to_string(&by).unwrap()}]}]);
    let fields = json!([{"name": "epoch", "type": "INTEGER"}, {"name": "holder", "type": "STRING"}]);
    let stands = json!({"jobComplete": true, "schema": {"fields": fields}, "rows": row});
    // The notice table of a lease has the same name as the label of its jobs.
    let (lease, lists) = (Mutex::new(String::new()), AtomicUsize::new(0));
    let proxy = answers(move |call| match call.target.rsplit_once('/')? {
        (_, last) if last.starts_with("heartbeat_") => {
            last["heartbeat_".len()..].clone_into(&mut lease.lock().unwrap());
            Some(json!({}))
        }
        (_, "jobs") if call.target.starts_with("GET") => Some(match lists.fetch_add(1, Ordering::Relaxed) {
            0 => {
                let mut listed = listed.clone();
                listed["jobs"][0]["configuration"]["labels"] =
                    json!({"backcourt_lease": *lease.lock().unwrap(), "backcourt_epoch": "1"});
                listed
            }
            _ => json!({}),
        }),
        (_, "cancel") => Some(cancelled.clone()),
        _ => (call.method == Method::Results).then(|| stands.clone()),
    });
    let seen = Lease {
        epoch: 1,
        heartbeat: 0,
        holder: Some(by.clone()),
    };
    block_on(async {
        let warehouse = behind(&proxy);
        let leases = warehouse.leases().unwrap();
        leases.look("p").await.unwrap();
        assert!(leases.take("p", Some(&seen), &by).await.unwrap());
    });
    proxy.seen(|seen| seen.cancelled.iter().map(|(job, _)| job.clone()).collect())
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

#[test]
fn stale_jobs_are_cancelled_with_full_and_minimal_responses() {
    let Some(discovery) = Discovery::find() else {
        return;
    };
    let listed = discovery.maximal("JobList");
    assert_eq!(listed["nextPageToken"], "x", "there is another page");
    let cancelled = discovery.maximal("JobCancelResponse");
    assert_eq!(takes_a_lease(listed, cancelled), ["x"]);

    let listed = json!({"jobs": [{"jobReference": {"jobId": "x"}}], "nextPageToken": "x"});
    assert_eq!(takes_a_lease(listed, json!({})), ["x"]);
}

#[test]
fn a_table_with_columns_of_every_type_is_described() {
    let table = json!({"tableReference": {}, "schema": {"fields": fields()}});
    let proxy = answers(move |_| Some(table.clone()));
    let held = block_on(behind(&proxy).schema("d.t")).unwrap().unwrap();
    assert_eq!(held.columns.len(), TYPES.len());
    let word = |at: usize| held.columns[at].kind.to_string();
    assert_eq!(
        [word(16), word(17), word(18)],
        ["INTERVAL", "RANGE<DATE>", "STRUCT<n INT64>"]
    );
}

#[test]
fn scalar_results_of_every_type_are_parsed_and_records_refused() {
    let asked = |width: usize| {
        let fields = fields().as_array().unwrap()[..width].to_vec();
        let cells: Json = TYPES[..width]
            .iter()
            .map(|(_, text)| json!({"v": text}))
            .collect();
        let answer = json!({"jobComplete": true, "schema": {"fields": fields}, "rows": [{"f": cells}]});
        let proxy = answers(move |call| (call.method == Method::Results).then(|| answer.clone()));
        block_on(behind(&proxy).query("SELECT 1"))
    };
    let row = asked(18).unwrap().rows.remove(0);
    let texts: Vec<String> = row.iter().map(ToString::to_string).collect();
    assert_eq!(texts[17], "[2024-01-01, UNBOUNDED)");
    assert_eq!(texts[14], "POINT(0 0)");
    let refused = asked(19).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Code);
    assert!(
        refused.message.contains("column 'c18' as STRUCT<n INT64>"),
        "{refused}"
    );
}
