//! Parses and validates the `[[stage]]` tables of a plan file, first each on its own and then together.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::Weekday;
use toml::Spanned;

use super::Fingerprint;
use super::binds::{binds, refuse_parameters};
use super::definition::of_stage;
use super::division::Division;
use super::filled_table::{
    FilledTable, InferredTable, date_column, date_column_name, key, refuse_nullable, refuse_slice,
};
use super::hint::with_hint;
use super::limits::{BATCH, TIMEOUT_SECONDS, in_range};
use super::mistakes::{EntryMistakes, PlanMistakes};
use super::queries::Queries;
use super::raw::{RawActive, RawColumn, RawKind, RawRead, RawRows, RawStage};
use super::stage::{
    Active, Binds, CommandSpec, DateQuery, ExpectRows, ReadReach, ReadSpec, SqlSpec, StageKind, StageOutput,
    StageSpec,
};
use super::template::{CallDate, Template};
use crate::partition::{Grain, Partition, PartitionRange};
use crate::sql::QueryScript;
use crate::table::{
    Column, ColumnType, PARTITION_DATE, PARTITION_TIME, Slice, TableDef, TypeError, readable_path,
    refuse_column_name, table_path,
};

/// Default time limit of a command per date, in seconds.
const DEFAULT_TIMEOUT: u64 = 600;

/// Maximum number of dates whose calls are compared.
const MAX_COMPARED: usize = 400;

/// Default exit code for a retry: `EX_TEMPFAIL` of sysexits.
const DEFAULT_RETRY_CODE: u8 = 75;

/// The stages without mistakes; `range` are the dates of the plan, `usual` is their default of `active`.
pub(super) fn stages(
    raw: Vec<Spanned<RawStage>>,
    division: Division,
    range: Option<PartitionRange>,
    usual: &Active,
    queries: &Queries<'_>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<StageSpec> {
    let mut stages = Vec::with_capacity(raw.len());
    for raw in raw {
        let place = raw.span().start;
        let raw = raw.into_inner();
        let mut found = mistakes.of(place, subject(&raw));
        stages.extend(raw.read(division, range, usual, queries, &mut found));
    }
    stages
}

fn subject(raw: &RawStage) -> String {
    let name = raw.name.as_ref();
    name.map_or_else(String::new, |name| format!("stage '{name}': "))
}

