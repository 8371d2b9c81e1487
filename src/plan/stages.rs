//! Parses and validates the `[[stage]]` tables of a plan file, first each on its own and then together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Weekday;
use serde::Deserialize;

use super::Fingerprint;
use super::binds::{binds, refuse_parameters};
use super::definition::of_stage;
use super::hint::with_hint;
use super::limits::{TIMEOUT_SECONDS, in_range};
use super::queries::Queries;
use super::stage::{
    Active, Advance, CommandSpec, DateQuery, ExpectRows, ReadSpec, SqlSpec, StageKind, StageOutput, StageSpec,
};
use crate::table::{Column, ColumnType, Part, TableDef, refuse_column_name, table_path};

/// Default time limit of a command per date, in seconds.
const DEFAULT_TIMEOUT: u64 = 600;

/// Default exit code for a retry: `EX_TEMPFAIL` of sysexits.
const DEFAULT_RETRY_CODE: u8 = 75;

/// Placeholder for the date in a command.
pub(super) const DATE: &str = "{date}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStage {
    name: String,
    table: Option<String>,
    kind: RawKind,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    advance: Advance,
    sql: Option<String>,
    sql_file: Option<String>,
    date_column: Option<String>,
    key: Option<Vec<String>>,
    columns: Option<Vec<RawColumn>>,
    expect_rows: Option<RawRows>,
    reads: Option<Vec<RawRead>>,
    active: Option<RawActive>,
    command: Option<Vec<String>>,
    timeout_seconds: Option<u64>,
    environment: Option<BTreeMap<String, String>>,
    skip_exit_code: Option<u8>,
    retry_exit_code: Option<u8>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RawKind {
    Nba,
    Sql,
    Command,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    nullable: bool,
    #[serde(default)]
    doc: String,
    part: Option<Part>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRead {
    table: String,
    #[serde(default)]
    days_back: u32,
}

/// A number of rows, or a query that returns it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number of rows or a SELECT that returns it")]
enum RawRows {
    Number(u32),
    Query(String),
}

/// Days of the week, or a query that returns dates.
#[derive(Deserialize, Clone)]
#[serde(
    untagged,
    expecting = "expected days of the week such as [\"mon\", \"tue\"] or a SELECT that returns dates"
)]
pub(super) enum RawActive {
    Days(Vec<String>),
    Query(String),
}

/// The stages of a plan; `active` is their default.
pub(super) fn stages(
    raw: Vec<RawStage>,
    active: Option<RawActive>,
    queries: &Queries<'_>,
) -> Result<Vec<StageSpec>, String> {
    let usual = active.map_or(Ok(Active::Always), |active| active.read(queries))?;
    let mut stages = Vec::with_capacity(raw.len());
    for raw in raw {
        let name = raw.name.clone();
        let stage = raw.read(&usual, queries);
        stages.push(stage.map_err(|problem| format!("stage '{name}': {problem}"))?);
    }
    Ok(stages)
}

impl RawStage {
    fn read(self, usual: &Active, queries: &Queries<'_>) -> Result<StageSpec, String> {
        self.refuse_foreign_keys()?;
        let active = match &self.active {
            Some(active) => active.clone().read(queries)?,
            None => usual.clone(),
        };
        let reads = self.reads.iter().flatten();
        let reads = reads.map(RawRead::read).collect::<Result<_, _>>()?;
        let kind = match self.kind {
            RawKind::Nba => {
                self.table
                    .as_ref()
                    .ok_or("table is missing; write dataset.table")?;
                StageKind::Nba
            }
            RawKind::Sql => StageKind::Sql(Box::new(self.sql_spec(queries)?)),
            RawKind::Command => StageKind::Command(Box::new(self.command_spec(queries)?)),
        };
        let mut stage = StageSpec {
            name: self.name,
            table: self.table,
            kind,
            needs: self.needs,
            advance: self.advance,
            active,
            reads,
            fingerprint: Fingerprint::default(),
        };
        stage.fingerprint = of_stage(&stage);
        Ok(stage)
    }

