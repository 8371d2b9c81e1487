//! Plan progress, in the dataset of leases: one append-only table. The entries of a commit are written by its script,
//! which also decides their state.

use async_trait::async_trait;
use serde_json::{Value as Json, json};

use super::BigQueryWarehouse;
use super::api_error::ApiError;
use super::read;
use super::statement::{JobResult, Statement};
use super::wire::{TableFieldSchema, TableInfo};
use crate::partition::{Grain, Timezone};
use crate::table::{Row, Value, start_type, text_literal};
use crate::warehouse::{
    COMMIT, Draft, Entry, ErrorClass, Recording, Records, RowsExpected, UNIT, WarehouseError,
};

/// Approximate maximum size of the entries in one request, in bytes.
const MAX_REQUEST_BYTES: usize = 1_000_000;

/// The table in the dataset of leases.
pub(super) const LEDGER: &str = "ledger";

/// Tells the entries about one date of a stage from those about another: SQL of a text.
pub(super) const UNIT_NAME: &str =
    "CONCAT(subject, ' ', CAST(date AS STRING), ' ', COALESCE(JSON_VALUE(body, '$.hour'), ''))";

/// The temporary table of the dates whose stored rows are kept.
pub(super) const KEPT_DATES: &str = "_backcourt_stays";

pub(super) fn fields() -> Vec<TableFieldSchema> {
    let text = |name| TableFieldSchema::of(name, "STRING");
    let number = |name| TableFieldSchema::of(name, "INTEGER");
    vec![
        text("plan").required(),
        number("number").required(),
        text("kind").required(),
        text("subject").required(),
        TableFieldSchema::of("date", "DATE"),
        text("state").required(),
        number("came_rows"),
        number("kept_rows"),
        number("quarantined_rows"),
        number("digest"),
        text("fingerprint"),
        text("run").required(),
        text("host").required(),
        TableFieldSchema::of("recorded_at", "TIMESTAMP").required(),
        text("body").required(),
    ]
}

fn columns() -> String {
    let names: Vec<String> = fields().into_iter().map(|field| field.name).collect();
    names.join(", ")
}

/// Where the script of a commit gets the row counts of each date.
#[derive(Debug, Clone, Copy)]
pub(super) enum RowCountSource<'a> {
    /// They are known in advance and sent as a parameter.
    Sent,
    /// A SELECT returns `day`, `fit`, `aside` and `digest` for the dates with rows. The number is the digest for dates
    /// without rows.
    Query(&'a str, u64),
}

/// The end of a commit's script, which records its dates; it needs the parameter `@record`. `stays`: whether
/// the script has listed the dates whose stored rows are kept.
pub(super) fn within(
    place: &str,
    recording: &Recording,
    grain: Grain,
    came: RowCountSource<'_>,
    stays: bool,
) -> String {
    let (fit, aside, digest, join) = match came {
        RowCountSource::Sent => ("unit.fit", "unit.aside", "unit.digest".to_owned(), String::new()),
        RowCountSource::Query(select, none) => (
            "COALESCE(came.fit, 0)",
            "COALESCE(came.aside, 0)",
            format!("COALESCE(came.digest, {})", none.cast_signed()),
            format!("\nLEFT JOIN ({select}) AS came ON came.day = unit.day"),
        ),
    };
    let (kept, kept_join) = if stays {
        (
            "stays.stored",
            format!("\nLEFT JOIN {KEPT_DATES} AS stays ON stays.day = unit.day"),
        )
    } else {
        ("CAST(NULL AS INT64)", String::new())
    };
    let first_day = match grain {
        Grain::Hour => "DATE(unit.day)",
        Grain::Day | Grain::Week | Grain::Month | Grain::Year => "unit.day",
    };
    let kind = start_type(grain);
    let fingerprint = recording
        .fingerprint
        .as_deref()
        .map_or_else(|| "CAST(NULL AS STRING)".to_owned(), text_literal);
    let text = |place: usize| format!("JSON_VALUE(sent, '$[{place}]')");
    let number = |place: usize| format!("CAST({} AS INT64)", text(place));
    format!(
        "INSERT INTO `{place}` ({})\n\
         SELECT {}, unit.number, '{COMMIT}', {}, {first_day}, {}, {fit}, {kept}, {aside}, {digest}, {fingerprint}, {}, {}, \
         @now, unit.body\n\
         FROM (SELECT {} AS number, CAST({} AS {kind}) AS day, {} AS owed, {} = 'true' AS is_whole, {} AS fit, {} AS aside, \
         {} AS digest, {} AS body FROM UNNEST(JSON_QUERY_ARRAY(@record)) AS sent) AS unit{join}{kept_join};\n",
        columns(),
        text_literal(&recording.plan),
        text_literal(&recording.stage),
        state(fit, aside, kept),
        text_literal(&recording.run),
        text_literal(&recording.host),
        number(0),
        text(1),
        number(2),
        text(3),
        number(4),
        number(5),
        number(6),
        text(7),
    )
}

