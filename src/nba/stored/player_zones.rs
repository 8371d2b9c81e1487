//! A player's shot zones, from `player_shot_zone_analysis`.

use crate::nba::Refused;
use crate::nba::raw::BadRow;
use crate::table::{FieldReader, Row};

/// A player's primary zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrimaryZone {
    /// Near the basket.
    Paint,
    /// Two-pointers outside the paint.
    MidRange,
    /// Three-pointers.
    Perimeter,
    /// No zone dominates.
    Balanced,
}

impl PrimaryZone {
    /// The name stored in the table.
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

/// A player's shots by zone, as of the morning of a date. All values are `None` if no game had shot data.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PlayerZones {
    /// The primary zone.
    pub primary: Option<PrimaryZone>,
    /// Share of attempts in the paint, percent.
    pub paint: Option<f64>,
    /// Share of two-point attempts outside the paint, percent.
    pub mid_range: Option<f64>,
    /// Share of three-point attempts, percent.
    pub three_pt: Option<f64>,
    /// Share of assisted makes, percent.
    pub assisted: Option<f64>,
}

impl PlayerZones {
    /// The columns to read, in order.
    pub const COLUMNS: &'static [&'static str] = &[
        "analysis_date",
        "player_lookup",
        "primary_scoring_zone",
        "paint_rate_last_10",
        "mid_range_rate_last_10",
        "three_pt_rate_last_10",
        "assisted_rate_last_10",
    ];

    /// Reads a row of [`Self::COLUMNS`]: the player's key and the zones.
    ///
    /// # Errors
    /// If a field is invalid.
    pub fn parse(row: &Row) -> Result<(&str, Self), BadRow> {
        let mut fields = FieldReader::new(Self::COLUMNS, row);
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
