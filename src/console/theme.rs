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

    const fn color(self, role: Role) -> Option<Color> {
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
            Role::Good => good,
            Role::Bad => bad,
            Role::Warn => warn,
            Role::Active => active,
            Role::Other => other,
            Role::Plain => return None,
        })
    }
}

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Fine.
    Good,
    /// The operator must act.
    Bad,
    /// The operator should look.
    Warn,
    /// In progress.
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

    pub(super) fn style(self, role: Role) -> Style {
        let style = self
            .palette
            .color(role)
            .map_or_else(Style::new, |color| Style::new().fg(color));
        match role {
            Role::Bad => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    pub(super) fn extent(self, extent: Extent) -> Style {
        self.style(match extent {
            Extent::All | Extent::Most => Role::Good,
            Extent::Much | Extent::Half => Role::Warn,
            Extent::Little => Role::Bad,
            Extent::Nothing => Role::Plain,
        })
    }

    pub(super) fn unit(self, state: UnitState) -> Style {
        self.style(match state {
            UnitState::Ok => Role::Good,
            UnitState::Failed | UnitState::Empty => Role::Bad,
            UnitState::Partial | UnitState::Unknown | UnitState::Stale => Role::Warn,
            UnitState::Outdated => Role::Other,
            UnitState::Running => Role::Active,
            UnitState::Pending | UnitState::Skipped => Role::Plain,
        })
    }

    pub(super) fn check(self, state: CheckState) -> Style {
        self.style(match state {
            CheckState::Pass => Role::Good,
            CheckState::Fail | CheckState::Error => Role::Bad,
            CheckState::Warn | CheckState::Outdated | CheckState::Waived => Role::Warn,
            CheckState::Running => Role::Active,
            CheckState::Pending => Role::Plain,
        })
    }

    pub(super) fn item(self, state: ItemState) -> Style {
        self.style(match state {
            ItemState::Done => Role::Good,
            ItemState::ActionRequired => Role::Bad,
            ItemState::Reopened => Role::Warn,
            ItemState::InProgress => Role::Active,
            ItemState::Open => Role::Plain,
        })
    }

    pub(super) fn sample(self, state: SampleState) -> Style {
        self.style(match state {
            SampleState::Same | SampleState::New => Role::Good,
            SampleState::Differs | SampleState::Short => Role::Warn,
            SampleState::Failed => Role::Bad,
            SampleState::Unsampled => Role::Plain,
        })
    }

    pub(super) fn run(self, state: RunState) -> Style {
        self.style(match state {
            RunState::Running => Role::Active,
            RunState::Paused | RunState::Draining | RunState::Stopped => Role::Warn,
            RunState::Finished => Role::Good,
            RunState::Interrupted => Role::Bad,
        })
        .add_modifier(Modifier::BOLD)
    }

    pub(super) fn stage(self, state: StageState) -> Style {
        self.style(match state {
            StageState::Waiting => Role::Plain,
            StageState::Running | StageState::Checking => Role::Active,
            StageState::Passed => Role::Good,
            StageState::Failed => Role::Bad,
        })
    }

    pub(super) fn level(self, level: Level) -> Style {
        self.style(match level {
            Level::ERROR => Role::Bad,
            Level::WARN => Role::Warn,
            _ => Role::Plain,
        })
    }
}

/// The selected row, cell or choice.
pub(super) const SELECTED: Modifier = Modifier::REVERSED;

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 6] = [
        Role::Good,
        Role::Bad,
        Role::Warn,
        Role::Active,
        Role::Other,
        Role::Plain,
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
