//! A plan file as it is written: one type for each of its tables. The JSON Schema is made from these types, and their
//! comments are its descriptions. Nothing is validated here beyond the type of a value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::check::Severity;
use super::stage::{Advance, WorkOrder};
use crate::partition::Grain;
use crate::table::Part;

/// A backfill: its stages, checks and dates.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "backcourt plan")]
pub(super) struct RawPlan {
    /// Identifies the plan in the ledger and the warehouse.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// Shown in the header.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// The project that the queries were written for.
    pub(super) project: Option<String>,
    /// What is filled at once: an hour of UTC, a day, an ISO week, a month or a year.
    #[serde(default)]
    pub(super) partition: Grain,
    /// The zone in which days begin, as `America/New_York`; UTC if it is missing. Of `@start`, `@end` and `TIMESTAMP` columns.
    pub(super) timezone: Option<String>,
    /// First date, as YYYY-MM-DD; in a plan of hours, weeks, months or years as YYYY-MM-DDTHH, YYYY-Www, YYYY-MM or YYYY.
    #[schemars(required)]
    pub(super) from: Option<String>,
    /// Last date, inclusive.
    #[schemars(required)]
    pub(super) to: Option<String>,
    /// Which dates of a stage start first.
    #[serde(default)]
    pub(super) order: WorkOrder,
    /// The month in which a year of the calendar begins.
    #[serde(default = "first_month")]
    #[schemars(range(min = 1, max = 12))]
    pub(super) first_month: u32,
    /// Source of the built-in stages: auto, reconstruct or boxscore; or, as `[[source]]`, the raw tables that stages read.
    #[serde(default)]
    pub(super) source: RawSources,
    /// Workers at the start.
    #[serde(default = "workers")]
    #[schemars(range(min = 1, max = 512))]
    pub(super) workers: usize,
    /// Variables: ${name} in a string or an SQL file is replaced by the value.
    #[serde(default)]
    pub(super) vars: BTreeMap<String, RawVariable>,
    /// Environments, each with values of variables and, optionally, production = true.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, BTreeMap<String, RawSetting>>,
    /// The dates on which your own stages have work.
    pub(super) active: Option<RawActive>,
    /// Stages, in the order they run.
    #[serde(rename = "stage", default)]
    #[schemars(with = "Vec<RawStage>", required, length(min = 1))]
    pub(super) stages: Vec<Spanned<RawStage>>,
    /// Checks of the stages' tables.
    #[serde(rename = "check", default)]
    #[schemars(with = "Vec<RawCheck>")]
    pub(super) checks: Vec<Spanned<RawCheck>>,
    /// The operator's checklist.
    #[serde(default)]
    #[schemars(with = "Vec<RawItem>")]
    pub(super) runbook: Vec<Spanned<RawItem>>,
    /// Representative dates that a sample computes first.
    #[serde(rename = "sample", default)]
    #[schemars(with = "Vec<RawSample>")]
    pub(super) samples: Vec<Spanned<RawSample>>,
    /// Checks of the raw tables.
    #[serde(rename = "source_check", default)]
    #[schemars(with = "Vec<RawSourceCheck>")]
    pub(super) source_checks: Vec<Spanned<RawSourceCheck>>,
    /// Queries on the raw tables whose results doctor prints.
    #[serde(rename = "source_table", default)]
    #[schemars(with = "Vec<RawSourceTable>")]
    pub(super) source_tables: Vec<Spanned<RawSourceTable>>,
    /// Why the values that a check counts are missing.
    #[serde(rename = "breakdown", default)]
    #[schemars(with = "Vec<RawBreakdown>")]
    pub(super) breakdowns: Vec<Spanned<RawBreakdown>>,
}

const fn first_month() -> u32 {
    1
}

const fn workers() -> usize {
    15
}

/// What the key `source` has: a word or tables.
pub(super) enum RawSources {
    Word(String),
    Tables(Vec<Spanned<RawDeclaredSource>>),
}

impl Default for RawSources {
    fn default() -> Self {
        Self::Tables(Vec::new())
    }
}

