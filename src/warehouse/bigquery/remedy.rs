//! The fix for an error, where `BigQuery`'s reason determines it. Shared by runs and the doctor.

use crate::warehouse::ErrorClass;

/// Part of `BigQuery`'s message for recently streamed rows, which can't be changed yet.
pub(super) const STREAMING: &str = "streaming buffer";

/// Part of `BigQuery`'s message, with status 400, for a project that hasn't enabled its API.
pub(super) const DISABLED: &str = "has not enabled BigQuery";

/// Describes a response that didn't come from `BigQuery`.
pub(super) const NOT_BIGQUERY: &str = "a page that is not BigQuery's";

/// Parts of the messages for a project without a billing account, from `BigQuery` or a frontend.
const NO_BILLING: [&str; 3] = [
    "Billing has not been enabled",
    "Billing is not enabled",
    "requires billing to be enabled",
];

/// The fix for an error, independent of the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The API is not enabled in the project.
    EnableApi,
    /// The project has no billing account.
    EnableBilling,
    /// Too many calls in a short time.
    SlowDown,
    AwaitQuota,
    /// The caller may not run jobs in the project.
    GrantJobs,
    LogIn,
    /// A job would be billed more than the configured limit.
    AllowMoreBytes,
    /// Rows streamed into the table can't be changed yet.
    AwaitStream,
    /// A row access policy hides rows from the caller.
    GrantAllRows,
    /// A VPC Service Controls perimeter blocks the caller.
    EnterPerimeter,
    /// The resource is in another location or doesn't exist.
    CheckLocation,
    /// A request was too large.
    SendLess,
    /// The answer didn't come from `BigQuery`.
    CheckServer,
}

impl Remedy {
    pub(super) fn of(class: ErrorClass, reason: &str, message: &str) -> Option<Self> {
        let says = |part: &str| message.contains(part);
        match (class, reason) {
            (_, "policyViolation" | "SECURITY_POLICY_VIOLATED") => Some(Self::EnterPerimeter),
            (ErrorClass::Auth, _) if says("vpcServiceControls") || says("VPC Service Controls") => {
                Some(Self::EnterPerimeter)
            }
            (_, "accessNotConfigured" | "SERVICE_DISABLED") => Some(Self::EnableApi),
            (ErrorClass::Auth, _) if says("API has not been used in project") || says(DISABLED) => {
                Some(Self::EnableApi)
            }
            (_, "billingNotEnabled" | "BILLING_DISABLED") => Some(Self::EnableBilling),
            (ErrorClass::Auth, _) if NO_BILLING.into_iter().any(says) => Some(Self::EnableBilling),
            (ErrorClass::Auth, _) if says("row access polic") => Some(Self::GrantAllRows),
            (_, "invalidQuery") if says(STREAMING) => Some(Self::AwaitStream),
            (ErrorClass::Data, "notFound") if says("was not found in location") => Some(Self::CheckLocation),
            (ErrorClass::Code, _) if says("HTTP 413") || says("Request payload size exceeds") => {
                Some(Self::SendLess)
            }
            (ErrorClass::Auth | ErrorClass::Code, "") if says(NOT_BIGQUERY) => Some(Self::CheckServer),
            (_, "bytesBilledLimitExceeded") => Some(Self::AllowMoreBytes),
            (_, "authError") => Some(Self::LogIn),
            (ErrorClass::Auth, _) if says("bigquery.jobs.create") => Some(Self::GrantJobs),
            (ErrorClass::Rate, _) => Some(Self::SlowDown),
            (ErrorClass::Quota, _) => Some(Self::AwaitQuota),
            _ => None,
        }
    }

