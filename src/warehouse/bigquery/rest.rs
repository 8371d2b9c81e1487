//! The calls of `BigQuery`'s REST API in use. Each is sent once. Error statuses and bodies that aren't from `BigQuery`
//! become a [`ApiError`].

use std::time::Duration;

use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use super::address::{Address, Server};
use super::api_error::ApiError;
use super::credentials::{Credentials, Token};
use super::https;
use super::wire::{
    DatasetInfo, DatasetReference, JobInfo, JobList, NewDataset, NewJob, NewTable, QueryResults, TableInfo,
    TableNotice,
};
use crate::warehouse::ErrorClass;

/// Connect timeout.
const CONNECT: Duration = Duration::from_secs(10);

/// The base URL of Google's server.
const GOOGLE: &str = "https://bigquery.googleapis.com/bigquery/v2";

/// The fields requested of a job. Others, such as the statistics of a script, may be long.
const JOB_FIELDS: &str = "jobReference,status(state,errorResult),\
                          statistics(totalBytesProcessed,totalSlotMs,\
                          query(totalBytesBilled,totalBytesProcessed,totalSlotMs))";

/// The fields requested of a job list.
const LIST_FIELDS: &str = "nextPageToken,jobs(jobReference,configuration(labels))";

#[derive(Debug, Clone, Copy)]
pub(super) struct Listing {
    pub(super) of_everybody: bool,
    pub(super) state: &'static str,
}

/// A connection to the API.
#[derive(Debug, Clone)]
pub(super) struct RestClient {
    pub(super) http: reqwest::Client,
    pub(super) base: String,
    token: Token,
}

impl RestClient {
    /// A client for this address, with the credentials it requires.
    pub(super) async fn connect(address: &Address, patience: Duration) -> Result<Self, ApiError> {
        let credentials = Credentials::find(address)?;
        let local = credentials == Credentials::Anonymous;
        let http = reqwest::Client::builder()
            .user_agent(concat!("backcourt/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(patience)
            .use_preconfigured_tls(https::tls()?)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!local);
        let http = if local { http.no_proxy() } else { http };
        let http = http.build().map_err(|error| {
            ApiError::new(
                ErrorClass::Code,
                format!("cannot create an HTTPS client: {error}"),
            )
        })?;
        let base = address.server.as_ref().map(Server::base_url);
        Ok(Self {
            http,
            base: base.unwrap_or_else(|| GOOGLE.to_owned()),
            token: Token::of(&credentials).await?,
        })
    }

    pub(super) async fn insert_job(&self, project: &str, job: &NewJob) -> Result<JobInfo, ApiError> {
        let asked = self.request(Method::POST, &["projects", project, "jobs"], &[])?;
        self.send(asked.json(job)).await
    }

    /// One page of a job's rows. `page` is the token from the previous page.
    pub(super) async fn query_results(
        &self,
        project: &str,
        job: &str,
        location: Option<&str>,
        page: Option<&str>,
        timeout_ms: u128,
    ) -> Result<QueryResults, ApiError> {
        let timeout_ms = timeout_ms.to_string();
        let query = [
            ("location", location),
            ("pageToken", page),
            ("timeoutMs", Some(timeout_ms.as_str())),
        ];
        let asked = self.request(Method::GET, &["projects", project, "queries", job], &query)?;
        self.send(asked).await
    }

    pub(super) async fn job(
        &self,
        project: &str,
        job: &str,
        location: Option<&str>,
    ) -> Result<JobInfo, ApiError> {
        let query = [("location", location), ("fields", Some(JOB_FIELDS))];
        let asked = self.request(Method::GET, &["projects", project, "jobs", job], &query)?;
        self.send(asked).await
    }

    pub(super) async fn cancel_job(
        &self,
        project: &str,
        job: &str,
        location: Option<&str>,
    ) -> Result<(), ApiError> {
        let path = ["projects", project, "jobs", job, "cancel"];
        let asked = self.request(Method::POST, &path, &[("location", location)])?;
        // Google's servers reject a POST without a content length.
        self.order(asked.header(CONTENT_LENGTH, "0")).await
    }

    /// All jobs that match a filter, across pages.
    pub(super) async fn jobs(&self, project: &str, which: Listing) -> Result<Vec<JobInfo>, ApiError> {
        let mut listed = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let query = [
                ("allUsers", which.of_everybody.then_some("true")),
                ("projection", Some("full")),
                ("stateFilter", Some(which.state)),
                ("fields", Some(LIST_FIELDS)),
                ("pageToken", page.as_deref()),
            ];
            let asked = self.request(Method::GET, &["projects", project, "jobs"], &query)?;
            let list: JobList = self.send(asked).await?;
            listed.extend(list.jobs.unwrap_or_default());
            page = list.next_page_token;
            if page.is_none() {
                return Ok(listed);
            }
        }
    }

