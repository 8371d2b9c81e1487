//! `doctor` on a project that is empty, complete, has different schemas, is unreachable or denies access.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use backcourt::warehouse::Warehouse;
use serde_json::Value;

use super::emulator::{Emulator, PROJECT, flags};
use super::faults::block_on;
use super::month::{copy, raw_tables};
use super::program::{Ended, State, stages_alone};
use super::proxy::{Fate, Method, Proxy, body};

/// The JSON output, validated against the schema.
fn object(ended: &Ended) -> Value {
    let schema = serde_json::from_str(include_str!("../../docs/doctor.schema.json")).unwrap();
    let object: Value = serde_json::from_str(&ended.out).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<String> = schema
        .iter_errors(&object)
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(faults, [] as [String; 0], "{object:#}");
    object
}

/// State and detail of the findings about `what`.
fn of<'a>(object: &'a Value, what: &str) -> Vec<(&'a str, &'a str)> {
    let findings = object["findings"].as_array().unwrap().iter();
    let meant = findings.filter(|finding| finding["area"] == "warehouse" && finding["what"] == what);
    let text = |value: &'a Value| value.as_str().unwrap();
    meant
        .map(|finding| (text(&finding["state"]), text(&finding["detail"])))
        .collect()
}

fn changes(sql: &str) -> bool {
    let verbs = ["INSERT", "DELETE", "CREATE", "BEGIN", "UPDATE", "DROP"];
    verbs.iter().any(|verb| sql.contains(verb))
}

fn doctor(state: &State, address: &str, more: &[&str]) -> Ended {
    let flags = flags(address);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    state.backcourt(&[&["doctor"], &flags[..], more].concat())
}

#[test]
fn doctor_reports_on_empty_and_faulty_projects_without_changes() {
    let Some(emulator) = Emulator::start() else { return };
    let state = State::loaded();
    let statements = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&statements);
    // Jobs whose result hasn't been requested yet, and their maximum number.
    let under_way = Arc::new(Mutex::new((HashSet::new(), 0)));
    let counted = Arc::clone(&under_way);
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, move |call| {
        let (jobs, most) = &mut *counted.lock().unwrap();
        if call.method == Method::Insert && !call.is_dry {
            seen.lock().unwrap().push(call.sql.clone());
            jobs.insert(call.job.clone());
            *most = jobs.len().max(*most);
        } else if call.method == Method::Results {
            jobs.remove(&call.job);
        }
        Fate::Pass
    });
    let ask = |more: &[&str]| doctor(&state, &proxy.address(), more);

    let empty = ask(&[]).expect(0);
    for part in [
        "  ok     credentials: none sent, the server is on this machine\n",
        "  ok     project: acme-prod accepts jobs (checked with a dry run)\n",
        "  note   datasets: 4 of 4 don't exist yet: rehearsal_nba_analytics, rehearsal_nba_precompute, \
         rehearsal_nba_predictions, rehearsal_nba_raw\n",
        "  note   tables: 13 don't exist yet: nba_raw.nbac_schedule, ",
        "-> 'backcourt load' or the first 'backcourt run' loads them\n",
        "25 statements and 50 updates in 10 s\n",
        "All checks passed.\n",
    ] {
        assert!(empty.out.contains(part), "{part:?} in {}", empty.out);
    }

    copy(&state, &emulator, ["2023-12-15", "2023-12-16"], raw_tables());
    let filled =
        object(&ask(&["--json", "--max-bytes-billed", "5000000", "--quota-backoff", "60"]).expect(1));
    assert_eq!(
        filled["state"], "warn",
        "only the sources are not as expected: {filled:#}"
    );
    assert_eq!(of(&filled, "datasets")[0], ("ok", "rehearsal_nba_raw in US"));
    assert_eq!(
        of(&filled, "tables")[0],
        ("ok", "5 of 13 tables match their definition")
    );
    assert_eq!(of(&filled, "tables")[1].0, "note");
    for area in ["reading", "writing"] {
        let allowed = ("ok", "allowed, 5 tables (checked with a dry run)");
        assert_eq!(of(&filled, area), [allowed], "{area}");
    }
    let limits = of(&filled, "limits")[0].1;
    assert!(
        limits.starts_with("a job may be billed for 5000000 bytes; backoff of 60 s per table"),
        "{limits}"
    );
    let sources = filled["findings"].as_array().unwrap().iter();
    let sources: Vec<_> = sources
        .filter(|finding| finding["area"] == "sources")
        .map(|finding| finding["what"].as_str().unwrap())
        .collect();
    let plan = backcourt::plan::load("nba").unwrap();
    let in_order = plan
        .sources
        .iter()
        .map(|check| format!("{}: {}", check.stage, check.name));
    let in_order: Vec<_> = std::iter::once("feeds".to_owned()).chain(in_order).collect();
    assert_eq!(
        (sources.len(), sources),
        (17, in_order.iter().map(String::as_str).collect())
    );
    let most = under_way.lock().unwrap().1;
    assert!((2..=8).contains(&most), "{most} questions at once");

    let other = emulator.open();
    for sql in [
        "CREATE SCHEMA `rehearsal_nba_analytics`",
        "CREATE TABLE `nba_analytics.player_game_summary` (game_date DATE, weight INT64)",
    ] {
        block_on(other.query(sql)).unwrap();
    }
    let wrong = object(&ask(&["--json"]).expect(1));
    assert_eq!(wrong["state"], "fail");
    let found = of(&wrong, "nba_analytics.player_game_summary");
    for (state, begins) in [
        ("fail", "has no column 'player_lookup' STRING"),
        ("fail", "has a column 'weight' INT64 that the plan doesn't fill"),
        ("fail", "is not partitioned but the plan needs partitions by"),
    ] {
        let is_it = |(known, detail): &(&str, &str)| *known == state && detail.starts_with(begins);
        assert!(found.iter().any(is_it), "{begins}: {found:?}");
    }
    assert_eq!(
        of(&wrong, "creating tables"),
        [("ok", "allowed, 2 tables (checked with a dry run)")]
    );

    let statements = statements.lock().unwrap();
    let changing: Vec<_> = statements.iter().filter(|sql| changes(sql)).collect();
    assert!(!statements.is_empty() && changing.is_empty(), "{changing:?}");
}