/// SQL for the state of a date, by the same rule as [`RowsExpected::state`].
fn state(fit: &str, aside: &str, kept: &str) -> String {
    format!(
        "CASE WHEN {kept} IS NULL AND unit.owed = 0 AND {fit} = 0 THEN 'skipped' \
         WHEN {kept} IS NULL AND unit.is_whole AND {aside} = 0 \
         AND ({fit} = unit.owed OR unit.owed IS NULL AND {fit} > 0) THEN 'ok' \
         WHEN {fit} = 0 THEN 'empty' ELSE 'partial' END"
    )
}

/// The value of the parameter `@record`.
pub(super) fn sent<'a>(dates: impl Iterator<Item = &'a Draft>) -> String {
    let row = |draft: &Draft| {
        let owed = match draft.owed {
            RowsExpected::Exactly(rows) => Some(rows.to_string()),
            RowsExpected::AtLeastOne | RowsExpected::Any => None,
        };
        json!([
            draft.number.to_string(),
            match draft.date.grain() {
                Grain::Hour => Value::Timestamp(draft.date.start(Timezone::UTC)).to_string(),
                Grain::Day | Grain::Week | Grain::Month | Grain::Year => draft.date.first_day().to_string(),
            },
            owed,
            draft.is_whole.to_string(),
            draft.came.rows.to_string(),
            draft.came.quarantined.to_string(),
            draft.came.digest.cast_signed().to_string(),
            draft.body,
        ])
    };
    Json::from(dates.map(row).collect::<Vec<_>>()).to_string()
}

/// Appends entries if the lease is still held.
fn append(place: &str, plan: &str, entries: &[Entry], guard: &str) -> Statement {
    let texts = [
        "CAST({} AS INT64)",
        "{}",
        "{}",
        "CAST({} AS DATE)",
        "{}",
        "CAST({} AS INT64)",
        "CAST({} AS INT64)",
        "CAST({} AS INT64)",
        "CAST({} AS INT64)",
        "{}",
        "{}",
        "{}",
        "CAST({} AS TIMESTAMP)",
        "{}",
    ];
    let values: Vec<String> = (texts.iter().enumerate())
        .map(|(at, text)| text.replace("{}", &format!("JSON_VALUE(sent, '$[{at}]')")))
        .collect();
    let sent: Vec<Json> = entries.iter().map(row).collect();
    Statement::new(format!(
        "BEGIN TRANSACTION;\n{guard}INSERT INTO `{place}` ({})\n\
         SELECT {}, {} FROM UNNEST(JSON_QUERY_ARRAY(@entries)) AS sent;\nCOMMIT TRANSACTION;",
        columns(),
        text_literal(plan),
        values.join(", "),
    ))
    .with("entries", "STRING", Json::from(sent).to_string())
}

fn row(entry: &Entry) -> Json {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    json!([
        entry.number.to_string(),
        entry.kind,
        entry.subject,
        entry.date.map(|date| date.to_string()),
        entry.state,
        number(entry.rows),
        number(entry.kept),
        number(entry.quarantined),
        entry.digest.map(|digest| digest.cast_signed().to_string()),
        entry.fingerprint,
        entry.run,
        entry.host,
        Value::Timestamp(entry.at).to_string(),
        entry.body,
    ])
}

/// The entries above a number: the newest one for each date, and all of the others.
fn look(place: &str, plan: &str, after: i64) -> Statement {
    Statement::new(format!(
        "SELECT number, kind, subject, date, state, came_rows, kept_rows, quarantined_rows, digest, fingerprint, run, host, \
         recorded_at, body FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY IF(kind IN ('{COMMIT}', '{UNIT}'), \
         {UNIT_NAME}, CONCAT('number ', CAST(number AS STRING))) ORDER BY number DESC) AS back \
         FROM `{place}` WHERE plan = @plan AND number > {after}) WHERE back = 1 ORDER BY number"
    ))
    .with("plan", "STRING", plan.to_owned())
}

fn entries(place: &str, answered: &JobResult) -> Result<Vec<Entry>, ApiError> {
    let rows = read::typed(answered)?;
    let entries: Option<Vec<Entry>> = rows.iter().map(entry).collect();
    entries.ok_or_else(|| {
        let sentence =
            format!("a row of {place} has another format; use the backcourt version that wrote it");
        ApiError::new(ErrorClass::Data, sentence)
    })
}

