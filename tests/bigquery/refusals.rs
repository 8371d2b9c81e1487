//! Errors with real bodies: `BigQuery`'s older format with `errors`, the newer one without, and pages from proxies in
//! front of it. Each has a class and a message that says what to do.

use std::time::Duration;

use backcourt::escape::escaped;
use backcourt::warehouse::ErrorClass::{self, Auth, Code, Data, Quota, Rate, Transient};
use backcourt::warehouse::Warehouse;
use rstest::rstest;
use serde_json::json;

use super::faults::{behind, block_on};
use super::proxy::{Fate, Method, Proxy, body};

/// An error in the format of <https://cloud.google.com/apis/design/errors>, which has no `errors`.
fn newer(code: u16, status: &str, reason: Option<&str>, message: &str) -> String {
    let details = reason.map(|reason| {
        json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com",
                "metadata": {"service": "bigquery.googleapis.com"}}])
    });
    let mut error = json!({"code": code, "message": message, "status": status});
    if let Some(details) = details {
        error["details"] = details;
    }
    json!({"error": error}).to_string()
}

fn page(title: &str) -> String {
    format!("<!DOCTYPE html>\n<html lang=en>\n<title>{title}</title>\n<p>That's an error.</html>")
}

/// The class and message of a query that gets this answer when it is sent.
fn said(code: u16, body: &str) -> (ErrorClass, String) {
    let body = body.to_owned();
    let proxy = Proxy::start(None, Duration::ZERO, move |call| match call.method {
        Method::Insert => Fate::Say(code, body.clone()),
        _ => Fate::Pass,
    });
    let error = block_on(behind(&proxy).query("SELECT 1")).unwrap_err();
    (error.class, error.message)
}

const STREAMED: &str = "UPDATE or DELETE statement over table p.d.t would affect rows in the streaming buffer, which is not supported";
const DISABLED: &str = "Access Not Configured. BigQuery API has not been used in project 123 before or it is disabled. Enable it \
                        by visiting https://console.developers.google.com/apis/api/bigquery.googleapis.com/overview?project=123 \
                        then retry. If you enabled this API recently, wait a few minutes for the action to propagate to our \
                        systems and retry.";
const PERIMETER: &str = "VPC Service Controls: Request is prohibited by organization's policy. \
                         vpcServiceControlsUniqueIdentifier: kM5Q";
const NO_BILLING: &str = "Billing has not been enabled for this project. Enable billing at \
                          https://console.cloud.google.com/billing. DML queries are not allowed in the free tier. Set up a \
                          billing account to remove this restriction.";
const BILLED_METHOD: &str = "This API method requires billing to be enabled. Please enable billing on project #123 by visiting \
                             https://console.developers.google.com/billing/enable?project=123 then retry.";
const TOO_MANY: &str = "Exceeded rate limits: too many api requests per user per method for this user_method. For more \
                        information, see https://cloud.google.com/bigquery/docs/troubleshoot-quotas";
const HIDDEN: &str =
    "Access Denied: Table p:d.t: User does not have full access for table p:d.t due to row access policies.";
const ELSEWHERE: &str = "Not found: Dataset p:d was not found in location US";

// https://cloud.google.com/bigquery/docs/error-messages
#[rstest]
#[case(&body(400, "invalidQuery", STREAMED), 400, Data, "can't be changed for up to 90 minutes")]
#[case(&body(404, "notFound", ELSEWHERE), 404, Data, "a job reads one location only, set by --location")]
// Reason and words: https://github.com/drt-hub/drt/pull/736, https://github.com/PipedreamHQ/pipedream/pull/3070
#[case(&body(403, "billingNotEnabled", NO_BILLING), 403, Auth, "enable billing for the project")]
#[case(&body(403, "accessDenied", NO_BILLING), 403, Auth, "enable billing for the project")]
// https://kondado.io/wiki/en/a/bigquery-how-to-enable-billing-error-403
#[case(&body(403, "accessDenied", "Access Denied: BigQuery BigQuery: Billing is not enabled for this project"), 403, Auth,
       "enable billing for the project")]
