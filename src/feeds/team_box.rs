//! The official team box score: two rows per game, unless the profile drops rows or swaps home and away.

use std::sync::Arc;

use super::cells::{collected, counted, day};
use super::faults::Profile;
use super::league::{Counts, League, Stat, TeamLine};
use crate::nba::TeamMinutes;
use crate::nba::ids::GameId;
use crate::table::{Row, Value};

const SHOOTING: [(Stat, Stat); 3] = [
    (Stat::Fgm, Stat::Fga),
    (Stat::Fg3m, Stat::Fg3a),
    (Stat::Ftm, Stat::Fta),
];

const STATS: [Stat; 8] = [
    Stat::Oreb,
    Stat::Dreb,
    Stat::Reb,
    Stat::Ast,
    Stat::Stl,
    Stat::Blk,
    Stat::Tov,
    Stat::Pf,
];

/// The rows of `nba_raw.nbac_team_boxscore`, ordered by date.
pub fn rows(league: &Arc<League>, faults: &Arc<Profile>) -> impl Iterator<Item = Row> + Send + use<> {
    let (league, faults) = (Arc::clone(league), Arc::clone(faults));
    (0..league.teams.len()).filter_map(move |at| {
        let line = &league.teams[at];
        let game = league.game(line.game)?;
        let inverted = faults.inverts_home_flag(line.game, game);
        (!faults.loses_team_row(line.game, game, line.team)).then(|| row(game, line, inverted))
    })
}

fn row(game: GameId, line: &TeamLine, inverted: bool) -> Row {
    let id = if inverted {
        turned_round(game)
    } else {
        game.to_string()
    };
    let mut row = vec![id.into(), line.game.to_string().into()];
    row.extend(day(game));
    row.extend([
        line.team.as_str().into(),
        Value::Null,
        Value::Bool((line.team == game.home()) != inverted),
        line.minutes
            .map(|minutes| format!("{}:00", TeamMinutes::nearest(minutes).player_minutes()))
            .into(),
    ]);
    row.extend(counted(&line.counts, [Stat::Pts]));
    for (made, tried) in SHOOTING {
        row.extend(counted(&line.counts, [made, tried]));
        row.push(percentage(&line.counts, made, tried));
    }
    row.extend(counted(&line.counts, STATS));
    row.extend([
        line.plus_minus.map(i64::from).into(),
        Value::Timestamp(collected(game.date(), 1, 7)),
    ]);
    row
}

/// The game id with home and away swapped: its second and third part.
fn turned_round(game: GameId) -> String {
    GameId::new(game.date(), game.home(), game.away()).map_or_else(|_| game.to_string(), |id| id.to_string())
}

/// Made divided by attempted, 0 to 1; NULL without attempts.
fn percentage(counts: &Counts, made: Stat, tried: Stat) -> Value {
    let shots = counts
        .get(made)
        .zip(counts.get(tried))
        .filter(|&(_, tried)| tried > 0);
    shots
        .map(|(made, tried)| f64::from(made) / f64::from(tried))
        .into()
}
