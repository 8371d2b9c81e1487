//! The breakdown of a check: the dimension shown, the cursor and the scroll position.

use crate::engine::{Breakdown, BreakdownView, Dimension, Snapshot, Tally};
use crate::partition::Partition;

/// Rows above the groups: share, causes, additional counts, dimensions and column headings.
pub const ABOVE_GROUPS: u16 = 5;

#[derive(Debug, Clone)]
pub struct BreakdownPage {
    pub check: String,
    /// The view: 0 for dates, then one for each dimension.
    pub view: usize,
    /// First group in view.
    pub top: usize,
    /// First cause in view.
    pub left: usize,
    /// The date under the cursor; `None` until one is chosen.
    pub date: Option<Partition>,
}

/// The share of complete values, in the steps shown on screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Nothing was counted.
    Nothing,
    /// Complete.
    All,
    /// 95 % or more.
    Most,
    /// 75 % or more.
    Much,
    /// 50 % or more.
    Half,
    /// Below 50 %.
    Little,
}

impl Extent {
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Most,
        Self::Much,
        Self::Half,
        Self::Little,
        Self::Nothing,
    ];

    pub fn of(tally: &Tally) -> Self {
        match tally.basis_points() {
            None => Self::Nothing,
            Some(10_000..) => Self::All,
            Some(9_500..) => Self::Most,
            Some(7_500..) => Self::Much,
            Some(5_000..) => Self::Half,
            Some(_) => Self::Little,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Most => "95 %+",
            Self::Much => "75 %+",
            Self::Half => "50 %+",
            Self::Little => "below 50 %",
            Self::Nothing => "none counted",
        }
    }
}

impl BreakdownPage {
    /// The breakdown of a check, with no date chosen yet.
    pub const fn of(check: String) -> Self {
        Self {
            check,
            view: 0,
            top: 0,
            left: 0,
            date: None,
        }
    }

    pub fn shown<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a BreakdownView> {
        snapshot.breakdowns.iter().find(|view| view.check == self.check)
    }

    /// The dimension shown; `None` in the view by date.
    pub fn dimension<'a>(&self, found: &'a Breakdown) -> Option<&'a Dimension> {
        self.view.checked_sub(1).and_then(|at| found.by.get(at))
    }

    /// Switches to the next or previous view, wrapping around.
    pub fn next_view(&mut self, found: &Breakdown, forward: bool) {
        let views = 1 + found.by.len();
        let by = if forward { 1 } else { views - 1 };
        self.view = (self.view + by) % views;
        (self.top, self.left) = (0, 0);
    }

    /// The date under the cursor: by default the newest incomplete date, else the newest.
    pub fn cursor(&self, found: &Breakdown) -> Option<Partition> {
        let newest = || found.dates.last().map(|(date, _)| *date);
        self.date
            .or_else(|| is_lacking(found).next_back())
            .or_else(newest)
    }

    /// Moves the cursor by this many dates, clamped to the first and last date.
    pub fn move_by(&mut self, found: &Breakdown, by: i64) {
        let ends = found.dates.first().zip(found.dates.last());
        let (Some(date), Some(((first, _), (last, _)))) = (self.cursor(found), ends) else {
            return;
        };
        let moved = date.moved(by);
        let far = if by < 0 { *first } else { *last };
        self.date = Some(moved.unwrap_or(far).clamp(*first, *last));
    }

    /// The next or previous incomplete date, wrapping around.
    pub fn next_lacking(&self, found: &Breakdown, forward: bool) -> Option<Partition> {
        let cursor = self.cursor(found)?;
        if forward {
            let mut after = is_lacking(found).filter(|date| *date > cursor);
            after.next().or_else(|| is_lacking(found).next())
        } else {
            let mut before = is_lacking(found).filter(|date| *date < cursor);
            before.next_back().or_else(|| is_lacking(found).next_back())
        }
    }
}

/// Dates with missing values.
fn is_lacking(found: &Breakdown) -> impl DoubleEndedIterator<Item = Partition> {
    let incomplete = |(_, tally): &&(Partition, Tally)| tally.known < tally.counted();
    found.dates.iter().filter(incomplete).map(|(date, _)| *date)
}

pub fn tally_of(found: &Breakdown, date: Partition) -> Option<&Tally> {
    let at = found.dates.binary_search_by_key(&date, |(date, _)| *date).ok()?;
    Some(&found.dates[at].1)
}
