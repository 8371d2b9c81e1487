//! The documented roles suffice: if all tables exist, nothing is created, and a caller that can't create anything and
//! sees only its own jobs can run a plan. Jobs may be billed to another project than that of the tables.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::warehouse::Warehouse;
use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};

use super::emulator::{Emulator, PROJECT};
use super::faults::block_on;
use super::planned::Planned;
use super::program::Ended;
use super::proxy::{Call, Fate, Method, Proxy, body};

const PLAN: &str = r#"
name = "days"
title = "A row a day"
from = "2024-01-01"
to = "2024-01-04"
[[stage]]
name = "one"
kind = "sql"
sql = "SELECT @date AS day, 1 AS n"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[stage]]
name = "two"
kind = "sql"
needs = ["one"]
reads = [{ table = "mart.t" }]
sql = "SELECT day, n + 1 AS n FROM `mart.t` WHERE day = @date"
table = "mart.two"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
[[check]]
name = "whole"
stage = "two"
title = "every day has its row"
severity = "blocking"
sql = "SELECT day FROM `mart.two` WHERE day >= DATE '2024-01-01' AND n != 2"
expect = [{ rows = 0 }]
"#;

fn backfill(planned: &Planned, address: &str, args: &[&str]) -> Ended {
    let warehouse = format!("bigquery:{address}");
    planned.backcourt(&[args, &["--warehouse", &warehouse]].concat())
}

const RUN: [&str; 3] = ["run", "--output", "plain"];

/// Calls that need more than `BigQuery` Job User on the project and `BigQuery` Data Editor on the datasets.
fn is_more_than_granted(call: &Call) -> bool {
    let makes = ["CREATE SCHEMA", "DROP SCHEMA", "ALTER SCHEMA"];
    let looks = call.target.starts_with("GET ");
    match call.method {
        Method::Insert => makes.iter().any(|verb| call.sql.starts_with(verb)),
        Method::Results | Method::Get => false,
        // Listing and cancelling one's own jobs is allowed.
        Method::Other if call.target.contains("/jobs") => call.of_everybody,
        // Tables of a dataset may be created, changed and dropped, the dataset may not.
        Method::Other => !(call.target.contains("/datasets/") && (looks || call.target.contains("/tables"))),
    }
}

#[test]
fn the_documented_roles_suffice_for_existing_datasets() {
    let Some(emulator) = Emulator::start() else { return };
    let owner = Planned::new(PLAN);
    backfill(&owner, &emulator.address(), &RUN).expect(0);
    let refused = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&refused);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        if is_more_than_granted(call) {
            kept.lock().unwrap().push(format!("{} {}", call.target, call.sql));
            return Fate::Say(403, body(403, "accessDenied", "Access Denied: Permission denied"));
        }
        Fate::Pass
    });
    backfill(&owner, &proxy.address(), &["doctor"]).expect(0);
    let again = [&RUN[..], &["--no-resume"]].concat();
    backfill(&owner, &proxy.address(), &again).expect(0);
    let refused = refused.lock().unwrap();
    let listings = refused.iter().filter(|call| call.contains("/jobs")).count();
    assert_eq!(
        listings,
        refused.len(),
        "only the jobs of others were asked for in vain: {refused:?}"
    );
}

#[test]
fn jobs_can_be_billed_to_another_project() {
    let Some(emulator) = Emulator::start() else { return };
    let billed = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&billed);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let other = !call.target.contains("/projects/acme-billing/");
        if matches!(call.method, Method::Insert | Method::Results | Method::Get) && other {
            kept.lock().unwrap().push(call.target.clone());
        }
        Fate::Pass
    });
    let state = Planned::new(PLAN);
    let flags = ["--billing-project", "acme-billing", "--dataset-prefix", "try_"];
    let args = [&RUN[..], &flags].concat();
    backfill(&state, &proxy.address(), &args).expect(0);
    backfill(&state, &proxy.address(), &[&["doctor"], &flags[..]].concat()).expect(0);
    assert_eq!(*billed.lock().unwrap(), [] as [String; 0]);
    // A finished run checks, without a job, whether there are many superseded entries.
    let looks = |line: &str| line.contains("/tables/ledger?fields=numRows");
    assert!(proxy.seen(|seen| seen.made.iter().any(|made| looks(&made.line))));
    let address = Address::parse(&emulator.address()).unwrap();
    let warehouse = BigQueryWarehouse::new(address, Settings::default());
    let sql = format!("SELECT SUM(n) AS n FROM `{PROJECT}.try_mart.two`");
    let answer = block_on(warehouse.query(&sql)).unwrap();
    assert_eq!(answer.rows[0][0].to_string(), "8");
    // Leases and progress are in the same project as the tables.
    for (table, rows) in [("lease", "1"), ("owner", "2")] {
        let sql = format!("SELECT COUNT(*) AS n FROM `{PROJECT}.try_backcourt.{table}`");
        let answer = block_on(warehouse.query(&sql)).unwrap();
        assert_eq!(answer.rows[0][0].to_string(), rows, "{table}");
    }
    let sql =
        format!("SELECT COUNT(DISTINCT date) AS n FROM `{PROJECT}.try_backcourt.ledger` WHERE plan = 'days'");
    let answer = block_on(warehouse.query(&sql)).unwrap();
    assert_eq!(answer.rows[0][0].to_string(), "4");
}
