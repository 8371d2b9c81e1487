//! The schedule feed: one final game per row. It has no faults, because all other feeds are measured against it.

use std::sync::Arc;

use super::league::League;
use crate::nba::ids::SeasonYear;
use crate::nba::tables;
use crate::table::{Row, RowBuilder};

const FINAL: i64 = 3;

/// The rows of `nba_raw.nbac_schedule`, ordered by date.
pub fn rows(league: &Arc<League>) -> impl Iterator<Item = Row> + Send + use<> {
    league.schedule().into_iter().map(|(nba_id, game)| {
        let mut row = RowBuilder::new(tables::schedule());
        row.push("game_date", game.date());
        row.push("nba_game_id", nba_id.to_string());
        row.push("season_year", SeasonYear::of(game.date()).year());
        row.push("game_status", FINAL);
        row.push("home_team_tricode", game.home().as_str());
        row.push("away_team_tricode", game.away().as_str());
        row.push("data_source", "nba_com");
        row.finish()
    })
}
