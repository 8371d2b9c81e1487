//! Compares an existing table with its definition, column by column and by name, whatever the order. Each difference
//! has its effect on a run and, if possible, the statement that fixes it. Pure: reading schemas and altering tables is
//! up to the warehouse.

use std::fmt;

use super::stored_type::declared;
use super::{CarriedType, Column, ColumnType, Slice, StoredType, TableDef, sql_name, sqlite_path};
use crate::partition::Grain;

/// A table as it exists in a warehouse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Its columns, in stored order.
    pub columns: Vec<StoredColumn>,
    /// Columns of the unique key; `None` where the warehouse has no keys.
    pub key: Option<Vec<String>>,
    /// Its partitioning; `None` where the warehouse has no partitions.
    pub partition: Option<Partitioning>,
    /// What it is if not an ordinary table, for example a view.
    pub instead: Option<String>,
    /// Whether rows are being streamed into it; they can't be deleted until they leave the streaming buffer.
    pub is_streamed_into: bool,
    /// Columns with a policy tag.
    pub tagged: Vec<String>,
}

impl Schema {
    /// Refuses a slice that the columns of the table don't have, or with values of another type.
    ///
    /// # Errors
    /// Returns what is wrong, to follow the table's name in a sentence.
    pub fn refuse_slice(&self, slice: &Slice) -> Result<(), String> {
        let (mut known, mut are_known) = (Vec::new(), true);
        for name in slice.columns() {
            let column = self.columns.iter().find(|column| column.name == name);
            let column = column.ok_or_else(|| {
                format!(
                    "has no column '{name}', by which the plan divides it; add the column, or leave out slice"
                )
            })?;
            if column.ignores_case {
                return Err(case_sentence(name));
            }
            // Where only the storage class is known, the warehouse compares the values.
            match &column.kind {
                StoredType::Exactly(kind) => known.push((name, kind)),
                StoredType::Numeric | StoredType::Stored(_) | StoredType::Other(_) => are_known = false,
            }
        }
        if !are_known {
            return Ok(());
        }
        (slice.typed_as_written(&known))
            .map(drop)
            .map_err(|problem| format!("can't be divided: {problem}"))
    }
}

fn case_sentence(column: &str) -> String {
    format!(
        "compares '{column}' without case, so slices that differ in case have the same rows; use another table"
    )
}

/// A column of an existing table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredColumn {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: StoredType,
    /// Whether it allows NULL.
    pub nullable: bool,
    /// Whether comparisons ignore case, by its collation.
    pub ignores_case: bool,
}

/// Partitioning of a `BigQuery` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Partitioning {
    /// The partitioning column, `_PARTITIONTIME` for ingestion time; `None` if it isn't partitioned.
    pub by: Option<String>,
    /// The span of a partition if it isn't a day: `HOUR`, `MONTH`, `YEAR`.
    pub span: Option<String>,
    /// Whether queries must filter by date.
    pub requires_filter: bool,
}

/// SQL dialect of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `GoogleSQL`, for `BigQuery`.
    GoogleSql,
    /// `SQLite`, for the embedded warehouse.
    Sqlite,
}

/// What `run --migrate` does about a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaChange {
    /// Adds this nullable column.
    Add(String),
    /// Drops NOT NULL from this column.
    Relax(String),
    /// Recreates the table, which is empty.
    Recreate,
}

/// The effect of a difference on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Weight {
    /// Stops the run; `--migrate` fixes it without changing stored values.
    Additive(SchemaChange),
    /// Stops the run; the operator must fix it.
    Stops,
    /// Stops a run that commits dates to the table, because every commit would scan all of it. Reading the table or
    /// filling it as a whole only costs more.
    Scans,
    /// Doesn't stop a run; reported because it costs something or may surprise.
    Harmless,
}

/// A difference between a table and its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaDifference {
    /// The column; `None` if it is about the table.
    pub column: Option<String>,
    /// What differs, to follow the table's name in a sentence.
    pub what: String,
    /// The statement that fixes it, if there is one.
    pub statement: Option<String>,
    /// Further advice on fixing it.
    pub advice: Option<&'static str>,
    /// Its effect on a run.
    pub weight: Weight,
}

