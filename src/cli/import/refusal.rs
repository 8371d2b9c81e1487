//! Why a table or a flag of `backcourt import` is refused, one sentence each. Nothing was written.

use std::path::{Path, PathBuf};

use crate::figures::counted;
use crate::import::FileFormat;

/// Why an import is refused.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ImportRefusal {
    #[error(
        "import works on the embedded warehouse; for BigQuery, run 'bq load --autodetect --source_format={format} \
         {project}:{table} {}'",
        .file.display()
    )]
    OnBigQuery {
        project: String,
        table: String,
        file: PathBuf,
        format: &'static str,
    },
    #[error("{}: unknown format; name it .csv, .jsonl or .ndjson, or give --format", .0.display())]
    UnknownFormat(PathBuf),
    #[error("table {table} is filled by stage '{stage}' of plan {plan}; import into another table")]
    OfStage {
        table: String,
        stage: String,
        plan: String,
    },
    #[error(
        "table {0} is filled by 'backcourt load', which also takes CSV files of your own; import into another table"
    )]
    OfLoad(String),
    #[error("table {table} belongs to plan {plan}, which fills it; import into another table")]
    OfPlan { table: String, plan: String },
    #[error("table {table} exists as {held}; write it in the same letter case")]
    OtherSpelling { table: String, held: String },
    #[error(
        "table {table} has {}; add to them with --append, replace them with --replace, or replace the table and its \
         columns with --recreate",
        counted(*.rows, "row")
    )]
    HasRows { table: String, rows: i64 },
    #[error(
        "table {0} exists and has its own columns; leave out --column, or replace the table with --recreate"
    )]
    HasColumns(String),
    #[error(
        "table {table} has {columns}, a type that no value is converted to; replace the table and its columns with \
         --recreate"
    )]
    OtherTypes { table: String, columns: String },
    #[error("--column declares '{0}' twice; leave out one")]
    DeclaredTwice(String),
}

impl ImportRefusal {
    pub(super) fn on_bigquery(project: &str, table: &str, file: &Path, format: FileFormat) -> Self {
        Self::OnBigQuery {
            project: project.to_owned(),
            table: table.to_owned(),
            file: file.to_owned(),
            format: match format {
                FileFormat::Csv => "CSV",
                FileFormat::JsonLines => "NEWLINE_DELIMITED_JSON",
            },
        }
    }
}
