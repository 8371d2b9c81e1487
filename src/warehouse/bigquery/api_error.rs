//! Errors of `BigQuery` and the connection to it, classified for the engine. The reasons are those of
//! Google's page on error messages.

use gcp_bigquery_client::yup_oauth2;

use super::https::{causes, untrusted};
use super::remedy::{DISABLED, NOT_BIGQUERY, Remedy, STREAMING};
use super::wire::{ErrorBody, ErrorProto};
use crate::warehouse::{ErrorClass, WarehouseError};

/// Maximum length of a message shown to the operator, in characters.
const MAX_MESSAGE_LENGTH: usize = 1000;

/// A refused or lost call, or a failed job.
#[derive(Debug)]
pub(super) struct ApiError {
    /// Determines whether it is retried.
    pub(super) class: ErrorClass,
    /// The HTTP status of `BigQuery`'s response; 0 for failed jobs, lost calls and responses from other
    /// servers.
    pub(super) code: i64,
    /// The reason in `BigQuery`'s error; empty if there is none.
    pub(super) reason: String,
    /// The error message, without context.
    pub(super) message: String,
    /// What to do next; overrides the advice for the class and the reason.
    pub(super) next: Option<&'static str>,
}

impl ApiError {
    pub(super) fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        Self {
            class,
            code: 0,
            reason: String::new(),
            message: message.into(),
            next: None,
        }
    }

    /// Sets what to do next.
    pub(super) fn next(self, next: &'static str) -> Self {
        Self {
            next: Some(next),
            ..self
        }
    }

    /// From an error in a response or a job. Only the first line of the message is kept.
    pub(super) fn of_reason(code: i64, reason: &str, message: &str) -> Self {
        Self {
            class: class(code, reason, message),
            code,
            reason: reason.to_owned(),
            message: readable(message.lines().next().unwrap_or_default()),
            next: None,
        }
    }

    /// From a response with an error status.
    pub(super) fn of_answer(status: u16, body: &[u8]) -> Self {
        let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
            return Self::of_page(status, body);
        };
        let first = error
            .errors
            .unwrap_or_default()
            .into_iter()
            .next()
            .unwrap_or_default();
        let details = error.details.unwrap_or_default();
        let reason = (first.reason)
            .or_else(|| details.into_iter().find_map(|detail| detail.reason))
            .or_else(|| error.status.map(|status| reason_of_status(&status).to_owned()));
        let message = error.message.or(first.message).unwrap_or_default();
        Self::of_reason(i64::from(status), &reason.unwrap_or_default(), &message)
    }

    /// From a response of a proxy or frontend. The title of its page is more useful than the text.
    fn of_page(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let title = text
            .split_once("<title>")
            .and_then(|(_, after)| after.split_once("</title>"));
        let title = title.map_or(String::new(), |(title, _)| {
            format!(", '{}'", readable(title.trim()))
        });
        let class = match status {
            401 | 403 | 407 => ErrorClass::Auth,
            408 | 500..=599 => ErrorClass::Transient,
            429 => ErrorClass::Rate,
            _ => ErrorClass::Code,
        };
        Self::new(class, format!("HTTP {status} with {NOT_BIGQUERY}{title}"))
    }

    /// From a job's error, which has no HTTP status.
    pub(super) fn of_job(error: &ErrorProto) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self::of_reason(0, &text(&error.reason), &text(&error.message))
    }

    /// Whether the token was refused. A new token may help.
    pub(super) fn is_about_the_token(&self) -> bool {
        self.code == 401
    }

    /// Whether the resource does not exist.
    pub(super) fn is_not_found(&self) -> bool {
        self.reason == "notFound"
    }

    /// Whether the resource already exists; for a job, whether its id was already sent.
    pub(super) fn is_duplicate(&self) -> bool {
        self.reason == "duplicate"
    }

    /// The error for the operator: the operation, the error, what to do next.
    pub(super) fn in_context(self, doing: &str) -> WarehouseError {
        let by_class = match (self.class, self.remedy()) {
            (ErrorClass::Transient | ErrorClass::Rate | ErrorClass::Contention, _) => "retrying may help",
            (ErrorClass::Quota, _) => {
                "backing off from its table until the quota is available again; or have the \
                                       quota raised"
            }
            (_, Some(remedy)) => remedy.sentence(),
            (ErrorClass::Auth, None) => "check the credentials and their roles with `backcourt doctor`",
            (ErrorClass::Data, None) => "check the table and the rows",
            (ErrorClass::Code, None) => "fix the query",
            (ErrorClass::Unknown, None) => "its outcome is checked before anything is repeated",
        };
        let next = self.next.unwrap_or(by_class);
        WarehouseError::new(self.class, format!("{doing}: {}; {next}", self.brief()))
    }

    /// The fix, if the error determines one.
    pub(super) fn remedy(&self) -> Option<Remedy> {
        Remedy::of(self.class, &self.reason, &self.message)
    }

    /// The error without the operation or advice.
    pub(super) fn brief(&self) -> String {
        let message = self.message.trim_end_matches('.');
        match self.reason.as_str() {
            // Not from `BigQuery`: a lost call or a response of another server.
            "" if self.code == 0 => message.to_owned(),
            "" => format!("BigQuery says: {message}"),
            reason => format!("BigQuery says ({reason}): {message}"),
        }
    }
}

