//! Scrolling of lists longer than their pane.

use crate::console::keymap::Action;

/// A cursor or scroll position that keys move within its list.
pub struct Scroll<'a> {
    at: &'a mut usize,
    page: usize,
    positions: usize,
}

impl<'a> Scroll<'a> {
    /// The selected one of `len` rows, of which a page shows some.
    pub const fn cursor(at: &'a mut usize, page: usize, len: usize) -> Self {
        Self {
            at,
            page,
            positions: len,
        }
    }

    /// The first in view of `len` lines. At the last position the last page is full.
    pub const fn top(at: &'a mut usize, page: usize, len: usize) -> Self {
        Self::cursor(at, page, len.saturating_sub(page) + 1)
    }

    pub fn step(self, action: Action) {
        let page = self.page.max(1);
        *self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => self.at.saturating_add(1),
            Action::PageUp => self.at.saturating_sub(page),
            Action::PageDown => self.at.saturating_add(page),
            Action::First => 0,
            Action::Last => usize::MAX,
            _ => *self.at,
        };
        self.clamp();
    }

    /// Keeps the position within the list.
    pub fn clamp(self) {
        *self.at = (*self.at).min(self.positions.saturating_sub(1));
    }
}

/// Index of the first row in view: scrolls as little as needed to keep the selected row visible and the page full.
pub fn first_in_view(was: usize, marked: usize, room: usize, len: usize) -> usize {
    let lowest_needed = (marked + 1).saturating_sub(room);
    let least_moved = was.min(marked).max(lowest_needed);
    least_moved.min(len.saturating_sub(room))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unchanged(0, 4, 5, 15, 0)]
    #[case::down_by_one(0, 5, 5, 15, 1)]
    #[case::to_the_end(0, 14, 5, 15, 10)]
    #[case::all_in_view(0, 3, 20, 15, 0)]
    #[case::selection_in_view(6, 8, 5, 15, 6)]
    #[case::up_to_the_selected_date(6, 3, 5, 15, 3)]
    #[case::the_page_stays_full(12, 13, 5, 15, 10)]
    #[case::shrunken_list(12, 2, 5, 3, 0)]
    fn the_selected_row_is_visible(
        #[case] was: usize,
        #[case] marked: usize,
        #[case] room: usize,
        #[case] len: usize,
        #[case] top: usize,
    ) {
        assert_eq!(first_in_view(was, marked, room, len), top);
    }
}