// https://github.com/GoogleCloudPlatform/php-docs-samples/issues/1176, of the API front end
#[case(&newer(403, "PERMISSION_DENIED", None, BILLED_METHOD), 403, Auth, "enable billing for the project")]
// https://github.com/cal-itp/data-infra/issues/5142
#[case(&body(403, "accessDenied", HIDDEN), 403, Auth, "grant it a policy with FILTER USING (TRUE)")]
// https://github.com/googleapis/java-bigquery/issues/2372
#[case(&body(403, "rateLimitExceeded", TOO_MANY), 403, Rate, "retrying may help")]
// https://cloud.google.com/bigquery/docs/troubleshoot-quotas
#[case(&body(403, "quotaExceeded", "Quota exceeded: Your project exceeded quota for free query bytes scanned."), 403,
       Quota, "quota")]
// https://github.com/jaredhanson/passport-google-oauth/issues/75, of the API front end
#[case(&body(403, "userRateLimitExceeded", "User Rate Limit Exceeded"), 403, Rate, "retrying may help")]
#[case(&body(429, "rateLimitExceeded", "Rate Limit Exceeded"), 429, Rate, "retrying may help")]
// https://github.com/googleapis/google-cloud-python/issues/4140, with the reason of
// https://github.com/r-dbi/bigrquery/issues/265
#[case(&body(403, "accessNotConfigured", DISABLED), 403, Auth, "enable the BigQuery API")]
// https://github.com/forseti-security/forseti-security/issues/737
#[case(&body(400, "invalid", "The project acme-prod has not enabled BigQuery."), 400, Auth, "enable the BigQuery API")]
// https://cloud.google.com/apis/docs/troubleshooting
#[case(&newer(403, "PERMISSION_DENIED", Some("SERVICE_DISABLED"), DISABLED), 403, Auth, "enable the BigQuery API")]
// https://docs.cloud.google.com/vpc-service-controls/docs/retrieve-troubleshoot-errors
#[case(&body(403, "policyViolation", PERIMETER), 403, Auth, "run inside the VPC Service Controls perimeter")]
#[case(&newer(403, "PERMISSION_DENIED", Some("SECURITY_POLICY_VIOLATED"), PERIMETER), 403, Auth, "audit log")]
#[case(&newer(403, "PERMISSION_DENIED", None, PERIMETER), 403, Auth, "run inside the VPC Service Controls perimeter")]
// https://cloud.google.com/apis/design/errors
#[case(&newer(403, "PERMISSION_DENIED", Some("BILLING_DISABLED"), BILLED_METHOD), 403, Auth, "enable billing")]
#[case(&newer(404, "NOT_FOUND", None, "Not found: Table p:d.t"), 404, Data, "BigQuery says (notFound)")]
#[case(&newer(429, "RESOURCE_EXHAUSTED", None, "Quota exceeded for quota metric 'Queries'"), 429, Rate, "retrying may help")]
#[case(&newer(503, "UNAVAILABLE", None, "The service is currently unavailable."), 503, Transient, "retrying may help")]
#[case(&newer(400, "INVALID_ARGUMENT", None, "Request payload size exceeds the limit: 10485760 bytes."), 400, Code,
       "fewer or narrower columns")]
// Answers of a frontend or proxy; the first is from https://github.com/googleapis/google-cloud-python/issues/4864.
#[case(&page("Error 413 (Request Entity Too Large)!!1"), 413, Code, "fewer or narrower columns")]
#[case(&page("Error 502 (Server Error)!!1"), 502, Transient, "retrying may help")]
#[case(&page("503 Service Temporarily Unavailable"), 503, Transient, "HTTP 503 with a page that is not BigQuery's")]
#[case(&page("Error 429 (Too Many Requests)!!1"), 429, Rate, "retrying may help")]
#[case(&page("Access Denied by policy"), 403, Auth, "'Access Denied by policy'; check the server's address")]
#[case(
    "",
    404,
    Code,
    "HTTP 404 with a page that is not BigQuery's; check the server's address"
)]
fn refusals_have_a_class_and_a_next_step(
    #[case] body: &str,
    #[case] code: u16,
    #[case] class: ErrorClass,
    #[case] part: &str,
) {
    let (known, message) = said(code, body);
    assert_eq!(known, class, "{message}");
    assert!(message.contains(part), "{message}");
}

#[test]
fn server_messages_are_shortened_and_shown_on_one_line() {
    let (_, message) = said(
        400,
        &body(
            400,
            "invalidQuery",
            &format!("bad \u{1b}[31m{}\nmore", "x".repeat(9000)),
        ),
    );
    let shown = escaped(&message);
    assert!(
        !shown.chars().any(char::is_control) && shown.len() < 2000,
        "{shown}"
    );
}
