//! The page of one date of one stage: its state, and how far its stored rows are drilled into.

use ratatui::layout::Rect;

use super::drill::{Drill, levels};
use crate::console::layout::framed;
use crate::console::text::wrapped;
use crate::engine::{StoredRows, UnitView};
use crate::partition::Partition;

#[derive(Debug, Clone)]
pub struct Detail {
    pub stage: String,
    pub date: Partition,
    /// The unit its rows were queried for; when it changes, they are queried again.
    pub seen: Option<UnitView>,
    pub stored: StoredReply,
    /// The drill-down path, one name per level.
    pub path: Vec<String>,
    /// The selected line of a list.
    pub cursor: usize,
    /// Whether all columns of the rows are shown as one table.
    pub flat: bool,
    /// First line in view where no line is selected.
    pub top: usize,
    /// First column in view.
    pub left: usize,
}

#[derive(Debug, Clone)]
pub enum StoredReply {
    /// Queried, no reply yet.
    Asked,
    Rows(StoredRows),
    /// The query was refused or failed, with the reason.
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsLayout {
    Nothing,
    /// A line per value of a level.
    List,
    /// A line per column.
    Row,
    Table,
}

/// Height of the content from which there is room for a second line of the reason and for the selected line in words.
const MIN_FULL_HEIGHT: u16 = 10;

/// Rows of the selected line in words.
const SELECTED_LINE_ROWS: u16 = 2;

/// Whether there is nothing to list: no row, and no expected group without one.
fn has_nothing(stored: &StoredRows) -> bool {
    stored.rows.is_empty() && (stored.groups.is_empty() || levels(stored).is_empty())
}

impl Detail {
    /// A date whose rows haven't arrived yet.
    pub fn of(stage: &str, date: Partition, seen: Option<UnitView>) -> Self {
        Self {
            stage: stage.to_owned(),
            date,
            seen,
            stored: StoredReply::Asked,
            path: Vec::new(),
            cursor: 0,
            flat: false,
            top: 0,
            left: 0,
        }
    }

    pub fn drill(&self) -> Option<Drill<'_>> {
        match &self.stored {
            StoredReply::Rows(rows) if !has_nothing(rows) => Some(Drill::to(rows, &self.path)),
            _ => None,
        }
    }

    pub fn face(&self) -> RowsLayout {
        let StoredReply::Rows(rows) = &self.stored else {
            return RowsLayout::Nothing;
        };
        let levels = levels(rows).len();
        match self.path.len() {
            _ if has_nothing(rows) => RowsLayout::Nothing,
            _ if self.flat || levels == 0 => RowsLayout::Table,
            depth if depth < levels => RowsLayout::List,
            _ => RowsLayout::Row,
        }
    }

    /// Whether the rows can be drilled into.
    pub fn has_levels(&self) -> bool {
        matches!(&self.stored, StoredReply::Rows(rows) if !rows.rows.is_empty() && !levels(rows).is_empty())
    }

    /// Whether Esc closes a level before it leaves the date.
    pub fn is_opened(&self) -> bool {
        !self.path.is_empty() || (self.flat && self.has_levels())
    }

    /// The recorded reason for the state of the unit.
    pub fn reason(&self) -> &str {
        let reason = self.seen.as_ref().and_then(|unit| unit.reason.as_deref());
        reason.unwrap_or_default()
    }

    /// Rows of the reason; if there is nothing to list, as many as it needs.
    pub fn reason_rows(&self, body: Rect) -> u16 {
        if self.reason().is_empty() {
            return 0;
        }
        let area = framed(body);
        let needed = wrapped(self.reason(), usize::from(area.width)).len();
        let most = match self.face() {
            RowsLayout::Nothing => area.height.saturating_sub(2),
            _ if area.height < MIN_FULL_HEIGHT => 1,
            _ => 2,
        };
        u16::try_from(needed).unwrap_or(u16::MAX).min(most)
    }

    /// The area of the lines: below the state, the reason and the column headings, above the selected line in words.
    pub fn lines(&self, body: Rect) -> Rect {
        let area = framed(body);
        let face = self.face();
        let names = u16::from(matches!(face, RowsLayout::List | RowsLayout::Table));
        let above = (1 + self.reason_rows(body) + names).min(area.height);
        let below = if face == RowsLayout::List && area.height >= MIN_FULL_HEIGHT {
            SELECTED_LINE_ROWS
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