/// By hand, because an untagged enum would lose the places of the tables and the messages about their keys.
impl<'de> Deserialize<'de> for RawSources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EitherForm;

        impl<'de> Visitor<'de> for EitherForm {
            type Value = RawSources;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a source of the built-in stages, or tables as [[source]]")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<RawSources, E> {
                Ok(RawSources::Word(word.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut tables: A) -> Result<RawSources, A::Error> {
                let mut found = Vec::new();
                while let Some(table) = tables.next_element()? {
                    found.push(table);
                }
                Ok(RawSources::Tables(found))
            }
        }

        deserializer.deserialize_any(EitherForm)
    }
}

impl JsonSchema for RawSources {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RawSources".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let tables = generator.subschema_for::<Vec<RawDeclaredSource>>();
        json_schema!({ "anyOf": [{ "type": "string" }, tables] })
    }
}

/// A raw table that stages read and the plan never writes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeclaredSource {
    /// The table, as dataset.table or project.dataset.table; a wildcard such as `raw.events_*` for tables with a suffix.
    #[schemars(required)]
    pub(super) table: Option<String>,
    /// The column of a row's date, `_PARTITIONTIME` or `_PARTITIONDATE`; of a wildcard also `_TABLE_SUFFIX`, YYYYMMDD. Needed
    /// by watch and ready.
    pub(super) date: Option<String>,
    /// What is compared between runs to find late rows, which make the dates computed from them stale.
    #[serde(default)]
    pub(super) watch: RawWatch,
    /// Whether a date waits until the source has rows for it.
    pub(super) ready: Option<RawReady>,
}

/// Nothing; the number of rows of a date; a hash of them; or when the warehouse last changed them.
#[derive(Deserialize, JsonSchema, Clone, Copy, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawWatch {
    #[default]
    None,
    Rows,
    Digest,
    Modified,
}

/// When a source is ready for a date: when it has rows for it.
#[derive(Deserialize, JsonSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawReady {
    Rows,
}

/// The value of a variable, or that it has none of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or { required = true }")]
pub(super) enum RawVariable {
    Text(String),
    Required(RawRequired),
}

/// A variable whose value comes from the command or an environment.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRequired {
    #[schemars(extend("const" = true))]
    pub(super) required: bool,
}

/// A setting of an environment: the value of a variable, or whether it is production.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text")]
pub(super) enum RawSetting {
    Flag(bool),
    Text(String),
}

/// A step of the plan that runs per date.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStage {
    /// Name, unique in the plan.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// The table it fills, as dataset.table.
    pub(super) table: Option<String>,
    /// How its rows are computed.
    #[schemars(required)]
    pub(super) kind: Option<RawKind>,
    /// The length of its partitions, if it is not that of the plan.
    pub(super) partition: Option<Grain>,
    /// Stages that must finish before this one.
    #[serde(default)]
    pub(super) needs: Vec<String>,
    /// Whether it awaits approval before it starts.
    #[serde(default)]
    pub(super) advance: Advance,
    /// The query, with @date, @start and @end, or with @dates or @starts.
    pub(super) sql: Option<String>,
    /// The file of the query, relative to the plan file.
    pub(super) sql_file: Option<String>,
    /// Whether a date starts only when the dates before it are done, and may read their rows in this stage's table.
    pub(super) depends_on_past: Option<bool>,
    /// With `depends_on_past`, the query for the first date.
    pub(super) seed: Option<String>,
    /// The file of that query, relative to the plan file.
    pub(super) seed_file: Option<String>,
    /// The column of a row's date, or `_PARTITIONTIME` for a table partitioned by ingestion time.
    pub(super) date_column: Option<String>,
    /// The columns that identify a row.
    pub(super) key: Option<Vec<String>>,
    /// The rows of the table that belong to this plan, as the value of a column: { country = "DE" }. All others are left alone.
    pub(super) slice: Option<BTreeMap<String, RawSliceValue>>,
    /// The columns of the table; without them, it has those of the query.
    #[schemars(with = "Option<Vec<RawColumn>>")]
    pub(super) columns: Option<Vec<Spanned<RawColumn>>>,
    /// How many rows make a date ok.
    pub(super) expect_rows: Option<RawRows>,
    /// The tables it reads. A `[[source]]` that its query names needs none, unless it is read on other dates too.
    pub(super) reads: Option<Vec<RawRead>>,
    /// The dates on which it has work.
    pub(super) active: Option<RawActive>,
    /// Program and arguments, with {date} or {date:%Y%m%d}; for several days also {start} and {end}.
    pub(super) command: Option<Vec<String>>,
    /// Maximum number of consecutive dates per call; 1 by default.
    #[schemars(range(min = 1, max = 1000))]
    pub(super) batch: Option<usize>,
    /// Maximum number of dates per call after a failure; half of the failed call by default.
    #[schemars(range(min = 1, max = 1000))]
    pub(super) retry_batch: Option<usize>,
    /// Time limit of one call.
    #[schemars(range(min = 1, max = 86400))]
    pub(super) timeout_seconds: Option<u64>,
    /// Variables added to the program's environment.
    pub(super) environment: Option<BTreeMap<String, String>>,
    /// Exit code for nothing to do.
    #[schemars(range(min = 1))]
    pub(super) skip_exit_code: Option<u8>,
    /// Exit code that asks for a retry; 75 by default.
    #[schemars(range(min = 1))]
    pub(super) retry_exit_code: Option<u8>,
}

