//! Loads a plan: from its text to a [`Plan`], or to everything that is wrong with it.

use std::fmt;
use std::fs;
use std::mem::take;
use std::path::Path;

use toml::Spanned;

use super::breakdown::breakdowns;
use super::builtin::PLANS;
use super::checks::{checks, source_tables};
use super::division::{Division, StageGrains};
use super::environment::{name_in, refuse_plan_name};
use super::limits::{MAX_CHECKS, MAX_STAGES, at_most, in_range};
use super::mistake::Mistake;
use super::mistakes::{EntryMistakes, MAX_MISTAKES, PlanMistakes};
use super::names::{EntryNames, refuse_duplicates};
use super::order::{OrderMistake, in_order, tables_are_in_order};
use super::queries::{Queries, QuerySource, project_id};
use super::raw::{RawCheck, RawPlan, RawSample, RawSources, RawStage};
use super::shape::{self, PlanShape};
use super::slices::{self, SlicedTables};
use super::source::sources;
use super::stages::stages;
use super::variable_mistakes::Declared;
use super::variables::{PlanVariables, Variables};
use super::{Active, GivenVariables, MAX_WORKERS, Plan, SampleDate, StageSpec, runbook, with_hint};
use crate::partition::{Grain, Partition, PartitionRange, Timezone};

/// Why a plan was refused: its mistakes, each with how to fix it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError {
    /// Name or path as given.
    pub plan: String,
    /// What is wrong, in the order of the lines; never empty.
    pub mistakes: Vec<Mistake>,
}

