//! The Ball Don't Lie feed: players who played, with whole minutes. On faulty dates rows are duplicated or use the
//! feed's own game numbers.

use std::iter;
use std::sync::Arc;

use super::cells::{STEALS_TO_FREE_THROWS, collected, push_counts, push_day};
use super::faults::Profile;
use super::league::{League, NbaGameId, Participation, PlayerLine, Stat};
use crate::nba::ids::GameId;
use crate::nba::{Minutes, tables};
use crate::table::{Row, RowBuilder};

const POINTS_TO_REBOUNDS: [(&str, Stat); 5] = [
    ("points", Stat::Pts),
    ("assists", Stat::Ast),
    ("rebounds", Stat::Reb),
    ("offensive_rebounds", Stat::Oreb),
    ("defensive_rebounds", Stat::Dreb),
];

/// The rows of `nba_raw.bdl_player_boxscores`, ordered by date.
pub fn rows(league: &Arc<League>, faults: &Arc<Profile>) -> impl Iterator<Item = Row> + Send + use<> {
    let (league, faults) = (Arc::clone(league), Arc::clone(faults));
    (0..league.players.len()).flat_map(move |at| {
        let line = &league.players[at];
        let game = league
            .game(line.game)
            .filter(|_| line.appearance == Participation::Played);
        let collected_after = |days| game.map(|game| row(&league, &faults, game, line, days));
        let is_repeated = game.is_some_and(|game| faults.repeats_bdl(game.date()));
        let again = is_repeated.then(|| collected_after(2)).flatten();
        iter::chain(collected_after(1), again)
    })
}

fn row(league: &League, faults: &Profile, game: GameId, line: &PlayerLine, days: u64) -> Row {
    let person = &league.people[line.person as usize];
    let id = if faults.numbers_bdl(game.date()) {
        own_number(line.game)
    } else {
        game.to_string()
    };
    let mut row = RowBuilder::new(tables::bdl_player_boxscores());
    row.push("game_id", id);
    push_day(&mut row, game);
    row.push("team_abbr", line.team.as_str());
    row.push("player_full_name", person.name.clone());
    row.push("player_lookup", person.lookup.clone());
    row.push("home_team_abbr", game.home().as_str());
    row.push("away_team_abbr", game.away().as_str());
    row.push("minutes", line.minutes.map(rounded_minutes));
    push_counts(&mut row, &line.counts, &POINTS_TO_REBOUNDS);
    push_counts(&mut row, &line.counts, &STEALS_TO_FREE_THROWS);
    row.push("processed_at", collected(game.date(), days, 10));
    row.finish()
}

/// Minutes rounded to the nearest whole minute, with two digits: `32`, `00`.
fn rounded_minutes(minutes: Minutes) -> String {
    format!("{:02}", (minutes.seconds() + 30) / 60)
}

/// An eight-digit number that looks like the source's own, one per game.
fn own_number(game: NbaGameId) -> String {
    game.number().saturating_sub(4_000_000).to_string()
}
