//! Team defence per game, from `team_defense_game_summary`.

use chrono::NaiveDate;

use crate::nba::ids::TeamCode;
use crate::nba::raw::{BadRow, Zone};
use crate::nba::{Dated, GameLog, Played, ZoneShots};
use crate::table::{FieldReader, Row};

/// A game from the view of the defending team.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DefendedGame {
    /// Date of the game.
    pub date: NaiveDate,
    /// The defending team.
    pub team: TeamCode,
    /// The opponent's shots; `None` if the game has no shot data.
    pub shots: Option<ZoneShots>,
    /// Blocked shots of the opponent by zone; `None` if unknown.
    pub blocks: Option<[u32; Zone::COUNT]>,
    /// The opponent's points.
    pub points: Option<u32>,
    /// The opponent's points per 100 possessions.
    pub rating: Option<f64>,
    /// The opponent's possessions per 48 minutes.
    pub pace: Option<f64>,
}

impl Dated for DefendedGame {
    fn date(&self) -> NaiveDate {
        self.date
    }
}

impl Played for DefendedGame {
    fn team(&self) -> TeamCode {
        self.team
    }
}

/// The games of every team, oldest first.
#[derive(Debug, Clone, Default)]
pub struct DefenseLogs([GameLog<DefendedGame>; TeamCode::COUNT]);

impl DefenseLogs {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "defending_team_abbr",
        "opp_paint_attempts",
        "opp_paint_makes",
        "opp_mid_range_attempts",
        "opp_mid_range_makes",
        "opp_three_pt_attempts",
        "opp_three_pt_makes",
        "blocks_paint",
        "blocks_mid_range",
        "blocks_three_pt",
        "points_allowed",
        "defensive_rating",
        "opponent_pace",
    ];

    /// Reads rows of [`Self::COLUMNS`].
    ///
    /// # Errors
    /// If a row has an invalid field.
    pub fn read(rows: &[Row]) -> Result<Self, BadRow> {
        let mut logs = Self::default();
        for row in rows {
            let mut fields = FieldReader::new(Self::COLUMNS, row);
            let date = fields.date()?;
            let team: TeamCode = fields.text()?.parse()?;
            let shots = ZoneShots::read(&mut fields)?;
            let blocks = [
                fields.optional_count()?,
                fields.optional_count()?,
                fields.optional_count()?,
            ];
            logs.0[team.index()].enter(DefendedGame {
                date,
                team,
                shots,
                blocks: match blocks {
                    [Some(paint), Some(mid_range), Some(three)] => Some([paint, mid_range, three]),
                    _ => None,
                },
                points: fields.optional_count()?,
                rating: fields.optional_number()?,
                pace: fields.optional_number()?,
            });
        }
        Ok(logs)
    }

    /// The games of a team.
    #[must_use]
    pub fn of(&self, team: TeamCode) -> &GameLog<DefendedGame> {
        &self.0[team.index()]
    }
}
