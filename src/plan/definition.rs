//! Digests of definitions: everything that determines the rows of a stage or the result of a check. Titles, workers and
//! timeouts don't count. Definitions with equal fingerprints compute equal rows from equal inputs.

use sha2::{Digest, Sha256};

use super::check::{Bound, CheckSpec, Expectation, Severity, TextTest};
use super::fingerprint::Fingerprint;
use super::normal_form::NormalForm;
use crate::partition::Timezone;

use super::filled_table::FilledTable;
use super::stage::{
    Active, CommandSpec, DateQuery, ExpectRows, ReadReach, StageKind, StageOutput, StageSpec,
};
use super::template::Template;
use crate::nba::rules_version;
use crate::table::{Slice, TableDef};

/// The fingerprint of everything that determines the rows of a stage.
pub(super) fn of_stage(stage: &StageSpec) -> Fingerprint {
    let mut definition = DefinitionHash::new("stage");
    match &stage.kind {
        StageKind::Nba => definition
            .text("built-in", &stage.name)
            .number("version", rules_version(&stage.name).map_or(0, u64::from)),
        StageKind::Sql(spec) => definition
            .query_table(&spec.table)
            .date_query("sql", &spec.query)
            .seed(spec.seed.as_ref())
            .expect_rows(&spec.expect),
        StageKind::Command(spec) => definition.command(spec),
    };
    definition
        .text("table", stage.table.as_deref().unwrap_or_default())
        .active(&stage.active);
    if stage.depends_on_past {
        definition.text("order", "depends on past");
    }
    let mut reads: Vec<_> = stage.reads.iter().collect();
    reads.sort_by_key(|read| (&read.table, read.reach));
    definition.number("reads", reads.len() as u64);
    for read in reads {
        definition.text("table", &read.table);
        match read.reach {
            ReadReach::DaysBack(days) => definition.number("days_back", days.into()),
            ReadReach::Around { back, ahead } => definition
                .number("back", back.into())
                .number("ahead", ahead.into()),
        };
    }
    definition.end()
}

/// The fingerprint of everything that determines the result of a check.
pub(super) fn of_check(check: &CheckSpec) -> Fingerprint {
    let mut definition = DefinitionHash::new("check");
    let severity = match check.severity {
        Severity::Blocking => "blocking",
        Severity::Advisory => "advisory",
    };
    definition
        .query("sql", &check.sql)
        .text("severity", severity)
        .text("stage", &check.stage);
    let mut dates: Vec<String> = check.dates.iter().map(ToString::to_string).collect();
    dates.sort_unstable();
    definition.texts("dates", dates.iter().map(String::as_str));
    definition.number("expect", check.expect.len() as u64);
    for expectation in &check.expect {
        definition.expectation(expectation);
    }
    definition.end()
}

/// Hashes a definition. Every part is prefixed with its name and both with their lengths, so that no two definitions
/// serialize alike.
struct DefinitionHash(Sha256);

impl DefinitionHash {
    fn new(kind: &str) -> Self {
        let mut definition = Self(Sha256::new());
        definition.text("backcourt", kind);
        definition
    }

    fn end(self) -> Fingerprint {
        Fingerprint::of(&self.0.finalize().into())
    }

    fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        for part in [name.as_bytes(), value] {
            self.0.update((part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
        self
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.bytes(name, value.as_bytes())
    }

    fn number(&mut self, name: &str, value: u64) -> &mut Self {
        self.bytes(name, &value.to_le_bytes())
    }

    fn texts<'a>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'a str>) -> &mut Self {
        self.number(name, values.len() as u64);
        for value in values {
            self.text("", value);
        }
        self
    }

    fn query(&mut self, name: &str, sql: &str) -> &mut Self {
        let words = |words: &[String], definition: &mut Self, form: &str| {
            definition.texts(form, words.iter().map(String::as_str));
        };
        self.text("query", name);
        match NormalForm::of(sql) {
            NormalForm::Tree(tree) => words(&tree, self, "tree"),
            NormalForm::Words(own) => words(&own, self, "words"),
            NormalForm::Text(text) => drop(self.text("text", &text)),
        }
        self
    }

    /// Binds are not hashed: they follow from the query text.
    fn date_query(&mut self, name: &str, query: &DateQuery) -> &mut Self {
        self.query(name, &query.sql).zone(query.zone)
    }

    fn seed(&mut self, seed: Option<&DateQuery>) -> &mut Self {
        match seed {
            Some(seed) => self.date_query("seed", seed),
            None => self,
        }
    }

    /// Hashes a zone other than UTC; plans without one keep their fingerprints.
    fn zone(&mut self, zone: Timezone) -> &mut Self {
        if zone.is_utc() {
            return self;
        }
        self.text("timezone", zone.name())
    }

    /// Columns that the plan leaves to the query follow from it and from what it reads, so they don't count.
    fn query_table(&mut self, table: &FilledTable) -> &mut Self {
        match table {
            FilledTable::Complete(table) => self.table(table),
            FilledTable::Inferred(table) => self
                .dated(
                    table.zone,
                    &table.date_column,
                    table.key.iter().map(String::as_str),
                )
                .slice(&table.slice)
                .text("columns", "of the query"),
        }
    }

    /// Hashes a slice; plans without one keep their fingerprints.
    fn slice(&mut self, slice: &Slice) -> &mut Self {
        if slice.is_whole() {
            return self;
        }
        self.text("slice", &slice.to_string())
    }

    fn dated<'a>(
        &mut self,
        zone: Timezone,
        date_column: &str,
        key: impl Iterator<Item = &'a str>,
    ) -> &mut Self {
        self.zone(zone).text("date_column", date_column);
        let mut key: Vec<&str> = key.collect();
        key.sort_unstable();
        self.texts("key", key.into_iter())
    }