/// The value of a column in a slice.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or a whole number")]
pub(super) enum RawSliceValue {
    Number(i64),
    Text(String),
}

/// How the rows of a stage are computed: a built-in rule, a query or a program.
#[derive(Deserialize, JsonSchema, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawKind {
    Nba,
    Sql,
    Command,
}

/// A column of a stage's table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    /// Name of the column.
    pub(super) name: String,
    /// INT64, FLOAT64, NUMERIC, NUMERIC(p,s), STRING, BOOL, DATE, DATETIME, TIMESTAMP, TIME, BYTES, JSON, `ARRAY<STRING>` or
    /// `ARRAY<FLOAT64>`; for a query also any other type that the warehouse has.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// Whether it may be NULL.
    #[serde(default)]
    pub(super) nullable: bool,
    /// What it contains.
    #[serde(default)]
    pub(super) doc: String,
    /// Its role when a date is opened in the console.
    pub(super) part: Option<Part>,
}

/// A table that a stage reads.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRead {
    /// The table, as dataset.table or project.dataset.table; a wildcard such as `raw.events_*` for tables with a suffix.
    pub(super) table: String,
    /// How many days before its date it also reads.
    pub(super) days_back: Option<u32>,
    /// How many dates of this stage before its date it also reads.
    pub(super) back: Option<u32>,
    /// How many dates of this stage after its date it also reads.
    pub(super) ahead: Option<u32>,
}

/// A number of rows, or a query that returns it.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number of rows or a SELECT that returns it")]
pub(super) enum RawRows {
    Number(u32),
    Query(String),
}

/// Days of the week, or a query that returns dates.
#[derive(Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected days of the week such as [\"mon\", \"tue\"] or a SELECT that returns dates"
)]
pub(super) enum RawActive {
    Days(Vec<String>),
    Query(String),
}

/// A query on a stage's table, with expectations.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawCheck {
    /// Name, unique in the plan.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// The stage it belongs to.
    #[schemars(required)]
    pub(super) stage: Option<String>,
    /// What it checks.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// Whether failing closes the gate.
    #[schemars(required)]
    pub(super) severity: Option<Severity>,
    /// The query.
    pub(super) sql: Option<String>,
    /// The file of the query, relative to the plan file.
    pub(super) sql_file: Option<String>,
    /// The conditions on its result; all must hold.
    #[schemars(required, length(min = 1))]
    pub(super) expect: Option<Vec<RawExpectation>>,
    /// The value before the backfill.
    pub(super) before: Option<String>,
    /// The dates it covers; all by default.
    #[serde(default)]
    pub(super) dates: Vec<String>,
}

