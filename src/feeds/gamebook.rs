//! The gamebook feed: all players listed for a game, with exact minutes for those who played.

use std::sync::Arc;

use super::cells::{STEALS_TO_FREE_THROWS, collected, push_counts, push_day};
use super::faults::Profile;
use super::league::{League, Participation, PlayerLine, Stat};
use crate::nba::ids::GameId;
use crate::nba::tables;
use crate::table::{Row, RowBuilder};

const REBOUNDS: [(&str, Stat); 3] = [
    ("offensive_rebounds", Stat::Oreb),
    ("defensive_rebounds", Stat::Dreb),
    ("total_rebounds", Stat::Reb),
];

/// The rows of `nba_raw.nbac_gamebook_player_stats`, ordered by date.
pub fn rows(league: &Arc<League>, faults: &Arc<Profile>) -> impl Iterator<Item = Row> + Send + use<> {
    let (league, faults) = (Arc::clone(league), Arc::clone(faults));
    (0..league.players.len()).filter_map(move |at| {
        let line = &league.players[at];
        let game = league.game(line.game)?;
        (!faults.loses_gamebook(line.game, game)).then(|| row(&league, game, line))
    })
}

fn row(league: &League, game: GameId, line: &PlayerLine) -> Row {
    let person = &league.people[line.person as usize];
    let status = match line.appearance {
        Participation::Played => "active",
        Participation::DidNotPlay => "dnp",
        Participation::Inactive => "inactive",
    };
    let mut row = RowBuilder::new(tables::gamebook_player_stats());
    row.push("game_id", game.to_string());
    push_day(&mut row, game);
    row.push("home_team_abbr", game.home().as_str());
    row.push("away_team_abbr", game.away().as_str());
    row.push("player_name", person.name.clone());
    row.push("player_lookup", person.lookup.clone());
    row.push("team_abbr", line.team.as_str());
    row.push("player_status", status);
    row.push("minutes", line.minutes.map(|minutes| minutes.to_string()));
    push_counts(
        &mut row,
        &line.counts,
        &[("points", Stat::Pts), ("assists", Stat::Ast)],
    );
    push_counts(&mut row, &line.counts, &STEALS_TO_FREE_THROWS);
    push_counts(&mut row, &line.counts, &REBOUNDS);
    row.push("plus_minus", line.plus_minus.map(i64::from));
    row.push("processed_at", collected(game.date(), 1, 8));
    row.finish()
}
