//! The tables that a plan declares as its sources: raw tables that it reads and never writes.

use toml::Spanned;

use super::hint::near_miss;
use super::mistakes::{EntryMistakes, PlanMistakes};
use super::raw::{RawDeclaredSource, RawWatch};
use super::stage::{ReadReach, ReadSpec, StageSpec};
use crate::sql::{TableName, tables};
use crate::table::{PARTITION_DATE, PARTITION_TIME, SourceMark, readable_path, refuse_column_name};

/// The pseudo columns of tables that are partitioned by the time of loading.
const OF_LOADING: [&str; 2] = [PARTITION_TIME, PARTITION_DATE];

/// The pseudo column of a wildcard table.
const SUFFIX: &str = "_TABLE_SUFFIX";

/// A source, as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpec {
    /// `dataset.table`, after the project if it is in another one. A wildcard ends with `*`.
    pub table: String,
    /// The column of a row's date, or a pseudo column: of the time of loading, or the suffix of a wildcard table. `None` if
    /// its rows have none; it is then not looked at.
    pub date: Option<String>,
    /// What is compared to find late rows; `None` if nothing is.
    pub watch: Option<SourceMark>,
    /// Whether a unit waits until the source has rows for its date.
    pub must_be_ready: bool,
}

impl SourceSpec {
    /// Whether a run has to look at it.
    #[must_use]
    pub const fn is_looked_at(&self) -> bool {
        self.watch.is_some() || self.must_be_ready
    }

    /// Whether a table of this name may have rows of the source.
    #[must_use]
    pub fn overlaps(&self, name: &TableName) -> bool {
        TableName::of_path(&self.table).overlaps(name)
    }
}

/// The sources without mistakes. A stage whose query names a source reads it on its own date, unless its `reads` has
/// more of it; both are noted in the stage. Without `are_complete`, some stages could not be read.
pub(super) fn sources(
    raw: Vec<Spanned<RawDeclaredSource>>,
    stages: &mut [StageSpec],
    are_complete: bool,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<SourceSpec> {
    let mut sources: Vec<SourceSpec> = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, raw) = (raw.span().start, raw.into_inner());
        let subject = raw
            .table
            .as_ref()
            .map_or_else(String::new, |table| format!("source '{table}': "));
        let mut found = mistakes.of(place, subject);
        let Some(source) = raw.read(&mut found) else {
            continue;
        };
        if (sources.iter()).any(|other| other.table.eq_ignore_ascii_case(&source.table)) {
            found.note("table", "it is declared twice; declare each table once");
            continue;
        }
        let filled = |stage: &&StageSpec| {
            let table = stage.table.as_deref();
            table.is_some_and(|table| source.overlaps(&TableName::of_path(table)))
        };
        if let Some(stage) = stages.iter().find(filled) {
            let problem = format!(
                "stage '{}' fills it, so its changes are known; leave the [[source]] out and declare it in reads",
                stage.name
            );
            found.note("table", &problem);
            continue;
        }
        let mut is_read = false;
        for stage in stages.iter_mut() {
            is_read |= note_read(stage, &source);
        }
        if !is_read && are_complete {
            found.note("table", &no_reader(&source, stages));
        }
        sources.push(source);
    }
    sources
}

impl RawDeclaredSource {
    fn read(self, found: &mut EntryMistakes<'_, '_>) -> Option<SourceSpec> {
        let table = found.require("table", self.table)?;
        let path = found.take("table", readable_path(&table));
        let is_wildcard = table.ends_with('*');
        let known = found.take("date", known_date(self.date.as_deref(), is_wildcard));
        let watch = match self.watch {
            RawWatch::None => None,
            RawWatch::Rows => Some(SourceMark::Rows),
            RawWatch::Digest => Some(SourceMark::Digest),
            RawWatch::Modified => Some(SourceMark::Modified),
        };
        if self.date.is_none() && (watch.is_some() || self.ready.is_some()) {
            found.note("date", "date is missing; watch and ready need it");
            return None;
        }
        if watch == Some(SourceMark::Modified) && is_wildcard && self.date.as_deref() != Some(SUFFIX) {
            let problem = format!(
                "watch is \"modified\", which is known of whole tables here; give date = \"{SUFFIX}\", or watch = \"rows\""
            );
            found.note("watch", &problem);
            return None;
        }
        path.and(known)?;
        Some(SourceSpec {
            table,
            date: self.date,
            watch,
            must_be_ready: self.ready.is_some(),
        })
    }
}