impl RawStage {
    fn read(
        self,
        division: Division,
        range: Option<PartitionRange>,
        usual: &Active,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<StageSpec> {
        let division = Division {
            grain: self.partition.unwrap_or(division.grain),
            ..division
        };
        let range = range.map(|range| division.range_in(range));
        let range = range.and_then(|range| found.take("partition", range));
        let kind = found.require("kind", self.kind);
        if let Some(kind) = kind {
            self.refuse_foreign_keys(kind, found);
        }
        if kind == Some(RawKind::Nba) && division.grain != Grain::Day {
            let problem = format!(
                "a built-in rule computes days, but partition is \"{}\"; use another plan for it",
                division.grain
            );
            found.note("kind", &problem);
        }
        let kind = match kind {
            None => None,
            Some(RawKind::Nba) => self.table(found).map(|_| StageKind::Nba),
            Some(RawKind::Sql) => self
                .sql_spec(division, queries, found)
                .map(Box::new)
                .map(StageKind::Sql),
            Some(RawKind::Command) => {
                let spec = self.command_spec(division, range, queries, found);
                spec.map(Box::new).map(StageKind::Command)
            }
        };
        let reads = self.reads.iter().flatten().map(RawRead::read).collect();
        let reads = found.take("reads", reads);
        let active = match self.active {
            Some(active) => found.take("active", active.read(queries)),
            // Longer dates than the plan's have work whatever its days of the week are.
            None if self.partition.is_some()
                && matches!(usual, Active::Weekdays(_))
                && division.grain > Grain::Day =>
            {
                Some(Active::Always)
            }
            None => Some(usual.clone()),
        };
        if let (Some(Active::Weekdays(_)), Grain::Week | Grain::Month | Grain::Year) =
            (&active, division.grain)
        {
            let problem = format!(
                "active names days of the week, but partition is \"{}\"; use a query of the dates",
                division.grain
            );
            found.note("active", &problem);
        }
        let name = found.require("name", self.name);
        let mut stage = StageSpec {
            name: name?,
            table: self.table,
            kind: kind?,
            range: range?,
            needs: self.needs,
            advance: self.advance,
            depends_on_past: self.depends_on_past.unwrap_or(false),
            active: active?,
            reads: reads?,
            fingerprint: Fingerprint::default(),
        };
        stage.fingerprint = of_stage(&stage);
        Some(stage)
    }

    fn table(&self, found: &mut EntryMistakes<'_, '_>) -> Option<&str> {
        let table = self.table.as_deref();
        found.take(
            "table",
            table.ok_or_else(|| "table is missing; write dataset.table".to_owned()),
        )
    }

    /// A key that doesn't apply to this kind of stage is an error, not a warning.
    fn refuse_foreign_keys(&self, kind: RawKind, found: &mut EntryMistakes<'_, '_>) {
        use RawKind::{Command, Nba, Sql};
        let given = [
            ("sql", self.sql.is_some(), &[Sql][..]),
            ("sql_file", self.sql_file.is_some(), &[Sql]),
            ("depends_on_past", self.depends_on_past.is_some(), &[Sql, Command]),
            ("seed", self.seed.is_some(), &[Sql]),
            ("seed_file", self.seed_file.is_some(), &[Sql]),
            ("date_column", self.date_column.is_some(), &[Sql, Command]),
            ("key", self.key.is_some(), &[Sql, Command]),
            ("slice", self.slice.is_some(), &[Sql, Command]),
            ("columns", self.columns.is_some(), &[Sql, Command]),
            ("expect_rows", self.expect_rows.is_some(), &[Sql, Command]),
            ("reads", self.reads.is_some(), &[Sql, Command]),
            ("active", self.active.is_some(), &[Sql, Command]),
            ("command", self.command.is_some(), &[Command]),
            ("timeout_seconds", self.timeout_seconds.is_some(), &[Command]),
            ("environment", self.environment.is_some(), &[Command]),
            ("batch", self.batch.is_some(), &[Command]),
            ("retry_batch", self.retry_batch.is_some(), &[Command]),
            ("skip_exit_code", self.skip_exit_code.is_some(), &[Command]),
            ("retry_exit_code", self.retry_exit_code.is_some(), &[Command]),
        ];
        let word = match kind {
            Nba => "nba",
            Sql => "sql",
            Command => "command",
        };
        for (key, _, kinds) in given.into_iter().filter(|(_, given, _)| *given) {
            if !kinds.contains(&kind) {
                found.note(
                    key,
                    &format!("a stage of kind {word} does not take {key}; leave it out"),
                );
            }
        }
    }

    fn sql_spec(
        &self,
        division: Division,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<SqlSpec> {
        let sql = queries.query(self.sql.as_deref(), self.sql_file.as_deref());
        let query = found.take_all(
            Queries::key(self.sql_file.as_ref()),
            sql.and_then(|sql| date_query("sql", &sql, division).map_err(|problem| vec![problem])),
        );
        let seed = self.seed(division, queries, found);
        if let (
            Some(true),
            Some(DateQuery {
                binds: Binds::ManyDates,
                ..
            }),
        ) = (self.depends_on_past, &query)
        {
            let problem = "depends_on_past runs one date after the other, but the query is for many; use @date, or @start \
                           and @end";
            found.note("depends_on_past", problem);
        }
        if let (
            Some(PARTITION_TIME),
            Some(DateQuery {
                binds: Binds::ManyDates,
                ..
            }),
        ) = (self.date_column.as_deref(), &query)
        {
            let problem = format!(
                "date_column is {PARTITION_TIME}, so no row shows which of many dates it is of; use @date, or @start and \
                 @end"
            );
            found.note(Queries::key(self.sql_file.as_ref()), &problem);
        }
        let table = self.query_table(division, found);
        let expect = found.take("expect_rows", self.expect(division, queries));
        Some(SqlSpec {
            table: table?,
            query: query?,
            seed,
            expect: expect?,
        })
    }

    /// The query for the first date, if the stage has one without a mistake.
    fn seed(
        &self,
        division: Division,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<DateQuery> {
        let key = match (&self.seed, &self.seed_file) {
            (None, None) => return None,
            (Some(_), _) => "seed",
            (None, Some(_)) => "seed_file",
        };
        if self.depends_on_past != Some(true) {
            let problem = format!("{key} needs depends_on_past = true; add it, or leave {key} out");
            found.note(key, &problem);
        }
        let sql = queries.query(self.seed.as_deref(), self.seed_file.as_deref());
        let of_one = |sql: String| match date_query("seed", &sql, division)? {
            DateQuery {
                binds: Binds::ManyDates,
                ..
            } => Err("seed is the query of one date; use @date, or @start and @end".to_owned()),
            seed => Ok(seed),
        };
        let seed = sql.and_then(|sql| of_one(sql).map_err(|problem| vec![problem]));
        found.take_all(key, seed)
    }

    fn command_spec(
        &self,
        division: Division,
        range: Option<PartitionRange>,
        queries: &Queries<'_>,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<CommandSpec> {
        let argv = found.take("command", self.argv(division));
        let environment = self.environment(division, found);
        let batch = found.take("batch", in_range("batch", self.batch.unwrap_or(1), &BATCH));
        let retry_batch = self.retry_batch(batch, found);
        if let (Some(argv), Some(environment), Some(batch)) = (&argv, &environment, batch) {
            let texts: Vec<&Template> = argv.iter().chain(environment.values()).collect();
            let named = found.take("command", names_its_dates(&texts, batch));
            if let (Some(()), Some(range)) = (named, range) {
                found.take("command", calls_differ(&texts, batch, range));
            }
        }
        let timeout = self.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT);
        let timeout = in_range("timeout_seconds", timeout, &TIMEOUT_SECONDS);
        let timeout = found.take("timeout_seconds", timeout);
        let retry_exit_code = self.retry_code(found);
        let output = self.output(division, found);
        if let (Some(StageOutput::Printed(table)), Some(2..)) = (&output, batch)
            && table.is_by_ingestion_time()
        {
            let problem = format!(
                "batch: date_column is {PARTITION_TIME}, so no printed row shows which date of a call it is of; leave it out"
            );
            found.note("batch", &problem);
        }
        if output == Some(StageOutput::Nothing) && self.expect_rows.is_some() {
            let problem = "expect_rows needs a table whose rows can be counted; give table and date_column";
            found.note("expect_rows", problem);
        }
        let expect = found.take("expect_rows", self.expect(division, queries));
        Some(CommandSpec {
            argv: argv?,
            environment: environment?,
            batch: batch?,
            retry_batch,
            folder: queries.folder(),
            timeout: Duration::from_secs(timeout?),
            skip_exit_code: self.skip_exit_code,
            retry_exit_code,
            output: output?,
            expect: expect?,
        })
    }

    fn argv(&self, division: Division) -> Result<Vec<Template>, String> {
        let argv = self.command.as_deref().unwrap_or_default();
        if argv.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("command is missing; write it as [\"program\", \"argument\", …]".to_owned());
        }
        let argv = argv.iter().map(|text| self.template(division, text));
        let argv: Vec<Template> = argv.collect::<Result<_, _>>()?;
        match argv.first().filter(|program| program.has_placeholder()) {
            None => Ok(argv),
            Some(program) => Err(format!(
                "the program '{}' contains a placeholder; only its arguments and variables may",
                program.as_written()
            )),
        }
    }

    fn template(&self, division: Division, text: &str) -> Result<Template, String> {
        Template::parse(text, self.batch.is_some(), division.grain)
    }

    fn environment(
        &self,
        division: Division,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<BTreeMap<String, Template>> {
        let mut environment = BTreeMap::new();
        for (name, value) in self.environment.iter().flatten() {
            if name.is_empty() || name.contains(['=', '\0']) {
                let problem = format!("environment: '{name}' is not a valid variable name");
                found.note("environment", &problem);
            }
            environment.insert(
                name.clone(),
                found.take("environment", self.template(division, value))?,
            );
        }
        Some(environment)
    }

    fn retry_batch(&self, batch: Option<usize>, found: &mut EntryMistakes<'_, '_>) -> Option<usize> {
        let retry = self.retry_batch?;
        let checked = match batch? {
            1 => Err("retry_batch needs a batch of several dates; give batch, or leave it out".to_owned()),
            batch => in_range("retry_batch", retry, &(1..=batch)),
        };
        found.take("retry_batch", checked)
    }

    /// The exit code that asks for another attempt.
    fn retry_code(&self, found: &mut EntryMistakes<'_, '_>) -> u8 {
        let retry = self.retry_exit_code.unwrap_or(DEFAULT_RETRY_CODE);
        for (key, code) in [
            ("skip_exit_code", self.skip_exit_code),
            ("retry_exit_code", Some(retry)),
        ] {
            if code == Some(0) {
                found.note(
                    key,
                    &format!("{key} is 0, which means success; give another code"),
                );
            }
        }
        if self.skip_exit_code == Some(retry) && retry != 0 {
            let problem = format!("skip_exit_code and retry_exit_code are both {retry}; they must differ");
            found.note("skip_exit_code", &problem);
        }
        retry
    }

    fn output(&self, division: Division, found: &mut EntryMistakes<'_, '_>) -> Option<StageOutput> {
        if self.columns.is_some() {
            let table = self.definition(RawKind::Command, division, found);
            return table.map(StageOutput::Printed);
        }
        if self.key.is_some() {
            let problem = "key needs columns; leave it out, or list the columns of the printed rows";
            found.note("key", problem);
        }
        let (table, date_column) = match (&self.table, &self.date_column) {
            (None, None) => {
                if self.slice.is_some() {
                    let problem =
                        "slice needs a table whose rows can be told apart; give table and date_column";
                    found.note("slice", problem);
                }
                return Some(StageOutput::Nothing);
            }
            (Some(table), Some(date_column)) => (table, date_column),
            (Some(_), None) => {
                let problem = "date_column is missing; it is needed to count the rows of a date";
                return found.take("date_column", Err(problem.to_owned()));
            }
            (None, Some(_)) => {
                let problem = "date_column needs a table; write table = \"dataset.table\"";
                return found.take("date_column", Err(problem.to_owned()));
            }
        };
        if !division.zone.is_utc() {
            let problem = format!(
                "timezone is {}, but the rows of a table that a program fills are counted by days of UTC; leave it out, or \
                 give columns and let the program print its rows",
                division.zone
            );
            found.note("table", &problem);
        }
        let path = found.take("table", table_path(table));
        let name = found.take("date_column", date_column_name(date_column));
        let slice = self.slice(found);
        path.zip(name)?;
        Some(StageOutput::Rows {
            slice: slice?,
            table: table.clone(),
            date_column: date_column.clone(),
            grain: division.grain,
        })
    }

    /// The table that a query fills, without columns if the plan leaves them to the query.
    fn query_table(&self, division: Division, found: &mut EntryMistakes<'_, '_>) -> Option<FilledTable> {
        if self.columns.is_some() {
            return self
                .definition(RawKind::Sql, division, found)
                .map(FilledTable::Complete);
        }
        self.without_columns(division, found).map(FilledTable::Inferred)
    }

    /// The definition of the table that backcourt writes for this stage.
    fn definition(
        &self,
        kind: RawKind,
        division: Division,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<TableDef> {
        let path = self.table(found).map(table_path);
        let path = path.and_then(|path| found.take("table", path));
        let columns = self.own_columns(kind, found)?;
        let date = self.own_date_column().and_then(|name| {
            if name != PARTITION_TIME {
                date_column(&columns, name, division.grain)?;
            }
            Ok(name)
        });
        let date = found.take("date_column", date);
        let key = found.take("key", key(&columns, self.key.as_deref().unwrap_or_default()));
        let slice = self.slice(found).and_then(|slice| {
            found.take("slice", refuse_nullable(&columns, &slice))?;
            Some(slice)
        });
        key?;
        let table = self.named(path?, date?, division, slice?);
        found.take("columns", table.with_columns(columns))
    }

    fn without_columns(
        &self,
        division: Division,
        found: &mut EntryMistakes<'_, '_>,
    ) -> Option<InferredTable> {
        let path = self.table(found).map(table_path);
        let path = path.and_then(|path| found.take("table", path));
        let name = self.own_date_column().and_then(|name| {
            date_column_name(name)?;
            Ok(name)
        });
        let name = found.take("date_column", name);
        let mut keys = self.key.iter().flatten();
        let wrong = keys.find_map(|name| refuse_column_name(name).err());
        let key = found.take(
            "key",
            wrong.map_or(Ok(()), |problem| Err(format!("key: {problem}"))),
        );
        let slice = self.slice(found);
        key?;
        Some(self.named(path?, name?, division, slice?))
    }

    /// The slice of the table, if it is valid.
    fn slice(&self, found: &mut EntryMistakes<'_, '_>) -> Option<Slice> {
        let slice = self.own_slice().map_err(|problem| format!("slice: {problem}"));
        let slice = slice.and_then(|slice| {
            let date_column = self.date_column.as_deref().unwrap_or_default();
            refuse_slice(&slice, date_column, self.key.as_deref().unwrap_or_default())?;
            Ok(slice)
        });
        found.take("slice", slice)
    }

    /// The table without its columns.
    fn named(
        &self,
        (dataset, name): (&str, &str),
        date_column: &str,
        division: Division,
        slice: Slice,
    ) -> InferredTable {
        InferredTable {
            dataset: dataset.to_owned(),
            name: name.to_owned(),
            doc: format!(
                "Filled by stage {} of a backcourt plan.",
                self.name.as_deref().unwrap_or_default()
            ),
            date_column: date_column.to_owned(),
            grain: division.grain,
            zone: division.zone,
            key: self.key.clone().unwrap_or_default(),
            slice,
        }
    }

    /// The columns; `None` if any is wrong, because others may refer to it.
    fn own_columns(&self, kind: RawKind, found: &mut EntryMistakes<'_, '_>) -> Option<Vec<Column>> {
        let raw = self.columns.as_deref().unwrap_or_default();
        if raw.is_empty() {
            let problem =
                "columns is empty; write columns = [{ name = \"day\", type = \"DATE\" }, …], or leave it out";
            found.note("columns", problem);
            return None;
        }
        let mut columns: Vec<Column> = Vec::with_capacity(raw.len());
        for raw in raw {
            let column = raw
                .get_ref()
                .read(kind)
                .and_then(|column| refuse_duplicate(&columns, column));
            match column {
                Ok(column) => columns.push(column),
                Err(problem) => found.note_at(raw.span().start, &problem),
            }
        }
        (columns.len() == raw.len()).then_some(columns)
    }

    fn own_date_column(&self) -> Result<&str, String> {
        let name = self.date_column.as_deref();
        match name.ok_or("date_column is missing; give the name of the date column")? {
            PARTITION_DATE => date_column_name(PARTITION_DATE).map(|()| PARTITION_DATE),
            name => Ok(name),
        }
    }

    fn expect(&self, division: Division, queries: &Queries<'_>) -> Result<ExpectRows, String> {
        match &self.expect_rows {
            None => Ok(ExpectRows::Some),
            Some(RawRows::Number(0)) => Err("expect_rows is 0; give 1 or more, or a SELECT".to_owned()),
            Some(RawRows::Number(rows)) => Ok(ExpectRows::Exactly(*rows)),
            Some(RawRows::Query(sql)) => Ok(ExpectRows::Query(date_query(
                "expect_rows",
                &queries.local(sql)?,
                division,
            )?)),
        }
    }
}

impl RawColumn {
    /// Only a query can fill a column whose values are never converted.
    fn read(&self, stage: RawKind) -> Result<Column, String> {
        refuse_column_name(&self.name).map_err(|problem| format!("column {problem}"))?;
        let of_query: &[&str] = match stage {
            RawKind::Sql => &ColumnType::CARRIED_WORDS,
            RawKind::Nba | RawKind::Command => &[],
        };
        let known = ColumnType::WORDS.into_iter().chain(of_query.iter().copied());
        let kind = ColumnType::parse(&self.kind).map_err(|error| match error {
            TypeError::Unknown(word) if word == self.kind => with_hint("type", &word, known.clone()),
            TypeError::Unknown(word) => {
                format!(
                    "type '{}': {}",
                    self.kind,
                    with_hint("type", &word, known.clone())
                )
            }
            TypeError::Malformed(what) => format!("type '{}' {what}", self.kind),
        });
        let kind = kind.and_then(|kind| {
            if kind.is_carried() && stage != RawKind::Sql {
                let known: Vec<&str> = known.collect();
                return Err(format!(
                    "printed rows can't be converted to {kind}; choose one of: {}",
                    known.join(", ")
                ));
            }
            Ok(kind)
        });
        Ok(Column {
            name: Cow::Owned(self.name.clone()),
            kind: kind.map_err(|problem| format!("column '{}': {problem}", self.name))?,
            nullable: self.nullable,
            stamp: None,
            doc: Cow::Owned(self.doc.clone()),
            part: self.part,
        })
    }
}

impl RawRead {
    fn read(&self) -> Result<ReadSpec, String> {
        readable_path(&self.table).map_err(|problem| format!("reads: {problem}"))?;
        let reach = match (self.days_back, self.back, self.ahead) {
            (days, None, None) => ReadReach::DaysBack(days.unwrap_or(0)),
            (None, None | Some(0), None | Some(0)) => ReadReach::DaysBack(0),
            (None, back, ahead) => ReadReach::Around {
                back: back.unwrap_or(0),
                ahead: ahead.unwrap_or(0),
            },
            (Some(_), ..) => {
                return Err(format!(
                    "reads: {} has days_back with back or ahead; give days, or dates of the stage with back and ahead",
                    self.table
                ));
            }
        };
        Ok(ReadSpec {
            table: self.table.clone(),
            reach,
        })
    }
}

impl RawActive {
    pub(super) fn read(self, queries: &Queries<'_>) -> Result<Active, String> {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        match self {
            Self::Query(sql) => {
                let sql = queries.local(&sql)?;
                refuse_parameters("active", &sql)?;
                Ok(Active::Query(sql))
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

/// Refuses a command that doesn't say which dates it is called for.
fn names_its_dates(texts: &[&Template], batch: usize) -> Result<(), String> {
    let names = |which| texts.iter().any(|text| text.names(which));
    let has_end = names(CallDate::End) || names(CallDate::EndExclusive);
    if batch == 1 {
        return if texts.iter().any(|text| text.has_placeholder()) {
            Ok(())
        } else {
            Err(
                "{date} is in neither command nor environment, so every date would run the same; add it"
                    .to_owned(),
            )
        };
    }
    if names(CallDate::Only) {
        return Err(format!(
            "{{date}} is one date, but batch is {batch}; write {{start}} and {{end}}, or {{end_exclusive}}"
        ));
    }
    if names(CallDate::Start) && has_end {
        return Ok(());
    }
    Err(format!(
        "batch is {batch}: command or environment must contain {{start}}, and {{end}} or {{end_exclusive}}"
    ))
}

/// Refuses a command that would run the same for different dates of the plan, because its formats leave out a part of the
/// date. Compares single dates, then calls that differ only in their last or first date.
fn calls_differ(texts: &[&Template], batch: usize, range: PartitionRange) -> Result<(), String> {
    if texts.iter().any(|text| text.has_whole_date()) {
        return Ok(());
    }
    let days: Vec<Partition> = range.partitions().take(MAX_COMPARED).collect();
    let (Some(&first), Some(&last)) = (days.first(), days.last()) else {
        return Ok(());
    };
    let single = days.iter().map(|day| (*day, *day)).collect();
    let growing = days.iter().take(batch).map(|day| (first, *day)).collect();
    let shrinking = days.iter().rev().take(batch).map(|day| (*day, last)).collect();
    let calls: [Vec<(Partition, Partition)>; 3] = [single, growing, shrinking];
    calls.into_iter().try_for_each(|calls| all_differ(texts, &calls))
}

fn all_differ(texts: &[&Template], calls: &[(Partition, Partition)]) -> Result<(), String> {
    let mut seen = HashMap::new();
    for &(first, last) in calls {
        let filled: Vec<String> = texts.iter().map(|text| text.filled(first, last)).collect();
        if let Some((other, until)) = seen.insert(filled, (first, last)) {
            let shown = |first: Partition, last: Partition| {
                if first == last {
                    first.to_string()
                } else {
                    format!("{first}..{last}")
                }
            };
            return Err(format!(
                "{} and {} would run the same command; every call must differ, so use formats with year, month and day, \
                 such as %Y%m%d",
                shown(other, until),
                shown(first, last)
            ));
        }
    }
    Ok(())
}

fn date_query(what: &str, sql: &str, division: Division) -> Result<DateQuery, String> {
    QueryScript::of(sql).map_err(|problem| format!("{what}: {problem}"))?;
    Ok(DateQuery {
        binds: binds(what, sql, division.grain)?,
        zone: division.zone,
        sql: sql.trim_end().trim_end_matches(';').to_owned(),
    })
}

fn refuse_duplicate(columns: &[Column], column: Column) -> Result<Column, String> {
    let is_same = |other: &Column| other.name.eq_ignore_ascii_case(&column.name);
    if columns.iter().any(is_same) {
        return Err(format!(
            "column '{}' is duplicated; names must be unique",
            column.name
        ));
    }
    Ok(column)
}

#[cfg(test)]
mod tests;
