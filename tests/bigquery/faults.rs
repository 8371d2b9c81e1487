//! Errors from `BigQuery` and from proxies in front of it: each gets the right class, and the message quotes the
//! server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backcourt::warehouse::ErrorClass::{self, Auth, Code, Contention, Data, Quota, Rate, Transient, Unknown};
use backcourt::warehouse::bigquery::{BigQueryWarehouse, Settings};
use backcourt::warehouse::{Replace, Warehouse, WarehouseError};
use rstest::rstest;

use super::emulator::{PROJECT, open_with};
use super::proxy::{Fate, Method, Proxy, body};
use super::warehouse::{at, day, games};

fn hasty() -> Settings {
    Settings {
        first_pause: Duration::from_millis(1),
        ..Settings::default()
    }
}

pub fn behind(proxy: &Proxy) -> BigQueryWarehouse {
    behind_port(proxy.port())
}

/// The warehouse on this port.
pub fn behind_port(port: u16) -> BigQueryWarehouse {
    open_with(&format!("{PROJECT}@http://127.0.0.1:{port}"), hasty())
}

fn replaced(proxy: &Proxy) -> Result<(), WarehouseError> {
    replaced_in(&behind(proxy))
}

fn replaced_in(warehouse: &BigQueryWarehouse) -> Result<(), WarehouseError> {
    let table = games();
    let dates = [day("2021-10-19")];
    let replace = Replace {
        table: &table,
        dates: &dates,
        rows: Arc::new(vec![]),
        short: &[],
        now: at("2026-01-04T01:00:00Z"),
        name: Some("20260104T010000.000-1-0"),
        record: None,
    };
    block_on(warehouse.replace(replace)).map(drop)
}

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

#[rstest]
#[case(
    403,
    "rateLimitExceeded",
    "Exceeded rate limits: too many table update operations for this table.",
    Rate
)]
#[case(429, "rateLimitExceeded", "Quota exceeded for quota metric 'jobs'", Rate)]
#[case(
    403,
    "quotaExceeded",
    "Quota exceeded: Your table exceeded quota for Number of partition modifications",
    Quota
)]
#[case(
    503,
    "backendError",
    "Visibility check was unavailable. Please retry the request",
    Unknown
)]
#[case(
    500,
    "internalError",
    "An internal error occurred and the request could not be completed.",
    Unknown
)]
#[case(
    403,
    "accessDenied",
    "Access Denied: Dataset p:d: Permission bigquery.tables.updateData denied",
    Auth
)]
#[case(401, "authError", "Request had invalid authentication credentials.", Auth)]
#[case(
    403,
    "billingNotEnabled",
    "Billing has not been enabled for this project.",
    Auth
)]
#[case(404, "notFound", "Not found: Dataset p:d was not found in location US", Data)]
#[case(400, "invalidQuery", "Unrecognized name: pace at [2:7]", Code)]
#[case(
    400,
    "bytesBilledLimitExceeded",
    "Query exceeded limit for bytes billed: 1. 10485760 or higher required.",
    Code
)]
fn a_refused_call_has_an_error_class_and_the_server_message(
    #[case] code: u16,
    #[case] reason: &'static str,
    #[case] message: &'static str,
    #[case] class: ErrorClass,
) {
    let proxy = Proxy::start(None, Duration::ZERO, move |_| {
        Fate::Say(code, body(code, reason, message))
    });
    let refused = replaced(&proxy).unwrap_err();
    assert_eq!(refused.class, class, "{refused}");
    assert!(
        refused.message.contains(message.trim_end_matches('.')),
        "{refused}"
    );
    assert!(refused.message.starts_with("writing box.games: "), "{refused}");
}