impl SchemaDifference {
    /// Whether it keeps a run from starting.
    #[must_use]
    pub const fn stops(&self) -> bool {
        !matches!(self.weight, Weight::Harmless)
    }

    /// What `--migrate` does about it, if anything.
    #[must_use]
    pub const fn change(&self) -> Option<&SchemaChange> {
        match &self.weight {
            Weight::Additive(change) => Some(change),
            Weight::Stops | Weight::Scans | Weight::Harmless => None,
        }
    }

    /// How to fix it, to end a sentence with.
    #[must_use]
    pub fn fix(&self) -> Option<String> {
        let migrate = (self.change().is_some()).then(|| "'backcourt run --migrate'".to_owned());
        let ways: Vec<String> = self.statement.clone().into_iter().chain(migrate).collect();
        let run = (!ways.is_empty()).then(|| format!("run {}", ways.join(" or ")));
        let parts: Vec<String> = run.into_iter().chain(self.advice.map(str::to_owned)).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl fmt::Display for SchemaDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.fix() {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

/// Location of a table, for statements.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// `dataset.table`, including a prefix.
    pub path: &'a str,
    /// SQL dialect of its statements.
    pub dialect: Dialect,
}

impl Site<'_> {
    fn table(self) -> String {
        match (self.dialect, self.path.split_once('.')) {
            (Dialect::Sqlite, Some((dataset, table))) => sqlite_path(dataset, table),
            _ => sql_name(self.path),
        }
    }

    fn kind(self, kind: &ColumnType) -> String {
        match self.dialect {
            Dialect::GoogleSql => kind.sql(),
            Dialect::Sqlite => declared(kind),
        }
    }

    fn alter(self, what: &str) -> String {
        format!("ALTER TABLE {} {what}", self.table())
    }

    /// The statement that adds a nullable column.
    #[must_use]
    pub fn add_column(self, column: &Column) -> String {
        let (name, kind) = (sql_name(&column.name), self.kind(&column.kind));
        self.alter(&format!("ADD COLUMN {name} {kind}"))
    }

    fn drop(self, column: &str) -> String {
        self.alter(&format!("DROP COLUMN {}", sql_name(column)))
    }

    /// The statement that drops NOT NULL, if the dialect has one.
    #[must_use]
    pub fn relax(self, column: &str) -> Option<String> {
        let name = sql_name(column);
        (self.dialect == Dialect::GoogleSql)
            .then(|| self.alter(&format!("ALTER COLUMN {name} DROP NOT NULL")))
    }

    /// The statement that changes a column's type if there is one, and advice on what happens to its values.
    fn retype(self, table: &TableDef, column: &Column, held: &StoredType) -> (Option<String>, &'static str) {
        let name = &column.name;
        let widens = matches!(
            (held, &column.kind),
            (
                StoredType::Exactly(ColumnType::Int64),
                ColumnType::Numeric { .. } | ColumnType::Float64
            ) | (StoredType::Numeric, ColumnType::Float64)
        );
        let widens = widens || matches!(held, StoredType::Exactly(held) if held.widens_to(&column.kind));
        if widens && self.dialect == Dialect::GoogleSql {
            let (name, kind) = (sql_name(name), self.kind(&column.kind));
            let statement = self.alter(&format!("ALTER COLUMN {name} SET DATA TYPE {kind}"));
            return (Some(statement), "stored values are kept");
        }
        if !table.slice.is_whole() {
            return (
                None,
                "other slices have values in it; give the plan this type, or fill another table",
            );
        }
        let holds_the_table_together = *name == table.date_column
            || table.key.iter().any(|key| key == name)
            || table.cluster.iter().any(|cluster| cluster == name);
        if holds_the_table_together {
            return (
                None,
                "its type can't be changed; fill another table, or drop this one and rerun all dates",
            );
        }
        let statement = format!("{}; {}", self.drop(name), self.add_column(column));
        (Some(statement), "its values are lost; rerun all dates afterwards")
    }
}

/// All differences between a table and its definition: missing columns, other types or modes, undeclared columns, key,
/// partitioning. An empty table is recreated if one of them can't be fixed by altering it.
#[must_use]
pub fn differences(table: &TableDef, held: &Schema, site: Site<'_>, is_empty: bool) -> Vec<SchemaDifference> {
    if let Some(instead) = &held.instead {
        return vec![no_table(instead)];
    }
    let column = |name: &str| {
        held.columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    };
    let mut found = Vec::new();
    for declared in table.schema_columns() {
        match column(&declared.name) {
            None => found.push(lacking(table, declared, site)),
            Some(stored) => {
                found.extend(other_form(table, declared, stored, site));
                found.extend(other_case(table, stored));
            }
        }
    }
    let is_declared = |stored: &&StoredColumn| {
        (table.columns.iter()).any(|column| column.name.eq_ignore_ascii_case(&stored.name))
    };
    found.extend(
        (held.columns.iter())
            .filter(|stored| !is_declared(stored))
            .map(|stored| undeclared(table, stored, site)),
    );
    found.extend(other_key(table, held));
    found.extend(
        held.partition
            .as_ref()
            .and_then(|partition| other_partition(table, partition)),
    );
    if is_empty && (found.iter()).any(|found| matches!(found.weight, Weight::Stops | Weight::Scans)) {
        found.iter_mut().filter(|found| found.stops()).for_each(recreate);
    }
    if held.is_streamed_into {
        found.push(streamed_into());
    }
    found.extend(held.tagged.iter().map(|column| tagged(column)));
    found
}

fn recreate(difference: &mut SchemaDifference) {
    difference.weight = Weight::Additive(SchemaChange::Recreate);
    difference.statement = None;
    difference.advice = Some("the table is empty and will be recreated");
}

fn no_table(instead: &str) -> SchemaDifference {
    SchemaDifference {
        column: None,
        what: format!("is a {instead}, not a table that can be written"),
        statement: None,
        advice: Some("use another table name"),
        weight: Weight::Stops,
    }
}

fn streamed_into() -> SchemaDifference {
    SchemaDifference {
        column: None,
        what: "has rows in its streaming buffer, which can't be replaced".to_owned(),
        statement: None,
        advice: Some("stop streaming into it and wait until the buffer is empty (up to 90 minutes)"),
        weight: Weight::Stops,
    }
}

fn tagged(column: &str) -> SchemaDifference {
    SchemaDifference {
        column: Some(column.to_owned()),
        what: format!("has a policy tag on '{column}': reading it needs the Fine-Grained Reader role"),
        statement: None,
        advice: None,
        weight: Weight::Harmless,
    }
}

/// Whether a column that divides the table takes different slices for the same one.
fn other_case(table: &TableDef, stored: &StoredColumn) -> Option<SchemaDifference> {
    let divides = divides(table, &stored.name);
    (divides && stored.ignores_case).then(|| SchemaDifference {
        column: Some(stored.name.clone()),
        what: case_sentence(&stored.name),
        statement: None,
        advice: None,
        weight: Weight::Stops,
    })
}

fn divides(table: &TableDef, column: &str) -> bool {
    table
        .slice
        .columns()
        .any(|name| name.eq_ignore_ascii_case(column))
}

fn lacking(table: &TableDef, declared: &Column, site: Site<'_>) -> SchemaDifference {
    let Column { name, kind, .. } = declared;
    if divides(table, name) {
        return SchemaDifference {
            column: Some(name.to_string()),
            what: format!("has no column '{name}' {kind}, by which the plan divides it"),
            statement: None,
            advice: Some("add it and fill it in every row, or fill another table"),
            weight: Weight::Stops,
        };
    }
    let (weight, advice) = if declared.nullable {
        (Weight::Additive(SchemaChange::Add(name.to_string())), None)
    } else {
        (
            Weight::Stops,
            Some("stored rows have NULL in it until you rerun their dates"),
        )
    };
    SchemaDifference {
        column: Some(name.to_string()),
        what: format!("has no column '{name}' {kind}"),
        statement: Some(site.add_column(declared)),
        advice,
        weight,
    }
}

fn other_form(
    table: &TableDef,
    declared: &Column,
    stored: &StoredColumn,
    site: Site<'_>,
) -> Option<SchemaDifference> {
    if stored.kind.holds(&declared.kind) {
        return other_mode(declared, stored, site);
    }
    let (statement, advice) = site.retype(table, declared, &stored.kind);
    Some(SchemaDifference {
        column: Some(declared.name.to_string()),
        what: format!(
            "has '{}' as {} but the plan needs {}",
            declared.name, stored.kind, declared.kind
        ),
        statement,
        advice: Some(advice),
        weight: Weight::Stops,
    })
}

/// NULL is allowed in the column or its definition, but not in both.
fn other_mode(declared: &Column, stored: &StoredColumn, site: Site<'_>) -> Option<SchemaDifference> {
    let name = &declared.name;
    // `BigQuery` arrays are never NULL.
    let is_array = declared.kind.is_array();
    if stored.nullable == declared.nullable || is_array && site.dialect == Dialect::GoogleSql {
        return None;
    }
    let column = Some(name.to_string());
    if stored.nullable {
        return Some(SchemaDifference {
            column,
            what: format!("allows NULL in '{name}' but the plan doesn't; backcourt writes no NULL to it"),
            statement: None,
            advice: None,
            weight: Weight::Harmless,
        });
    }
    let statement = site.relax(name);
    Some(SchemaDifference {
        column,
        what: format!("has '{name}' NOT NULL but the plan allows NULL"),
        advice: (statement.is_none()).then_some("this copies the table in one transaction"),
        statement,
        weight: Weight::Additive(SchemaChange::Relax(name.to_string())),
    })
}

fn undeclared(table: &TableDef, stored: &StoredColumn, site: Site<'_>) -> SchemaDifference {
    let StoredColumn { name, kind, .. } = stored;
    SchemaDifference {
        column: Some(name.clone()),
        what: format!(
            "has a column '{name}' {kind} that the plan doesn't fill; its values are lost when a date is replaced"
        ),
        // Another slice may fill it.
        statement: table.slice.is_whole().then(|| site.drop(name)),
        advice: Some(if !table.slice.is_whole() {
            "add it to the stage's columns and fill it"
        } else if table.columns.is_empty() {
            "or declare it in the plan"
        } else {
            "or add it to the stage's columns and fill it"
        }),
        weight: Weight::Stops,
    }
}

fn other_key(table: &TableDef, held: &Schema) -> Option<SchemaDifference> {
    let sorted = |mut names: Vec<String>| {
        names.sort_unstable();
        names
    };
    let stored = held.key.clone()?;
    let declared = table.key.iter().map(ToString::to_string).collect();
    if sorted(stored.clone()) == sorted(declared) {
        return None;
    }
    let (has, wants) = (stored.join(", "), table.key.join(", "));
    let what = match (has.as_str(), wants.as_str()) {
        ("", wants) => format!("has no primary key but the plan declares ({wants})"),
        (has, "") => format!("has the primary key ({has}) but the plan declares none"),
        (has, wants) => format!("has the primary key ({has}) but the plan declares ({wants})"),
    };
    Some(SchemaDifference {
        column: None,
        what,
        statement: None,
        advice: Some(if table.slice.is_whole() {
            "a key can't be changed; fill another table, or drop this one and rerun all dates"
        } else {
            "a key can't be changed, and other slices have rows in the table; fill another one"
        }),
        weight: Weight::Stops,
    })
}

/// Whether the span of a stored partition, a day unless it is given, is longer than what is replaced at once.
fn is_longer(span: Option<&str>, table: &TableDef) -> bool {
    let span = match span {
        Some("HOUR") => Grain::Hour,
        Some("MONTH") => Grain::Month,
        Some("YEAR") => Grain::Year,
        _ => Grain::Day,
    };
    if table.is_by_ingestion_time() {
        return span > table.grain;
    }
    // Hours are stored in partitions of days.
    span > table.grain.max(Grain::Day)
}

fn other_partition(table: &TableDef, held: &Partitioning) -> Option<SchemaDifference> {
    let date = table.date_column.as_ref();
    let by_date = (held.by.as_deref()).is_some_and(|by| by.eq_ignore_ascii_case(date));
    let (what, weight) = match (&held.by, &held.span) {
        (_, span) if by_date && !is_longer(span.as_deref(), table) => return None,
        (_, span) if by_date && table.is_by_ingestion_time() => {
            let span = span.as_deref().unwrap_or("DAY");
            let what = format!(
                "is partitioned by {span} of ingestion time but the plan replaces a {} at once, whose rows have no \
                 partition of their own",
                table.grain
            );
            (what, Weight::Stops)
        }
        (_, Some(span)) if by_date => {
            let what = format!(
                "is partitioned by {span} of '{date}' but the plan replaces a {} at once; every read and commit scans \
                 the whole {span}",
                table.grain
            );
            (what, Weight::Harmless)
        }
        (by, _) if table.is_by_ingestion_time() => {
            let by = match by {
                Some(other) => format!("is partitioned by '{other}'"),
                None => "is not partitioned".to_owned(),
            };
            let what = format!("{by} but the plan needs partitions by ingestion time");
            (what, Weight::Stops)
        }
        (by, _) => {
            let by = match by {
                Some(other) => format!("is partitioned by '{other}'"),
                None => "is not partitioned".to_owned(),
            };
            let what = format!(
                "{by} but the plan needs partitions by '{date}'; every read and commit scans the whole table"
            );
            (what, Weight::Scans)
        }
    };
    Some(SchemaDifference {
        column: None,
        what,
        statement: None,
        advice: Some("copy it into a table created by 'backcourt run'"),
        weight,
    })
}

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Name.
    pub name: String,
    /// Type, if the warehouse reports one.
    pub kind: Option<StoredType>,
}