/// A raw-data check. It has no severity: bad raw data never blocks a run, the operator decides.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSourceCheck {
    /// Name, unique in the plan.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// The name of the feed it is shown under.
    #[schemars(required)]
    pub(super) feed: Option<String>,
    /// What it checks.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// The query.
    pub(super) sql: Option<String>,
    /// The file of the query, relative to the plan file.
    pub(super) sql_file: Option<String>,
    /// The conditions on its result; all must hold.
    #[schemars(required, length(min = 1))]
    pub(super) expect: Option<Vec<RawExpectation>>,
}

impl From<RawSourceCheck> for RawCheck {
    fn from(raw: RawSourceCheck) -> Self {
        Self {
            name: raw.name,
            stage: raw.feed,
            title: raw.title,
            severity: Some(Severity::Advisory),
            sql: raw.sql,
            sql_file: raw.sql_file,
            expect: raw.expect,
            before: None,
            dates: Vec::new(),
        }
    }
}

/// A query on the raw tables whose result doctor prints.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSourceTable {
    /// Name, unique among these tables.
    #[schemars(required)]
    pub(super) name: Option<String>,
    /// What it shows.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// The query.
    pub(super) sql: Option<String>,
    /// The file of the query, relative to the plan file.
    pub(super) sql_file: Option<String>,
}

/// A number of rows; a column with a limit; or a test of every text of a column.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawExpectation {
    /// Exactly this many rows; 0 for no offending row.
    pub(super) rows: Option<u64>,
    /// The column of the number to compare.
    pub(super) column: Option<String>,
    /// Selects the row by the text of another column.
    #[serde(rename = "where", default)]
    pub(super) row: BTreeMap<String, String>,
    /// The column whose texts are all tested.
    pub(super) every: Option<String>,
    pub(super) equals: Option<f64>,
    pub(super) at_least: Option<f64>,
    pub(super) at_most: Option<f64>,
    pub(super) more_than: Option<f64>,
    pub(super) starts_with: Option<String>,
    /// A regular expression.
    pub(super) matches: Option<String>,
}

/// A date of the sample.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSample {
    /// The date, in the form of from and to.
    #[schemars(required)]
    pub(super) date: Option<String>,
    /// What it represents.
    #[schemars(required)]
    pub(super) why: Option<String>,
}

/// Counts of missing values by cause, date and group.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBreakdown {
    /// The check it explains.
    #[schemars(required)]
    pub(super) check: Option<String>,
    /// What is counted.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// The query: one row for each date, group and cause.
    pub(super) sql: Option<String>,
    /// The file of the query, relative to the plan file.
    pub(super) sql_file: Option<String>,
    /// The date column.
    #[schemars(required)]
    pub(super) date: Option<String>,
    /// The columns to group by.
    #[serde(default)]
    pub(super) by: Vec<String>,
    /// The cause column; NULL means the value is present.
    #[schemars(required)]
    pub(super) cause: Option<String>,
    /// The count column.
    #[schemars(required)]
    pub(super) count: Option<String>,
    /// The causes of missing values.
    #[schemars(required, length(min = 1))]
    pub(super) causes: Option<Vec<String>>,
    /// The causes for which the check doesn't count a value.
    #[serde(alias = "beside", default)]
    pub(super) not_counted: Vec<String>,
}

/// An item of the operator's checklist.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawItem {
    /// Its number, with an optional letter.
    #[schemars(required)]
    pub(super) item: Option<RawItemId>,
    /// What to do.
    #[schemars(required)]
    pub(super) title: Option<String>,
    /// The conditions that complete it.
    #[serde(default)]
    pub(super) done_when: Vec<RawCondition>,
    /// Whether the operator ticks it.
    #[serde(default)]
    pub(super) manual: bool,
    /// A further note.
    pub(super) remark: Option<String>,
}

/// A plan file may leave out the quotes around a plain number.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected an item number such as 14 or \"14a\"")]
pub(super) enum RawItemId {
    Number(u32),
    Text(String),
}

/// A condition that completes an item of the checklist.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum RawCondition {
    Started(String),
    Finished(String),
    Passed(String),
    Done {
        stage: String,
        dates: Vec<String>,
    },
    Check(String),
    #[serde(alias = "asked")]
    Ran(String),
    #[serde(alias = "again")]
    Rerun {
        check: String,
        after: String,
    },
    ChecksOf(String),
    Report(bool),
}