    /// A key that doesn't apply to this kind of stage is an error, not a warning.
    fn refuse_foreign_keys(&self) -> Result<(), String> {
        use RawKind::{Command, Nba, Sql};
        let given = [
            ("sql", self.sql.is_some(), &[Sql][..]),
            ("sql_file", self.sql_file.is_some(), &[Sql]),
            ("date_column", self.date_column.is_some(), &[Sql, Command]),
            ("key", self.key.is_some(), &[Sql, Command]),
            ("columns", self.columns.is_some(), &[Sql, Command]),
            ("expect_rows", self.expect_rows.is_some(), &[Sql, Command]),
            ("reads", self.reads.is_some(), &[Sql, Command]),
            ("active", self.active.is_some(), &[Sql, Command]),
            ("command", self.command.is_some(), &[Command]),
            ("timeout_seconds", self.timeout_seconds.is_some(), &[Command]),
            ("environment", self.environment.is_some(), &[Command]),
            ("skip_exit_code", self.skip_exit_code.is_some(), &[Command]),
            ("retry_exit_code", self.retry_exit_code.is_some(), &[Command]),
        ];
        let foreign = |(_, given, kinds): &&(&str, bool, &[RawKind])| *given && !kinds.contains(&self.kind);
        let word = match self.kind {
            Nba => "nba",
            Sql => "sql",
            Command => "command",
        };
        match given.iter().find(foreign) {
            None => Ok(()),
            Some((key, ..)) => Err(format!(
                "a stage of kind {word} does not take {key}; leave it out"
            )),
        }
    }

    fn sql_spec(&self, queries: &Queries<'_>) -> Result<SqlSpec, String> {
        let sql = queries.query(self.sql.as_deref(), self.sql_file.as_deref())?;
        Ok(SqlSpec {
            table: self.definition()?,
            query: date_query("sql", &sql)?,
            expect: self.expect(queries)?,
        })
    }

    fn command_spec(&self, queries: &Queries<'_>) -> Result<CommandSpec, String> {
        let argv = self.command.clone().unwrap_or_default();
        if argv.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("command is missing; write it as [\"program\", \"argument\", …]".to_owned());
        }
        let environment = self.environment.clone().unwrap_or_default();
        if !argv
            .iter()
            .chain(environment.values())
            .any(|text| text.contains(DATE))
        {
            return Err(format!(
                "{DATE} is in neither command nor environment, so every date would run the same; add it"
            ));
        }
        let is_variable = |name: &&String| !name.is_empty() && !name.contains(['=', '\0']);
        if let Some(name) = environment.keys().find(|name| !is_variable(name)) {
            return Err(format!("environment: '{name}' is not a valid variable name"));
        }
        let timeout = self.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT);
        in_range("timeout_seconds", timeout, &TIMEOUT_SECONDS)?;
        let retry_exit_code = self.retry_code()?;
        let output = self.output()?;
        if output == StageOutput::Nothing && self.expect_rows.is_some() {
            return Err(
                "expect_rows needs a table whose rows can be counted; give table and date_column".to_owned(),
            );
        }
        Ok(CommandSpec {
            argv,
            environment,
            folder: queries.folder(),
            timeout: Duration::from_secs(timeout),
            skip_exit_code: self.skip_exit_code,
            retry_exit_code,
            output,
            expect: self.expect(queries)?,
        })
    }

    /// The exit code that asks for another attempt.
    fn retry_code(&self) -> Result<u8, String> {
        let retry = self.retry_exit_code.unwrap_or(DEFAULT_RETRY_CODE);
        for (key, code) in [
            ("skip_exit_code", self.skip_exit_code),
            ("retry_exit_code", Some(retry)),
        ] {
            if code == Some(0) {
                return Err(format!("{key} is 0, which means success; give another code"));
            }
        }
        if self.skip_exit_code == Some(retry) {
            return Err(format!(
                "skip_exit_code and retry_exit_code are both {retry}; they must differ"
            ));
        }
        Ok(retry)
    }

    fn output(&self) -> Result<StageOutput, String> {
        if self.columns.is_some() {
            return Ok(StageOutput::Printed(self.definition()?));
        }
        if self.key.is_some() {
            return Err(
                "key needs columns; leave it out, or list the columns of the printed rows".to_owned(),
            );
        }
        match (&self.table, &self.date_column) {
            (None, None) => Ok(StageOutput::Nothing),
            (Some(table), Some(date_column)) => {
                table_path(table)?;
                refuse_column_name(date_column).map_err(|problem| format!("date_column {problem}"))?;
                Ok(StageOutput::Rows {
                    table: table.clone(),
                    date_column: date_column.clone(),
                })
            }
            (Some(_), None) => {
                Err("date_column is missing; it is needed to count the rows of a date".to_owned())
            }
            (None, Some(_)) => Err("date_column needs a table; write table = \"dataset.table\"".to_owned()),
        }
    }

    /// The definition of the table that backcourt writes for this stage.
    fn definition(&self) -> Result<TableDef, String> {
        let table = self
            .table
            .as_deref()
            .ok_or("table is missing; write dataset.table")?;
        let (dataset, name) = table_path(table)?;
        let columns = self.own_columns()?;
        let date_column = self.own_date_column(&columns)?;
        let key = self.own_key(&columns)?;
        Ok(TableDef {
            dataset: Cow::Owned(dataset.to_owned()),
            name: Cow::Owned(name.to_owned()),
            doc: Cow::Owned(format!("Filled by stage {} of a backcourt plan.", self.name)),
            date_column: Cow::Owned(date_column.to_owned()),
            key: key.iter().cloned().map(Cow::Owned).collect(),
            columns: Cow::Owned(columns),
            cluster: Cow::Borrowed(&[]),
            require_partition_filter: false,
        })
    }

    fn own_columns(&self) -> Result<Vec<Column>, String> {
        let raw = self.columns.as_deref().unwrap_or_default();
        if raw.is_empty() {
            return Err(
                "columns is missing; write columns = [{ name = \"day\", type = \"DATE\" }, …]".to_owned(),
            );
        }
        let columns: Vec<Column> = raw.iter().map(RawColumn::read).collect::<Result<_, _>>()?;
        refuse_duplicates(&columns)?;
        Ok(columns)
    }

    fn own_date_column(&self, columns: &[Column]) -> Result<&str, String> {
        let name = self
            .date_column
            .as_deref()
            .ok_or("date_column is missing; give the name of the date column")?;
        let date = column_of(columns, "date_column", name)?;
        if date.kind != ColumnType::Date || date.nullable {
            return Err(format!(
                "date_column '{name}' must be a DATE column that is not nullable"
            ));
        }
        Ok(name)
    }

    fn own_key(&self, columns: &[Column]) -> Result<&[String], String> {
        let key = self.key.as_deref().unwrap_or_default();
        if key.is_empty() {
            return Err("key is missing; list the columns that identify a row".to_owned());
        }
        for name in key {
            if column_of(columns, "key", name)?.nullable {
                return Err(format!(
                    "key: column '{name}' is nullable; key columns must not be nullable"
                ));
            }
        }
        Ok(key)
    }

    fn expect(&self, queries: &Queries<'_>) -> Result<ExpectRows, String> {
        match &self.expect_rows {
            None => Ok(ExpectRows::Some),
            Some(RawRows::Number(0)) => Err("expect_rows is 0; give 1 or more, or a SELECT".to_owned()),
            Some(RawRows::Number(rows)) => Ok(ExpectRows::Exactly(*rows)),
            Some(RawRows::Query(sql)) => Ok(ExpectRows::Query(date_query(
                "expect_rows",
                &queries.local(sql)?,
            )?)),
        }
    }
}