impl From<reqwest::Error> for ApiError {
    fn from(error: reqwest::Error) -> Self {
        match untrusted(&error) {
            Some(sentence) => Self::new(ErrorClass::Auth, sentence),
            None => Self::new(ErrorClass::Transient, lost(&error)),
        }
    }
}

impl From<yup_oauth2::Error> for ApiError {
    fn from(error: yup_oauth2::Error) -> Self {
        no_token(&error)
    }
}

/// Shortens a message.
fn readable(text: &str) -> String {
    text.chars().take(MAX_MESSAGE_LENGTH).collect()
}

/// The reason for a status of Google's newer error format, which may have no reason.
fn reason_of_status(status: &str) -> &str {
    match status {
        "NOT_FOUND" => "notFound",
        "ALREADY_EXISTS" => "duplicate",
        "PERMISSION_DENIED" => "accessDenied",
        "UNAUTHENTICATED" => "authError",
        "RESOURCE_EXHAUSTED" => "rateLimitExceeded",
        "UNAVAILABLE" => "backendError",
        "INTERNAL" => "internalError",
        "DEADLINE_EXCEEDED" => "timeout",
        other => other,
    }
}

/// Classifies a failed token request: `Transient` if the token server is unreachable or its response is
/// invalid, else `Auth`. An invalid response is not quoted, because it may contain the credentials sent.
fn no_token(error: &yup_oauth2::Error) -> ApiError {
    use yup_oauth2::Error;
    match error {
        Error::HttpError(_) | Error::HttpClientError(_) => match untrusted(error) {
            Some(sentence) => ApiError::new(ErrorClass::Auth, format!("the token server: {sentence}")),
            None => ApiError::new(
                ErrorClass::Transient,
                format!("cannot reach the token server{}", innermost(error)),
            ),
        },
        Error::JSONError(_) => ApiError::new(
            ErrorClass::Transient,
            "the token server returned an invalid token",
        ),
        other => ApiError::new(ErrorClass::Auth, format!("no token: {other}")),
    }
}

/// Describes a call without a complete response.
fn lost(error: &reqwest::Error) -> String {
    let what = if error.is_timeout() {
        "timed out"
    } else if error.is_connect() {
        "no connection"
    } else {
        "connection lost"
    };
    format!("{what}{}", innermost(error))
}

/// The innermost cause of an error, as a clause.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let cause = causes(error).skip(1).last();
    cause.map_or_else(String::new, |cause| format!(" ({cause})"))
}

/// The class of an error. The reason decides; without one, the HTTP status does.
fn class(code: i64, reason: &str, message: &str) -> ErrorClass {
    let says = |part: &str| message.contains(part);
    match reason {
        "rateLimitExceeded" | "userRateLimitExceeded" | "jobRateLimitExceeded" | "RATE_LIMIT_EXCEEDED" => {
            ErrorClass::Rate
        }
        "quotaExceeded" if says("Too many DML statements outstanding") => ErrorClass::Rate,
        "quotaExceeded" | "dailyLimitExceeded" => ErrorClass::Quota,
        "backendError" | "internalError" | "jobBackendError" | "jobInternalError" | "tableUnavailable"
        | "stopped" | "timeout" | "badGateway" | "serviceUnavailable" => ErrorClass::Transient,
        "accessDenied"
        | "authError"
        | "required"
        | "billingNotEnabled"
        | "blocked"
        | "unauthorized"
        | "forbidden"
        | "accessNotConfigured"
        | "SERVICE_DISABLED"
        | "BILLING_DISABLED"
        | "policyViolation"
        | "SECURITY_POLICY_VIOLATED" => ErrorClass::Auth,
        "invalid" if says(DISABLED) => ErrorClass::Auth,
        "notFound" | "invalid" if code != 401 && code != 403 && !is_conflict(message) => ErrorClass::Data,
        "invalidQuery" if is_conflict(message) => ErrorClass::Contention,
        // The query is correct. The streamed rows block it for 90 minutes at most.
        "invalidQuery" if says(STREAMING) => ErrorClass::Data,
        "invalidQuery" if is_value_error(message) => ErrorClass::Data,
        // A retry exceeds the limits again.
        "invalidQuery"
        | "duplicate"
        | "resourcesExceeded"
        | "responseTooLarge"
        | "notImplemented"
        | "billingTierLimitExceeded"
        | "bytesBilledLimitExceeded" => ErrorClass::Code,
        _ if is_conflict(message) => ErrorClass::Contention,
        _ => match code {
            401 | 403 => ErrorClass::Auth,
            404 => ErrorClass::Data,
            408 | 500..=599 => ErrorClass::Transient,
            429 => ErrorClass::Rate,
            _ => ErrorClass::Code,
        },
    }
}

