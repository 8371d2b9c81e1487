//! How the totals of a date's games were made, and how far that can be trusted.

/// How the totals of a row were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// Taken from the team box score.
    TeamBox,
    /// Added up from the players.
    Rebuilt,
    /// Added up from the players because the environment said so.
    Forced,
}

impl Making {
    /// The name a row gives its source.
    #[must_use]
    pub const fn primary_source(self) -> &'static str {
        match self {
            Self::TeamBox => "nbac_team_boxscore",
            Self::Rebuilt => "reconstructed_team_from_players",
            Self::Forced => "reconstructed_team_from_players (forced by env var)",
        }
    }

    /// The trust in it, 0 to 100.
    #[must_use]
    pub const fn score(self) -> f64 {
        match self {
            Self::TeamBox => 100.0,
            Self::Rebuilt | Self::Forced => 85.0,
        }
    }

    /// What every row made this way has to say about itself.
    #[must_use]
    pub fn issues(self) -> Vec<String> {
        let issues: &[&str] = match self {
            Self::TeamBox => &[],
            Self::Rebuilt => &["backup_source_used", "reconstructed"],
            Self::Forced => &["forced_reconstruction"],
        };
        issues.iter().map(ToString::to_string).collect()
    }
}
