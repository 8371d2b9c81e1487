//! What the sample before a run came to, as the page over the panes lists it: first what stands against the full run.

use crate::console::text::{sanitised, wrapped};
use crate::engine::{Event, SampleState, StageNulls, UnitSample};

/// Columns the sign and the word of a state take.
pub const STATE_COLUMNS: usize = 14;

/// What is known of the sample; nothing, when the run takes none.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    units: Vec<UnitSample>,
    nulls: Vec<StageNulls>,
    message: Option<String>,
    /// The run holds until the operator has read it; nothing is written.
    pub held: bool,
}

/// One line of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How the unit stands that begins here.
    pub state: Option<SampleState>,
    /// A heading.
    pub bold: bool,
    /// Columns it is set in.
    pub indent: usize,
    /// The text, not longer than fits.
    pub text: String,
}

impl Sample {
    /// Takes what a fact says about it.
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

    /// Whether it is through.
    pub const fn is_through(&self) -> bool {
        self.message.is_some()
    }

    /// Every line, on a page of this many columns.
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

    /// Puts a text on as many lines as it needs.
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
