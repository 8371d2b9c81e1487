//! A player's scores, from `player_composite_factors`. A score with missing input is stored as 0; here it is `None`.

use crate::nba::raw::BadRow;
use crate::table::{FieldReader, Row};

/// The four computed scores.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Factors {
    /// 0 to 100.
    pub fatigue: Option<f64>,
    /// −10 to 10.
    pub mismatch: Option<f64>,
    /// −3 to 3.
    pub pace: Option<f64>,
    /// −3 to 3.
    pub usage_spike: Option<f64>,
}

impl Factors {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "game_date",
        "player_lookup",
        "missing_data_fields",
        "fatigue_score",
        "shot_zone_mismatch_score",
        "pace_score",
        "usage_spike_score",
    ];

    /// Reads a row of [`Self::COLUMNS`]: the player's key and the scores.
    ///
    /// # Errors
    /// If a field is invalid.
    pub fn parse(row: &Row) -> Result<(&str, Self), BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
        fields.date()?;
        let player = fields.text()?;
        let missing = fields.optional_text()?.unwrap_or_default();
        let unless = |inputs: &[&str], score: Option<f64>| {
            score.filter(|_| !missing.split(", ").any(|field| inputs.contains(&field)))
        };
        let factors = Self {
            fatigue: fields.optional_count()?.map(f64::from),
            mismatch: unless(
                &["player_shot_zone", "team_defense_zone"],
                fields.optional_number()?,
            ),
            pace: unless(&["pace_differential"], fields.optional_number()?),
            usage_spike: unless(&["projected_usage_rate"], fields.optional_number()?),
        };
        Ok((player, factors))
    }
}