    /// Hashes the table's layout. Column order and descriptions don't count.
    fn table(&mut self, table: &TableDef) -> &mut Self {
        self.dated(
            table.zone,
            &table.date_column,
            table.key.iter().map(AsRef::as_ref),
        )
        .slice(&table.slice);
        let mut columns: Vec<_> = table.columns.iter().collect();
        columns.sort_by_key(|column| &column.name);
        self.number("columns", columns.len() as u64);
        for column in columns {
            self.text("name", &column.name)
                .text("type", &column.kind.to_string())
                .number("nullable", column.nullable.into());
        }
        self
    }

    /// Hashes what is run for a date. Timeout, exit codes and the size of a batch change no row and don't count.
    fn command(&mut self, spec: &CommandSpec) -> &mut Self {
        self.texts("command", spec.argv.iter().map(Template::as_written));
        self.number("environment", spec.environment.len() as u64);
        for (name, value) in &spec.environment {
            self.text(name, value.as_written());
        }
        let mut texts = spec.argv.iter().chain(spec.environment.values());
        let batch = match spec.batch {
            1 if texts.any(Template::takes_range) => "one date as a range",
            1 => "one date",
            _ => "many dates",
        };
        self.text("batch", batch);
        match &spec.output {
            StageOutput::Nothing => self.text("leaves", "nothing"),
            StageOutput::Rows {
                date_column, slice, ..
            } => self
                .text("leaves", "rows")
                .text("date_column", date_column)
                .slice(slice),
            StageOutput::Printed(table) => self.text("leaves", "printed").table(table),
        }
        .expect_rows(&spec.expect)
    }

    fn expect_rows(&mut self, expect: &ExpectRows) -> &mut Self {
        match expect {
            ExpectRows::Some => self.text("expect_rows", "some"),
            ExpectRows::Exactly(rows) => self.number("expect_rows", (*rows).into()),
            ExpectRows::Query(query) => self.date_query("expect_rows", query),
        }
    }

    fn active(&mut self, active: &Active) -> &mut Self {
        match active {
            Active::Always => self.text("active", "always"),
            Active::Weekdays(days) => {
                let days = days
                    .iter()
                    .fold(0, |days, day| days | 1 << day.num_days_from_monday());
                self.number("active", days)
            }
            Active::Query(sql) => self.query("active", sql),
        }
    }

    fn expectation(&mut self, expectation: &Expectation) -> &mut Self {
        match expectation {
            Expectation::Rows(rows) => self.number("rows", *rows),
            Expectation::Cell { column, row, bound } => {
                self.text("column", column);
                match row {
                    None => self.text("row", "first"),
                    Some((column, text)) => self.text("row", "where").text("column", column).text("is", text),
                };
                self.bound(*bound)
            }
            Expectation::Every { column, test } => {
                self.text("every", column);
                match test {
                    TextTest::StartsWith(start) => self.text("starts_with", start),
                    TextTest::Matches(pattern) => self.text("matches", pattern),
                }
            }
        }
    }

    fn bound(&mut self, bound: Bound) -> &mut Self {
        let (name, low, high) = match bound {
            Bound::Equals(limit) => ("equals", limit, limit),
            Bound::AtLeast(limit) => ("at_least", limit, limit),
            Bound::AtMost(limit) => ("at_most", limit, limit),
            Bound::MoreThan(limit) => ("more_than", limit, limit),
            Bound::Between(low, high) => ("between", low, high),
        };
        self.number(name, low.to_bits()).number("to", high.to_bits())
    }
}

#[cfg(test)]
mod tests;