#[test]
fn a_missing_permission_is_reported_with_its_role() {
    let Some(emulator) = Emulator::start() else { return };
    let state = State::loaded();
    copy(&state, &emulator, ["2023-12-16", "2023-12-16"], raw_tables());
    let proxy = Proxy::start(Some(emulator.port()), Duration::ZERO, |call| {
        if call.is_dry && call.sql.starts_with("DELETE") {
            let why =
                "Access Denied: Table acme-prod:nba_raw.x: Permission bigquery.tables.updateData denied";
            return Fate::Say(403, body(403, "accessDenied", why));
        }
        Fate::Pass
    });
    let plan = stages_alone(&state);
    let said = doctor(&state, &proxy.address(), &["--plan", &plan]).expect(1);
    let line = said
        .out
        .lines()
        .find(|line| line.contains("FAIL   writing: "))
        .unwrap();
    assert!(
        line.contains("refused for 5 of 5 tables: nba_raw.nbac_schedule, "),
        "{line}"
    );
    assert!(
        line.contains("Permission bigquery.tables.updateData denied"),
        "{line}"
    );
    assert!(
        said.out
            .contains("-> grant the caller BigQuery Data Editor on their datasets\n"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("  ok     reading: allowed, 5 tables"),
        "{}",
        said.out
    );
}

#[test]
fn a_missing_job_permission_is_reported_by_name() {
    let proxy = Proxy::start(None, Duration::ZERO, |call| match call.method {
        Method::Insert => {
            let why = "Access Denied: Project acme-prod: User does not have bigquery.jobs.create permission";
            Fate::Say(403, body(403, "accessDenied", why))
        }
        _ => Fate::Say(404, body(404, "notFound", "Not found: Dataset acme-prod:nba_raw")),
    });
    let said = doctor(&State::none(), &proxy.address(), &[]).expect(1);
    assert!(
        said.out
            .contains("  FAIL   project: BigQuery says (accessDenied): Access Denied: Project"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("-> grant the caller BigQuery Job User on acme-prod\n"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("4 of 4 don't exist yet"),
        "what can be learnt without jobs: {}",
        said.out
    );
    assert!(!said.out.contains("reading:"), "{}", said.out);
}

#[test]
fn an_unresponsive_server_is_reported_as_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let said = doctor(&State::none(), &format!("{PROJECT}@http://127.0.0.1:{port}"), &[]).expect(1);
    assert!(
        said.out
            .contains("  FAIL   project: no connection (Connection refused"),
        "{}",
        said.out
    );
    assert!(
        said.out
            .contains("-> check the address, the network and the proxy"),
        "{}",
        said.out
    );
    assert!(said.out.ends_with("1 problem blocks a run.\n"), "{}", said.out);
}

#[test]
fn doctor_hints() {
    for (code, reason, message, hint) in [
        (
            403,
            "accessNotConfigured",
            "BigQuery API has not been used in project 123 before or it is disabled.",
            "-> enable the BigQuery API for acme-prod: \
             gcloud services enable bigquery.googleapis.com --project=acme-prod\n",
        ),
        (
            403,
            "billingNotEnabled",
            "The project has not enabled billing.",
            "-> enable billing for acme-prod: ",
        ),
        (
            403,
            "jobRateLimitExceeded",
            "Job exceeded rate limits: Your table exceeded quota for table update operations",
            "-> rate limit: a run retries automatically; otherwise try again in a minute\n",
        ),
        (
            401,
            "authError",
            "Invalid Credentials",
            "-> set GOOGLE_APPLICATION_CREDENTIALS to",
        ),
        (
            404,
            "notFound",
            "Not found: Project no-such",
            "-> check the project's name, 'acme-prod'\n",
        ),
        (
            400,
            "somethingNew",
            "A reason nobody knows yet",
            "-> see https://cloud.google.com/bigquery/",
        ),
    ] {
        let proxy = Proxy::start(None, Duration::ZERO, move |_| {
            Fate::Say(code, body(code, reason, message))
        });
        let said = doctor(&State::none(), &proxy.address(), &[]).expect(1);
        let found = format!(
            "  FAIL   project: BigQuery says ({reason}): {}\n",
            message.trim_end_matches('.')
        );
        let next = said
            .out
            .split_once(found.as_str())
            .map(|(_, after)| after.trim_start());
        assert!(
            next.is_some_and(|next| next.starts_with(hint)),
            "{hint} in {}",
            said.out
        );
    }
}
