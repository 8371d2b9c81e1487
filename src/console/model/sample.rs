//! The lines of the sample page. Findings that block the full run come first.

use super::Model;
use crate::console::text::{sanitised, wrapped};
use crate::engine::{SampleState, SampleView, StageNulls, UnitSample};

/// Columns of a state's sign and label.
pub const STATE_COLUMNS: usize = 14;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleLine {
    /// The state of the unit whose text starts here.
    pub state: Option<SampleState>,
    pub bold: bool,
    pub indent: usize,
    pub text: String,
}

/// Every line of the page, wrapped to `columns`; none if the run takes no sample.
pub fn lines(model: &Model, columns: usize) -> Vec<SampleLine> {
    let sample = model
        .snapshot
        .as_ref()
        .and_then(|snapshot| snapshot.sample.as_deref());
    sample.map_or_else(Vec::new, |sample| lines_of(sample, columns))
}

fn lines_of(sample: &SampleView, columns: usize) -> Vec<SampleLine> {
    let mut page = SampleText {
        columns,
        lines: Vec::new(),
    };
    page.heading(sample.message.as_deref().unwrap_or("sampling"));
    let (against, others): (Vec<_>, Vec<_>) = (sample.units.iter()).partition(|unit| unit.state.blocks_run());
    if !against.is_empty() {
        page.gap();
        page.heading("Blocks the full run");
        for unit in against {
            page.unit(unit, true);
        }
    }
    let mut stages: Vec<&str> = sample.units.iter().map(|unit| unit.stage.as_str()).collect();
    stages.dedup();
    for stage in stages {
        page.gap();
        page.heading(stage);
        for unit in others.iter().filter(|unit| unit.stage == stage) {
            page.unit(unit, false);
        }
        let nulls = sample.nulls.iter().filter(|nulls| nulls.stage == stage);
        for line in nulls.flat_map(StageNulls::lines) {
            page.text(2, &line);
        }
    }
    page.lines
}

struct SampleText {
    columns: usize,
    lines: Vec<SampleLine>,
}

impl SampleText {
    fn gap(&mut self) {
        self.push(None, false, 0, "");
    }

    fn heading(&mut self, text: &str) {
        self.push(None, true, 0, text);
    }

    fn text(&mut self, indent: usize, text: &str) {
        self.push(None, false, indent, text);
    }

    fn unit(&mut self, unit: &UnitSample, with_stage: bool) {
        let stage = if with_stage { unit.stage.as_str() } else { "" };
        let gap = if with_stage { " " } else { "" };
        let text = format!("{stage}{gap}{} {} [{}]", unit.date, unit.summary(), unit.why);
        self.push(Some(unit.state), false, STATE_COLUMNS, &text);
        for detail in unit.details() {
            self.text(STATE_COLUMNS + 2, &detail);
        }
    }

    /// Adds a text, wrapped to as many lines as it needs.
    fn push(&mut self, state: Option<SampleState>, bold: bool, indent: usize, text: &str) {
        let text = sanitised(text);
        let pieces = wrapped(&text, self.columns.saturating_sub(indent));
        let lines = pieces.iter().enumerate().map(|(at, piece)| SampleLine {
            state: state.filter(|_| at == 0),
            bold,
            indent,
            text: (*piece).to_owned(),
        });
        self.lines.extend(lines);
    }
}