/// All mismatches between a query's result and the table it fills, one sentence each.
#[must_use]
pub fn column_mismatches(table: &TableDef, returned: &[Returned]) -> Vec<String> {
    let path = table.path();
    let mut found = Vec::new();
    for column in returned {
        let declared = table.made_columns().find(|known| known.name == column.name);
        let Some(declared) = declared else {
            found.push(stranger(table, &column.name));
            continue;
        };
        let wrong = column
            .kind
            .as_ref()
            .filter(|kind| !turns_into(kind, &declared.kind));
        if let Some(kind) = wrong {
            found.push(format!(
                "the query returns column '{}' as {kind}, but {path} has {}; cast it in the query, or change its type \
                 in 'columns'",
                column.name, declared.kind
            ));
        }
    }
    let is_returned = |column: &&Column| returned.iter().any(|returned| returned.name == column.name);
    found.extend(table.made_columns().filter(|column| !is_returned(column)).map(|column| {
        format!(
            "the query returns no column '{}', which {path} has; add it to the query, or remove it from 'columns'",
            column.name
        )
    }));
    let mut names: Vec<&str> = returned.iter().map(|column| column.name.as_str()).collect();
    names.sort_unstable();
    let twice = names.windows(2).find(|two| two[0] == two[1]);
    found.extend(twice.map(|two| {
        format!(
            "the query returns column '{}' twice; give one of them another alias",
            two[0]
        )
    }));
    found
}

