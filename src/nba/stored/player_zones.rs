//! From where a player shoots, from `player_shot_zone_analysis`.

use crate::nba::raw::BadRow;
use crate::nba::{Refused, tables};
use crate::table::{Fields, Row, TableDef};

/// A zone a player prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrimaryZone {
    /// Near the basket.
    Paint,
    /// Two-pointers from outside the paint.
    MidRange,
    /// Three-pointers.
    Perimeter,
    /// None more than the others.
    Balanced,
}

impl PrimaryZone {
    /// The word in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paint => "paint",
            Self::MidRange => "mid_range",
            Self::Perimeter => "perimeter",
            Self::Balanced => "balanced",
        }
    }

    fn parse(text: &str) -> Result<Self, Refused> {
        [Self::Paint, Self::MidRange, Self::Perimeter, Self::Balanced]
            .into_iter()
            .find(|zone| zone.as_str() == text)
            .ok_or_else(|| {
                Refused::new(
                    "primary_scoring_zone",
                    text,
                    "is not paint, mid_range, perimeter or balanced",
                )
            })
    }
}

/// A player's shots by zone, as known on the morning of a date. All of it is unknown when none of the games had shot
/// data.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PlayerZones {
    /// The zone the player prefers.
    pub primary: Option<PrimaryZone>,
    /// Share of the shots tried in the paint, percent.
    pub paint: Option<f64>,
    /// Share of the two-pointers tried outside the paint, percent.
    pub mid_range: Option<f64>,
    /// Share of the three-pointers tried, percent.
    pub three_pt: Option<f64>,
    /// Share of the made shots a team-mate assisted, percent.
    pub assisted: Option<f64>,
}

impl PlayerZones {
    /// The columns read.
    pub const COLUMNS: &'static [&'static str] = &[
        "analysis_date",
        "player_lookup",
        "primary_scoring_zone",
        "paint_rate_last_10",
        "mid_range_rate_last_10",
        "three_pt_rate_last_10",
        "assisted_rate_last_10",
    ];

    /// The table read.
    #[must_use]
    pub fn table() -> &'static TableDef {
        tables::player_shot_zone()
    }

    /// Reads a row of [`Self::COLUMNS`]: the player's key and the zones.
    ///
    /// # Errors
    /// When a field is not what it should be.
    pub fn parse(row: &Row) -> Result<(&str, Self), BadRow> {
        let mut fields = Fields::new(Self::COLUMNS, row);
        fields.date()?;
        let player = fields.text()?;
        let zones = Self {
            primary: fields.optional_text()?.map(PrimaryZone::parse).transpose()?,
            paint: fields.optional_number()?,
            mid_range: fields.optional_number()?,
            three_pt: fields.optional_number()?,
            assisted: fields.optional_number()?,
        };
        Ok((player, zones))
    }
}