/// Refuses a date that no row can have.
fn known_date(date: Option<&str>, is_wildcard: bool) -> Result<(), String> {
    match date {
        None => Ok(()),
        Some(SUFFIX) if is_wildcard => Ok(()),
        Some(SUFFIX) => Err(format!(
            "date is {SUFFIX}, which only wildcard tables have; give the date column"
        )),
        Some(pseudo) if OF_LOADING.contains(&pseudo) => Ok(()),
        Some(column) => refuse_column_name(column).map_err(|problem| format!("date {problem}")),
    }
}

/// Notes in a stage that it reads the source. Returns whether it does.
fn note_read(stage: &mut StageSpec, source: &SourceSpec) -> bool {
    let overlaps = |read: &&mut ReadSpec| source.overlaps(&TableName::of_path(&read.table));
    let mut reaches = Vec::new();
    for read in stage.reads.iter_mut().filter(overlaps) {
        if read.table.eq_ignore_ascii_case(&source.table) {
            read.table.clone_from(&source.table);
            return true;
        }
        reaches.push(read.reach);
    }
    if reaches.is_empty() && is_named(stage, source) {
        reaches.push(ReadReach::DaysBack(0));
    }
    let is_read = !reaches.is_empty();
    stage.reads.extend(reaches.into_iter().map(|reach| ReadSpec {
        table: source.table.clone(),
        reach,
    }));
    is_read
}

fn is_named(stage: &StageSpec, source: &SourceSpec) -> bool {
    // A query that can't be tokenised is refused elsewhere.
    let named = stage.queries().filter_map(|sql| tables(sql).ok()).flatten();
    named.into_iter().any(|name| source.overlaps(&name))
}