fn stranger(table: &TableDef, name: &str) -> String {
    let path = table.path();
    if table.columns.iter().any(|column| column.name == name) {
        return format!(
            "the query returns column '{name}', which backcourt fills when it writes {path}; leave it out"
        );
    }
    // The warehouse names unnamed expressions itself.
    let advice = if name.starts_with("f0_") || name.contains('(') {
        "give the expression an alias"
    } else {
        "leave it out of the query"
    };
    format!(
        "the query returns column '{name}', which {path} doesn't have; {advice}, or add the column to 'columns'"
    )
}

/// Whether a returned value can be stored without an explicit cast: numbers may widen.
pub(super) fn turns_into(returned: &StoredType, declared: &ColumnType) -> bool {
    let is_decimal = matches!(
        returned,
        StoredType::Numeric
            | StoredType::Exactly(
                ColumnType::Int64
                    | ColumnType::Numeric { .. }
                    | ColumnType::Carried(CarriedType::BigNumeric(_))
            )
    );
    match declared {
        ColumnType::Float64 | ColumnType::Numeric { .. } => {
            is_decimal || *returned == StoredType::Exactly(ColumnType::Float64)
        }
        ColumnType::Carried(CarriedType::BigNumeric(_)) => is_decimal,
        declared => returned.holds(declared),
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use crate::table::SliceValue;

    use super::*;

    fn table() -> TableDef {
        TableDef::new(
            "d",
            "one",
            "",
            vec![
                Column::required("day", ColumnType::Date, ""),
                Column::required("n", ColumnType::Int64, ""),
                Column::nullable("note", ColumnType::String, ""),
            ],
            "day",
        )
        .keyed_by(&["day"])
    }

    fn stored(name: &str, kind: StoredType, nullable: bool) -> StoredColumn {
        StoredColumn {
            name: name.to_owned(),
            kind,
            nullable,
            ignores_case: false,
        }
    }

    fn as_defined() -> Schema {
        let column = |column: &Column| {
            stored(
                &column.name,
                StoredType::Exactly(column.kind.clone()),
                column.nullable,
            )
        };
        Schema {
            columns: table().columns.iter().map(column).collect(),
            key: Some(vec!["day".to_owned()]),
            ..Schema::default()
        }
    }

    fn texts(schema: &Schema, dialect: Dialect) -> Vec<String> {
        let site = Site {
            path: "d.one",
            dialect,
        };
        let found = differences(&table(), schema, site, false);
        found.iter().map(ToString::to_string).collect()
    }

    /// No advice costs other slices their values.
    #[test]
    fn a_table_of_slices_is_not_altered_for_one() {
        let value = ("note".to_owned(), SliceValue::Text("x".to_owned()));
        let sliced = TableDef {
            slice: Slice::new(BTreeMap::from([value])).unwrap(),
            ..table()
        };
        let mut other = as_defined();
        other.columns[1].kind = StoredType::Exactly(ColumnType::String);
        other.columns[2].ignores_case = true;
        other
            .columns
            .push(stored("more", StoredType::Exactly(ColumnType::Int64), true));
        other.key = Some(vec!["n".to_owned()]);
        let site = Site {
            path: "d.one",
            dialect: Dialect::Sqlite,
        };
        let texts = |schema: &Schema| -> Vec<String> {
            let found = differences(&sliced, schema, site, false);
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            texts(&other),
            [
                "has 'n' as STRING but the plan needs INT64; other slices have values in it; give the plan this type, \
                 or fill another table",
                "compares 'note' without case, so slices that differ in case have the same rows; use another table",
                "has a column 'more' INT64 that the plan doesn't fill; its values are lost when a date is replaced; add \
                 it to the stage's columns and fill it",
                "has the primary key (n) but the plan declares (day); a key can't be changed, and other slices have \
                 rows in the table; fill another one",
            ]
        );
        let mut lacking = as_defined();
        lacking.columns.pop();
        assert_eq!(
            texts(&lacking),
            [
                "has no column 'note' STRING, by which the plan divides it; add it and fill it in every row, or fill another table"
            ]
        );
    }

    #[test]
    fn column_order_is_ignored_and_older_tables_match() {
        let mut turned = as_defined();
        turned.columns.reverse();
        assert_eq!(texts(&turned, Dialect::Sqlite), [""; 0]);
        let mut old = as_defined();
        for (column, storage) in old.columns.iter_mut().zip(["TEXT", "INTEGER", "TEXT"]) {
            column.kind = StoredType::Stored(storage);
        }
        assert_eq!(texts(&old, Dialect::Sqlite), [""; 0]);
    }

    #[test]
    fn column_type_changed() {
        let mut other = as_defined();
        other.columns[1].kind = StoredType::Exactly(ColumnType::String);
        other.columns[2].nullable = false;
        assert_eq!(
            texts(&other, Dialect::Sqlite),
            [
                "has 'n' as STRING but the plan needs INT64; run ALTER TABLE `d`.`one` DROP COLUMN `n`; ALTER \
                 TABLE `d`.`one` ADD COLUMN `n` INT64; its values are lost; rerun all dates afterwards",
                "has 'note' NOT NULL but the plan allows NULL; run 'backcourt run --migrate'; this copies the table \
                 in one transaction",
            ]
        );
        other.columns[1].kind = StoredType::Stored("TEXT");
        assert!(texts(&other, Dialect::Sqlite)[0].starts_with("has 'n' as TEXT but the plan needs INT64"));
        other.columns[0].kind = StoredType::Other("DATETIME".to_owned());
        let texts = texts(&other, Dialect::GoogleSql);
        assert!(
            texts[0].starts_with("has 'day' as DATETIME but the plan needs DATE; its type can't be changed"),
            "{}",
            texts[0]
        );
        assert!(
            texts[2].contains(
                "ALTER TABLE `d.one` ALTER COLUMN `note` DROP NOT NULL or 'backcourt run --migrate'"
            ),
            "{}",
            texts[2]
        );
    }

    #[test]
    fn added_and_removed_columns_are_reported_with_their_statement() {
        let mut other = as_defined();
        other.columns.pop();
        other
            .columns
            .push(stored("extra", StoredType::Exactly(ColumnType::Float64), true));
        let found = texts(&other, Dialect::GoogleSql);
        assert_eq!(
            found[0],
            "has no column 'note' STRING; run ALTER TABLE `d.one` ADD COLUMN `note` STRING or 'backcourt run --migrate'"
        );
        assert!(
            found[1].contains("'extra' FLOAT64 that the plan doesn't fill"),
            "{}",
            found[1]
        );
        assert!(found[1].contains("DROP COLUMN `extra`"), "{}", found[1]);
        other.columns.remove(1);
        let site = Site {
            path: "d.one",
            dialect: Dialect::GoogleSql,
        };
        let found = differences(&table(), &other, site, false);
        assert!(found.iter().all(SchemaDifference::stops));
        assert_eq!(
            found[0].change(),
            None,
            "what must not be NULL has no value for the rows there are"
        );
        let empty = differences(&table(), &other, site, true);
        assert!(
            empty
                .iter()
                .all(|found| found.change() == Some(&SchemaChange::Recreate))
        );
    }

    #[test]
    fn warnings_do_not_block_the_run() {
        let mut other = as_defined();
        other.columns[1].nullable = true;
        let by_month = Partitioning {
            by: Some("Day".to_owned()),
            span: Some("MONTH".to_owned()),
            requires_filter: true,
        };
        other.partition = Some(by_month);
        other.tagged = vec!["note".to_owned()];
        let site = Site {
            path: "d.one",
            dialect: Dialect::GoogleSql,
        };
        let found = differences(&table(), &other, site, false);
        assert_eq!(found.len(), 3);
        assert!(!found.iter().any(SchemaDifference::stops), "{found:?}");
        other.key = Some(vec!["day".to_owned(), "n".to_owned()]);
        assert!(texts(&other, Dialect::Sqlite).iter().any(|texts| {
            texts.contains("the primary key (day, n) but the plan declares (day); a key can't be changed")
        }));
    }

    #[test]
    fn a_missing_primary_key_is_named() {
        let keyed = |key: &[&str]| Schema {
            key: Some(key.iter().map(ToString::to_string).collect()),
            ..as_defined()
        };
        let about = |table: &TableDef, schema: &Schema| {
            let site = Site {
                path: "d.one",
                dialect: Dialect::Sqlite,
            };
            let found = differences(table, schema, site, false);
            found.iter().map(|found| found.what.clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            about(&table(), &keyed(&[])),
            ["has no primary key but the plan declares (day)"]
        );
        let keyless = TableDef {
            key: Cow::Borrowed(&[]),
            ..table()
        };
        assert_eq!(
            about(&keyless, &keyed(&["day"])),
            ["has the primary key (day) but the plan declares none"]
        );
    }

    #[test]
    fn a_table_fully_scanned_by_each_commit_blocks_the_run() {
        let partitioned = |by: Option<&str>| Schema {
            partition: Some(Partitioning {
                by: by.map(str::to_owned),
                ..Partitioning::default()
            }),
            ..as_defined()
        };
        let site = Site {
            path: "d.one",
            dialect: Dialect::GoogleSql,
        };
        for (by, begins) in [
            (None, "is not partitioned but the plan needs partitions by 'day'"),
            (
                Some("n"),
                "is partitioned by 'n' but the plan needs partitions by 'day'",
            ),
            (
                Some("_PARTITIONTIME"),
                "is partitioned by '_PARTITIONTIME' but the plan needs partitions by 'day'",
            ),
        ] {
            let found = differences(&table(), &partitioned(by), site, false);
            assert!(
                found.len() == 1 && found[0].weight == Weight::Scans && found[0].stops(),
                "{found:?}"
            );
            assert!(found[0].what.starts_with(begins), "{}", found[0]);
            let empty = differences(&table(), &partitioned(by), site, true);
            assert_eq!(empty[0].change(), Some(&SchemaChange::Recreate), "{empty:?}");
        }
        assert_eq!(differences(&table(), &partitioned(Some("day")), site, false), []);
    }

    #[test]
    fn unalterable_differences_block_the_run_even_if_the_table_is_empty() {
        let site = Site {
            path: "d.one",
            dialect: Dialect::GoogleSql,
        };
        let view = Schema {
            instead: Some("VIEW".to_owned()),
            ..Schema::default()
        };
        let streamed = Schema {
            is_streamed_into: true,
            ..as_defined()
        };
        for (held, begins) in [
            (view, "is a VIEW, not a table that can be written"),
            (streamed, "has rows in its streaming buffer"),
        ] {
            for is_empty in [false, true] {
                let found = differences(&table(), &held, site, is_empty);
                assert_eq!(found.len(), 1, "{found:?}");
                assert_eq!(found[0].weight, Weight::Stops);
                assert!(found[0].to_string().starts_with(begins), "{}", found[0]);
            }
        }
    }

    #[test]
    fn a_wider_numeric_type_is_not_a_difference() {
        let numeric = |precision, scale| ColumnType::Numeric { precision, scale };
        assert!(StoredType::Exactly(numeric(38, 9)).holds(&numeric(5, 2)));
        assert!(!StoredType::Exactly(numeric(5, 2)).holds(&numeric(6, 2)));
        assert!(!StoredType::Exactly(numeric(6, 1)).holds(&numeric(6, 2)));
        assert!(StoredType::Numeric.holds(&numeric(6, 2)));
        assert!(StoredType::Stored("REAL").holds(&numeric(6, 2)));
    }

    #[test]
    fn query_columns_and_table_columns_are_compared_both_ways() {
        let returned = |name: &str, kind| Returned {
            name: name.to_owned(),
            kind,
        };
        let exactly = |kind| Some(StoredType::Exactly(kind));
        let all = [returned("day", None), returned("n", None), returned("note", None)];
        assert_eq!(column_mismatches(&table(), &all), [""; 0]);
        let other = [
            returned("day", exactly(ColumnType::Date)),
            returned("f0_", exactly(ColumnType::Int64)),
            returned("note", exactly(ColumnType::Int64)),
        ];
        assert_eq!(
            column_mismatches(&table(), &other),
            [
                "the query returns column 'f0_', which d.one doesn't have; give the expression an alias, or add the column \
                 to 'columns'",
                "the query returns column 'note' as INT64, but d.one has STRING; cast it in the query, or change its \
                 type in 'columns'",
                "the query returns no column 'n', which d.one has; add it to the query, or remove it from 'columns'",
            ]
        );
    }
}
