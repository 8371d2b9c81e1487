//! Looks at a source on `BigQuery`. Its rows are counted or hashed by one query over the partitions looked at; when they
//! were changed is read from metadata.

use super::BigQueryWarehouse;
use crate::partition::{Grain, Partition};
use crate::table::{DateType, SourceMark, StoredType, Value, sql_name, text_literal};
use crate::warehouse::source::{day_of_suffix, number};
use crate::warehouse::{Answer, SourceLook, SourceState, Trial, Tried, Warehouse, WarehouseError};

/// The sums of both halves of the hash of each row: whatever the order of the rows, and equal rows count twice.
const DIGEST: &str = ", SUM(MOD(FARM_FINGERPRINT(TO_JSON_STRING(backcourt_row)), 2147483647)) AS backcourt_low, \
                      SUM(DIV(FARM_FINGERPRINT(TO_JSON_STRING(backcourt_row)), 8589934592)) AS backcourt_high";

impl BigQueryWarehouse {
    pub(super) async fn source_state(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        match look.mark {
            SourceMark::Modified => self.modified(look).await,
            SourceMark::Rows => self.counted(look, "").await,
            SourceMark::Digest => self.counted(look, DIGEST).await,
        }
    }

    async fn counted(&self, look: SourceLook<'_>, marks: &str) -> Result<SourceState, WarehouseError> {
        let kind = self.date_type(look).await?;
        let answer = self.query(&look.sql(kind, marks)?).await?;
        look.state(&answer, kind)
    }

    /// The type of the date column, from a dry run of a query of it, which is free.
    async fn date_type(&self, look: SourceLook<'_>) -> Result<DateType, WarehouseError> {
        if let Some(kind) = look.pseudo_type() {
            return Ok(kind);
        }
        let column = sql_name(look.date);
        let sql = format!(
            "SELECT {column} FROM `{}` WHERE {column} >= '0001-01-01'",
            look.table
        );
        let trial = Trial {
            sql: &sql,
            date: look.first,
            planned: &[],
        };
        let kind = match self.try_out(trial).await? {
            Tried::Missing(_) => return Err(look.refuse("the table was not found; correct its name")),
            Tried::Returns(returned) => returned.into_iter().next().and_then(|column| column.kind),
            Tried::NotReported => self.column_type(look).await?,
        };
        kind.as_ref().and_then(DateType::of_stored).ok_or_else(|| {
            let why = format!(
                "column '{}' is not a DATE, DATETIME or TIMESTAMP of it",
                look.date
            );
            look.refuse(&why)
        })
    }

    async fn column_type(&self, look: SourceLook<'_>) -> Result<Option<StoredType>, WarehouseError> {
        let schema = self.schema(&look.name().local()).await?.unwrap_or_default();
        let mut columns = schema.columns.into_iter();
        let column = columns.find(|column| column.name.eq_ignore_ascii_case(look.date));
        Ok(column.map(|column| column.kind))
    }

    /// When the partitions, or the tables of a wildcard, were last changed.
    async fn modified(&self, look: SourceLook<'_>) -> Result<SourceState, WarehouseError> {
        let kind = if look.is_by_table() {
            DateType::Date
        } else {
            self.date_type(look).await?
        };
        let answer = self.answer(Ok(self.modified_sql(look))).await?;
        state_of_metadata(look, &answer, kind)
    }

    /// The metadata are those of the table's own dataset, also where the plan's tables have a prefix.
    fn modified_sql(&self, look: SourceLook<'_>) -> String {
        let name = look.name();
        let path = match name.project() {
            Some(project) if project != self.project() => format!("{project}.{}", name.local()),
            _ => self
                .prefix
                .qualified(&self.prefix.located(&name.without_project())),
        };
        let (dataset, table) = path.rsplit_once('.').unwrap_or_default();
        if look.is_by_table() {
            let start = table.trim_end_matches('*');
            return format!(
                "SELECT SUBSTR(table_id, {}), row_count, last_modified_time FROM `{dataset}.__TABLES__` \
                 WHERE STARTS_WITH(table_id, {})",
                start.len() + 1,
                text_literal(start)
            );
        }
        format!(
            "SELECT partition_id, total_rows, UNIX_MICROS(last_modified_time) FROM `{dataset}.INFORMATION_SCHEMA.PARTITIONS` \
             WHERE table_name = {}",
            text_literal(table)
        )
    }
}