impl PlanError {
    /// Mistakes without a line: of the file as a whole, or together with what runs it. Only the first 100 are kept.
    #[must_use]
    pub fn of_whole(plan: &str, problems: impl IntoIterator<Item = String>) -> Self {
        Self {
            plan: plan.to_owned(),
            mistakes: problems
                .into_iter()
                .take(MAX_MISTAKES)
                .map(Mistake::of_file)
                .collect(),
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.plan;
        match self.mistakes.as_slice() {
            [one] => write!(f, "plan {plan}: {one}"),
            many if many.len() < MAX_MISTAKES => write!(f, "plan {plan} has {} mistakes:", many.len()),
            _ => write!(f, "plan {plan} has {MAX_MISTAKES} mistakes or more, among them:"),
        }
    }
}

impl std::error::Error for PlanError {}

/// Loads a built-in plan by name, or a plan file by path (anything with a dot or a slash in it).
///
/// # Errors
/// When there is no such plan, the file cannot be read, or it is not a valid plan.
pub fn load(name_or_path: &str) -> Result<Plan, PlanError> {
    load_with(name_or_path, &GivenVariables::default())
}

/// As [`load`], with values for the plan's variables.
///
/// # Errors
/// As for [`load`], and when a variable or the environment is unknown or missing.
pub fn load_with(name_or_path: &str, given: &GivenVariables) -> Result<Plan, PlanError> {
    let refuse = |problem: String| PlanError::of_whole(name_or_path, [problem]);
    let all = |mistakes| PlanError {
        plan: name_or_path.to_owned(),
        mistakes,
    };
    if let Some((_, text)) = PLANS.iter().find(|(name, _)| *name == name_or_path) {
        let plan = parse_with(text, &QuerySource::Builtin, given).map_err(all)?;
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
    let plan = parse_with(&text, &QuerySource::Folder(folder), given).map_err(all)?;
    let whole = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Ok(Plan {
        origin: whole.display().to_string(),
        ..plan
    })
}

/// Parses the text of a plan file; returns all its mistakes if there are any.
pub(super) fn parse_with(
    text: &str,
    origin: &QuerySource,
    given: &GivenVariables,
) -> Result<Plan, Vec<Mistake>> {
    let PlanShape {
        mut raw,
        variables,
        written_title,
        mut mistakes,
    } = shape::read(text, given)?;
    let declared = Declared {
        variables: take(&mut raw.vars),
        environments: take(&mut raw.environment),
    };
    let plan = validated(raw, origin, &variables, &mut mistakes);
    let environment = declared.verify(given, &variables, &mut mistakes);
    let plan = plan.map(|plan| Plan {
        name: name_in(
            &plan.name,
            environment.as_ref().map(|environment| environment.name.as_str()),
            &plan.slice,
        ),
        environment,
        environments: declared.environments.into_keys().collect(),
        variables: variables.outside,
        written_title: written_title.unwrap_or_default(),
        ..plan
    });
    plan.filter(|_| mistakes.is_empty())
        .ok_or_else(|| mistakes.into_sorted())
}

/// As [`parse_with`], without values from outside.
#[cfg(test)]
pub(super) fn parse(text: &str, origin: &QuerySource) -> Result<Plan, Vec<Mistake>> {
    parse_with(text, origin, &GivenVariables::default())
}

fn validated(
    raw: RawPlan,
    origin: &QuerySource,
    variables: &Variables,
    mistakes: &mut PlanMistakes<'_>,
) -> Option<Plan> {
    let number_of_checks = raw.checks.len() + raw.source_checks.len();
    let mut own = mistakes.of_plan();
    let name = own.require("name", raw.name);
    if let Some(problem) = name.as_deref().and_then(refuse_plan_name) {
        own.note("name", &problem);
    }
    let title = own.require("title", raw.title);
    let grains = StageGrains::of(&raw.stages, raw.partition);
    let grain = grains.shortest();
    let division = own.take("timezone", Division::new(grain, raw.timezone.as_deref()));
    let division = division.unwrap_or(Division {
        grain,
        zone: Timezone::UTC,
    });
    let range = range(raw.from, raw.to, grain, &mut own);
    if let Some(range) = range {
        own.take("timezone", division.refuse_repeated_midnight(range));
    }
    let first_month = own.take("first_month", in_range("first_month", raw.first_month, &(1..=12)));
    let workers = own.take("workers", in_range("workers", raw.workers, &(1..=MAX_WORKERS)));
    let project = raw
        .project
        .and_then(|project| own.take("project", project_id(project)));
    let sizes = [
        own.take("stage", at_most(MAX_STAGES, raw.stages.len(), "stages")),
        own.take("check", at_most(MAX_CHECKS, number_of_checks, "checks")),
    ];
    if raw.stages.is_empty() {
        own.note("stage", "no [[stage]]; add at least one");
    }
    if sizes.contains(&None) {
        return None;
    }
    let queries = Queries::new(origin, project, variables, SlicedTables::of(&raw.stages));
    let active = raw
        .active
        .map_or(Ok(Active::Always), |active| active.read(&queries));
    let active = own.take("active", active);
    let stage_names = EntryNames::of("stage", mistakes);
    let check_names = EntryNames::of("check", mistakes);
    let source_names = EntryNames::of("source_check", mistakes);
    refuse_duplicates("stage", &[&stage_names], mistakes);
    // The ledger stores results of both by name.
    refuse_duplicates("check", &[&check_names, &source_names], mistakes);

    let number_of_stages = raw.stages.len();
    let mut stages = ordered_stages(
        raw.stages,
        Division {
            grain: raw.partition,
            ..division
        },
        range,
        &active.unwrap_or(Active::Always),
        &queries,
        mistakes,
    );
    let slice = mistakes.of_plan().take("stage", slices::of_plan(&stages));
    let slice = slice.unwrap_or_default();
    let (source, declared) = match raw.source {
        RawSources::Word(word) => (word, Vec::new()),
        RawSources::Tables(tables) => ("auto".to_owned(), tables),
    };
    let are_complete = stages.len() == number_of_stages;
    let declared_sources = sources(declared, &mut stages, are_complete, mistakes);
    let checks_of_stages = checks(raw.checks, Some(&stage_names), &grains, &queries, mistakes);
    let source_checks = raw.source_checks.into_iter();
    let source_checks = source_checks.map(|raw| Spanned::new(raw.span(), RawCheck::from(raw.into_inner())));
    let source_checks = checks(source_checks.collect(), None, &grains, &queries, mistakes);
    let source_tables = source_tables(raw.source_tables, &queries, mistakes);
    let runbook = runbook::items(raw.runbook, [&stage_names, &check_names], &grains, mistakes);
    let breakdowns = breakdowns(raw.breakdowns, &check_names, &queries, mistakes);
    let samples = samples(raw.samples, grain, range, mistakes);
    Some(Plan {
        name: name?,
        origin: String::new(),
        title: title?,
        written_title: String::new(),
        environment: None,
        slice,
        environments: Vec::new(),
        variables: PlanVariables::default(),
        range: range?,
        timezone: division.zone,
        order: raw.order,
        first_month: first_month?,
        source,
        workers: workers?,
        stages,
        checks: checks_of_stages,
        runbook,
        samples,
        sources: source_checks,
        source_tables,
        declared_sources,
        breakdowns,
    })
}

fn range(
    from: Option<String>,
    to: Option<String>,
    grain: Grain,
    found: &mut EntryMistakes<'_, '_>,
) -> Option<PartitionRange> {
    let from = partition("from", from, found);
    let to = partition("to", to, found);
    let range = PartitionRange::between(from?, to?, grain).map_err(|error| error.to_string());
    found.take("to", range)
}

fn partition(key: &str, text: Option<String>, found: &mut EntryMistakes<'_, '_>) -> Option<Partition> {
    let text = found.require(key, text)?;
    found.take(key, Partition::parse(&text).map_err(|error| error.to_string()))
}

/// The stages, with their order checked. Which tables they read is checked only if all of them can be read.
fn ordered_stages(
    raw: Vec<Spanned<RawStage>>,
    division: Division,
    range: Option<PartitionRange>,
    usual: &Active,
    queries: &Queries<'_>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<StageSpec> {
    let places: Vec<usize> = raw.iter().map(|raw| raw.span().start).collect();
    let needs = |raw: &Spanned<RawStage>| {
        let raw = raw.get_ref();
        (raw.name.clone().unwrap_or_default(), raw.needs.clone())
    };
    let needs: Vec<_> = raw.iter().map(needs).collect();
    let stages = stages(raw, division, range, usual, queries, mistakes);
    let mut note = |found: Vec<OrderMistake>| {
        for (at, key, problem) in found {
            mistakes.of(places[at], String::new()).note(key, &problem);
        }
    };
    note(in_order(&needs));
    if stages.len() == places.len() {
        note(tables_are_in_order(&stages));
    }
    stages
}

/// The sample dates without mistakes, sorted. A date outside the plan is never filled, so there is nothing to compare.
fn samples(
    raw: Vec<Spanned<RawSample>>,
    grain: Grain,
    range: Option<PartitionRange>,
    mistakes: &mut PlanMistakes<'_>,
) -> Vec<SampleDate> {
    let mut samples: Vec<SampleDate> = Vec::with_capacity(raw.len());
    for raw in raw {
        let (place, raw) = (raw.span().start, raw.into_inner());
        let mut found = mistakes.of(place, String::new());
        let why = found.require("why", raw.why);
        let date = found.require("date", raw.date).and_then(|date| {
            let date = Partition::parse_as(&date, grain).map_err(|error| format!("sample: {error}"));
            found.take("date", date)
        });
        let (Some(date), Some(why)) = (date, why) else {
            continue;
        };
        if let Some((from, to)) = range.map(|range| (range.from(), range.to()))
            && !(from..=to).contains(&date)
        {
            let problem = format!("sample '{date}' is outside the plan; give a date from {from} to {to}");
            found.note("date", &problem);
        }
        if why.trim().is_empty() {
            let problem = format!("sample '{date}' has an empty why; say what it represents");
            found.note("why", &problem);
        }
        if samples.iter().any(|sample| sample.date == date) {
            let problem = format!("sample '{date}' is duplicated; dates must be unique");
            found.note("date", &problem);
        }
        samples.push(SampleDate { date, why });
    }
    samples.sort_by_key(|sample| sample.date);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::mistake::in_lines;
    use crate::plan::{DoneWhen, Severity};

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
        parse(text, &QuerySource::Builtin).map_err(in_lines)
    }

    #[test]
    fn the_built_in_plan_is_valid() {
        let plan = load("nba").unwrap();
        assert_eq!(plan.range.partitions().count(), 1_538);
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
            "line 24: check 'one' is duplicated; names must be unique"
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
                .starts_with("line 28: check 'raw': expect is empty")
        );
    }