    /// A table, in full or only these fields; `None` if it or its dataset doesn't exist.
    pub(super) async fn table(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
        fields: Option<&str>,
    ) -> Result<Option<TableInfo>, ApiError> {
        let path = table_path(project, dataset, table);
        let asked = self.request(Method::GET, &path, &[("fields", fields)])?;
        absent_is_none(self.send(asked).await)
    }

    pub(super) async fn insert_table(&self, table: &NewTable) -> Result<(), ApiError> {
        let at = &table.table_reference;
        let path = ["projects", &at.project_id, "datasets", &at.dataset_id, "tables"];
        let asked = self.request(Method::POST, &path, &[])?;
        self.order(asked.json(table)).await
    }

    /// Updates the notice of a table and leaves its other properties unchanged.
    pub(super) async fn patch_table(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
        notice: &TableNotice,
    ) -> Result<(), ApiError> {
        let path = table_path(project, dataset, table);
        let asked = self.request(Method::PATCH, &path, &[])?;
        self.order(asked.json(notice)).await
    }

    pub(super) async fn delete_table(
        &self,
        project: &str,
        dataset: &str,
        table: &str,
    ) -> Result<(), ApiError> {
        let path = table_path(project, dataset, table);
        let asked = self.request(Method::DELETE, &path, &[])?;
        self.order(asked).await
    }

    /// A dataset; `None` if it doesn't exist.
    pub(super) async fn dataset(
        &self,
        project: &str,
        dataset: &str,
    ) -> Result<Option<DatasetInfo>, ApiError> {
        let path = ["projects", project, "datasets", dataset];
        absent_is_none(self.send(self.request(Method::GET, &path, &[])?).await)
    }

    /// Creates a dataset. Returns whether this call created it.
    pub(super) async fn make_dataset(
        &self,
        project: &str,
        dataset: &str,
        location: Option<&str>,
    ) -> Result<bool, ApiError> {
        let made = NewDataset {
            dataset_reference: DatasetReference {
                project_id: project.to_owned(),
                dataset_id: dataset.to_owned(),
            },
            location: location.map(ToOwned::to_owned),
        };
        let asked = self.request(Method::POST, &["projects", project, "datasets"], &[])?;
        match self.order(asked.json(&made)).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_duplicate() => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, Option<&str>)],
    ) -> Result<RequestBuilder, ApiError> {
        let no_url = || ApiError::new(ErrorClass::Code, format!("cannot call '{}'", self.base));
        let mut url = Url::parse(&self.base).map_err(|_| no_url())?;
        url.path_segments_mut().map_err(|()| no_url())?.extend(path);
        let given: Vec<(&str, &str)> = (query.iter())
            .filter_map(|(name, value)| Some((*name, (*value)?)))
            .collect();
        let request = self.http.request(method, url);
        Ok(if given.is_empty() {
            request
        } else {
            request.query(&given)
        })
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let body = self.answer(request).await?;
        serde_json::from_slice(&body).map_err(|error| unreadable(&error))
    }

    /// Sends a call and ignores the body of its answer.
    async fn order(&self, request: RequestBuilder) -> Result<(), ApiError> {
        self.answer(request).await.map(drop)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Vec<u8>, ApiError> {
        let answer = self.call(request).await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if status.is_success() {
            return Ok(body.to_vec());
        }
        Err(ApiError::of_answer(status.as_u16(), &body))
    }

    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Response, ApiError> {
        let token = self.token.get().await?;
        Ok(request.bearer_auth(token).send().await?)
    }
}

fn table_path<'a>(project: &'a str, dataset: &'a str, table: &'a str) -> [&'a str; 6] {
    ["projects", project, "datasets", dataset, "tables", table]
}

/// The error for an answer that was truncated or isn't from `BigQuery`. The call may have been applied.
fn unreadable(error: &serde_json::Error) -> ApiError {
    let sentence = format!("a response that is not from BigQuery ({error})");
    ApiError::new(ErrorClass::Transient, sentence)
}

fn absent_is_none<T>(answered: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answered {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
