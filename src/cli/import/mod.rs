//! `backcourt import`: imports a CSV or JSON-lines file into a raw table of the embedded warehouse.

mod done;
mod held;
mod meter;
mod refusal;

pub(super) use refusal::ImportRefusal;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use clap::{Args, ValueEnum};

use crate::feeds::{Feed, feed_outages};
use crate::import::{CheckedFile, FileFormat, ImportFile, ImportRows, check, inferred};
use crate::ledger::RunLock;
use crate::plan::Plan;
use crate::table::{Column, ColumnType, Row, TableDef, refuse_column_name, stored_columns, table_path};
use crate::warehouse::sqlite::{ImportMode, SqliteWarehouse, TableImport};
use crate::warehouse::{ErrorClass, Warehouse, WarehouseError};

use super::error::{CliError, cannot_print, no_threads};
use super::home::Home;
use super::lease::lease;
use super::{PlanArgs, StateDir};
use done::Done;
use held::HeldTable;
use meter::ImportMeter;

const EXAMPLES: &str = "\
Examples:
  backcourt import events.csv --table raw.events
  backcourt import more.jsonl --table raw.events --append
  backcourt import events.csv --table raw.events --recreate --column user_id:STRING

Without --column, a new table gets the types that fit all values of a column: INT64, FLOAT64, BOOL, DATE, TIMESTAMP, \
arrays, JSON, else STRING. An existing table keeps its own. An empty CSV cell is NULL.";

#[derive(Debug, Args)]
#[allow(clippy::doc_markdown, reason = "these comments are the help text")]
#[command(after_help = EXAMPLES)]
pub(super) struct ImportArgs {
    /// File to import: .csv with the column names in its first line, or .jsonl or .ndjson with one object per line
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Table to import into; created if it doesn't exist
    #[arg(long, value_name = "DATASET.TABLE", value_parser = table)]
    table: String,
    /// Type of a column of a new table, for example user_id:STRING; repeatable [default: inferred]
    #[arg(long = "column", value_name = "NAME:TYPE", value_parser = column)]
    columns: Vec<Column>,
    /// Add the rows to those of the table
    #[arg(long, group = "mode")]
    append: bool,
    /// Replace all rows of the table
    #[arg(long, group = "mode")]
    replace: bool,
    /// Replace the table: its rows and its columns
    #[arg(long, group = "mode")]
    recreate: bool,
    /// Leave out up to this many invalid rows; more refuse the whole file
    #[arg(long, value_name = "N", default_value_t = 0)]
    allow_rejects: u64,
    /// Format of the file [default: by its extension]
    #[arg(long, value_name = "FORMAT")]
    format: Option<GivenFormat>,
    #[command(flatten)]
    place: PlanArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GivenFormat {
    Csv,
    Jsonl,
}

pub(super) fn import(arguments: &ImportArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan()?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let format = arguments.format()?;
    let directory = match arguments.place.warehouse.home(&folder)? {
        Home::Embedded(directory) => directory,
        Home::BigQuery(address, _) => {
            return Err(ImportRefusal::on_bigquery(
                &address.project,
                &arguments.table,
                &arguments.file,
                format,
            )
            .into());
        }
    };
    refuse_filled(&plan, &arguments.table)?;
    let file = ImportFile::find(&arguments.file, format)?;
    // A file that is refused leaves no new folder behind.
    let lock = |folder: &StateDir| RunLock::take(folder.path(), &plan.name, Utc::now());
    let early = folder.path().exists().then(|| lock(&folder)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_threads)?;
    let held = runtime.block_on(HeldTable::look(&directory, &arguments.table))?;
    let mode = arguments.mode(&held)?;
    let table = arguments.definition(&file, &held, mode)?;
    let checked = {
        let mut meter = ImportMeter::new("checking", &file);
        check(&file, &table, arguments.allow_rejects, &mut |rows, bytes| {
            meter.show(rows, bytes);
        })?
    };
    folder.create()?;
    let _lock = early.map_or_else(|| lock(&folder), Ok)?;
    let warehouse = Arc::new(SqliteWarehouse::open(&directory)?);
    let leased: Arc<dyn Warehouse> = warehouse.clone();
    let _tenure = lease(&leased, &plan, &folder)?;
    let import = TableImport {
        rows: rows(&file, &table, &checked)?,
        table: table.clone(),
        seen: held.schema.clone(),
        mode,
    };
    runtime.block_on(warehouse.import(import))?;
    let done = Done {
        plan: &plan,
        table: &table,
        file: file.path(),
        declared: &arguments.columns,
        had_rows: held.rows > 0,
        is_new: held.schema.is_none() || mode == ImportMode::Recreate,
        checked: &checked,
    };
    done.rejected().print_error();
    done.text().print().map_err(cannot_print).map(|()| 0)
}

impl ImportArgs {
    fn format(&self) -> Result<FileFormat, ImportRefusal> {
        match self.format {
            Some(GivenFormat::Csv) => Ok(FileFormat::Csv),
            Some(GivenFormat::Jsonl) => Ok(FileFormat::JsonLines),
            None => FileFormat::of(&self.file).ok_or_else(|| ImportRefusal::UnknownFormat(self.file.clone())),
        }
    }

