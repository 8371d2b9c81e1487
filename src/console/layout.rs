//! The layout of the screen, computed from its size alone. `update` needs it for page lengths and the view for drawing,
//! so both agree.

use ratatui::layout::Rect;

/// A part of the screen with a title and its own cursor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    #[default]
    Dates,
    Workers,
    Log,
    Checks,
}

impl Pane {
    /// Every pane, in the order of their number keys.
    pub const ALL: [Self; 4] = [Self::Dates, Self::Workers, Self::Log, Self::Checks];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Dates => "Dates",
            Self::Workers => "Workers",
            Self::Log => "Log",
            Self::Checks => "Checks",
        }
    }

    /// The pane `by` positions further on, wrapping around.
    pub fn step(self, by: usize) -> Self {
        let here = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL[(here + by) % Self::ALL.len()]
    }
}

/// Minimum screen size, in columns and rows.
pub const MIN_SIZE: (u16, u16) = (60, 16);

/// Screen size from which the panes are shown side by side.
const SIDE_BY_SIDE: (u16, u16) = (100, 28);

/// Width of the Dates pane: weekdays, one column per week, and the frame. On a wide screen a week takes two columns.
const DATES_NARROW: u16 = 62;
const DATES_WIDE: u16 = 116;

/// Columns the other panes need beside a wide Dates pane.
const BESIDE_WIDE: u16 = 80;

const HEADER: u16 = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Plan, state and progress. Four rows, or one when zoomed.
    pub header: Rect,
    /// Row of tabs, if only one pane is shown.
    pub tabs: Option<Rect>,
    /// The area of the panes, which overlays may cover.
    pub body: Rect,
    /// One row for notices and hints.
    pub message: Rect,
    /// Key hints at the bottom.
    pub keys: Rect,
    panes: [Option<Rect>; 4],
}

impl Layout {
    /// The layout of a screen; `None` if it is too small.
    pub fn of(area: Rect, focus: Pane, zoomed: bool) -> Option<Self> {
        if area.width < MIN_SIZE.0 || area.height < MIN_SIZE.1 {
            return None;
        }
        let tabbed = zoomed || area.width < SIDE_BY_SIDE.0 || area.height < SIDE_BY_SIDE.1;
        let keys_rows = if area.height >= 30 { 2 } else { 1 };
        let (header, rest) = top(area, if zoomed { 1 } else { HEADER });
        let (rest, keys) = bottom(rest, keys_rows);
        let (rest, message) = bottom(rest, 1);
        let mut layout = Self {
            header,
            tabs: None,
            body: rest,
            message,
            keys,
            panes: [None; 4],
        };
        if tabbed {
            let (tabs, body) = top(rest, 1);
            layout.tabs = Some(tabs);
            layout.body = body;
            layout.panes[focus as usize] = Some(body);
        } else {
            layout.panes = side_by_side(rest);
        }
        Some(layout)
    }

    /// The area of a pane including its frame; `None` if another pane hides it.
    pub fn pane(&self, pane: Pane) -> Option<Rect> {
        self.panes[pane as usize]
    }

    /// The area of a pane's content.
    pub fn inside(&self, pane: Pane) -> Option<Rect> {
        let area = self.pane(pane)?;
        if self.tabs.is_some() {
            return Some(area);
        }
        Some(framed(area))
    }
}

/// A centred area of this size, frame included; smaller if it doesn't fit.
pub fn popup(body: Rect, columns: u16, rows: u16) -> Rect {
    let width = columns.min(body.width);
    let height = rows.min(body.height);
    Rect {
        x: body.x + (body.width - width) / 2,
        y: body.y + (body.height - height) / 2,
        width,
        height,
    }
}

/// The area inside a frame.
pub fn framed(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1),
        y: area.y.saturating_add(1),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

fn side_by_side(area: Rect) -> [Option<Rect>; 4] {
    let log_rows = (area.height * 2 / 7).clamp(6, 12);
    let (upper, log) = bottom(area, log_rows);
    let wide = area.width >= DATES_WIDE + BESIDE_WIDE;
    let dates_width = if wide { DATES_WIDE } else { DATES_NARROW };
    let dates = Rect {
        width: dates_width,
        ..upper
    };
    let beside = Rect {
        x: upper.x + dates_width,
        width: upper.width - dates_width,
        ..upper
    };
    let (workers, checks) = top(beside, (beside.height / 2).min(20));
    [Some(dates), Some(workers), Some(log), Some(checks)]
}

fn top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (
        Rect { height: rows, ..area },
        Rect {
            y: area.y + rows,
            height: area.height - rows,
            ..area
        },
    )
}

fn bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(width: u16, height: u16) -> Rect {
        Rect::new(0, 0, width, height)
    }

    #[test]
    fn sizes_below_the_minimum_have_no_layout() {
        assert_eq!(Layout::of(screen(59, 16), Pane::Dates, false), None);
        assert_eq!(Layout::of(screen(60, 15), Pane::Dates, false), None);
        assert!(Layout::of(screen(60, 16), Pane::Dates, false).is_some());
    }

    #[test]
    fn the_minimum_size_shows_one_block_of_dates_and_the_cursor_line() {
        let layout = Layout::of(screen(60, 16), Pane::Dates, false).unwrap();
        assert_eq!(layout.inside(Pane::Dates), Some(Rect::new(0, 5, 60, 9)));
        assert_eq!(layout.pane(Pane::Log), None);
    }

    #[test]
    fn all_panes_are_shown_at_100_columns_unless_zoomed() {
        let all = |width, zoomed| {
            let layout = Layout::of(screen(width, 40), Pane::Log, zoomed).unwrap();
            Pane::ALL.map(|pane| layout.pane(pane).is_some())
        };
        assert_eq!(all(99, false), [false, false, true, false]);
        assert_eq!(all(100, false), [true; 4]);
        assert_eq!(all(100, true), [false, false, true, false]);
        let low = Layout::of(screen(200, 27), Pane::Log, false).unwrap();
        assert_eq!(low.pane(Pane::Dates), None);
    }

    #[test]
    fn areas_cover_the_screen_without_overlap() {
        for (width, height) in [(60, 16), (80, 24), (100, 16), (120, 40), (200, 60), (250, 250)] {
            for zoomed in [false, true] {
                let layout = Layout::of(screen(width, height), Pane::Checks, zoomed).unwrap();
                let mut parts = vec![layout.header, layout.message, layout.keys];
                parts.extend(layout.tabs);
                parts.extend(Pane::ALL.iter().filter_map(|pane| layout.pane(*pane)));
                let covered: u32 = parts.iter().map(|part| part.area()).sum();
                assert_eq!(covered, u32::from(width) * u32::from(height));
                for (index, part) in parts.iter().enumerate() {
                    assert!(parts[..index].iter().all(|other| !other.intersects(*part)));
                }
            }
        }
    }

    #[test]
    fn stepping_through_panes_wraps_around() {
        assert_eq!(Pane::Dates.step(1), Pane::Workers);
        assert_eq!(Pane::Checks.step(1), Pane::Dates);
        assert_eq!(Pane::Dates.step(3), Pane::Checks);
    }
}
