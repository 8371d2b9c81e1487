//! The Ball Don't Lie feed: players who played, with whole minutes. On faulty dates rows are duplicated or use the
//! feed's own game numbers.

use std::iter;
use std::sync::Arc;

use super::cells::{collected, counted, day};
use super::faults::Profile;
use super::league::{Appearance, League, NbaGameId, PlayerLine, Stat};
use crate::nba::Minutes;
use crate::nba::ids::GameId;
use crate::table::{Row, Value};

const STATS: [Stat; 15] = [
    Stat::Pts,
    Stat::Ast,
    Stat::Reb,
    Stat::Oreb,
    Stat::Dreb,
    Stat::Stl,
    Stat::Blk,
    Stat::Tov,
    Stat::Pf,
    Stat::Fgm,
    Stat::Fga,
    Stat::Fg3m,
    Stat::Fg3a,
    Stat::Ftm,
    Stat::Fta,
];

/// The rows of `nba_raw.bdl_player_boxscores`, ordered by date.
pub fn rows(league: &Arc<League>, faults: &Arc<Profile>) -> impl Iterator<Item = Row> + Send + use<> {
    let (league, faults) = (Arc::clone(league), Arc::clone(faults));
    (0..league.players.len()).flat_map(move |at| {
        let line = &league.players[at];
        let game = league
            .game(line.game)
            .filter(|_| line.appearance == Appearance::Played);
        let first = game.map(|game| row(&league, &faults, game, line));
        let again = first
            .clone()
            .zip(game)
            .filter(|(_, game)| faults.repeats_bdl(game.date()));
        iter::chain(first, again.map(|(row, game)| read_a_day_later(row, game)))
    })
}

fn row(league: &League, faults: &Profile, game: GameId, line: &PlayerLine) -> Row {
    let person = &league.people[line.person as usize];
    let id = if faults.numbers_bdl(game.date()) {
        own_number(line.game)
    } else {
        game.to_string()
    };
    let mut row = vec![id.into()];
    row.extend(day(game));
    row.extend([
        line.team.as_str().into(),
        person.name.as_str().into(),
        person.lookup.as_str().into(),
        game.home().as_str().into(),
        game.away().as_str().into(),
        line.minutes.map(whole).into(),
    ]);
    row.extend(counted(&line.counts, STATS));
    row.push(Value::Timestamp(collected(game.date(), 1, 10)));
    row
}

fn read_a_day_later(mut row: Row, game: GameId) -> Row {
    row.pop();
    row.push(Value::Timestamp(collected(game.date(), 2, 10)));
    row
}

/// Minutes rounded to the nearest whole minute, with two digits: `32`, `00`.
fn whole(minutes: Minutes) -> String {
    format!("{:02}", (minutes.seconds() + 30) / 60)
}

/// An eight-digit number that looks like the source's own, one per game.
fn own_number(game: NbaGameId) -> String {
    game.number().saturating_sub(4_000_000).to_string()
}
