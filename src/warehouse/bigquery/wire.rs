//! The parts of `BigQuery`'s resources that are sent or read. Every field of a response may be missing, and fields that
//! aren't read may have any type: new fields, types or values don't break parsing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

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

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryParameter {
    pub(super) name: String,
    pub(super) parameter_type: QueryParameterType,
    pub(super) parameter_value: QueryParameterValue,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct QueryParameterType {
    pub(super) r#type: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct QueryParameterValue {
    pub(super) value: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewDataset {
    pub(super) dataset_reference: DatasetReference,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DatasetReference {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobInfo {
    #[serde(rename = "jobReference")]
    pub(super) reference: Option<JobReference>,
    pub(super) configuration: Option<JobLabels>,
    pub(super) statistics: Option<JobStatistics>,
    pub(super) status: Option<JobStatus>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct JobLabels {
    pub(super) labels: Option<HashMap<String, String>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobStatistics {
    pub(super) total_bytes_processed: Option<String>,
    pub(super) total_slot_ms: Option<String>,
    pub(super) query: Option<QueryStatistics>,
}

/// Resource usage of a query, and its result schema.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryStatistics {
    pub(super) total_bytes_billed: Option<String>,
    pub(super) total_bytes_processed: Option<String>,
    pub(super) total_slot_ms: Option<String>,
    pub(super) referenced_tables: Option<Vec<Json>>,
    pub(super) schema: Option<TableSchema>,
}

/// The state of a job and its error, if it failed.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobStatus {
    pub(super) state: Option<String>,
    pub(super) error_result: Option<ErrorProto>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct ErrorProto {
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JobList {
    pub(super) jobs: Option<Vec<JobInfo>>,
    pub(super) next_page_token: Option<String>,
}

/// One page of a query's rows, or `job_complete` as false.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryResults {
    pub(super) job_complete: Option<bool>,
    pub(super) page_token: Option<String>,
    pub(super) schema: Option<TableSchema>,
    pub(super) rows: Option<Vec<TableRow>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TableRow {
    #[serde(rename = "f")]
    pub(super) cells: Option<Vec<TableCell>>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TableCell {
    #[serde(rename = "v", default)]
    pub(super) value: Json,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct TableSchema {
    pub(super) fields: Option<Vec<TableFieldSchema>>,
}

/// A column. Its type is a string, because `BigQuery` has more types than this program.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableFieldSchema {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<String>,
    /// The fields of a RECORD.
    #[serde(skip_serializing)]
    pub(super) fields: Option<Vec<TableFieldSchema>>,
    /// The maximum length of a STRING or BYTES.
    #[serde(skip_serializing)]
    pub(super) max_length: Option<serde_json::Value>,
    /// The digits of a NUMERIC or BIGNUMERIC, and those after the point.
    #[serde(skip_serializing)]
    pub(super) precision: Option<serde_json::Value>,
    #[serde(skip_serializing)]
    pub(super) scale: Option<serde_json::Value>,
    /// How a STRING is compared.
    #[serde(skip_serializing)]
    pub(super) collation: Option<String>,
    /// What a RANGE begins and ends with.
    #[serde(skip_serializing)]
    pub(super) range_element_type: Option<RangeElementType>,
    #[serde(skip_serializing)]
    pub(super) policy_tags: Option<PolicyTags>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RangeElementType {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct PolicyTags {
    pub(super) names: Option<Vec<String>>,
}

impl TableFieldSchema {
    /// A nullable column of this type.
    pub(super) fn of(name: &str, kind: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ..Self::default()
        }
    }

    /// The same column as NOT NULL.
    pub(super) fn required(self) -> Self {
        Self {
            mode: Some("REQUIRED".to_owned()),
            ..self
        }
    }

    pub(super) fn is_repeated(&self) -> bool {
        self.mode.as_deref() == Some("REPEATED")
    }
}

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

/// The id of a table, its dataset and project.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "BigQuery calls them so")]
pub(super) struct TableReference {
    pub(super) project_id: String,
    pub(super) dataset_id: String,
    pub(super) table_id: String,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Clustering {
    pub(super) fields: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct TableNotice {
    pub(super) description: String,
    pub(super) labels: HashMap<String, String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableInfo {
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

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct RangePartitioning {
    pub(super) field: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct TimePartitioning {
    pub(super) r#type: Option<String>,
    pub(super) field: Option<String>,
}

#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct DatasetInfo {
    pub(super) location: Option<String>,
}

/// The body of an error response. `errors` may be missing.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct ErrorBody {
    pub(super) error: ErrorFields,
}

/// The fields read from an error.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct ErrorFields {
    pub(super) message: Option<String>,
    pub(super) errors: Option<Vec<ErrorProto>>,
    pub(super) status: Option<String>,
    pub(super) details: Option<Vec<ErrorDetail>>,
}

/// A detail of an error. Those of type `ErrorInfo` have a reason.
#[derive(Debug, Default, Clone, Deserialize)]
pub(super) struct ErrorDetail {
    pub(super) reason: Option<String>,
}