    /// What happens to the rows of the table.
    fn mode(&self, held: &HeldTable) -> Result<ImportMode, ImportRefusal> {
        let mode = match (self.append, self.replace, self.recreate) {
            (true, ..) => ImportMode::Append,
            (_, true, _) => ImportMode::Replace,
            (.., true) => ImportMode::Recreate,
            _ if held.rows > 0 => {
                return Err(ImportRefusal::HasRows {
                    table: self.table.clone(),
                    rows: held.rows,
                });
            }
            _ => ImportMode::IntoEmpty,
        };
        if held.schema.is_some() && mode != ImportMode::Recreate && !self.columns.is_empty() {
            return Err(ImportRefusal::HasColumns(self.table.clone()));
        }
        Ok(mode)
    }

    /// The table with its columns: its own if it exists and stays, else those of the file.
    fn definition(
        &self,
        file: &ImportFile,
        held: &HeldTable,
        mode: ImportMode,
    ) -> Result<TableDef, CliError> {
        let columns = match &held.schema {
            Some(schema) if mode != ImportMode::Recreate => {
                let table = self.table.clone();
                stored_columns(schema).map_err(|columns| ImportRefusal::OtherTypes { table, columns })?
            }
            _ => {
                if let Some(name) = duplicate(&self.columns) {
                    return Err(ImportRefusal::DeclaredTwice(name.to_owned()).into());
                }
                let mut meter = ImportMeter::new("reading", file);
                inferred(file, &self.columns, &mut |rows, bytes| meter.show(rows, bytes))?
            }
        };
        let (dataset, name) = self.table.split_once('.').unwrap_or_default();
        let date = columns.iter().find(|column| column.kind == ColumnType::Date);
        Ok(TableDef {
            dataset: Cow::Owned(dataset.to_owned()),
            name: Cow::Owned(name.to_owned()),
            date_column: date.map_or(Cow::Borrowed(""), |date| date.name.clone()),
            columns: Cow::Owned(columns),
            ..TableDef::new("", "", "", vec![], "")
        })
    }
}

/// Refuses a table that the plan or `backcourt load` fills.
fn refuse_filled(plan: &Plan, table: &str) -> Result<(), ImportRefusal> {
    let is_it = |path: &str| path.eq_ignore_ascii_case(table);
    let stage = plan
        .stages
        .iter()
        .find(|stage| stage.table.as_deref().is_some_and(is_it));
    if let Some(stage) = stage {
        return Err(ImportRefusal::OfStage {
            table: table.to_owned(),
            stage: stage.name.clone(),
            plan: plan.name.clone(),
        });
    }
    let mut feeds = Feed::ALL
        .iter()
        .map(|feed| feed.table().path())
        .chain([feed_outages().path()]);
    if feeds.any(|path| is_it(&path)) {
        return Err(ImportRefusal::OfLoad(table.to_owned()));
    }
    Ok(())
}

type ImportedRows = Box<dyn Iterator<Item = Result<Row, WarehouseError>> + Send>;

/// The rows as they are imported, with progress.
fn rows(file: &ImportFile, table: &TableDef, checked: &CheckedFile) -> Result<ImportedRows, CliError> {
    let mut rows = ImportRows::open(file, table, checked)?;
    let mut meter = ImportMeter::new("importing", file);
    let with_progress = std::iter::from_fn(move || {
        let row = rows.next()?;
        let (read, bytes) = rows.progress();
        meter.show(read, bytes);
        Some(row.map_err(|error| WarehouseError::new(ErrorClass::Data, error.to_string())))
    });
    Ok(Box::new(with_progress))
}

fn table(text: &str) -> Result<String, String> {
    table_path(text).map(|_| text.to_owned())
}

fn column(text: &str) -> Result<Column, String> {
    let Some((name, word)) = text.split_once(':') else {
        return Err("write NAME:TYPE, for example user_id:STRING".to_owned());
    };
    refuse_column_name(name)?;
    let Some(kind) = ColumnType::from_word(word) else {
        return Err(format!(
            "'{word}' is not a type; choose one of: {}",
            ColumnType::WORDS.join(", ")
        ));
    };
    Ok(Column {
        name: Cow::Owned(name.to_owned()),
        kind,
        nullable: true,
        stamp: None,
        doc: Cow::Borrowed(""),
        part: None,
    })
}

/// The name of a column that is declared more than once.
fn duplicate(columns: &[Column]) -> Option<&str> {
    let is_repeated =
        |(at, column): &(usize, &Column)| columns[..*at].iter().any(|other| other.name == column.name);
    let found = columns.iter().enumerate().find(is_repeated);
    found.map(|(_, column)| column.name.as_ref())
}
