//! The lines of the cost page. `update` needs their number, the view draws them.

use crate::console::text::{count, counted, sanitised, wrapped};
use crate::engine::{CheckView, Cost, Estimate, Expected, Snapshot, StageView};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CostLine {
    Columns,
    Row(CostRow),
    Text(String),
    Gap,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostRow {
    pub name: String,
    /// Whether it is part of the row above.
    pub is_part: bool,
    /// Estimated bytes billed.
    pub expected: String,
    pub billed: String,
    pub slot_time: String,
    pub jobs: String,
}

/// The lines of the page, wrapped to `columns`; empty if the warehouse doesn't bill.
pub fn lines(snapshot: &Snapshot, columns: usize) -> Vec<CostLine> {
    let Some(billed) = snapshot.run.billed else {
        return Vec::new();
    };
    let mut page = CostText {
        columns,
        lines: Vec::new(),
    };
    let estimate = snapshot.estimate.as_deref();
    if let Some(estimate) = estimate {
        page.push_text(&estimate.message());
        page.lines.push(CostLine::Gap);
    }
    page.lines.push(CostLine::Columns);
    for stage in &snapshot.stages {
        page.rows_of(stage, snapshot, estimate);
    }
    let sources = estimate.map(|estimate| estimate.sources.clone());
    page.row("raw-data checks", false, sources, sum(snapshot.sources.iter()));
    page.row("loading and samples", false, None, Some(billed.other));
    page.row("total", false, estimate.map(Estimate::all), Some(billed.total));
    page.lines.push(CostLine::Gap);
    if let Some(estimate) = estimate {
        page.push_text(
            "Expected: reads and checks of this run, from dry runs. Writes are not included, because a transaction \
             can't be dry-run.",
        );
        if let Some(why) = estimate.all().why {
            page.push_text(&format!("Not known: {}", sanitised(&why)));
        }
    }
    page.push_text("Billed: this run and all earlier ones.");
    if billed.total.uncounted > 0 {
        let jobs = counted(billed.total.uncounted, "job");
        page.push_text(&format!("{jobs} not counted; the real cost is higher."));
    }
    page.lines
}

fn sum<'a>(checks: impl Iterator<Item = &'a CheckView>) -> Option<Cost> {
    let cost: Cost = checks.filter_map(|check| check.cost).sum();
    (cost.jobs > 0).then_some(cost)
}

struct CostText {
    columns: usize,
    lines: Vec<CostLine>,
}

impl CostText {
    /// The rows of a stage and its checks.
    fn rows_of(&mut self, stage: &StageView, snapshot: &Snapshot, estimate: Option<&Estimate>) {
        let of_stage = |estimate: &Estimate| {
            let mut stages = estimate.stages.iter().cloned();
            stages.find(|expected| expected.stage == stage.name)
        };
        let expected = estimate.and_then(of_stage);
        let of_checks = expected.as_ref().map(|expected| expected.checks.clone());
        let all = expected.map(|expected| expected.all());
        self.row(&stage.name, false, all, stage.cost);
        let cost = sum(snapshot.checks.iter().filter(|check| check.stage == stage.name));
        if cost.is_some() || of_checks.as_ref().is_some_and(|expected| expected.jobs > 0) {
            self.row("its checks", true, of_checks, cost);
        }
    }

    fn push_text(&mut self, text: &str) {
        let pieces = wrapped(text, self.columns).into_iter();
        self.lines
            .extend(pieces.map(|piece| CostLine::Text(piece.to_owned())));
    }

    fn row(&mut self, name: &str, is_part: bool, expected: Option<Expected>, cost: Option<Cost>) {
        let nothing = || "-".to_owned();
        let cells = |format_of: fn(&Cost) -> String| {
            let counted = cost.as_ref().filter(|cost| cost.jobs > 0);
            counted.map_or_else(nothing, format_of)
        };
        self.lines.push(CostLine::Row(CostRow {
            name: name.to_owned(),
            is_part,
            expected: expected.map_or_else(nothing, |expected| expected.text()),
            billed: cells(Cost::bytes),
            slot_time: cells(Cost::slot_time),
            jobs: cells(|cost| count(cost.jobs)),
        }));
    }
}
