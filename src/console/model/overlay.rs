//! What may lie over the panes: a question, one date, a list, the help.

use chrono::NaiveDate;
use ratatui::layout::Rect;

use super::causes::Causes;
use super::detail::Detail;
use super::help::Help;
use super::split::Split;
use crate::console::layout::{framed, popup};
use crate::console::text::{sanitised, wrapped};
use crate::engine::{CheckView, Command, Question, Snapshot};

/// One thing over the panes; it takes every key.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// One date and its stored rows.
    Detail(Detail),
    /// Why dates of a stage are not as they should be.
    Causes(Causes),
    /// What the rows of a stage do not know.
    Gaps(Gaps),
    /// What was found in the raw tables.
    Sources(Sources),
    /// The dates a check names.
    Offending(Offending),
    /// Everything about one check.
    About(About),
    /// The runbook.
    Runbook(RunbookPage),
    /// Why what a check counts is not all known.
    Split(Split),
    /// Whether to do dates again.
    Confirm(Confirm),
    /// Whether to take the helm from who has it; the marked choice.
    TakeControl(bool),
    /// Whether and how to leave.
    Leave(LeaveChoice),
    /// What the sample before the run came to.
    Sample(SamplePage),
    /// What the work costs.
    Cost(CostPage),
    /// The question before the first unit.
    Question(QuestionPage),
    /// The keys.
    Help(Help),
}

/// What the rows of a stage do not know.
#[derive(Debug, Clone)]
pub struct Gaps {
    /// Stage name.
    pub stage: String,
    /// First line in view.
    pub top: usize,
}

/// The checks of the raw tables.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources {
    /// The marked check.
    pub cursor: usize,
}

/// The dates a check names.
#[derive(Debug, Clone)]
pub struct Offending {
    /// Check name.
    pub check: String,
    /// The marked date.
    pub cursor: usize,
}

/// Everything about one check.
#[derive(Debug, Clone)]
pub struct About {
    /// Check name.
    pub name: String,
    /// First line in view.
    pub top: usize,
}

impl About {
    /// The check it is about.
    pub fn check<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a CheckView> {
        snapshot.checks.iter().find(|check| check.name == self.name)
    }
}

/// The operator's list.
#[derive(Debug, Clone, Copy, Default)]
pub struct RunbookPage {
    /// The marked item.
    pub cursor: usize,
}

/// The question before dates are done again. What it lists is what is done again, whatever changes meanwhile.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// What is asked.
    pub question: String,
    /// What is ordered if the answer is yes.
    pub order: Command,
    /// The dates it is about.
    pub dates: Vec<NaiveDate>,
    /// What else there is to know.
    pub note: Option<String>,
    /// The marked choice.
    pub go: bool,
    /// First line of dates in view.
    pub top: usize,
}

/// How to leave while there is work. The first is the safest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeaveChoice {
    /// Do not leave.
    #[default]
    Keep,
    /// Leave, and let the run go on.
    Detach,
    /// Stay; let what is in flight land, then hold; or go on.
    Pause,
    /// Stay; give up what is in flight, and hold.
    Cancel,
    /// Let what is in flight land, then leave.
    Drain,
    /// Cut off what is in flight, and leave.
    Abort,
}

/// What is in view of the sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct SamplePage {
    /// First line in view.
    pub top: usize,
}

/// What is in view of the cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct CostPage {
    /// First line in view.
    pub top: usize,
}

/// What is in view of a question before the first unit.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuestionPage {
    /// The marked choice; the first is the safest and leaves the question open.
    pub chosen: usize,
    /// First line in view.
    pub top: usize,
}

/// Rows below the lines of a question: a gap and the choices.
pub const QUESTION_FOOT: u16 = 2;

impl QuestionPage {
    /// The lines of a question on a page of this many columns, and whether each is its title.
    pub fn lines(question: &Question, columns: usize) -> Vec<(String, bool)> {
        let pieces = |text: &str, bold: bool| -> Vec<(String, bool)> {
            let text = sanitised(text);
            let pieces = wrapped(&text, columns).into_iter();
            pieces.map(|piece| (piece.to_owned(), bold)).collect()
        };
        let mut lines = pieces(&question.title, true);
        if !question.lines.is_empty() {
            lines.push((String::new(), false));
        }
        lines.extend(question.lines.iter().flat_map(|line| pieces(line, false)));
        lines
    }
}

impl LeaveChoice {
    /// The choices, in the order shown.
    pub const fn all(can_detach: bool) -> &'static [Self] {
        if can_detach {
            &[
                Self::Keep,
                Self::Detach,
                Self::Pause,
                Self::Cancel,
                Self::Drain,
                Self::Abort,
            ]
        } else {
            &[Self::Keep, Self::Pause, Self::Cancel, Self::Drain, Self::Abort]
        }
    }

    /// What the operator reads.
    pub const fn label(self, paused: bool) -> &'static str {
        match self {
            Self::Keep if paused => "Stay",
            Self::Keep => "Keep running",
            Self::Detach => "Detach",
            Self::Pause if paused => "Resume",
            Self::Pause => "Pause",
            Self::Cancel => "Cancel work",
            Self::Drain => "Drain and quit",
            Self::Abort => "Abort",
        }
    }

    /// The next choice or the one before, round and round.
    pub fn step(self, forward: bool, can_detach: bool) -> Self {
        let all = Self::all(can_detach);
        let at = all.iter().position(|choice| *choice == self).unwrap_or(0);
        let by = if forward { 1 } else { all.len() - 1 };
        all[(at + by) % all.len()]
    }
}

/// Rows above the gaps of a stage: how many rows there are, what the columns are.
pub const ABOVE_GAPS: u16 = 2;
/// Rows about the marked check at the foot of the Sources page.
pub const ABOUT_SOURCE: u16 = 3;

/// Columns a listed date takes, with the gap after it.
pub const DATE_COLUMNS: u16 = 12;

/// Columns of the question, frame included, and rows beside the dates: question, note, command, choices, gaps,
/// frame.
const QUESTION: (u16, u16) = (64, 8);

impl Confirm {
    /// Where the question stands.
    pub fn area(&self, body: Rect) -> Rect {
        let lines = u16::try_from(self.lines()).unwrap_or(u16::MAX);
        popup(body, QUESTION.0, lines.saturating_add(QUESTION.1))
    }

    /// Dates on one line.
    pub const fn on_a_line() -> usize {
        ((QUESTION.0 - 4) / DATE_COLUMNS) as usize
    }

    /// Lines all its dates take.
    pub fn lines(&self) -> usize {
        self.dates.len().div_ceil(Self::on_a_line())
    }

    /// Lines of dates in view.
    pub fn page(&self, body: Rect) -> usize {
        usize::from(self.area(body).height.saturating_sub(QUESTION.1))
    }
}

impl RunbookPage {
    /// Rows about the marked item.
    pub fn about(body: Rect) -> usize {
        if framed(body).height >= 12 { 3 } else { 2 }
    }

    /// Items in view.
    pub fn page(body: Rect) -> usize {
        usize::from(framed(body).height).saturating_sub(Self::about(body))
    }
}

/// Rows of content in an overlay that covers the panes, below `above` rows of its own.
pub fn page(body: Rect, above: u16) -> usize {
    usize::from(framed(body).height.saturating_sub(above))
}
