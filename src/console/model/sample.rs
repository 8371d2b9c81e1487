//! The lines of the sample page. Findings that block the full run come first.

use crate::console::text::{sanitised, wrapped};
use crate::engine::{Event, SampleState, StageNulls, UnitSample};

/// Columns of a state's sign and label.
pub const STATE_COLUMNS: usize = 14;

/// The sample so far; empty if the run takes none.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    units: Vec<UnitSample>,
    nulls: Vec<StageNulls>,
    message: Option<String>,
    /// The run is paused until the operator has reviewed the sample; nothing is written.
    pub held: bool,
}

/// A line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The state of the unit whose text starts here.
    pub state: Option<SampleState>,
    /// Whether it is a heading.
    pub bold: bool,
    /// Columns of indentation.
    pub indent: usize,
    /// The text, wrapped to fit.
    pub text: String,
}

impl Sample {
    /// Updates the sample from an event.
    pub fn take(&mut self, event: &Event) {
        match event {
            Event::UnitSampled(unit) => self.units.push(unit.clone()),
            Event::SampleFinished {
                held, message, nulls, ..
            } => {
                self.held = *held;
                self.message = Some(message.clone());
                self.nulls.clone_from(nulls);
            }
            Event::Resumed | Event::RunFinished { .. } => self.held = false,
            _ => {}
        }
    }

    /// Whether the sample has finished.
    pub const fn is_through(&self) -> bool {
        self.message.is_some()
    }

    /// Every line, wrapped to `columns`.
    pub fn lines(&self, columns: usize) -> Vec<Line> {
        let mut page = Page {
            columns,
            lines: Vec::new(),
        };
        page.heading(self.message.as_deref().unwrap_or("sampling"));
        let (against, others): (Vec<_>, Vec<_>) =
            (self.units.iter()).partition(|unit| unit.state.stands_against());
        if !against.is_empty() {
            page.gap();
            page.heading("Blocks the full run");
            for unit in against {
                page.unit(unit, true);
            }
        }
        let mut stages: Vec<&str> = self.units.iter().map(|unit| unit.stage.as_str()).collect();
        stages.dedup();
        for stage in stages {
            page.gap();
            page.heading(stage);
            for unit in others.iter().filter(|unit| unit.stage == stage) {
                page.unit(unit, false);
            }
            let nulls = self.nulls.iter().filter(|nulls| nulls.stage == stage);
            for line in nulls.flat_map(StageNulls::lines) {
                page.text(2, &line);
            }
        }
        page.lines
    }
}

struct Page {
    columns: usize,
    lines: Vec<Line>,
}

impl Page {
    fn gap(&mut self) {
        self.put(None, false, 0, "");
    }

    fn heading(&mut self, text: &str) {
        self.put(None, true, 0, text);
    }

    fn text(&mut self, indent: usize, text: &str) {
        self.put(None, false, indent, text);
    }

    fn unit(&mut self, unit: &UnitSample, with_stage: bool) {
        let stage = if with_stage { unit.stage.as_str() } else { "" };
        let gap = if with_stage { " " } else { "" };
        let text = format!("{stage}{gap}{} {} [{}]", unit.date, unit.standing(), unit.why);
        self.put(Some(unit.state), false, STATE_COLUMNS, &text);
        for detail in unit.details() {
            self.text(STATE_COLUMNS + 2, &detail);
        }
    }

    /// Adds a text, wrapped to as many lines as it needs.
    fn put(&mut self, state: Option<SampleState>, bold: bool, indent: usize, text: &str) {
        let text = sanitised(text);
        let pieces = wrapped(&text, self.columns.saturating_sub(indent));
        let lines = pieces.iter().enumerate().map(|(at, piece)| Line {
            state: state.filter(|_| at == 0),
            bold,
            indent,
            text: (*piece).to_owned(),
        });
        self.lines.extend(lines);
    }
}
