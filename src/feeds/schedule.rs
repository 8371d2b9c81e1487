//! The schedule feed: one final game per row. It has no faults, because all other feeds are measured against it.

use std::sync::Arc;

use super::league::League;
use crate::nba::ids::SeasonYear;
use crate::table::{Row, Value};

const FINAL: i64 = 3;

/// The rows of `nba_raw.nbac_schedule`, ordered by date.
pub fn rows(league: &Arc<League>) -> impl Iterator<Item = Row> + Send + use<> {
    league.schedule().into_iter().map(|(nba_id, game)| {
        vec![
            game.date().into(),
            nba_id.to_string().into(),
            SeasonYear::of(game.date()).year().into(),
            Value::Int(FINAL),
            game.home().as_str().into(),
            game.away().as_str().into(),
            "nba_com".into(),
        ]
    })
}