fn entry(row: &Row) -> Option<Entry> {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let number = |value: &Value| match value {
        Value::Int(number) => Some(u32::try_from(*number).ok()),
        Value::Null => Some(None),
        _ => None,
    };
    let [
        Value::Int(at),
        kind,
        subject,
        date,
        state,
        rows,
        kept,
        quarantined,
        digest,
        fingerprint,
        run,
        host,
        Value::Timestamp(when),
        body,
    ] = row.as_slice()
    else {
        return None;
    };
    Some(Entry {
        number: *at,
        kind: text(kind)?,
        subject: text(subject)?,
        date: date.as_date(),
        state: text(state)?,
        rows: number(rows)?,
        kept: number(kept)?,
        quarantined: number(quarantined)?,
        digest: match digest {
            Value::Int(digest) => Some(digest.cast_unsigned()),
            _ => None,
        },
        fingerprint: text(fingerprint),
        run: text(run)?,
        host: text(host)?,
        at: *when,
        body: text(body)?,
    })
}

/// Splits entries into parts that fit one request.
fn parts(entries: &[Entry]) -> Vec<&[Entry]> {
    let mut parts = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    for (at, entry) in entries.iter().enumerate() {
        let next = entry.body.len() + 300;
        if at > begin && bytes + next > MAX_REQUEST_BYTES {
            parts.push(&entries[begin..at]);
            (begin, bytes) = (at, 0);
        }
        bytes += next;
    }
    if begin < entries.len() {
        parts.push(&entries[begin..]);
    }
    parts
}

#[async_trait]
impl Records for BigQueryWarehouse {
    async fn entries(&self, plan: &str, after: i64) -> Result<Vec<Entry>, WarehouseError> {
        let place = self.own_path(LEDGER).await.map_err(in_context)?;
        match self.ask(look(&place, plan, after)).await {
            Ok(answered) => entries(&place, &answered).map_err(in_context),
            Err(error) if error.is_not_found() => {
                // A lease holder will append entries, and its lease may be older than the table.
                if !self.held.guard().is_empty() {
                    self.make_own_tables().await.map_err(in_context)?;
                }
                Ok(Vec::new())
            }
            Err(error) => Err(in_context(error)),
        }
    }

    async fn revision(&self) -> Result<Option<String>, WarehouseError> {
        let dataset = self.own_dataset().await.map_err(in_context)?;
        let client = self.client().await.map_err(in_context)?;
        let asked = Some("lastModifiedTime,numRows,numBytes");
        let found = client.table(self.project(), &dataset, LEDGER, asked).await;
        let revision = |table: TableInfo| {
            let [modified, rows] = [table.last_modified_time?, table.num_rows?];
            Some(format!("{modified} {rows} {}", table.num_bytes?))
        };
        Ok(found.map_err(in_context)?.and_then(revision))
    }

    async fn append(&self, plan: &str, entries: &[Entry]) -> Result<(), WarehouseError> {
        let place = self
            .own_path(LEDGER)
            .await
            .map_err(|error| error.in_context(OPERATION))?;
        for part in parts(entries) {
            let id = format!(
                "backcourt_ledger_{:016x}{:016x}",
                fastrand::u64(..),
                fastrand::u64(..)
            );
            drop(self.limits.turn(&place, 1).await);
            let statement = append(&place, plan, part, &self.held.guard());
            self.write(&id, statement, OPERATION).await?;
        }
        Ok(())
    }

    async fn prune(&self, plan: &str, dates: usize) -> Result<(), WarehouseError> {
        self.prune_entries(plan, dates as u64).await
    }
}

const OPERATION: &str = "recording the progress";

fn in_context(error: ApiError) -> WarehouseError {
    error.in_context("reading the recorded progress")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_record_batches_are_split_without_loss() {
        let entry = |number, bytes| Entry {
            number,
            kind: UNIT.to_owned(),
            subject: "s".to_owned(),
            date: None,
            state: "ok".to_owned(),
            rows: None,
            kept: None,
            quarantined: None,
            digest: None,
            fingerprint: None,
            run: "r".to_owned(),
            host: "h".to_owned(),
            at: chrono::DateTime::UNIX_EPOCH,
            body: "x".repeat(bytes),
        };
        let entries = [
            entry(1, 400_000),
            entry(2, 500_000),
            entry(3, 200_000),
            entry(4, 2_000_000),
        ];
        let numbers: Vec<Vec<i64>> = (parts(&entries).into_iter())
            .map(|part| part.iter().map(|entry| entry.number).collect())
            .collect();
        assert_eq!(numbers, [vec![1, 2], vec![3], vec![4]]);
        assert!(parts(&[]).is_empty());
    }
}
