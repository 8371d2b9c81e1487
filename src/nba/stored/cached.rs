//! A player's form, from `player_daily_cache`.

use crate::nba::raw::BadRow;
use crate::table::{FieldReader, Row};

/// The part of a player's form used by the feature store.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cached {
    /// Points per game over the last 5 games.
    pub points_last_5: Option<f64>,
    /// Points per game over the last 10 games.
    pub points_last_10: Option<f64>,
    /// Points per game over the season so far.
    pub points_season: Option<f64>,
    /// Standard deviation of the points of the last 10 games.
    pub points_deviation: Option<f64>,
    /// Games in the 7 days before the date.
    pub games_in_week: Option<f64>,
    /// Mean pace of the team over its last 10 games.
    pub team_pace: Option<f64>,
    /// Mean offensive rating of the team over its last 10 games.
    pub team_rating: Option<f64>,
}

impl Cached {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "cache_date",
        "player_lookup",
        "points_avg_last_5",
        "points_avg_last_10",
        "points_avg_season",
        "points_std_last_10",
        "games_in_last_7_days",
        "team_pace_last_10",
        "team_off_rating_last_10",
    ];

    /// Reads a row of [`Self::COLUMNS`]: the player's key and form.
    ///
    /// # Errors
    /// If a field is invalid.
    pub fn parse(row: &Row) -> Result<(&str, Self), BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let player = fields.text()?;
        let cached = Self {
            points_last_5: fields.optional_number()?,
            points_last_10: fields.optional_number()?,
            points_season: fields.optional_number()?,
            points_deviation: fields.optional_number()?,
            games_in_week: fields.optional_count()?.map(f64::from),
            team_pace: fields.optional_number()?,
            team_rating: fields.optional_number()?,
        };
        Ok((player, cached))
    }
}
