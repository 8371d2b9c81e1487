//! The overlays: which page or dialog is drawn over the panes, and its state.

use ratatui::layout::Rect;

use super::breakdown_page::BreakdownPage;
use super::causes::Causes;
use super::detail::Detail;
use super::help::Help;
use super::overview::OverviewPage;
use super::page::Page;
use crate::console::layout::{framed, popup};
use crate::console::text::{sanitised, wrapped};
use crate::engine::{CheckView, Command, Question, Snapshot};
use crate::partition::Partition;

#[derive(Debug, Clone)]
pub enum Overlay {
    /// One date and its stored rows.
    Detail(Detail),
    /// Every stage and the whole range.
    Overview(OverviewPage),
    /// Why dates of a stage need attention, by cause.
    Causes(Causes),
    /// NULLs and data issues in the rows of a stage.
    Gaps(GapsPage),
    /// Checks of the raw tables.
    Sources(Sources),
    FailingDates(FailingDates),
    About(About),
    Runbook(RunbookPage),
    BreakdownPage(BreakdownPage),
    Confirm(Confirm),
    TakeControl(TakeControl),
    Leave(LeaveChoice),
    Sample(SamplePage),
    Cost(CostPage),
    /// The question before the first unit.
    Question(QuestionPage),
    Help(Help),
}

/// The page of an overlay. Whatever a page can do is dispatched here and nowhere else.
macro_rules! page_of {
    ($overlay:expr) => {
        match $overlay {
            Self::Detail(page) => page,
            Self::Overview(page) => page,
            Self::Causes(page) => page,
            Self::Gaps(page) => page,
            Self::Sources(page) => page,
            Self::FailingDates(page) => page,
            Self::About(page) => page,
            Self::Runbook(page) => page,
            Self::BreakdownPage(page) => page,
            Self::Confirm(page) => page,
            Self::TakeControl(page) => page,
            Self::Leave(page) => page,
            Self::Sample(page) => page,
            Self::Cost(page) => page,
            Self::Question(page) => page,
            Self::Help(page) => page,
        }
    };
}

impl Overlay {
    pub fn page(&self) -> &dyn Page {
        page_of!(self)
    }

    pub fn page_mut(&mut self) -> &mut dyn Page {
        page_of!(self)
    }
}

/// NULLs and data issues in the rows of a stage.
#[derive(Debug, Clone)]
pub struct GapsPage {
    pub stage: String,
    /// First line in view.
    pub top: usize,
}

/// The checks of the raw tables.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sources {
    pub cursor: usize,
}

impl Sources {
    pub fn at(sources: &[CheckView], check: &str) -> Self {
        let before = sources.iter().take_while(|source| source.name != check);
        Self {
            cursor: before.count(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct FailingDates {
    pub check: String,
    pub cursor: usize,
}

impl FailingDates {
    /// The failing dates of a check, the first one selected.
    pub fn of(check: &CheckView) -> Self {
        Self {
            check: check.name.clone(),
            cursor: 0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct About {
    pub name: String,
    /// First line in view.
    pub top: usize,
}

impl About {
    pub fn check<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a CheckView> {
        snapshot.checks.iter().find(|check| check.name == self.name)
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct RunbookPage {
    pub cursor: usize,
}

/// The question before a rerun. It reruns the dates listed, whatever changes while it is open.
#[derive(Debug, Clone)]
pub struct Confirm {
    pub question: String,
    pub order: Command,
    pub dates: Vec<Partition>,
    pub note: Option<String>,
    pub go: bool,
    /// First line of dates in view.
    pub top: usize,
}

/// The question before this console takes control from another.
#[derive(Debug, Clone, Copy, Default)]
pub struct TakeControl {
    pub go: bool,
}

/// How to leave while work is left. The first choice is the safest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LeaveChoice {
    #[default]
    Keep,
    /// Leave; the run continues in the background.
    Detach,
    /// Stay; let in-flight work finish, then pause. Resumes a paused run.
    Pause,
    /// Stay; cancel in-flight work and pause.
    Cancel,
    /// Let in-flight work finish, then leave.
    Drain,
    Abort,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SamplePage {
    /// First line in view.
    pub top: usize,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct CostPage {
    /// First line in view.
    pub top: usize,
}

/// Cursor and scroll position of the question before the first unit.
#[derive(Debug, Clone, Copy, Default)]
pub struct QuestionPage {
    /// The selected choice; the first is the safest and leaves the question open.
    pub chosen: usize,
    /// First line in view.
    pub top: usize,
}

/// Rows below the lines of a question: a gap and the choices.
pub const QUESTION_FOOT: u16 = 2;

impl QuestionPage {
    /// The lines of a question wrapped to `columns`, and whether each belongs to its title.
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

    /// The next or previous choice, wrapping around.
    pub fn step(self, forward: bool, can_detach: bool) -> Self {
        let all = Self::all(can_detach);
        let at = all.iter().position(|choice| *choice == self).unwrap_or(0);
        let by = if forward { 1 } else { all.len() - 1 };
        all[(at + by) % all.len()]
    }
}

/// Rows above the gaps of a stage: the summary and the column headings.
pub const ABOVE_GAPS: u16 = 2;
/// Rows about the selected check at the foot of the Sources page.
pub const ABOUT_SOURCE: u16 = 3;

/// Columns of a listed date, including the gap after it.
pub fn date_columns(dates: &[Partition]) -> usize {
    let longest = dates.iter().map(|date| date.to_string().len()).max();
    longest.unwrap_or_default().max(DATE) + 2
}

/// Columns of a day.
const DATE: usize = 10;

/// Columns of the dialog, frame included, and its rows besides the dates: question, note, command, choices, gaps and
/// frame.
const QUESTION: (u16, u16) = (64, 8);

impl Confirm {
    pub fn area(&self, body: Rect) -> Rect {
        let lines = u16::try_from(self.lines()).unwrap_or(u16::MAX);
        popup(body, QUESTION.0, lines.saturating_add(QUESTION.1))
    }

    /// Dates per line.
    pub fn on_a_line(&self) -> usize {
        usize::from(QUESTION.0 - 4) / date_columns(&self.dates)
    }

    pub fn lines(&self) -> usize {
        self.dates.len().div_ceil(self.on_a_line())
    }

    /// Lines of dates in view.
    pub fn page(&self, body: Rect) -> usize {
        usize::from(self.area(body).height.saturating_sub(QUESTION.1))
    }
}

impl RunbookPage {
    /// Rows about the selected item.
    pub fn about(body: Rect) -> usize {
        if framed(body).height >= 12 { 3 } else { 2 }
    }

    pub fn page(body: Rect) -> usize {
        usize::from(framed(body).height).saturating_sub(Self::about(body))
    }
}

/// Rows of content in an overlay that covers the panes, below `above` rows of heading.
pub fn page(body: Rect, above: u16) -> usize {
    usize::from(framed(body).height.saturating_sub(above))
}
