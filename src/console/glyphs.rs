//! The glyphs on screen, in UTF-8 and in ASCII. Every state has its own glyph in both, so that a screen without colour
//! carries the same information.
//!
//! No emoji and nothing of ambiguous width: a glyph drawn two columns wide by some terminals would shift its whole row.
//! Lines and blocks are exceptions that every terminal draws one column wide.

use super::model::breakdown_page::Extent;
use crate::engine::{SampleState, StageState};
use crate::ledger::{CheckState, RunState, UnitState};
use crate::runbook::ItemState;

#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    units: [&'static str; 10],
    ok: &'static str,
    bad: &'static str,
    active: &'static str,
    waiting: &'static str,
    held: &'static str,
    /// An unfolded and a folded heading.
    pub folds: [&'static str; 2],
    /// The end of a truncated text.
    pub cut: &'static str,
    pub line: &'static str,
    /// Vertical line.
    pub bar: &'static str,
    /// Corners of a frame: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Scroll position of a long list, on its frame.
    pub thumb: &'static str,
    /// The completed part of a progress bar.
    pub done: &'static str,
    /// The remaining part of a progress bar.
    pub to_do: &'static str,
    /// Bars of eight heights, lowest first.
    pub heights: [&'static str; 8],
    /// Whether text beyond ASCII may be shown.
    pub utf8: bool,
}

/// For terminals with UTF-8.
pub const UTF8: Glyphs = Glyphs {
    units: ["▮", "%", "-", "⋅", "✗", "?", "~", "▒", "▯", "▸"],
    ok: "✓",
    bad: "✗",
    active: "▸",
    waiting: "⋅",
    held: "▮",
    folds: ["▾", "▸"],
    cut: "›",
    line: "─",
    bar: "│",
    corners: ["┌", "┐", "└", "┘"],
    thumb: "┃",
    done: "━",
    to_do: "─",
    heights: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    utf8: true,
};

/// For any terminal.
pub const ASCII: Glyphs = Glyphs {
    units: ["#", "%", "-", ".", "X", "?", "~", "o", "_", ">"],
    ok: "+",
    bad: "X",
    active: ">",
    waiting: ".",
    held: "=",
    folds: ["v", ">"],
    cut: ">",
    line: "-",
    bar: "|",
    corners: ["+", "+", "+", "+"],
    thumb: "H",
    done: "#",
    to_do: "-",
    heights: ["_", ".", ":", "-", "=", "+", "*", "#"],
    utf8: false,
};

impl Glyphs {
    pub fn unit(&self, state: UnitState) -> &'static str {
        let [
            ok,
            partial,
            empty,
            skipped,
            failed,
            unknown,
            stale,
            outdated,
            pending,
            running,
        ] = self.units;
        match state {
            UnitState::Ok => ok,
            UnitState::Partial => partial,
            UnitState::Empty => empty,
            UnitState::Skipped => skipped,
            UnitState::Failed => failed,
            UnitState::Unknown => unknown,
            UnitState::Stale => stale,
            UnitState::Outdated => outdated,
            UnitState::Pending => pending,
            UnitState::Running => running,
        }
    }

    pub fn check(&self, state: CheckState) -> &'static str {
        match state {
            CheckState::Pending => self.waiting,
            CheckState::Running => self.active,
            CheckState::Pass => self.ok,
            CheckState::Warn => "!",
            CheckState::Fail => self.bad,
            CheckState::Error => "E",
            CheckState::Outdated => "~",
            CheckState::Waived => "W",
        }
    }

    pub fn item(&self, state: ItemState) -> &'static str {
        match state {
            ItemState::Open => self.waiting,
            ItemState::InProgress => self.active,
            ItemState::Done => self.ok,
            ItemState::ActionRequired => "!",
            ItemState::Reopened => "~",
        }
    }

    /// The glyph of a sampled unit's state.
    pub fn sample(&self, state: SampleState) -> &'static str {
        match state {
            SampleState::Same => self.ok,
            SampleState::New => self.active,
            SampleState::Differs => "~",
            SampleState::Short => "%",
            SampleState::Failed => self.bad,
            SampleState::Unsampled => self.waiting,
        }
    }

    /// The glyph of a share of complete values.
    pub const fn extent(&self, extent: Extent) -> &'static str {
        let [_, _, low, half, _, most, _, all] = self.heights;
        match extent {
            Extent::All => all,
            Extent::Most => most,
            Extent::Much => half,
            Extent::Half => low,
            Extent::Little => self.bad,
            Extent::Nothing => self.waiting,
        }
    }

    pub fn run(&self, state: RunState) -> &'static str {
        match state {
            RunState::Running | RunState::Draining => self.active,
            RunState::Paused | RunState::Stopped => self.held,
            RunState::Finished => self.ok,
            RunState::Interrupted => self.bad,
        }
    }

    pub fn stage(&self, state: StageState) -> &'static str {
        match state {
            StageState::Waiting => self.waiting,
            StageState::Running | StageState::Checking => self.active,
            StageState::Passed => self.ok,
            StageState::Failed => self.bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn all(glyphs: &Glyphs) -> Vec<&'static str> {
        let mut signs = vec![
            glyphs.ok,
            glyphs.bad,
            glyphs.active,
            glyphs.waiting,
            glyphs.held,
            glyphs.cut,
            glyphs.line,
            glyphs.bar,
            glyphs.thumb,
            glyphs.done,
            glyphs.to_do,
        ];
        signs.extend(glyphs.units);
        signs.extend(glyphs.corners);
        signs.extend(glyphs.folds);
        signs.extend(glyphs.heights);
        signs
    }

    #[test]
    fn every_glyph_is_one_column_wide() {
        for sign in all(&UTF8) {
            let drawn_as_line_or_block = sign.chars().all(|c| ('\u{2500}'..='\u{259F}').contains(&c));
            assert_eq!(sign.width(), 1, "{sign}");
            assert!(drawn_as_line_or_block || sign.width_cjk() == 1, "{sign}");
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        for sign in all(&ASCII) {
            assert!(sign.is_ascii() && sign.len() == 1, "{sign}");
        }
    }

    #[test]
    fn states_are_distinct_without_colour() {
        for glyphs in [&UTF8, &ASCII] {
            let units: HashSet<_> = UnitState::ALL.map(|state| glyphs.unit(state)).into();
            assert_eq!(units.len(), UnitState::ALL.len());
            let checks: HashSet<_> = CheckState::ALL.map(|state| glyphs.check(state)).into();
            assert_eq!(checks.len(), CheckState::ALL.len());
            let extents: HashSet<_> = Extent::ALL.map(|extent| glyphs.extent(extent)).into();
            assert_eq!(extents.len(), Extent::ALL.len());
        }
    }
}
