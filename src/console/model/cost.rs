//! What the work costs, line by line: update needs their number, the view draws them.

use crate::console::text::{count, counted, wrapped};
use crate::engine::{CheckView, Cost, Snapshot};

/// One line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// What the columns are.
    Columns,
    /// What something cost.
    Row(Row),
    /// A sentence.
    Text(String),
    /// Nothing.
    Gap,
}

/// What something cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub name: String,
    /// Whether it is a part of the line above it.
    pub is_part: bool,
    /// Bytes billed.
    pub billed: String,
    /// Slot time used.
    pub slot_time: String,
    /// Jobs.
    pub jobs: String,
}

/// The lines of the page, for a width; none where the warehouse bills nothing.
pub fn lines(snapshot: &Snapshot, columns: usize) -> Vec<Line> {
    let Some(billed) = snapshot.run.billed else {
        return Vec::new();
    };
    let mut lines = vec![Line::Columns];
    let mut put = |name: &str, is_part, cost: Option<Cost>| {
        lines.push(Line::Row(row(name, is_part, cost)));
    };
    for stage in &snapshot.stages {
        put(&stage.name, false, stage.cost);
        let checks = snapshot.checks.iter().filter(|check| check.stage == stage.name);
        if let Some(cost) = sum(checks) {
            put("its checks", true, Some(cost));
        }
    }
    put("checks of the raw tables", false, sum(snapshot.sources.iter()));
    put("loading and samples", false, Some(billed.aside));
    put("in all", false, Some(billed.total));
    lines.push(Line::Gap);
    let mut say = |text: &str| {
        let pieces = wrapped(text, columns).into_iter();
        lines.extend(pieces.map(|piece| Line::Text(piece.to_owned())));
    };
    say("Billed by the warehouse for this run and those before it.");
    if billed.total.uncounted > 0 {
        let jobs = counted(
            usize::try_from(billed.total.uncounted).unwrap_or(usize::MAX),
            "job",
        );
        say(&format!(
            "{jobs} could not be counted; the figures are too low by theirs."
        ));
    }
    lines
}

fn sum<'a>(checks: impl Iterator<Item = &'a CheckView>) -> Option<Cost> {
    let cost: Cost = checks.filter_map(|check| check.cost).sum();
    (cost.jobs > 0).then_some(cost)
}

fn row(name: &str, is_part: bool, cost: Option<Cost>) -> Row {
    let told = |tell: fn(&Cost) -> String| {
        let counted = cost.as_ref().filter(|cost| cost.jobs > 0);
        counted.map_or_else(|| "-".to_owned(), tell)
    };
    Row {
        name: name.to_owned(),
        is_part,
        billed: told(Cost::bytes),
        slot_time: told(Cost::slot_time),
        jobs: told(|cost| count(cost.jobs)),
    }
}