/// Whether the error is a conflict with another writer.
fn is_conflict(message: &str) -> bool {
    [
        "due to concurrent update",
        "Could not serialize access",
        "Transaction is aborted",
        "conflicting transaction",
        // The emulator's message.
        "Failed to commit",
    ]
    .iter()
    .any(|part| message.contains(part))
}

/// Whether a query failed because of a value in the rows.
fn is_value_error(message: &str) -> bool {
    [
        "out of range",
        "Bad ",
        "cannot be null",
        "Required field",
        "overflow",
        "Invalid NUMERIC",
    ]
    .iter()
    .any(|part| message.contains(part))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    // Error bodies quoted from Google's pages and issue threads.
    #[rstest]
    #[case(
        403,
        "rateLimitExceeded",
        "Exceeded rate limits: too many table update operations",
        ErrorClass::Rate
    )]
    #[case(400, "jobRateLimitExceeded", "Job exceeded rate limits", ErrorClass::Rate)]
    #[case(
        403,
        "quotaExceeded",
        "Quota exceeded: Your table exceeded quota for Number of partition modifications",
        ErrorClass::Quota
    )]
    #[case(
        400,
        "quotaExceeded",
        "Resources exceeded: Too many DML statements outstanding against table p:d.t, limit is 20.",
        ErrorClass::Rate
    )]
    #[case(
        503,
        "backendError",
        "Error encountered during execution. Retrying may solve the problem.",
        ErrorClass::Transient
    )]
    #[case(
        500,
        "internalError",
        "An internal error occurred and the request could not be completed.",
        ErrorClass::Transient
    )]
    #[case(
        400,
        "invalidQuery",
        "Could not serialize access to table p:d.t due to concurrent update",
        ErrorClass::Contention
    )]
    #[case(
        400,
        "invalidQuery",
        "Transaction is aborted due to concurrent update against table p:d.t.",
        ErrorClass::Contention
    )]
    #[case(
        400,
        "invalidQuery",
        "Syntax error: Unexpected keyword WHERE at [1:20]",
        ErrorClass::Code
    )]
    #[case(400, "invalidQuery", "Numeric value out of range: 1329.8", ErrorClass::Data)]
    #[case(
        404,
        "notFound",
        "Not found: Table p:d.t was not found in location US",
        ErrorClass::Data
    )]
    #[case(
        403,
        "accessDenied",
        "Access Denied: Project p: User does not have bigquery.jobs.create permission",
        ErrorClass::Auth
    )]
    #[case(401, "authError", "Invalid Credentials", ErrorClass::Auth)]
    #[case(401, "", "Request had invalid authentication credentials.", ErrorClass::Auth)]
    #[case(429, "", "Too Many Requests", ErrorClass::Rate)]
    #[case(502, "", "Bad gateway", ErrorClass::Transient)]
    #[case(
        400,
        "bytesBilledLimitExceeded",
        "Query exceeded limit for bytes billed: 1000000.",
        ErrorClass::Code
    )]
    fn errors_are_classified_by_reason_then_status(
        #[case] code: i64,
        #[case] reason: &str,
        #[case] message: &str,
        #[case] class: ErrorClass,
    ) {
        assert_eq!(ApiError::of_reason(code, reason, message).class, class);
    }

    #[test]
    fn errors_include_operation_server_message_and_next_step() {
        let error = ApiError::of_reason(403, "rateLimitExceeded", "Exceeded rate limits.\nLocation: US");
        assert_eq!(
            error.in_context("writing d.t").message,
            "writing d.t: BigQuery says (rateLimitExceeded): Exceeded rate limits; retrying may help"
        );
    }
}
