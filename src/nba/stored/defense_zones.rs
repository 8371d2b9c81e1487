//! Team defence by zone, from `team_defense_zone_analysis`.

use crate::nba::ids::TeamCode;
use crate::nba::raw::BadRow;
use crate::table::{FieldReader, Row};

/// A team's defence, as of the morning of a date.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DefenseZones {
    /// Field goal percentage allowed in the paint minus the league's, in percentage points; above 0 is worse than the
    /// league.
    pub paint: Option<f64>,
    /// The same for two-pointers outside the paint.
    pub mid_range: Option<f64>,
    /// The same for three-pointers.
    pub three_pt: Option<f64>,
    /// Points allowed per 100 possessions.
    pub rating: Option<f64>,
    /// Opponents' possessions per 48 minutes.
    pub opponent_pace: Option<f64>,
}

impl DefenseZones {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "analysis_date",
        "team_abbr",
        "paint_defense_vs_league_avg",
        "mid_range_defense_vs_league_avg",
        "three_pt_defense_vs_league_avg",
        "defensive_rating_last_15",
        "opponent_pace",
    ];

    /// Reads a row of [`Self::COLUMNS`]: the team and its defence.
    ///
    /// # Errors
    /// If a field is invalid.
    pub fn parse(row: &Row) -> Result<(TeamCode, Self), BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let team = fields.text()?.parse()?;
        let defense = Self {
            paint: fields.optional_number()?,
            mid_range: fields.optional_number()?,
            three_pt: fields.optional_number()?,
            rating: fields.optional_number()?,
            opponent_pace: fields.optional_number()?,
        };
        Ok((team, defense))
    }
}
