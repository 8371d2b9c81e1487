//! How the totals of a date's games were made, and how reliable they are.

/// How the totals of a row were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Making {
    /// Copied from the team box score.
    TeamBox,
    /// Summed from the players.
    Rebuilt,
    /// Summed from the players, as forced by the environment.
    Forced,
}

impl Making {
    /// The source name stored in the row.
    #[must_use]
    pub const fn primary_source(self) -> &'static str {
        match self {
            Self::TeamBox => "nbac_team_boxscore",
            Self::Rebuilt => "reconstructed_team_from_players",
            Self::Forced => "reconstructed_team_from_players (forced by env var)",
        }
    }

    /// Quality score, 0 to 100.
    #[must_use]
    pub const fn score(self) -> f64 {
        match self {
            Self::TeamBox => 100.0,
            Self::Rebuilt | Self::Forced => 85.0,
        }
    }

    /// The issues of every row made this way.
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
