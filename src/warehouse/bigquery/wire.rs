//! `BigQuery`'s resources, as far as they are sent or read. Every field of an answer may be missing, and what is not read here
//! may have any form: a new field, type or word in an answer disturbs nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A job as it is sent.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewJob {
    pub(super) job_reference: JobReference,
    pub(super) configuration: JobConfiguration,
}

/// A job's id, project and location.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobReference {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_id: Option<String>,
}

/// What a job is to do.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dry_run: Option<bool>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub(super) labels: HashMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<JobConfigurationQuery>,
}

/// The query of a job.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobConfigurationQuery {
    pub(super) query: String,
    pub(super) use_legacy_sql: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameter_mode: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) query_parameters: Vec<QueryParameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maximum_bytes_billed: Option<String>,
}

/// A named parameter of a query.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryParameter {
    pub(super) name: String,
    pub(super) parameter_type: QueryParameterType,
    pub(super) parameter_value: QueryParameterValue,
}

/// The type of a parameter.
#[derive(Debug, Clone, Serialize)]
pub(super) struct QueryParameterType {
    pub(super) r#type: String,
}

/// The value of a parameter.
#[derive(Debug, Clone, Serialize)]
pub(super) struct QueryParameterValue {
    pub(super) value: String,
}

/// A dataset as it is made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewDataset {
    pub(super) dataset_reference: DatasetReference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
}

/// The name of a dataset.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DatasetReference {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
}

/// A job as the server describes it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    #[serde(rename = "jobReference")]
    pub(super) reference: Option<JobReference>,
    pub(super) configuration: Option<JobLabels>,
    pub(super) statistics: Option<JobStatistics>,
    pub(super) status: Option<JobStatus>,
}

/// What is read of a job's configuration.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct JobLabels {
    pub(super) labels: Option<HashMap<String, String>>,
}

/// What a job used.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobStatistics {
    pub(super) total_bytes_processed: Option<String>,
    pub(super) total_slot_ms: Option<String>,
    pub(super) query: Option<QueryStatistics>,
}

/// What a query used, and what it returns.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryStatistics {
    pub(super) total_bytes_billed: Option<String>,
    pub(super) total_bytes_processed: Option<String>,
    pub(super) total_slot_ms: Option<String>,
    pub(super) referenced_tables: Option<Vec<Json>>,
    pub(super) schema: Option<TableSchema>,
}

/// Whether a job is done, and what it failed of.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobStatus {
    pub(super) state: Option<String>,
    pub(super) error_result: Option<ErrorProto>,
}

/// Why something was refused or failed.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct ErrorProto {
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
}

/// One page of a list of jobs.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobList {
    pub(super) jobs: Option<Vec<Job>>,
    pub(super) next_page_token: Option<String>,
}

/// One page of a query's rows, or the word that it is not done.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryResults {
    pub(super) job_complete: Option<bool>,
    pub(super) page_token: Option<String>,
    pub(super) schema: Option<TableSchema>,
    pub(super) rows: Option<Vec<TableRow>>,
}

/// A row of an answer.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TableRow {
    #[serde(rename = "f")]
    pub(super) cells: Option<Vec<TableCell>>,
}

/// A cell of a row.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TableCell {
    #[serde(rename = "v", default)]
    pub(super) value: Json,
}

/// The columns of a table or of an answer.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct TableSchema {
    pub(super) fields: Option<Vec<TableFieldSchema>>,
}

/// A column. Its type is a word: `BigQuery` has more of them than this program.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableFieldSchema {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<String>,
    #[serde(skip_serializing)]
    pub(super) policy_tags: Option<PolicyTags>,
}

/// Which policies guard a column.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct PolicyTags {
    pub(super) names: Option<Vec<String>>,
}

impl TableFieldSchema {
    /// A column of this type.
    pub(super) fn of(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    /// The column, with no NULL in it.
    pub(super) fn required(self) -> Self {
        Self {
            mode: Some("REQUIRED".to_owned()),
            ..self
        }
    }

    /// Whether a value of the column is a list.
    pub(super) fn is_repeated(&self) -> bool {
        self.mode.as_deref() == Some("REPEATED")
    }
}

/// A table as it is made.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewTable {
    pub(super) table_reference: TableReference,
    pub(super) schema: TableSchema,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) clustering: Option<Clustering>,
    /// In milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiration_time: Option<String>,
}

impl NewTable {
    /// A table with these columns.
    pub(super) fn of(project: &str, dataset: &str, table: &str, columns: Vec<TableFieldSchema>) -> Self {
        Self {
            table_reference: TableReference {
                project_id: project.to_owned(),
                dataset_id: dataset.to_owned(),
                table_id: table.to_owned(),
            },
            schema: TableSchema {
                fields: Some(columns),
            },
            clustering: None,
            expiration_time: None,
        }
    }
}

/// The name of a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "BigQuery calls them so")]
pub(super) struct TableReference {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
    pub(super) table_id: String,
}

/// What the rows of a table are sorted by.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Clustering {
    pub(super) fields: Vec<String>,
}

/// What a table says besides its rows.
#[derive(Debug, Clone, Serialize)]
pub(super) struct TableNotice {
    pub(super) description: String,
    pub(super) labels: HashMap<String, String>,
}

/// A table as the server describes it.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Table {
    pub(super) r#type: Option<String>,
    pub(super) schema: Option<TableSchema>,
    pub(super) time_partitioning: Option<TimePartitioning>,
    pub(super) range_partitioning: Option<RangePartitioning>,
    pub(super) require_partition_filter: Option<bool>,
    pub(super) description: Option<String>,
    pub(super) labels: Option<HashMap<String, String>>,
    pub(super) last_modified_time: Option<String>,
    pub(super) num_rows: Option<String>,
    pub(super) num_bytes: Option<String>,
    pub(super) streaming_buffer: Option<Json>,
}

/// How a table is partitioned by numbers.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RangePartitioning {
    pub(super) field: Option<String>,
}

/// How a table is partitioned by time.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TimePartitioning {
    pub(super) r#type: Option<String>,
    pub(super) field: Option<String>,
}

/// A dataset.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Dataset {
    pub(super) location: Option<String>,
}

/// The body of a refusal. `errors` may be missing.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct Refusal {
    pub(super) error: RefusalDetails,
}

/// What is read of a refusal.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RefusalDetails {
    pub(super) message: Option<String>,
    pub(super) errors: Option<Vec<ErrorProto>>,
    pub(super) status: Option<String>,
    pub(super) details: Option<Vec<RefusalReason>>,
}

/// One of the details of a refusal; those of type `ErrorInfo` have a reason.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RefusalReason {
    pub(super) reason: Option<String>,
}