    #[test]
    fn numbers_and_sizes_have_limits() {
        let refused = |text: &str| parse_small(text).unwrap_err();
        for workers in ["0", "513", "1000000000"] {
            let plan = SMALL.replacen("title", &format!("workers = {workers}\ntitle"), 1);
            assert_eq!(
                refused(&plan),
                format!("line 3: workers is {workers}; give 1 to 512")
            );
        }
        let check = &SMALL[SMALL.find("[[check]]").unwrap()..SMALL.find("[[sample]]").unwrap()];
        let many = format!("{SMALL}{}", check.repeat(MAX_CHECKS));
        assert_eq!(refused(&many), "line 10: 20001 checks; a plan has at most 20000");
        let sum = format!("SELECT 1{} AS pct", " + 1".repeat(5_000));
        let deep = refused(&SMALL.replace("SELECT 1 AS pct", &sum));
        assert!(
            deep.starts_with("line 15: check 'one': line 1 of the query: more than 4000 operators"),
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
                "line 5: the range ends on 2023-01-02, before its start 2024-01-01; swap the two dates",
            ),
            (
                "from = \"2024-01-01\"",
                "from = \"2024-13-01\"",
                "line 4: '2024-13-01' is not a date; write it as YYYY-MM-DD, for example 2023-12-16",
            ),
            (
                "stage = \"team_offense\"",
                "stage = \"team_ofense\"",
                "line 12: check 'one': stage 'team_ofense' not found; did you mean 'team_offense'?",
            ),
            (
                "at_least = 1, at_most = 2",
                "at_least = 3, at_most = 2",
                "line 16: check 'one': these limits contradict each other; give one, or at_least with at_most",
            ),
            (
                "sql = \"SELECT 1 AS pct\"",
                "sql_file = \"checks/nba/rows_per_dat.sql\"",
                "line 15: check 'one': SQL file 'checks/nba/rows_per_dat.sql' not found; did you mean \
                 'checks/nba/rows_per_date.sql'?",
            ),
            (
                "expect = [{ column = \"pct\", at_least = 1, at_most = 2 }]",
                "expect = []",
                "line 16: check 'one': expect is empty; give at least one expectation",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"2024-01-03\"",
                "line 18: sample '2024-01-03' is outside the plan; give a date from 2024-01-01 to 2024-01-02",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"2024-01-01\"",
                "line 21: sample '2024-01-01' is duplicated; dates must be unique",
            ),
            (
                "date = \"2024-01-02\"",
                "date = \"the last\"",
                "line 18: sample: 'the last' is not a date; write it as YYYY-MM-DD, for example 2023-12-16",
            ),
            (
                "why = \"the last\"",
                "why = \" \"",
                "line 19: sample '2024-01-02' has an empty why; say what it represents",
            ),
        ];
        for (good, bad, sentence) in cases {
            let text = SMALL.replacen(good, bad, 1);
            assert_ne!(text, SMALL, "{good}");
            assert_eq!(parse_small(&text).unwrap_err(), sentence);
        }
    }

    #[test]
    fn every_mistake_is_reported_at_once_and_only_once() {
        let text = r#"nam = "small"
title = 7
from = "2024-01-31"
to = "2024-01-02"
workers = 0
[[stage]]
name = "first"
kind = "sqll"
tabel = "mart.t"
[[stage]]
name = "second"
kind = "sql"
needs = ["frist"]
sql = "SELECT 1"
table = "mart"
key = ["day"]
columns = [
  { name = "day", type = "DAT" },
  { name = "day 2", type = "DATE" },
]
[[stage]]
name = "third"
kind = "command"
command = ["collect"]
sql = "SELECT 1"
timeout_seconds = "long"
colour = "red"
[[check]]
stage = "frist"
expect = [{ column = "n", at_least = "x" }]
[[check]]
name = "none"
stage = "first"
title = "None"
severity = "blocking"
sql = "SELECT 'open"
expect = [{ rows = 0, every = "n" }]
[[check]]
name = "none"
stage = "second"
title = "None"
severity = "blocking"
sql = "SELECT 1"
expect = [{ rows = 0 }]
[[runbook]]
item = 1
title = "First"
done_when = [{ chekc = "none" }, { passed = "thrid" }]
[[sample]]
date = "yesterday"
"#;
        insta::assert_snapshot!(parse_small(text).unwrap_err());
    }

    #[test]
    fn all_syntax_errors_are_reported_and_nothing_else() {
        let text = SMALL
            .replace("title = \"Small\"", "title = Small")
            .replace("kind = \"nba\"", "kind =");
        let refused = parse_small(&text).unwrap_err();
        let lines: Vec<&str> = refused
            .lines()
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert_eq!(lines, ["line 3", "line 9"], "{refused}");
    }

    #[test]
    fn a_plan_with_very_many_mistakes_lists_some_of_them() {
        let check = &SMALL[SMALL.find("[[check]]").unwrap()..SMALL.find("[[sample]]").unwrap()];
        let wrong = check.replace("team_offense", "weather");
        let mistakes = parse(&format!("{SMALL}{}", wrong.repeat(2_000)), &QuerySource::Builtin).unwrap_err();
        let refused = PlanError {
            plan: "many.toml".to_owned(),
            mistakes,
        };
        assert_eq!(refused.mistakes.len(), MAX_MISTAKES);
        assert_eq!(
            refused.to_string(),
            "plan many.toml has 100 mistakes or more, among them:"
        );
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
                "line 26: runbook item 1: check 'onw' not found; did you mean 'one'?",
            ),
            (
                item("done_when = [{ passed = \"team_ofense\" }]"),
                "line 26: runbook item 1: stage 'team_ofense' not found; did you mean 'team_offense'?",
            ),
            (
                item("done_when = []"),
                "line 26: runbook item 1: give either a non-empty done_when or manual = true",
            ),
            (
                item("manual = true\ndone_when = [{ report = true }]"),
                "line 27: runbook item 1: give either a non-empty done_when or manual = true",
            ),
            (
                item("manual = true") + &item("manual = true"),
                "line 28: runbook item 1 is duplicated; give the second another number",
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
                "line 24: breakdown of 'onne': check 'onne' not found; did you mean 'one'?",
            ),
            (
                "causes = [\"lost\"]",
                "causes = []",
                "line 31: breakdown of 'one': causes is empty; list the causes the query can return",
            ),
            (
                "[\"absent\"]",
                "[\"lost\"]",
                "line 31: breakdown of 'one': cause 'lost' is duplicated; list each cause once",
            ),
            (
                "sql = \"SELECT 1\"\n",
                "",
                "line 23: breakdown of 'one': give either sql or sql_file",
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
            "line 14: stage 'second' needs 'second', which comes after it; move 'second' up"
        );
        assert_eq!(
            two("\"team_ofense\"").unwrap_err(),
            "line 14: stage 'second': stage 'team_ofense' not found; did you mean 'team_offense'?"
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
