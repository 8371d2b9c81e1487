//! What explains a check, as it is looked at: by date or by one of its groups, and where in that.

use chrono::{Duration, NaiveDate};

use crate::engine::{Breakdown, BreakdownView, Dimension, Snapshot, Tally};

/// Rows above the groups: the share, its causes, what stands beside, the ways to look at it, the names of columns.
pub const ABOVE_GROUPS: u16 = 5;

/// A breakdown over the panes.
#[derive(Debug, Clone)]
pub struct Split {
    /// The check it explains.
    pub check: String,
    /// What is shown: 0 the dates, then each way to group them.
    pub view: usize,
    /// First group in view.
    pub top: usize,
    /// First cause in view.
    pub left: usize,
    /// The date under the cursor; none before one was chosen.
    pub date: Option<NaiveDate>,
}

/// How much is known, in the steps the screen tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Nothing was counted.
    Nothing,
    /// All of it.
    All,
    /// 95 % or more.
    Most,
    /// 75 % or more.
    Much,
    /// 50 % or more.
    Half,
    /// Less.
    Little,
}

impl Extent {
    /// Every extent, the best first.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Most,
        Self::Much,
        Self::Half,
        Self::Little,
        Self::Nothing,
    ];

    /// The extent of a tally.
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

    /// What the operator reads.
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

impl Split {
    /// The breakdown of a check, at its first date that is not whole.
    pub const fn of(check: String) -> Self {
        Self {
            check,
            view: 0,
            top: 0,
            left: 0,
            date: None,
        }
    }

    /// The breakdown as the engine has it.
    pub fn shown<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a BreakdownView> {
        snapshot.breakdowns.iter().find(|view| view.check == self.check)
    }

    /// The groups that are shown; none when dates are.
    pub fn by<'a>(&self, found: &'a Breakdown) -> Option<&'a Dimension> {
        self.view.checked_sub(1).and_then(|at| found.by.get(at))
    }

    /// Shows the next way to look at it, or the one before, round and round.
    pub fn turn(&mut self, found: &Breakdown, forward: bool) {
        let views = 1 + found.by.len();
        let by = if forward { 1 } else { views - 1 };
        self.view = (self.view + by) % views;
        (self.top, self.left) = (0, 0);
    }

    /// The date under the cursor: at first the newest that is not whole, else the newest.
    pub fn cursor(&self, found: &Breakdown) -> Option<NaiveDate> {
        let newest = || found.dates.last().map(|(date, _)| *date);
        self.date
            .or_else(|| is_lacking(found).next_back())
            .or_else(newest)
    }

    /// Moves the cursor by days, as far as there are dates.
    pub fn move_by(&mut self, found: &Breakdown, days: i64) {
        let ends = found.dates.first().zip(found.dates.last());
        let (Some(date), Some(((first, _), (last, _)))) = (self.cursor(found), ends) else {
            return;
        };
        let moved = date.checked_add_signed(Duration::days(days));
        let far = if days < 0 { *first } else { *last };
        self.date = Some(moved.unwrap_or(far).clamp(*first, *last));
    }

    /// The next date that is not whole, or the one before; goes round at the ends.
    pub fn next_lacking(&self, found: &Breakdown, forward: bool) -> Option<NaiveDate> {
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

/// Dates of which not all is known.
fn is_lacking(found: &Breakdown) -> impl DoubleEndedIterator<Item = NaiveDate> {
    let lacking = |(_, tally): &&(NaiveDate, Tally)| tally.known < tally.counted();
    found.dates.iter().filter(lacking).map(|(date, _)| *date)
}

/// What was counted on a date.
pub fn tally_of(found: &Breakdown, date: NaiveDate) -> Option<&Tally> {
    let at = found.dates.binary_search_by_key(&date, |(date, _)| *date).ok()?;
    Some(&found.dates[at].1)
}
