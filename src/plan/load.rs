//! Parses and validates a plan file into a [`Plan`], or returns one sentence on what is wrong.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::breakdown::{RawBreakdown, breakdown};
use super::builtin::PLANS;
use super::definition::of_check;
use super::limits::{MAX_CHECKS, MAX_STAGES, at_most, in_range};
use super::order::{in_order, tables_are_in_order};
use super::queries::{Queries, QuerySource};
use super::runbook::{self, RawItem};
use super::stages::{RawActive, RawStage, stages};
use super::{
    Bound, BreakdownSpec, CheckSpec, DateRange, Expectation, Fingerprint, MAX_WORKERS, Plan, SampleDate,
    Severity, SourceTable, StageSpec, TextTest, parse_date, toml_mistake, with_hint,
};

/// Why a plan was refused. The message names the plan, the problem and how to fix it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plan {plan}: {problem}")]
pub struct PlanError {
    /// Name or path as given.
    pub plan: String,
    /// What is wrong and how to fix it.
    pub problem: String,
}

/// Loads a built-in plan by name, or a plan file by path (anything with a dot or a slash in it).
///
/// # Errors
/// When there is no such plan, the file cannot be read, or it is not a valid plan.
pub fn load(name_or_path: &str) -> Result<Plan, PlanError> {
    let refuse = |problem: String| PlanError {
        plan: name_or_path.to_owned(),
        problem,
    };
    if let Some((_, text)) = PLANS.iter().find(|(name, _)| *name == name_or_path) {
        let plan = parse(text, &QuerySource::Builtin).map_err(refuse)?;
        return Ok(Plan {
            origin: name_or_path.to_owned(),
            ..plan
        });
    }
    if !name_or_path.contains(['.', '/']) {
        return Err(refuse(with_hint(
            "plan",
            name_or_path,
            PLANS.iter().map(|(name, _)| *name),
        )));
    }
    let path = Path::new(name_or_path);
    let text = fs::read_to_string(path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let plan = parse(&text, &QuerySource::Folder(folder)).map_err(refuse)?;
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok(Plan {
        origin: whole.display().to_string(),
        ..plan
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    name: String,
    title: String,
    project: Option<String>,
    from: String,
    to: String,
    #[serde(default = "default_first_month")]
    first_month: u32,
    #[serde(default = "default_source")]
    source: String,
    #[serde(default = "default_workers")]
    workers: usize,
    active: Option<RawActive>,
    #[serde(rename = "stage")]
    stages: Vec<RawStage>,
    #[serde(rename = "check", default)]
    checks: Vec<RawCheck>,
    #[serde(default)]
    runbook: Vec<RawItem>,
    #[serde(rename = "sample", default)]
    samples: Vec<RawSample>,
    #[serde(rename = "source_check", default)]
    sources: Vec<RawSource>,
    #[serde(rename = "source_table", default)]
    source_tables: Vec<RawSourceTable>,
    #[serde(rename = "breakdown", default)]
    breakdowns: Vec<RawBreakdown>,
}

const fn default_first_month() -> u32 {
    1
}

fn default_source() -> String {
    "auto".to_owned()
}

const fn default_workers() -> usize {
    15
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSample {
    date: String,
    why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    name: String,
    stage: String,
    title: String,
    severity: Severity,
    sql: Option<String>,
    sql_file: Option<String>,
    expect: Vec<RawExpectation>,
    before: Option<String>,
    #[serde(default)]
    dates: Vec<String>,
}

/// A raw-data check. It has no severity: bad raw data never blocks a run, the operator decides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    name: String,
    feed: String,
    title: String,
    sql: Option<String>,
    sql_file: Option<String>,
    expect: Vec<RawExpectation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSourceTable {
    name: String,
    title: String,
    sql: Option<String>,
    sql_file: Option<String>,
}

impl From<RawSource> for RawCheck {
    fn from(raw: RawSource) -> Self {
        Self {
            name: raw.name,
            stage: raw.feed,
            title: raw.title,
            severity: Severity::Advisory,
            sql: raw.sql,
            sql_file: raw.sql_file,
            expect: raw.expect,
            before: None,
            dates: Vec::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpectation {
    rows: Option<u64>,
    column: Option<String>,
    #[serde(rename = "where", default)]
    row: BTreeMap<String, String>,
    every: Option<String>,
    equals: Option<f64>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    more_than: Option<f64>,
    starts_with: Option<String>,
    matches: Option<String>,
}

pub(super) fn parse(text: &str, origin: &QuerySource) -> Result<Plan, String> {
    let raw: RawPlan = toml::from_str(text).map_err(|error| toml_mistake(text, &error))?;
    let date = |text: &str| parse_date(text).map_err(|error| error.to_string());
    let range = DateRange::new(date(&raw.from)?, date(&raw.to)?).map_err(|error| error.to_string())?;
    in_range("first_month", raw.first_month, &(1..=12))?;
    let workers = in_range("workers", raw.workers, &(1..=MAX_WORKERS))?;
    at_most(MAX_STAGES, raw.stages.len(), "stages")?;
    at_most(MAX_CHECKS, raw.checks.len() + raw.sources.len(), "checks")?;
    if raw.stages.is_empty() {
        return Err("no [[stage]]; add at least one".to_owned());
    }
    let queries = Queries::new(origin, raw.project)?;
    let stages = stages(raw.stages, raw.active, &queries)?;
    unique("stage", stages.iter().map(|stage| stage.name.as_str()))?;
    in_order(&stages)?;
    tables_are_in_order(&stages)?;
    let checks = checks(raw.checks, &stages, &queries)?;
    let sources = raw.sources.into_iter().map(RawCheck::from);
    let sources: Vec<CheckSpec> = sources
        .map(|source| named_check(source, &queries))
        .collect::<Result<_, _>>()?;
    // The ledger stores results of both by name.
    unique(
        "check",
        checks.iter().chain(&sources).map(|check| check.name.as_str()),
    )?;
    let source_tables = source_tables(raw.source_tables, &queries)?;
    let runbook = runbook::items(raw.runbook, &stages, &checks)?;
    let breakdowns = breakdowns(raw.breakdowns, &checks, &queries)?;
    Ok(Plan {
        name: raw.name,
        origin: String::new(),
        title: raw.title,
        range,
        first_month: raw.first_month,
        source: raw.source,
        workers,
        stages,
        checks,
        runbook,
        samples: samples(raw.samples, range)?,
        sources,
        source_tables,
        breakdowns,
    })
}

fn checks(raw: Vec<RawCheck>, stages: &[StageSpec], queries: &Queries<'_>) -> Result<Vec<CheckSpec>, String> {
    let check = |raw: RawCheck| {
        if !stages.iter().any(|stage| stage.name == raw.stage) {
            let known = stages.iter().map(|stage| stage.name.as_str());
            let problem = with_hint("stage", &raw.stage, known);
            return Err(format!("check '{}': {problem}", raw.name));
        }
        named_check(raw, queries)
    };
    raw.into_iter().map(check).collect()
}

fn source_tables(raw: Vec<RawSourceTable>, queries: &Queries<'_>) -> Result<Vec<SourceTable>, String> {
    let tables: Result<Vec<SourceTable>, String> = raw
        .into_iter()
        .map(|table| source_table(table, queries))
        .collect();
    let tables = tables?;
    unique("source table", tables.iter().map(|table| table.name.as_str()))?;
    Ok(tables)
}

fn breakdowns(
    raw: Vec<RawBreakdown>,
    checks: &[CheckSpec],
    queries: &Queries<'_>,
) -> Result<Vec<BreakdownSpec>, String> {
    let mut breakdowns = Vec::with_capacity(raw.len());
    for raw in raw {
        let about = format!("breakdown of '{}'", raw.check);
        let read = queries
            .query(raw.sql.as_deref(), raw.sql_file.as_deref())
            .and_then(|sql| breakdown(raw, sql, checks));
        breakdowns.push(read.map_err(|problem| format!("{about}: {problem}"))?);
    }
    unique(
        "breakdown of",
        breakdowns.iter().map(|breakdown| breakdown.check.as_str()),
    )?;
    Ok(breakdowns)
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(format!("{what} '{name}' is duplicated; names must be unique"));
        }
    }
    Ok(())
}

/// Validates the sample dates and sorts them. A date outside the plan is never filled, so there is nothing to compare.
fn samples(raw: Vec<RawSample>, range: DateRange) -> Result<Vec<SampleDate>, String> {
    let mut samples = Vec::with_capacity(raw.len());
    for RawSample { date, why } in raw {
        let date = parse_date(&date).map_err(|error| format!("sample: {error}"))?;
        if !range.contains(date) {
            let (from, to) = (range.from(), range.to());
            return Err(format!(
                "sample '{date}' is outside the plan; give a date from {from} to {to}"
            ));
        }
        if why.trim().is_empty() {
            return Err(format!(
                "sample '{date}' has an empty why; say what it represents"
            ));
        }
        samples.push(SampleDate { date, why });
    }
    samples.sort_by_key(|sample| sample.date);
    if let Some(twice) = samples.windows(2).find(|two| two[0].date == two[1].date) {
        return Err(format!(
            "sample '{}' is duplicated; dates must be unique",
            twice[0].date
        ));
    }
    Ok(samples)
}

fn source_table(raw: RawSourceTable, queries: &Queries<'_>) -> Result<SourceTable, String> {
    let sql = queries.query(raw.sql.as_deref(), raw.sql_file.as_deref());
    Ok(SourceTable {
        sql: sql.map_err(|problem| format!("source table '{}': {problem}", raw.name))?,
        name: raw.name,
        title: raw.title,
    })
}

fn named_check(raw: RawCheck, queries: &Queries<'_>) -> Result<CheckSpec, String> {
    let name = raw.name.clone();
    check(raw, queries).map_err(|problem| format!("check '{name}': {problem}"))
}

fn check(raw: RawCheck, queries: &Queries<'_>) -> Result<CheckSpec, String> {
    let sql = queries.query(raw.sql.as_deref(), raw.sql_file.as_deref())?;
    if raw.expect.is_empty() {
        return Err("expect is empty; give at least one expectation".to_owned());
    }
    let expect = raw
        .expect
        .into_iter()
        .map(expectation)
        .collect::<Result<_, _>>()?;
    let dates = raw
        .dates
        .iter()
        .map(|date| parse_date(date))
        .collect::<Result<_, _>>();
    let mut check = CheckSpec {
        name: raw.name,
        stage: raw.stage,
        title: raw.title,
        severity: raw.severity,
        sql,
        expect,
        before: raw.before,
        dates: dates.map_err(|error| error.to_string())?,
        fingerprint: Fingerprint::default(),
    };
    check.fingerprint = of_check(&check);
    Ok(check)
}

fn expectation(raw: RawExpectation) -> Result<Expectation, String> {
    let bound = match (raw.equals, raw.at_least, raw.at_most, raw.more_than) {
        (None, None, None, None) => None,
        (Some(limit), None, None, None) => Some(Bound::Equals(limit)),
        (None, Some(low), Some(high), None) if low <= high => Some(Bound::Between(low, high)),
        (None, Some(limit), None, None) => Some(Bound::AtLeast(limit)),
        (None, None, Some(limit), None) => Some(Bound::AtMost(limit)),
        (None, None, None, Some(limit)) => Some(Bound::MoreThan(limit)),
        _ => return Err("these limits contradict each other; give one, or at_least with at_most".to_owned()),
    };
    let text_test = match (raw.starts_with, raw.matches) {
        (None, None) => None,
        (Some(start), None) => Some(TextTest::StartsWith(start)),
        (None, Some(pattern)) => {
            regex::Regex::new(&pattern).map_err(|error| format!("matches = '{pattern}': {error}"))?;
            Some(TextTest::Matches(pattern))
        }
        _ => return Err("give starts_with or matches, not both".to_owned()),
    };
    let mut row = raw.row.into_iter();
    match (
        raw.rows,
        raw.column,
        raw.every,
        bound,
        text_test,
        row.next(),
        row.next(),
    ) {
        (Some(rows), None, None, None, None, None, None) => Ok(Expectation::Rows(rows)),
        (None, Some(column), None, Some(bound), None, row, None) => {
            Ok(Expectation::Cell { column, row, bound })
        }
        (None, None, Some(column), None, Some(test), None, None) => Ok(Expectation::Every { column, test }),
        _ => Err(
            "an expectation is one of: rows = N; column with a limit (and where = { column = \"text\" }); \
                  every with starts_with or matches"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::DoneWhen;

    const SMALL: &str = r#"
name = "small"
title = "Small"
from = "2024-01-01"
to = "2024-01-02"
[[stage]]
name = "team_offense"
table = "nba_analytics.team_offense_game_summary"
kind = "nba"
[[check]]
name = "one"
stage = "team_offense"
title = "One"
severity = "blocking"
sql = "SELECT 1 AS pct"
expect = [{ column = "pct", at_least = 1, at_most = 2 }]
[[sample]]
date = "2024-01-02"
why = "the last"
[[sample]]
date = "2024-01-01"
why = "the first"
"#;

    fn parse_small(text: &str) -> Result<Plan, String> {
        parse(text, &QuerySource::Builtin)
    }

    #[test]
    fn the_built_in_plan_is_valid() {
        let plan = load("nba").unwrap();
        assert_eq!(plan.range.days().count(), 1_538);
        assert_eq!(plan.source, "reconstruct");
        let items: Vec<&str> = plan.runbook.iter().map(|item| item.item.as_str()).collect();
        let numbers: Vec<String> = (1..=24).map(|number| number.to_string()).collect();
        assert_eq!(
            items.iter().filter(|item| item.parse::<u32>().is_ok()).count(),
            24
        );
        assert!(numbers.iter().all(|number| items.contains(&number.as_str())));
        assert!(items.contains(&"14a"), "what the old list forgot");
        assert_eq!(plan.samples.len(), 8);
        assert_eq!(
            (plan.stages.len(), plan.checks.len(), plan.sources.len()),
            (8, 69, 16)
        );
    }

    #[test]
    fn a_small_plan_is_parsed() {
        let plan = parse_small(SMALL).unwrap();
        assert_eq!(plan.workers, 15);
        assert_eq!(plan.checks[0].expect[0].to_string(), "pct 1 to 2");
        let samples = plan.samples.iter().map(|sample| sample.why.as_str());
        assert_eq!(samples.collect::<Vec<_>>(), ["the first", "the last"]);
    }

    #[test]
    fn source_checks_have_a_feed_and_are_always_advisory() {
        let source =
            "[[source_check]]\nname = \"raw\"\nfeed = \"bdl\"\ntitle = \"Raw\"\nsql = \"SELECT 1\"\n";
        let expects = format!("{SMALL}{source}expect = [{{ rows = 0 }}]\n");
        let plan = parse_small(&expects).unwrap();
        let check = plan.source("raw").unwrap();
        assert_eq!(
            (check.stage.as_str(), check.severity),
            ("bdl", Severity::Advisory)
        );
        assert_eq!(plan.check("raw"), None);
        let twice = expects.replace("\"raw\"", "\"one\"");
        assert_eq!(
            parse_small(&twice).unwrap_err(),
            "check 'one' is duplicated; names must be unique"
        );
        let blocking = format!("{expects}severity = \"blocking\"\n");
        assert!(
            parse_small(&blocking)
                .unwrap_err()
                .contains("unknown field `severity`")
        );
        let nothing = format!("{SMALL}{source}expect = []\n");
        assert!(
            parse_small(&nothing)
                .unwrap_err()
                .starts_with("check 'raw': expect is empty")
        );
    }

    #[test]
    fn numbers_and_sizes_have_limits() {
        let refused = |text: &str| parse_small(text).unwrap_err();
        for workers in ["0", "513", "1000000000"] {
            let plan = SMALL.replacen("title", &format!("workers = {workers}\ntitle"), 1);
            assert_eq!(refused(&plan), format!("workers is {workers}; give 1 to 512"));
        }
        let check = &SMALL[SMALL.find("[[check]]").unwrap()..SMALL.find("[[sample]]").unwrap()];
        let many = format!("{SMALL}{}", check.repeat(MAX_CHECKS));
        assert_eq!(refused(&many), "20001 checks; a plan has at most 20000");
        let sum = format!("SELECT 1{} AS pct", " + 1".repeat(5_000));
        let deep = refused(&SMALL.replace("SELECT 1 AS pct", &sum));
        assert!(
            deep.starts_with("check 'one': line 1 of the query: more than 4000 operators"),
            "{deep}"
        );
    }

    #[test]
    fn each_mistake_has_its_own_message() {
        let cases = [
            (
                "table =",
                "tabel =",
                "line 8: unknown field `tabel`; did you mean 'table'?",
            ),
            (
                "to = \"2024-01-02\"",
                "to = \"2023-01-02\"",
                "the range ends on 2023-01-02, before its start 2024-01-01; swap the two dates",
            ),
            (
                "from = \"2024-01-01\"",
                "from = \"2024-13-01\"",
                "'2024-13-01' is not a date; write it as YYYY-MM-DD, for example 2023-12-16",
            ),
            (
                "stage = \"team_offense\"",
                "stage = \"team_ofense\"",
                "check 'one': stage 'team_ofense' not found; did you mean 'team_offense'?",
            ),
            (
                "at_least = 1, at_most = 2",
                "at_least = 3, at_most = 2",
                "check 'one': these limits contradict each other; give one, or at_least with at_most",
            ),
            (
                "sql = \"SELECT 1 AS pct\"",
                "sql_file = \"checks/nba/rows_per_dat.sql\"",
                "check 'one': SQL file 'checks/nba/rows_per_dat.sql' not found; did you mean \
                 'checks/nba/rows_per_date.sql'?",
            ),
            (
                "expect = [{ column = \"pct\", at_least = 1, at_most = 2 }]",
                "expect = []",
                "check 'one': expect is empty; give at least one expectation",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"2024-01-03\"",
                "sample '2024-01-03' is outside the plan; give a date from 2024-01-01 to 2024-01-02",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"2024-01-01\"",
                "sample '2024-01-01' is duplicated; dates must be unique",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"the last\"",
                "sample: 'the last' is not a date; write it as YYYY-MM-DD, for example 2023-12-16",
            ),
            (
                "why = \"the last\"",
                "why = \" \"",
                "sample '2024-01-02' has an empty why; say what it represents",
            ),
        ];
        for (good, bad, sentence) in cases {
            let text = SMALL.replacen(good, bad, 1);
            assert_ne!(text, SMALL, "{good}");
            assert_eq!(parse_small(&text).unwrap_err(), sentence);
        }
    }

    #[test]
    fn runbook_items_are_unique_and_reference_existing_names() {
        let with = |items: &str| parse_small(&format!("{SMALL}{items}"));
        let item = |rest: &str| format!("[[runbook]]\nitem = 1\ntitle = \"First\"\n{rest}\n");
        let plan = with(&item(
            "done_when = [{ check = \"one\" }, { done = { stage = \"team_offense\", dates = [\"2024-01-01\"] } }]",
        ))
        .unwrap();
        assert_eq!(plan.runbook[0].item.as_str(), "1");
        let DoneWhen::Facts(conditions) = &plan.runbook[0].done_when else {
            panic!("it is ticked by facts");
        };
        assert_eq!(conditions.len(), 2);
        let cases = [
            (
                item("done_when = [{ check = \"onw\" }]"),
                "runbook item 1: check 'onw' not found; did you mean 'one'?",
            ),
            (
                item("done_when = [{ passed = \"team_ofense\" }]"),
                "runbook item 1: stage 'team_ofense' not found; did you mean 'team_offense'?",
            ),
            (
                item("done_when = []"),
                "runbook item 1: give either a non-empty done_when or manual = true",
            ),
            (
                item("manual = true\ndone_when = [{ report = true }]"),
                "runbook item 1: give either a non-empty done_when or manual = true",
            ),
            (
                item("manual = true") + &item("manual = true"),
                "runbook item 1 is duplicated; give the second another number",
            ),
            (
                item("done_when = [{ chekc = \"one\" }]"),
                "line 26: unknown variant `chekc`; did you mean 'check'?",
            ),
        ];
        for (items, sentence) in cases {
            assert_eq!(with(&items).unwrap_err(), sentence);
        }
    }

    #[test]
    fn a_breakdown_belongs_to_one_check_and_lists_its_causes() {
        let broken = |changed: &str, to: &str| {
            let breakdown = "[[breakdown]]\ncheck = \"one\"\ntitle = \"One\"\nsql = \"SELECT 1\"\ndate = \"day\"\n\
                             by = [\"team\"]\ncause = \"why\"\ncount = \"rows\"\ncauses = [\"lost\"]\nbeside = [\"absent\"]\n";
            assert!(breakdown.contains(changed), "{changed}");
            parse_small(&format!("{SMALL}{}", breakdown.replacen(changed, to, 1)))
        };
        let plan = broken("", "").unwrap();
        let spec = plan.breakdown("one").unwrap();
        assert_eq!(
            (
                spec.by.len(),
                spec.causes[0].as_str(),
                spec.not_counted[0].as_str()
            ),
            (1, "lost", "absent")
        );
        let cases = [
            (
                "check = \"one\"",
                "check = \"onne\"",
                "breakdown of 'onne': check 'onne' not found; did you mean 'one'?",
            ),
            (
                "causes = [\"lost\"]",
                "causes = []",
                "breakdown of 'one': causes is empty; list the causes the query can return",
            ),
            (
                "[\"absent\"]",
                "[\"lost\"]",
                "breakdown of 'one': cause 'lost' is duplicated; list each cause once",
            ),
            (
                "sql = \"SELECT 1\"\n",
                "",
                "breakdown of 'one': give either sql or sql_file",
            ),
        ];
        for (good, bad, sentence) in cases {
            assert_eq!(broken(good, bad).unwrap_err(), sentence);
        }
    }

    #[test]
    fn a_stage_can_only_need_earlier_stages() {
        let two = |needs: &str| {
            let second = format!(
                "[[stage]]\nname = \"second\"\ntable = \"d.t\"\nkind = \"nba\"\nneeds = [{needs}]\n[[check]]"
            );
            parse_small(&SMALL.replacen("[[check]]", &second, 1))
        };
        assert_eq!(two("\"team_offense\"").unwrap().stages[1].needs, ["team_offense"]);
        assert_eq!(
            two("\"second\"").unwrap_err(),
            "stage 'second' needs 'second', which comes after it; move 'second' up"
        );
        assert_eq!(
            two("\"team_ofense\"").unwrap_err(),
            "stage 'second': stage 'team_ofense' not found; did you mean 'team_offense'?"
        );
    }

    #[test]
    fn unknown_plans_get_a_hint_and_unreadable_files_a_reason() {
        assert_eq!(
            load("nbaa").unwrap_err().to_string(),
            "plan nbaa: plan 'nbaa' not found; did you mean 'nba'?"
        );
        assert!(
            load("./no/such.toml")
                .unwrap_err()
                .to_string()
                .starts_with("plan ./no/such.toml: cannot be read")
        );
    }
}