/// The state by the id of each partition or the suffix of each table, its rows and its last change.
fn state_of_metadata(
    look: SourceLook<'_>,
    answer: &Answer,
    kind: DateType,
) -> Result<SourceState, WarehouseError> {
    let mut state = SourceState::new();
    for row in &answer.rows {
        let [id, rows, at] = row.as_slice() else {
            return Err(look.refuse("its metadata are not understood"));
        };
        if *id == Value::Null {
            return Err(look.refuse("the table has no partitions; use watch = \"rows\" or \"digest\""));
        }
        let part = if look.is_by_table() {
            day_of_suffix(id)
        } else {
            partition_of_id(id)
        };
        // Rows without a date, and those that were just streamed, are in no partition yet.
        let (Some(part), Some(rows), Some(at)) = (part, number(rows), number(at)) else {
            continue;
        };
        if rows > 0 {
            look.add(&mut state, look.covered(part, kind), rows, at);
        }
    }
    Ok(state)
}

/// A partition by its id: `2024`, `202403`, `20240305` or `2024030514`.
fn partition_of_id(id: &Value) -> Option<Partition> {
    let Value::Text(id) = id else {
        return None;
    };
    let grain = match id.len() {
        4 => Grain::Year,
        6 => Grain::Month,
        8 => Grain::Day,
        10 => Grain::Hour,
        _ => return None,
    };
    let digits = |from: usize, to: usize| id.get(from..to.min(id.len()));
    let parts = [digits(0, 4), digits(4, 6), digits(6, 8)];
    let words: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|word| !word.is_empty())
        .collect();
    let text = match digits(8, 10).filter(|hour| !hour.is_empty()) {
        Some(hour) => format!("{}T{hour}", words.join("-")),
        None => words.join("-"),
    };
    Partition::parse(&text).ok().filter(|part| part.grain() == grain)
}

#[cfg(test)]
mod tests {
    use crate::partition::Timezone;

    use super::*;

    #[test]
    fn ids_of_partitions_have_four_lengths() {
        let of = |id: &str| partition_of_id(&Value::from(id.to_owned())).map(|part| part.to_string());
        for (id, part) in [
            ("2024", "2024"),
            ("202403", "2024-03"),
            ("20240305", "2024-03-05"),
            ("2024030514", "2024-03-05T14"),
        ] {
            assert_eq!(of(id).as_deref(), Some(part));
        }
        for id in ["__NULL__", "__UNPARTITIONED__", "20241301", "24", ""] {
            assert_eq!(of(id), None, "{id}");
        }
    }

    #[test]
    fn a_partition_of_a_month_changes_its_days() {
        let day = |text: &str| Partition::parse(text).unwrap();
        let look = SourceLook {
            table: "raw.events",
            date: "day",
            mark: SourceMark::Modified,
            first: day("2024-02-28"),
            last: day("2024-03-02"),
            zone: Timezone::UTC,
        };
        let row = |id: Value, rows| vec![id, Value::Int(rows), Value::Int(7)];
        let text = |id: &str| Value::from(id.to_owned());
        let answer = |rows| Answer {
            columns: Vec::new(),
            rows,
        };
        let months = answer(vec![
            row(text("202402"), 5),
            row(text("202403"), 0),
            row(text("__NULL__"), 1),
        ]);
        let state = state_of_metadata(look, &months, DateType::Date).unwrap();
        let held: Vec<String> = state.keys().map(ToString::to_string).collect();
        assert_eq!(held, ["2024-02-28", "2024-02-29"]);
        let whole = answer(vec![row(Value::Null, 5)]);
        let refusal = state_of_metadata(look, &whole, DateType::Date).unwrap_err();
        assert!(refusal.message.contains("has no partitions"), "{refusal}");
    }
}