impl RawColumn {
    fn read(&self) -> Result<Column, String> {
        refuse_column_name(&self.name).map_err(|problem| format!("column {problem}"))?;
        let kind = ColumnType::from_word(&self.kind).ok_or_else(|| {
            let hint = with_hint("type", &self.kind, ColumnType::WORDS);
            format!("column '{}': {hint}", self.name)
        })?;
        Ok(Column {
            name: Cow::Owned(self.name.clone()),
            kind,
            nullable: self.nullable,
            stamp: None,
            doc: Cow::Owned(self.doc.clone()),
            part: self.part,
        })
    }
}

impl RawRead {
    fn read(&self) -> Result<ReadSpec, String> {
        table_path(&self.table).map_err(|problem| format!("reads: {problem}"))?;
        Ok(ReadSpec {
            table: self.table.clone(),
            days_back: self.days_back,
        })
    }
}

impl RawActive {
    fn read(self, queries: &Queries<'_>) -> Result<Active, String> {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        match self {
            Self::Query(sql) => {
                refuse_parameters("active", &sql)?;
                Ok(Active::Query(queries.local(&sql)?))
            }
            Self::Days(days) if days.is_empty() => {
                Err("active is empty, so no date would have work; leave it out".to_owned())
            }
            Self::Days(days) => {
                let day = |word: &String| {
                    let known = DAYS
                        .contains(&word.as_str())
                        .then(|| word.parse::<Weekday>().ok());
                    let known = known.flatten();
                    known.ok_or_else(|| format!("active: {}", with_hint("day of the week", word, DAYS)))
                };
                Ok(Active::Weekdays(days.iter().map(day).collect::<Result<_, _>>()?))
            }
        }
    }
}

fn date_query(what: &str, sql: &str) -> Result<DateQuery, String> {
    Ok(DateQuery {
        binds: binds(what, sql)?,
        sql: sql.trim_end().trim_end_matches(';').to_owned(),
    })
}

/// The column that a setting of the stage names.
fn column_of<'a>(columns: &'a [Column], setting: &str, name: &str) -> Result<&'a Column, String> {
    let known = columns.iter().map(|column| column.name.as_ref());
    let found = columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| format!("{setting}: {}", with_hint("column", name, known)))
}

fn refuse_duplicates(columns: &[Column]) -> Result<(), String> {
    for (at, Column { name, .. }) in columns.iter().enumerate() {
        if columns[..at]
            .iter()
            .any(|other| other.name.eq_ignore_ascii_case(name))
        {
            return Err(format!("column '{name}' is duplicated; names must be unique"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