fn no_reader(source: &SourceSpec, stages: &[StageSpec]) -> String {
    let declared = stages.iter().flat_map(|stage| &stage.reads);
    let declared = declared.map(|read| read.table.clone());
    let named = stages.iter().flat_map(StageSpec::queries);
    let named = named.filter_map(|sql| tables(sql).ok()).flatten();
    let named = named
        .filter(|name| name.dataset().is_some())
        .map(|name| name.to_string());
    let known: Vec<String> = declared.chain(named).collect();
    match near_miss(&source.table, known.iter().map(String::as_str)) {
        Some(candidate) => format!("no stage reads it; did you mean '{candidate}'?"),
        None => {
            "no stage reads it; correct its name, or name it in the reads of the stage that does".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::load::parse;
    use super::super::mistake::in_lines;
    use super::super::queries::QuerySource;
    use super::super::{Plan, ReadSpec};
    use super::*;

    fn plan(stage: &str, sources: &str) -> Result<Plan, String> {
        let text = format!(
            r#"name = "p"
title = "Sources"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "one"
kind = "sql"
{stage}
table = "mart.t"
date_column = "day"
columns = [{{ name = "day", type = "DATE" }}]
{sources}"#
        );
        parse(&text, &QuerySource::Builtin).map_err(in_lines)
    }

    const READS: &str = "sql = \"SELECT day FROM `raw.events` JOIN `src.clicks_2024*` WHERE day = @date\"";

    fn source(keys: &str) -> String {
        format!("[[source]]\n{keys}\n")
    }

    #[test]
    fn a_source_is_read_where_a_query_or_reads_names_it() {
        let events = source("table = \"raw.Events\"\ndate = \"day\"\nwatch = \"digest\"");
        let clicks = source("table = \"src.clicks_*\"\ndate = \"_TABLE_SUFFIX\"\nready = \"rows\"");
        let reads = format!("{READS}\nreads = [{{ table = \"src.clicks_2024*\", days_back = 2 }}]");
        let plan = plan(&reads, &(events + &clicks)).unwrap();
        assert_eq!(
            plan.declared_sources,
            [
                SourceSpec {
                    table: "raw.Events".to_owned(),
                    date: Some("day".to_owned()),
                    watch: Some(SourceMark::Digest),
                    must_be_ready: false,
                },
                SourceSpec {
                    table: "src.clicks_*".to_owned(),
                    date: Some("_TABLE_SUFFIX".to_owned()),
                    watch: None,
                    must_be_ready: true,
                },
            ]
        );
        let read = |table: &str, days_back| ReadSpec {
            table: table.to_owned(),
            reach: ReadReach::DaysBack(days_back),
        };
        assert_eq!(
            plan.stages[0].reads,
            [
                read("src.clicks_2024*", 2),
                read("raw.Events", 0),
                read("src.clicks_*", 2)
            ]
        );
    }

    /// Adding a source must not make every date outdated.
    #[test]
    fn a_source_does_not_change_the_definition_of_a_stage() {
        let events = source("table = \"raw.events\"\ndate = \"day\"\nwatch = \"rows\"");
        let with = plan(READS, &events).unwrap();
        let without = plan(READS, "").unwrap();
        assert_eq!(with.stages[0].fingerprint, without.stages[0].fingerprint);
    }

    #[test]
    fn each_mistake_of_a_source_has_its_own_message() {
        let day = "date = \"day\"";
        let cases = [
            (
                format!("table = \"raw.evnets\"\n{day}"),
                "line 13: source 'raw.evnets': no stage reads it; did you mean 'raw.events'?",
            ),
            (
                format!("table = \"port.tides\"\n{day}"),
                "line 13: source 'port.tides': no stage reads it; correct its name, or name it in the reads of the stage \
                 that does",
            ),
            (
                format!("table = \"mart.t\"\n{day}"),
                "line 13: source 'mart.t': stage 'one' fills it, so its changes are known; leave the [[source]] out and \
                 declare it in reads",
            ),
            (
                format!("table = \"raw.events\"\n{day}\n[[source]]\ntable = \"RAW.events\"\n{day}"),
                "line 16: source 'RAW.events': it is declared twice; declare each table once",
            ),
            (
                format!("table = \"events\"\n{day}"),
                "line 13: source 'events': 'events' is not a valid table; write dataset.table, project.dataset.table or a \
                 wildcard such as raw.events_*",
            ),
            (
                "table = \"raw.events\"\nready = \"rows\"".to_owned(),
                "line 12: source 'raw.events': date is missing; watch and ready need it",
            ),
            (
                "table = \"raw.events\"\ndate = \"_TABLE_SUFFIX\"".to_owned(),
                "line 14: source 'raw.events': date is _TABLE_SUFFIX, which only wildcard tables have; give the date column",
            ),
            (
                "table = \"raw.events\"\ndate = \"the day\"".to_owned(),
                "line 14: source 'raw.events': date 'the day' is not a valid name; use ASCII letters, digits and \
                 underscores, not starting with a digit",
            ),
            (
                format!("table = \"raw.events\"\n{day}\nwatch = \"row\""),
                "line 15: unknown variant `row`; did you mean 'rows'?",
            ),
            (
                format!("table = \"src.clicks_*\"\n{day}\nwatch = \"modified\""),
                "line 15: source 'src.clicks_*': watch is \"modified\", which is known of whole tables here; give date = \
                 \"_TABLE_SUFFIX\", or watch = \"rows\"",
            ),
        ];
        for (keys, said) in cases {
            assert_eq!(plan(READS, &source(&keys)).unwrap_err(), said);
        }
    }

    #[test]
    fn a_source_in_another_project_is_told_from_this_one() {
        let sql = "sql = \"SELECT day FROM `acme.raw.events` WHERE day = @date\"";
        let of = |table: &str| plan(sql, &source(&format!("table = \"{table}\"\ndate = \"day\"")));
        assert!(of("acme.raw.events").is_ok());
        // The plan may run on that project.
        assert!(of("raw.events").is_ok());
        assert!(of("other.raw.events").unwrap_err().contains("no stage reads it"));
    }
}
