//! Dependencies between stages: their order, one stage per table, and a declaration for every read of a table that the
//! plan fills. Only declared reads are invalidated when rows change, so a missing one would silently give wrong rows.

use super::hint::with_hint;
use super::stage::StageSpec;
use crate::sql::{TableName, tables};

/// What is wrong with a stage among others: its index, the key at fault and the problem.
pub(super) type OrderMistake = (usize, &'static str, String);

/// A stage may only need earlier stages, which rules out cycles. `needs` has the name and the needs of each stage.
pub(super) fn in_order(needs: &[(String, Vec<String>)]) -> Vec<OrderMistake> {
    let mut mistakes = Vec::new();
    for (at, (name, needs_of_it)) in needs.iter().enumerate() {
        for need in needs_of_it {
            let problem = match needs.iter().position(|(other, _)| other == need) {
                Some(before) if before < at => continue,
                Some(_) => format!("stage '{name}' needs '{need}', which comes after it; move '{need}' up"),
                None => {
                    let known = needs[..at].iter().map(|(other, _)| other.as_str());
                    format!("stage '{name}': {}", with_hint("stage", need, known))
                }
            };
            mistakes.push((at, "needs", problem));
        }
    }
    mistakes
}

/// A table is filled by one stage, and stages that read it declare it and need that stage.
pub(super) fn tables_are_in_order(stages: &[StageSpec]) -> Vec<OrderMistake> {
    let mut mistakes = Vec::new();
    for at in 0..stages.len() {
        if let Err(problem) = refuse_second_filler(stages, at) {
            mistakes.push((at, "table", problem));
        } else if let Err(problem) = refuse_disordered_reads(stages, at) {
            mistakes.push((at, "reads", problem));
        } else if let Err(problem) = undeclared_reads(stages, at, |_| false) {
            mistakes.push((at, "sql", problem));
        }
    }
    mistakes
}

/// Every read of a table that the plan fills is declared. A name with a project counts if `is_own` returns that the
/// plan runs on it; in another project it is another table.
pub(super) fn reads_are_declared(stages: &[StageSpec], is_own: impl Fn(&str) -> bool) -> Result<(), String> {
    (0..stages.len()).try_for_each(|at| undeclared_reads(stages, at, &is_own))
}

fn undeclared_reads(stages: &[StageSpec], at: usize, is_own: impl Fn(&str) -> bool) -> Result<(), String> {
    let counts = |name: &TableName| name.project().is_none_or(|project| is_own(&project));
    refuse_undeclared_reads(stages, at, counts)
        .map_err(|problem| format!("stage '{}': {problem}", stages[at].name))
}

/// Names that differ only in case are the same table in the embedded warehouse.
fn refuse_second_filler(stages: &[StageSpec], at: usize) -> Result<(), String> {
    let name = &stages[at].name;
    let Some(table) = &stages[at].table else {
        return Ok(());
    };
    for other in &stages[..at] {
        let Some(filled) = &other.table else { continue };
        if filled.eq_ignore_ascii_case(table) {
            return Err(format!(
                "stages '{}' and '{name}' both fill {table} and would delete each other's rows; give each its own \
                 table",
                other.name
            ));
        }
        let (one, two) = (dataset_of(filled), dataset_of(table));
        if one != two && one.eq_ignore_ascii_case(two) {
            return Err(format!(
                "stages '{}' and '{name}' fill datasets '{one}' and '{two}', which differ only in case; spell both \
                 the same",
                other.name
            ));
        }
    }
    Ok(())
}

fn dataset_of(table: &str) -> &str {
    table.split_once('.').map_or(table, |(dataset, _)| dataset)
}

fn refuse_disordered_reads(stages: &[StageSpec], at: usize) -> Result<(), String> {
    let name = &stages[at].name;
    for read in &stages[at].reads {
        refuse_wider_read(stages, at, &read.table)?;
        let filled = |other: &StageSpec| {
            let table = other.table.as_deref()?;
            table.eq_ignore_ascii_case(&read.table).then(|| table.to_owned())
        };
        let filler = (stages.iter().enumerate()).find_map(|(place, other)| Some((place, filled(other)?)));
        match filler {
            Some((filler, _)) if filler == at && stages[at].depends_on_past => {}
            Some((filler, table)) if filler == at => {
                return Err(format!("stage '{name}': {}", own_table(&table)));
            }
            Some((filler, table)) if table != read.table => {
                return Err(format!(
                    "stage '{name}' reads '{}' but stage '{}' fills '{table}'; spell both the same",
                    read.table, stages[filler].name
                ));
            }
            Some((filler, table)) if !is_needed(stages, at, filler) => {
                return Err(format!(
                    "stage '{name}' reads {table} before stage '{filler}' has finished; add needs = [\"{filler}\"]",
                    filler = stages[filler].name
                ));
            }
            Some((filler, table)) => refuse_uncovered(&stages[at], &stages[filler], &table)?,
            None => {}
        }
    }
    Ok(())
}

/// Refuses a stage that reads longer dates, which the plan doesn't have for all of its own.
fn refuse_uncovered(reader: &StageSpec, filler: &StageSpec, table: &str) -> Result<(), String> {
    let (own, read) = (reader.range, filler.range);
    let covers =
        read.from().first_day() <= own.from().first_day() && own.to().last_day() <= read.to().last_day();
    if read.grain() <= own.grain() || covers {
        return Ok(());
    }
    Err(format!(
        "stage '{}' reads {table} by {}, but the plan has whole ones from {} to {} only; let from and to begin and end with a {}",
        reader.name,
        read.grain(),
        read.from(),
        read.to(),
        read.grain()
    ))
}

/// Refuses a read by wildcard, or with a project, of a table that a stage fills: its changes are followed only by its name.
fn refuse_wider_read(stages: &[StageSpec], at: usize, read: &str) -> Result<(), String> {
    let named = TableName::of_path(read);
    if !named.is_wildcard() && named.project().is_none() {
        return Ok(());
    }
    let filled = stages.iter().find_map(|other| {
        let table = other.table.as_deref().filter(|table| named.covers(table))?;
        Some((&other.name, table))
    });
    filled.map_or(Ok(()), |(filler, table)| {
        Err(format!(
            "stage '{}': reads '{read}' includes {table}, which stage '{filler}' fills; write {table}",
            stages[at].name
        ))
    })
}

/// Checks every query that affects a unit: the one that computes its rows, and those for the expected row count and the
/// active dates. A table read by the latter affects the result as much.
fn refuse_undeclared_reads(
    stages: &[StageSpec],
    at: usize,
    counts: impl Fn(&TableName) -> bool,
) -> Result<(), String> {
    let stage = &stages[at];
    for sql in stage.queries() {
        let named = tables(sql)?;
        for (filler, other) in stages.iter().enumerate() {
            let Some(table) = &other.table else { continue };
            if !named.iter().any(|name| counts(name) && name.covers(table)) {
                continue;
            }
            if filler == at && stage.depends_on_past {
                continue;
            }
            if filler == at {
                return Err(own_table(table));
            }
            if stage.reads.iter().any(|read| read.table == *table) {
                continue;
            }
            let needs = if is_needed(stages, at, filler) {
                String::new()
            } else {
                format!(" and needs = [\"{}\"]", other.name)
            };
            return Err(format!(
                "a query reads {table}, which stage '{}' fills, but the stage does not declare it; add reads = [{{ \
                 table = \"{table}\" }}]{needs}, with days_back = N if the query also reads earlier dates",
                other.name
            ));
        }
    }
    Ok(())
}

/// Why a stage can't read its own table, and what to do instead.
fn own_table(table: &str) -> String {
    format!(
        "it reads its own table {table}, whose dates run in parallel and in any order, so its rows would depend on \
         timing; set depends_on_past = true to run one date after the other, or compute from the source tables up to \
         @date"
    )
}

/// Whether a stage needs another, directly or transitively.
fn is_needed(stages: &[StageSpec], stage: usize, other: usize) -> bool {
    let mut seen = vec![false; stages.len()];
    let mut open = vec![stage];
    while let Some(at) = open.pop() {
        for need in stages[at].needs.iter().filter_map(|need| place(stages, need)) {
            if need == other {
                return true;
            }
            if !std::mem::replace(&mut seen[need], true) {
                open.push(need);
            }
        }
    }
    false
}

fn place(stages: &[StageSpec], name: &str) -> Option<usize> {
    stages.iter().position(|stage| stage.name == name)
}
