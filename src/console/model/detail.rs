//! One date of one stage: how it stands, and how far its stored rows are opened.

use chrono::NaiveDate;
use ratatui::layout::Rect;

use super::drill::{Drill, levels};
use crate::console::layout::framed;
use crate::console::text::wrapped;
use crate::engine::{StoredRows, UnitView};

/// One date of one stage.
#[derive(Debug, Clone)]
pub struct Detail {
    /// Stage name.
    pub stage: String,
    /// The date.
    pub date: NaiveDate,
    /// The unit its rows were asked for; when it changes they are asked for again.
    pub seen: Option<UnitView>,
    /// Its rows.
    pub stored: Stored,
    /// What was opened, one name a level.
    pub path: Vec<String>,
    /// The marked line of a list.
    pub cursor: usize,
    /// Whether all columns of the rows are shown as one table.
    pub flat: bool,
    /// First line in view where none is marked.
    pub top: usize,
    /// First column in view.
    pub left: usize,
}

/// The stored rows of a date.
#[derive(Debug, Clone)]
pub enum Stored {
    /// On their way.
    Asked,
    /// Here they are.
    Rows(StoredRows),
    /// They cannot be had, and why.
    Refused(String),
}

/// How the rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// There are none.
    Nothing,
    /// A line for each thing of a level.
    List,
    /// A line for each column.
    Row,
    /// All columns side by side.
    Table,
}

/// From this height of the content on there is room for a second line of the reason and for the marked line in words.
const ROOMY: u16 = 10;

/// Rows of the marked line in words.
const IN_WORDS: u16 = 2;

/// Whether there is nothing to list: no row, and nothing that should have one.
fn has_nothing(stored: &StoredRows) -> bool {
    stored.rows.is_empty() && (stored.groups.is_empty() || levels(stored).is_empty())
}

impl Detail {
    /// A date whose rows are still to come.
    pub fn of(stage: &str, date: NaiveDate, seen: Option<UnitView>) -> Self {
        Self {
            stage: stage.to_owned(),
            date,
            seen,
            stored: Stored::Asked,
            path: Vec::new(),
            cursor: 0,
            flat: false,
            top: 0,
            left: 0,
        }
    }

    /// The rows that are opened.
    pub fn drill(&self) -> Option<Drill<'_>> {
        match &self.stored {
            Stored::Rows(rows) if !has_nothing(rows) => Some(Drill::to(rows, &self.path)),
            _ => None,
        }
    }

    /// How they are shown.
    pub fn face(&self) -> Face {
        let Stored::Rows(rows) = &self.stored else {
            return Face::Nothing;
        };
        let levels = levels(rows).len();
        match self.path.len() {
            _ if has_nothing(rows) => Face::Nothing,
            _ if self.flat || levels == 0 => Face::Table,
            depth if depth < levels => Face::List,
            _ => Face::Row,
        }
    }

    /// Whether the rows can be opened one by one.
    pub fn has_levels(&self) -> bool {
        matches!(&self.stored, Stored::Rows(rows) if !rows.rows.is_empty() && !levels(rows).is_empty())
    }

    /// Whether there is something to go back to before the date is left.
    pub fn is_opened(&self) -> bool {
        !self.path.is_empty() || (self.flat && self.has_levels())
    }

    /// Why the unit stands as it does.
    pub fn reason(&self) -> &str {
        let reason = self.seen.as_ref().and_then(|unit| unit.reason.as_deref());
        reason.unwrap_or_default()
    }

    /// Rows of the reason; where there is nothing to list, it has all the room it needs.
    pub fn reason_rows(&self, body: Rect) -> u16 {
        if self.reason().is_empty() {
            return 0;
        }
        let area = framed(body);
        let needed = wrapped(self.reason(), usize::from(area.width)).len();
        let most = match self.face() {
            Face::Nothing => area.height.saturating_sub(2),
            _ if area.height < ROOMY => 1,
            _ => 2,
        };
        u16::try_from(needed).unwrap_or(u16::MAX).min(most)
    }

    /// Where lines stand: below the state, the reason and the names of the columns, above the marked line in words.
    pub fn lines(&self, body: Rect) -> Rect {
        let area = framed(body);
        let face = self.face();
        let names = u16::from(matches!(face, Face::List | Face::Table));
        let above = (1 + self.reason_rows(body) + names).min(area.height);
        let below = if face == Face::List && area.height >= ROOMY {
            IN_WORDS
        } else {
            0
        };
        Rect {
            y: area.y + above,
            height: area.height.saturating_sub(above + below),
            ..area
        }
    }
}
