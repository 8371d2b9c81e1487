//! Shot locations per player and game, from `player_game_summary`.

use std::collections::HashMap;
use std::ops::Add;

use chrono::NaiveDate;

use super::counted_game::is_counted;
use crate::nba::ids::TeamCode;
use crate::nba::raw::BadRow;
use crate::nba::{Dated, GameLog, Played, ZoneShots};
use crate::table::{FieldError, FieldReader, Row};

/// A counted game of a player.
#[derive(Debug, Clone, PartialEq)]
pub struct ShotGame {
    /// Date of the game.
    pub date: NaiveDate,
    /// The player's team in that game.
    pub team: TeamCode,
    /// Player id in the registry.
    pub universal_player_id: Option<Box<str>>,
    /// The player's shots; `None` if the game has no shot data.
    pub shots: Option<ZoneShots>,
    /// Field goals made, by creation; `None` if unknown.
    pub makes: Option<Makes>,
}

/// Field goals made, by creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Makes {
    /// Total.
    pub all: u32,
    /// Assisted by a team-mate.
    pub assisted: u32,
    /// Not assisted.
    pub unassisted: u32,
}

impl Makes {
    fn read(fields: &mut FieldReader<'_>) -> Result<Option<Self>, FieldError> {
        let all = fields.optional_count()?;
        let (assisted, unassisted) = (fields.optional_count()?, fields.optional_count()?);
        Ok(all
            .zip(assisted.zip(unassisted))
            .map(|(all, (assisted, unassisted))| Self {
                all,
                assisted,
                unassisted,
            }))
    }
}

impl Add for Makes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            all: self.all + other.all,
            assisted: self.assisted + other.assisted,
            unassisted: self.unassisted + other.unassisted,
        }
    }
}

impl Dated for ShotGame {
    fn date(&self) -> NaiveDate {
        self.date
    }
}

impl Played for ShotGame {
    fn team(&self) -> TeamCode {
        self.team
    }
}

/// A player's counted games, oldest first.
#[derive(Debug, Clone)]
pub struct Shooter {
    /// The player's key.
    pub player: String,
    /// The counted games.
    pub games: GameLog<ShotGame>,
}

/// The counted games of every player.
#[derive(Debug, Clone, Default)]
pub struct ShotLogs(Vec<Shooter>);

impl ShotLogs {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "player_lookup",
        "universal_player_id",
        "team_abbr",
        "minutes_played",
        "points",
        "paint_attempts",
        "paint_makes",
        "mid_range_attempts",
        "mid_range_makes",
        "three_pt_attempts",
        "three_pt_makes",
        "fg_makes",
        "assisted_fg_makes",
        "unassisted_fg_makes",
    ];

    /// Reads rows of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// If a row has an invalid field.
    pub fn read(rows: &[Row]) -> Result<Self, BadRow> {
        let mut logs: HashMap<&str, GameLog<ShotGame>> = HashMap::new();
        for row in rows {
            let mut fields = FieldReader::new(Self::COLUMNS, row);
            let date = fields.date()?;
            let player = fields.text()?;
            let universal_player_id = fields.optional_text()?.map(Box::from);
            let team = fields.text()?.parse()?;
            let (minutes, points) = (fields.optional_number()?, fields.optional_count()?);
            if is_counted(minutes, points) {
                logs.entry(player).or_default().enter(ShotGame {
                    date,
                    team,
                    universal_player_id,
                    shots: ZoneShots::read(&mut fields)?,
                    makes: Makes::read(&mut fields)?,
                });
            }
        }
        let mut shooters: Vec<Shooter> = logs
            .into_iter()
            .map(|(player, games)| Shooter {
                player: player.to_owned(),
                games,
            })
            .collect();
        shooters.sort_unstable_by(|one, two| one.player.cmp(&two.player));
        Ok(Self(shooters))
    }

    /// The players, ordered by key.
    #[must_use]
    pub fn shooters(&self) -> &[Shooter] {
        &self.0
    }
}
