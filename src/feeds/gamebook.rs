//! The gamebook feed: all players listed for a game, with exact minutes for those who played.

use std::sync::Arc;

use super::cells::{collected, counted, day};
use super::faults::Profile;
use super::league::{Appearance, League, PlayerLine, Stat};
use crate::nba::ids::GameId;
use crate::table::{Row, Value};

const STATS: [Stat; 15] = [
    Stat::Pts,
    Stat::Ast,
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
    Stat::Oreb,
    Stat::Dreb,
    Stat::Reb,
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
        Appearance::Played => "active",
        Appearance::DidNotPlay => "dnp",
        Appearance::Inactive => "inactive",
    };
    let mut row = vec![game.to_string().into()];
    row.extend(day(game));
    row.extend([
        game.home().as_str().into(),
        game.away().as_str().into(),
        person.name.as_str().into(),
        person.lookup.as_str().into(),
        line.team.as_str().into(),
        status.into(),
        line.minutes.map(|minutes| minutes.to_string()).into(),
    ]);
    row.extend(counted(&line.counts, STATS));
    row.extend([
        line.plus_minus.map(i64::from).into(),
        Value::Timestamp(collected(game.date(), 1, 8)),
    ]);
    row
}
