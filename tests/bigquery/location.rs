//! The location of jobs is that of the plan's datasets, and leases are stored there, too. Datasets in two locations are
//! rejected before any job is sent.

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::warehouse::bigquery::{Address, BigQueryWarehouse, Settings};
use backcourt::warehouse::{OwnedPart, Warehouse};
use serde_json::json;

use super::faults::block_on;
use super::program::{Ended, State, backcourt, ended};
use super::proxy::{Fate, Method, Proxy, body};

/// The jobs sent: location and query.
type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// A server with these datasets, on which all jobs have empty results.
fn with_datasets(datasets: &'static [(&'static str, &'static str)]) -> (Proxy, Sent) {
    let sent = Sent::default();
    let seen = Arc::clone(&sent);
    let proxy = Proxy::start(None, Duration::ZERO, move |call| {
        if call.method == Method::Insert {
            seen.lock()
                .unwrap()
                .push((call.location.clone(), call.sql.clone()));
            return Fate::Pass;
        }
        let Some((_, below)) = call.target.split_once("/datasets/") else {
            return Fate::Pass;
        };
        match datasets.iter().find(|(name, _)| *name == below) {
            Some((name, location)) => {
                let dataset = json!({"datasetReference": {"datasetId": name}, "location": location});
                Fate::Say(200, dataset.to_string())
            }
            None => Fate::Say(404, body(404, "notFound", &format!("Not found: {below}"))),
        }
    });
    (proxy, sent)
}

/// Reads the owner of a table in `mart` and the lease of its plan. Returns the job of the former and the call of the
/// latter.
fn looked(datasets: &'static [(&'static str, &'static str)], location: Option<&str>) -> [String; 3] {
    let (proxy, sent) = with_datasets(datasets);
    let settings = Settings {
        datasets: vec!["mart".to_owned()],
        location: location.map(ToOwned::to_owned),
        ..Settings::default()
    };
    let warehouse = BigQueryWarehouse::new(Address::parse(&proxy.address()).unwrap(), settings);
    block_on(async {
        warehouse
            .owners()
            .unwrap()
            .owners_of(&[OwnedPart::whole("mart.t")])
            .await
            .unwrap();
        warehouse.leases().unwrap().look("p").await.unwrap();
    });
    let first = sent.lock().unwrap().first().cloned();
    let (place, sql) = first.unwrap();
    let notice = proxy.seen(|seen| {
        let mut lines = seen.made.iter().map(|made| made.line.clone());
        lines.find(|line| line.contains("/tables/heartbeat_"))
    });
    [place, sql, notice.unwrap()]
}

#[test]
fn jobs_and_leases_use_the_location_of_the_datasets() {
    for (datasets, location, expected, own) in [
        (&[("mart", "us-west2")][..], None, "us-west2", "backcourt"),
        (
            &[("mart", "EU"), ("backcourt", "EU")],
            Some("eu"),
            "EU",
            "backcourt",
        ),
        // A dataset of leases in another location may be in use by another plan.
        (
            &[("mart", "us-west2"), ("backcourt", "US")],
            None,
            "us-west2",
            "backcourt_us_west2",
        ),
        // A plan that uses the second one keeps it, even if the first is gone.
        (
            &[("mart", "us-west2"), ("backcourt_us_west2", "us-west2")],
            None,
            "us-west2",
            "backcourt_us_west2",
        ),
        (&[], Some("us-west2"), "us-west2", "backcourt"),
        (&[("backcourt", "EU")], None, "EU", "backcourt"),
        (&[], None, "", "backcourt"),
    ] {
        let [place, sql, notice] = looked(datasets, location);
        assert_eq!(place, expected, "{datasets:?} {sql}");
        assert!(sql.contains(&format!("`{own}.owner`")), "{datasets:?} {sql}");
        assert!(
            notice.contains(&format!("/datasets/{own}/")),
            "{datasets:?} {notice}"
        );
    }
}

const PLAN: &str = r#"
name = "two_places"
title = "A table in one location, what it is made from in another"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "one"
kind = "sql"
reads = [{ table = "raw.calls" }]
sql = "SELECT day, n FROM `raw.calls` WHERE day = @date"
table = "mart.t"
date_column = "day"
key = ["day"]
columns = [ { name = "day", type = "DATE" }, { name = "n", type = "INT64" } ]
"#;

fn run(proxy: &Proxy, args: &[&str]) -> Ended {
    run_of(PLAN, proxy, args)
}

fn run_of(plan: &str, proxy: &Proxy, args: &[&str]) -> Ended {
    let state = State::none();
    let file = state.path().with_file_name("plan.toml");
    fs::write(&file, plan).unwrap();
    let mut command = backcourt();
    command.args(args).arg("--plan").arg(&file);
    command.arg("--state-dir").arg(state.path());
    command
        .arg("--warehouse")
        .arg(format!("bigquery:{}", proxy.address()));
    ended(&mut command)
}

#[test]
fn datasets_in_two_locations_are_refused_before_the_first_job() {
    let (proxy, sent) = with_datasets(&[("mart", "us-west2"), ("raw", "US")]);
    let said = run(&proxy, &["run", "--output", "plain"]).expect(2).err;
    assert!(
        said.contains(
            "dataset mart is in us-west2 but dataset raw in US; a query reads from one location only"
        ),
        "{said}"
    );
    assert_eq!(*sent.lock().unwrap(), []);

    let (proxy, sent) = with_datasets(&[("mart", "US"), ("raw", "US")]);
    let said = run(&proxy, &["run", "--output", "plain", "--location", "EU"])
        .expect(2)
        .err;
    assert!(
        said.contains("dataset mart is in US, not in EU; leave out --location"),
        "{said}"
    );
    assert_eq!(*sent.lock().unwrap(), []);
}

#[test]
fn datasets_named_only_in_queries_are_located_in_their_project() {
    let undeclared = PLAN.replace("reads = [{ table = \"raw.calls\" }]\n", "");
    for (name, is_own) in [
        ("`raw.calls`", true),
        ("`acme-prod.raw.calls`", true),
        ("acme-prod.raw.calls", true),
        ("`acme-test.raw.calls`", false),
    ] {
        let (proxy, _) = with_datasets(&[("mart", "us-west2"), ("raw", "US")]);
        let plan = undeclared.replace("`raw.calls`", name);
        let said = run_of(&plan, &proxy, &["run", "--output", "plain"]);
        let is_refused = said
            .err
            .contains("dataset mart is in us-west2 but dataset raw in US");
        assert_eq!(is_refused, is_own, "{name}: {said:?}");
    }
}

#[test]
fn doctor_reports_a_lease_dataset_in_another_location() {
    let (proxy, _) = with_datasets(&[("mart", "us-west2"), ("raw", "us-west2"), ("backcourt", "US")]);
    let said = run(&proxy, &["doctor"]).out;
    for part in [
        "dataset backcourt is in US but the tables are in us-west2: leases and owners are in backcourt_us_west2",
        "if no other plan uses backcourt, drop it with 'bq rm -r -d acme-prod:backcourt'",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
