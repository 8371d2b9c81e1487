//! `backcourt plan show`: what a run sends for a date. Built from the same functions as the run, but nothing is sent.

use chrono::Utc;
use clap::Args;

use crate::cli::error::{CliError, cannot_print};
use crate::cli::home::Home;
use crate::cli::{PlanArgs, StateDir};
use crate::escape::EscapedText;
use crate::partition::{Partition, PartitionRange, Timezone};
use crate::plan::{
    Active, Binds, CommandSpec, DateQuery, ExpectRows, Plan, ProgramCall, SqlSpec, StageKind, StageSpec,
};
use crate::warehouse::{Asking, Refill, RowsExpected, WarehouseError};

#[derive(Debug, Args)]
pub(super) struct PlanShowArgs {
    #[command(flatten)]
    place: PlanArgs,
    /// Stage to show [default: all]
    #[arg(value_name = "STAGE")]
    stage: Option<String>,
    /// Date to show it for [default: the first date of the plan]
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
}

pub(super) fn show(arguments: &PlanShowArgs) -> Result<u8, CliError> {
    let plan = arguments.place.plan_to_show()?;
    let folder = StateDir::of(arguments.place.state_dir.as_deref())?;
    let home = arguments.place.warehouse.home(&folder)?.of(&plan)?;
    home.refuse_foreign_queries(&plan)?;
    // A longer date than the plan's stands for its first.
    let first = |date: &String| {
        let date = Partition::parse(date)?;
        PartitionRange::between(date, date, plan.range.grain()).map(|range| range.from())
    };
    let date = arguments.date.as_ref().map(first).transpose()?;
    let mut text = EscapedText::default();
    for (number, stage) in selected(&plan, arguments.stage.as_deref())?
        .into_iter()
        .enumerate()
    {
        if number > 0 {
            text.line("");
        }
        let range = stage.range;
        let date = date.map_or(range.from(), |date| date.at_start(range.grain()));
        text.extend(shown(stage, &home, date)?.lines());
    }
    text.print().map_err(cannot_print)?;
    Ok(0)
}

fn selected<'p>(plan: &'p Plan, name: Option<&str>) -> Result<Vec<&'p StageSpec>, CliError> {
    match name {
        None => Ok(plan.stages.iter().collect()),
        Some(name) => {
            let stage = plan.stage(name).ok_or_else(|| CliError::no_stage(plan, name))?;
            Ok(vec![stage])
        }
    }
}

fn shown(stage: &StageSpec, home: &Home, date: Partition) -> Result<String, WarehouseError> {
    let name = &stage.name;
    let mut parts = Vec::new();
    if let Active::Query(sql) = &stage.active {
        parts.push(format!(
            "-- {name}: active\n{}",
            home.query_as_sent(sql, date, Timezone::UTC)?
        ));
    }
    let expect = match &stage.kind {
        StageKind::Nba => None,
        StageKind::Sql(spec) => Some(&spec.expect),
        StageKind::Command(spec) => Some(&spec.expect),
    };
    if let Some(ExpectRows::Query(query)) = expect {
        let sql = home.query_as_sent(&query.sql, date, query.zone)?;
        parts.push(format!("-- {name}: expect_rows for {date}\n{sql}"));
    }
    parts.push(match &stage.kind {
        StageKind::Nba => format!("-- {name}: a built-in rule; it sends no query of the plan"),
        StageKind::Sql(spec) => {
            let mut with_work = stage
                .range
                .partitions()
                .filter(|date| stage.active.includes_weekday(*date));
            let seed = spec.seed.as_ref().filter(|_| with_work.next() == Some(date));
            let what = if seed.is_some() { "seed for " } else { "" };
            let only = match spec.table.definition() {
                Some(_) => "",
                None => ", the query alone: its columns are known once a warehouse is asked",
            };
            let sql = query(spec, seed.unwrap_or(&spec.query), home, date)?;
            format!("-- {name}: {what}{date}{only}\n{sql}")
        }
        StageKind::Command(spec) => {
            let last = last_of_call(spec, date, stage);
            let dates = if last == date {
                date.to_string()
            } else {
                format!("{date} to {last}")
            };
            format!("# {name}: {dates}\n{}", command(spec, date, last))
        }
    });
    Ok(parts.join("\n\n"))
}

fn query(spec: &SqlSpec, own: &DateQuery, home: &Home, date: Partition) -> Result<String, WarehouseError> {
    let expected = match spec.expect {
        ExpectRows::Exactly(rows) => RowsExpected::Exactly(rows),
        // A query's number is known only once it was run.
        ExpectRows::Some | ExpectRows::Query(_) => RowsExpected::AtLeastOne,
    };
    let Some(table) = spec.table.definition() else {
        return home.query_as_sent(&own.sql, date, own.zone);
    };
    let refill = Refill {
        table,
        dates: &[date],
        expected: &[expected],
        sql: &own.sql,
        asking: match own.binds {
            Binds::OneDate => Asking::DateByDate,
            Binds::ManyDates => Asking::AllAtOnce,
        },
        now: Utc::now(),
        name: "",
        record: None,
    };
    home.refill_as_sent(&refill, date)
}

/// The last date of a call that begins with this one, if all dates up to the end of the plan are to be run, without days of
/// the week that have no work.
fn last_of_call(spec: &CommandSpec, first: Partition, stage: &StageSpec) -> Partition {
    let days = std::iter::successors(Some(first), |date| date.next()).take(spec.batch);
    days.take_while(|day| *day <= stage.range.to() && stage.active.includes_weekday(*day))
        .last()
        .unwrap_or(first)
}

/// The call as a line for a shell.
fn command(spec: &CommandSpec, first: Partition, last: Partition) -> String {
    let ProgramCall { argv, environment } = spec.call(first, last);
    let folder = spec
        .folder
        .iter()
        .map(|folder| format!("cd {} &&", word(&folder.to_string_lossy())));
    // Not assignments, because a shell doesn't take every name that a process does.
    let sets_variables = (!environment.is_empty()).then(|| "env".to_owned());
    let variables = environment
        .iter()
        .map(|(name, value)| word(&format!("{name}={value}")));
    let words: Vec<String> = folder
        .chain(sets_variables)
        .chain(variables)
        .chain(argv.iter().map(|text| word(text)))
        .collect();
    words.join(" ")
}

/// A word as a shell reads it.
fn word(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=@%+,".contains(letter);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell_only_if_needed() {
        for (text, quoted) in [
            ("--day=2024-01-05", "--day=2024-01-05"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }
}
