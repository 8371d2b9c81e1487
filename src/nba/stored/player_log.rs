//! Player statistics per game, from `player_game_summary`.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::counted_game::is_counted;
use crate::nba::ids::TeamCode;
use crate::nba::raw::BadRow;
use crate::nba::{Dated, GameLog, Played};
use crate::table::{FieldReader, Row};

/// A counted game of a player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayerGame {
    /// Date of the game.
    pub date: NaiveDate,
    /// The player's team in that game.
    pub team: TeamCode,
    /// Points.
    pub points: Option<u32>,
    /// Minutes on the floor.
    pub minutes: Option<f64>,
    /// Usage rate, percent.
    pub usage_rate: Option<f64>,
    /// True shooting, a fraction.
    pub ts_pct: Option<f64>,
    /// Free throws made.
    pub ft_makes: Option<u32>,
}

impl Dated for PlayerGame {
    fn date(&self) -> NaiveDate {
        self.date
    }
}

impl Played for PlayerGame {
    fn team(&self) -> TeamCode {
        self.team
    }
}

/// The counted games of every player, oldest first.
#[derive(Debug, Clone, Default)]
pub struct PlayerLogs {
    of_player: HashMap<String, GameLog<PlayerGame>>,
    empty: GameLog<PlayerGame>,
}

impl PlayerLogs {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "player_lookup",
        "team_abbr",
        "points",
        "minutes_played",
        "usage_rate",
        "ts_pct",
        "ft_makes",
    ];

    /// Reads rows of [`Self::COLUMNS`], ordered by date.
    ///
    /// # Errors
    /// If a row has an invalid field.
    pub fn read(rows: &[Row]) -> Result<Self, BadRow> {
        let mut logs: HashMap<String, GameLog<PlayerGame>> = HashMap::new();
        for row in rows {
            let mut fields = FieldReader::new(Self::COLUMNS, row);
            let date = fields.date()?;
            let player = fields.text()?;
            let game = PlayerGame {
                date,
                team: fields.text()?.parse()?,
                points: fields.optional_count()?,
                minutes: fields.optional_number()?,
                usage_rate: fields.optional_number()?,
                ts_pct: fields.optional_number()?,
                ft_makes: fields.optional_count()?,
            };
            if !is_counted(game.minutes, game.points) {
                continue;
            }
            match logs.get_mut(player) {
                Some(log) => log.enter(game),
                None => logs.entry(player.to_owned()).or_default().enter(game),
            }
        }
        Ok(Self {
            of_player: logs,
            empty: GameLog::default(),
        })
    }

    /// The player's games; empty for an unknown player.
    #[must_use]
    pub fn of(&self, player: &str) -> &GameLog<PlayerGame> {
        self.of_player.get(player).unwrap_or(&self.empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Value;

    fn row(date: &str, player: &str, minutes: Option<f64>, points: Option<i64>) -> Row {
        let date: NaiveDate = date.parse().unwrap();
        vec![
            date.into(),
            player.to_owned().into(),
            "BOS".into(),
            points.into(),
            minutes.into(),
            Value::Null,
            Value::Null,
            Value::Null,
        ]
    }

    // A few seconds in a season of whole minutes are 0 minutes: such a game only counts with points.
    #[test]
    fn a_game_counts_with_minutes_or_points_and_only_before_the_date() {
        let rows = [
            row("2024-01-01", "one", Some(12.5), Some(0)),
            row("2024-01-03", "one", Some(0.0), Some(0)),
            row("2024-01-03", "two", Some(30.0), Some(20)),
            row("2024-01-05", "one", Some(0.0), Some(2)),
            row("2024-01-06", "one", None, None),
            row("2024-01-08", "one", Some(31.0), Some(9)),
        ];
        let logs = PlayerLogs::read(&rows).unwrap();
        let days = |player: &str, date: &str| -> Vec<String> {
            let games = logs.of(player).before(date.parse().unwrap());
            games.iter().map(|game| game.date.to_string()).collect()
        };
        assert_eq!(days("one", "2024-01-08"), ["2024-01-01", "2024-01-05"]);
        assert_eq!(days("one", "2024-01-09").len(), 3);
        assert_eq!(days("three", "2024-01-09").len(), 0);
    }
}