#[rstest]
#[case(
    "jobInternalError",
    "The job encountered an internal error during execution.",
    Transient
)]
#[case(
    "backendError",
    "Error encountered during execution. Retrying may solve the problem.",
    Transient
)]
#[case("jobRateLimitExceeded", "Job exceeded rate limits", Rate)]
#[case(
    "quotaExceeded",
    "Quota exceeded: Your project exceeded quota for free query bytes scanned.",
    Quota
)]
#[case(
    "quotaExceeded",
    "Too many DML statements outstanding against table p:d.t, limit is 20.",
    Rate
)]
#[case(
    "invalidQuery",
    "Transaction is aborted due to concurrent update against table p:d.t.",
    Contention
)]
#[case(
    "invalidQuery",
    "Could not serialize access to table p:d.t due to concurrent update",
    Contention
)]
#[case("invalidQuery", "Required field game_date cannot be null", Data)]
#[case("resourcesExceeded", "Resources exceeded during query execution.", Code)]
#[case(
    "stopped",
    "Job execution was cancelled: User requested cancellation",
    Transient
)]
fn a_failed_job_has_an_error_class_and_the_server_message(
    #[case] reason: &'static str,
    #[case] message: &'static str,
    #[case] class: ErrorClass,
) {
    let proxy = Proxy::start(None, Duration::ZERO, move |call| match call.method {
        Method::Insert => Fate::Fail(reason, message),
        _ => Fate::Pass,
    });
    let failed = replaced(&proxy).unwrap_err();
    assert_eq!(failed.class, class, "{failed}");
    assert!(failed.message.contains(message.trim_end_matches('.')), "{failed}");
}

#[rstest]
#[case(Fate::Say(502, "<html><title>502 Bad Gateway</title></html>".to_owned()))]
#[case(Fate::Say(503, "<html>The service is temporarily unavailable</html>".to_owned()))]
#[case(Fate::Reset)]
fn a_write_without_a_response_has_an_unknown_outcome(#[case] fate: Fate) {
    let proxy = Proxy::start(None, Duration::ZERO, move |_| fate.clone());
    let lost = replaced(&proxy).unwrap_err();
    assert_eq!(lost.class, Unknown, "{lost}");
    assert!(
        lost.message
            .ends_with("its outcome is checked before anything is repeated"),
        "{lost}"
    );
    assert!(
        proxy.seen(|seen| seen.calls) > 1,
        "it was sent again under its id"
    );
}

#[test]
fn a_hanging_request_times_out_and_its_job_is_looked_up() {
    let hangs = |times: usize| {
        let asked = Arc::new(AtomicUsize::new(0));
        let proxy = Proxy::start(None, Duration::ZERO, move |call| {
            let is_sent = call.method == Method::Insert;
            match asked.fetch_add(1, Ordering::Relaxed) {
                number if number < times => Fate::Hang,
                _ if is_sent => Fate::Say(409, body(409, "duplicate", "Already Exists: Job")),
                _ => Fate::Pass,
            }
        });
        let settings = Settings {
            patience: Duration::from_millis(300),
            ..hasty()
        };
        let warehouse = open_with(&proxy.address(), settings);
        replaced_in(&warehouse)
    };
    hangs(2).unwrap();
    let lost = hangs(usize::MAX).unwrap_err();
    assert_eq!(lost.class, Unknown, "{lost}");
    assert!(lost.message.contains("timed out"), "{lost}");
}

#[test]
fn a_rejected_token_is_renewed_once() {
    let refusals = |times: usize| {
        let asked = Arc::new(AtomicUsize::new(0));
        let proxy = Proxy::start(None, Duration::ZERO, move |call| {
            if asked.fetch_add(1, Ordering::Relaxed) < times {
                return Fate::Say(401, body(401, "authError", "Invalid Credentials"));
            }
            match call.method {
                Method::Insert => Fate::Say(409, body(409, "duplicate", "Already Exists: Job")),
                _ => Fate::Say(200, r#"{"jobComplete": true}"#.to_owned()),
            }
        });
        replaced(&proxy)
    };
    refusals(1).unwrap();
    assert_eq!(refusals(2).unwrap_err().class, Auth);
}

#[test]
fn queries_are_retried_after_server_errors() {
    let asked = Arc::new(AtomicUsize::new(0));
    let proxy = Proxy::start(None, Duration::ZERO, move |call| match call.method {
        Method::Insert if asked.fetch_add(1, Ordering::Relaxed) < 2 => {
            Fate::Fail("jobInternalError", "Oh no.")
        }
        Method::Insert => Fate::Say(200, "{}".to_owned()),
        Method::Results if asked.load(Ordering::Relaxed) < 3 => Fate::Pass,
        _ => Fate::Say(200, r#"{"jobComplete": true}"#.to_owned()),
    });
    let answer = block_on(behind(&proxy).query("SELECT 1")).unwrap();
    assert!(answer.rows.is_empty());
}
