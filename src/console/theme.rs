//! Colours and glyphs. Only the terminal's 16 colours on its own background, never white, black or dimmed text, so that
//! every palette stays readable; the selection is reversed.

use ratatui::style::{Color, Modifier, Style};
use tracing::Level;

use super::glyphs::{ASCII, Glyphs, UTF8};
use super::model::breakdown_page::Extent;
use crate::engine::{SampleState, StageState};
use crate::ledger::{CheckState, RunState, UnitState};
use crate::runbook::ItemState;

/// A named set of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Palette {
    /// Colours readable on dark and light backgrounds.
    #[default]
    Auto,
    /// Bright colours for a dark background.
    Dark,
    /// Dark colours for a light background.
    Light,
    /// No colour: glyphs, text, bold and reversed only.
    Mono,
    /// Blue and yellow instead of green and red.
    Colorblind,
}

impl Palette {
    /// Every palette.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Dark, Self::Light, Self::Mono, Self::Colorblind];

    /// Its name in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Mono => "mono",
            Self::Colorblind => "colorblind",
        }
    }

    /// The palette with this name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|palette| palette.word() == word)
    }

    const fn color(self, role: Tone) -> Option<Color> {
        let [good, bad, warn, active, other] = match self {
            Self::Auto => [Color::Green, Color::Red, Color::Magenta, Color::Cyan, Color::Blue],
            Self::Dark => [
                Color::LightGreen,
                Color::LightRed,
                Color::LightYellow,
                Color::LightCyan,
                Color::LightMagenta,
            ],
            Self::Light => [Color::Green, Color::Red, Color::Magenta, Color::Blue, Color::Cyan],
            Self::Colorblind => [
                Color::LightBlue,
                Color::Yellow,
                Color::Magenta,
                Color::Cyan,
                Color::Green,
            ],
            Self::Mono => return None,
        };
        Some(match role {
            Tone::Good => good,
            Tone::Bad => bad,
            Tone::Warn => warn,
            Tone::Active => active,
            Tone::Other => other,
            Tone::Plain => return None,
        })
    }
}

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    /// The operator must act.
    Bad,
    /// The operator should look.
    Warn,
    Active,
    /// Complete, but made by another definition.
    Other,
    /// No particular meaning.
    Plain,
}

/// Palette and glyphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    palette: Palette,
    pub(super) glyphs: &'static Glyphs,
}

impl Theme {
    /// `color` is false if the terminal has no colour or `NO_COLOR` is set; `utf8` is false if the terminal shows ASCII
    /// only.
    #[must_use]
    pub const fn new(palette: Palette, color: bool, utf8: bool) -> Self {
        Self {
            palette: if color { palette } else { Palette::Mono },
            glyphs: if utf8 { &UTF8 } else { &ASCII },
        }
    }

    pub(super) fn style(self, role: Tone) -> Style {
        let style = self
            .palette
            .color(role)
            .map_or_else(Style::new, |color| Style::new().fg(color));
        match role {
            Tone::Bad => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    pub(super) fn extent(self, extent: Extent) -> Style {
        self.style(match extent {
            Extent::All | Extent::Most => Tone::Good,
            Extent::Much | Extent::Half => Tone::Warn,
            Extent::Little => Tone::Bad,
            Extent::Nothing => Tone::Plain,
        })
    }

    pub(super) fn unit(self, state: UnitState) -> Style {
        self.style(match state {
            UnitState::Ok => Tone::Good,
            UnitState::Failed | UnitState::Empty => Tone::Bad,
            UnitState::Partial | UnitState::Unknown | UnitState::Stale => Tone::Warn,
            UnitState::Outdated => Tone::Other,
            UnitState::Running => Tone::Active,
            UnitState::Pending | UnitState::Skipped => Tone::Plain,
        })
    }

    pub(super) fn check(self, state: CheckState) -> Style {
        self.style(match state {
            CheckState::Pass => Tone::Good,
            CheckState::Fail | CheckState::Error => Tone::Bad,
            CheckState::Warn | CheckState::Outdated | CheckState::Waived => Tone::Warn,
            CheckState::Running => Tone::Active,
            CheckState::Pending => Tone::Plain,
        })
    }

    pub(super) fn item(self, state: ItemState) -> Style {
        self.style(match state {
            ItemState::Done => Tone::Good,
            ItemState::ActionRequired => Tone::Bad,
            ItemState::Reopened => Tone::Warn,
            ItemState::InProgress => Tone::Active,
            ItemState::Open => Tone::Plain,
        })
    }

    pub(super) fn sample(self, state: SampleState) -> Style {
        self.style(match state {
            SampleState::Same | SampleState::New => Tone::Good,
            SampleState::Differs | SampleState::Short => Tone::Warn,
            SampleState::Failed => Tone::Bad,
            SampleState::Unsampled => Tone::Plain,
        })
    }

    pub(super) fn run(self, state: RunState) -> Style {
        self.style(match state {
            RunState::Running => Tone::Active,
            RunState::Paused | RunState::Draining | RunState::Stopped => Tone::Warn,
            RunState::Finished => Tone::Good,
            RunState::Interrupted => Tone::Bad,
        })
        .add_modifier(Modifier::BOLD)
    }

    pub(super) fn stage(self, state: StageState) -> Style {
        self.style(match state {
            StageState::Waiting => Tone::Plain,
            StageState::Running | StageState::Checking => Tone::Active,
            StageState::Passed => Tone::Good,
            StageState::Failed => Tone::Bad,
        })
    }

    pub(super) fn level(self, level: Level) -> Style {
        self.style(match level {
            Level::ERROR => Tone::Bad,
            Level::WARN => Tone::Warn,
            _ => Tone::Plain,
        })
    }
}

/// The selected row, cell or choice.
pub(super) const SELECTED: Modifier = Modifier::REVERSED;

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Tone; 6] = [
        Tone::Good,
        Tone::Bad,
        Tone::Warn,
        Tone::Active,
        Tone::Other,
        Tone::Plain,
    ];

    #[test]
    fn no_palette_writes_white_or_black_or_dim_or_sets_a_background() {
        for palette in Palette::ALL {
            for role in ROLES {
                let style = Theme::new(palette, true, true).style(role);
                assert!(
                    !matches!(
                        style.fg,
                        Some(Color::White | Color::Black | Color::Gray | Color::DarkGray)
                    ),
                    "{palette:?} {role:?}"
                );
                assert_eq!(style.bg, None);
                assert!(!style.add_modifier.contains(Modifier::DIM));
            }
        }
    }

    #[test]
    fn no_color_disables_colours_in_every_palette() {
        for palette in Palette::ALL {
            for role in ROLES {
                assert_eq!(Theme::new(palette, false, true).style(role).fg, None);
            }
        }
    }

    #[test]
    fn roles_have_distinct_colours() {
        for palette in [Palette::Auto, Palette::Dark, Palette::Light, Palette::Colorblind] {
            let mut colors: Vec<_> = ROLES.map(|role| palette.color(role)).into();
            colors.dedup();
            assert_eq!(colors.len(), ROLES.len(), "{palette:?}");
        }
    }

    #[test]
    fn palette_names_round_trip() {
        for palette in Palette::ALL {
            assert_eq!(Palette::from_word(palette.word()), Some(palette));
        }
        assert_eq!(Palette::from_word("Dark"), None);
    }
}