    /// The fix, as the end of a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::EnableApi => {
                "enable the BigQuery API for the project: gcloud services enable bigquery.googleapis.com"
            }
            Self::EnableBilling => {
                "enable billing for the project: https://console.cloud.google.com/billing/linkedaccount"
            }
            Self::SlowDown => "rate limit: a run retries automatically; otherwise try again in a minute",
            Self::AwaitQuota => "wait until the quota is available again, or have it raised",
            Self::GrantJobs => "grant the caller BigQuery Job User on the project",
            Self::LogIn => {
                "set GOOGLE_APPLICATION_CREDENTIALS to a service account key file, or run 'gcloud auth \
                 application-default login'"
            }
            Self::AllowMoreBytes => "raise --max-bytes-billed",
            Self::AwaitStream => {
                "rows streamed into the table can't be changed for up to 90 minutes: stop the program or use the \
                 Storage Write API, and rerun the failed dates later"
            }
            Self::GrantAllRows => {
                "only an account that sees all rows can change a table with row access policies: grant it a policy \
                 with FILTER USING (TRUE), or use an account that has one"
            }
            Self::EnterPerimeter => {
                "run inside the VPC Service Controls perimeter of the project, or ask its administrator for access; \
                 find the denial in the audit log by the identifier in the message"
            }
            Self::CheckLocation => {
                "check its name and location: a job reads one location only, set by --location"
            }
            Self::SendLess => "run fewer dates per batch, or use fewer or narrower columns",
            Self::CheckServer => "check the server's address, and the proxy between this machine and it",
        }
    }

    /// The fix, with the project's id in its commands.
    #[must_use]
    pub fn sentence_for(self, project: &str) -> String {
        match self {
            Self::EnableApi => format!(
                "enable the BigQuery API for {project}: \
                 gcloud services enable bigquery.googleapis.com --project={project}"
            ),
            Self::EnableBilling => format!(
                "enable billing for {project}: https://console.cloud.google.com/billing/linkedaccount?project={project}"
            ),
            Self::GrantJobs => format!("grant the caller BigQuery Job User on {project}"),
            other => other.sentence().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::api_error::ApiError;
    use super::*;

    #[rstest]
    #[case(
        403,
        "accessNotConfigured",
        "BigQuery API has not been used in project 123 before or it is disabled.",
        Some(Remedy::EnableApi)
    )]
    #[case(
        403,
        "forbidden",
        "BigQuery API has not been used in project 123 before or it is disabled.",
        Some(Remedy::EnableApi)
    )]
    #[case(403, "SERVICE_DISABLED", "", Some(Remedy::EnableApi))]
    #[case(
        403,
        "billingNotEnabled",
        "The project has not enabled billing.",
        Some(Remedy::EnableBilling)
    )]
    #[case(
        403,
        "jobRateLimitExceeded",
        "Job exceeded rate limits",
        Some(Remedy::SlowDown)
    )]
    #[case(403, "rateLimitExceeded", "Exceeded rate limits", Some(Remedy::SlowDown))]
    #[case(429, "", "Too Many Requests", Some(Remedy::SlowDown))]
    #[case(403, "quotaExceeded", "Quota exceeded", Some(Remedy::AwaitQuota))]
    #[case(
        403,
        "accessDenied",
        "User does not have bigquery.jobs.create permission in project p.",
        Some(Remedy::GrantJobs)
    )]
    #[case(
        403,
        "accessDenied",
        "Permission bigquery.tables.getData denied on table p:d.t",
        None
    )]
    #[case(401, "authError", "Invalid Credentials", Some(Remedy::LogIn))]
    #[case(
        400,
        "bytesBilledLimitExceeded",
        "Query exceeded limit for bytes billed",
        Some(Remedy::AllowMoreBytes)
    )]
    #[case(404, "notFound", "Not found: Project no-such", None)]
    #[case(503, "backendError", "Retrying may solve the problem.", None)]
    #[case(400, "somethingNew", "A reason nobody knows yet", None)]
    fn errors_with_a_known_remedy_suggest_it(
        #[case] code: i64,
        #[case] reason: &str,
        #[case] message: &str,
        #[case] remedy: Option<Remedy>,
    ) {
        assert_eq!(ApiError::of_reason(code, reason, message).remedy(), remedy);
    }

    #[test]
    fn remedies_name_the_project_if_known() {
        let advice = Remedy::EnableApi.sentence_for("my-project1");
        assert!(
            advice.ends_with("bigquery.googleapis.com --project=my-project1"),
            "{advice}"
        );
        assert!(
            Remedy::EnableBilling
                .sentence_for("my-project1")
                .contains("for my-project1")
        );
    }
}
