//! The official team box score: two rows per game, unless the profile drops rows or swaps home and away.

use std::sync::Arc;

use super::cells::{collected, push_counts, push_day};
use super::faults::Profile;
use super::league::{League, Stat, StatCounts, TeamLine};
use crate::nba::ids::GameId;
use crate::nba::{TeamMinutes, tables};
use crate::table::{Row, RowBuilder, Value};

const SHOOTING: [([&str; 3], Stat, Stat); 3] = [
    (["fg_made", "fg_attempted", "fg_percentage"], Stat::Fgm, Stat::Fga),
    (
        ["three_pt_made", "three_pt_attempted", "three_pt_percentage"],
        Stat::Fg3m,
        Stat::Fg3a,
    ),
    (["ft_made", "ft_attempted", "ft_percentage"], Stat::Ftm, Stat::Fta),
];

const STATS: [(&str, Stat); 8] = [
    ("offensive_rebounds", Stat::Oreb),
    ("defensive_rebounds", Stat::Dreb),
    ("total_rebounds", Stat::Reb),
    ("assists", Stat::Ast),
    ("steals", Stat::Stl),
    ("blocks", Stat::Blk),
    ("turnovers", Stat::Tov),
    ("personal_fouls", Stat::Pf),
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
        reversed_id(game)
    } else {
        game.to_string()
    };
    let counts = &line.counts;
    let minutes = line.minutes.map(TeamMinutes::nearest);
    let mut row = RowBuilder::new(tables::team_boxscore());
    row.push("game_id", id);
    row.push("nba_game_id", line.game.to_string());
    push_day(&mut row, game);
    row.push("team_abbr", line.team.as_str());
    row.push("team_name", Value::Null);
    row.push("is_home", (line.team == game.home()) != inverted);
    row.push(
        "minutes",
        minutes.map(|minutes| format!("{}:00", minutes.player_minutes())),
    );
    push_counts(&mut row, counts, &[("points", Stat::Pts)]);
    for ([made, attempted, percentage], makes, attempts) in SHOOTING {
        push_counts(&mut row, counts, &[(made, makes), (attempted, attempts)]);
        row.push(percentage, fraction(counts, makes, attempts));
    }
    push_counts(&mut row, counts, &STATS);
    row.push("plus_minus", line.plus_minus.map(i64::from));
    row.push("processed_at", collected(game.date(), 1, 7));
    row.finish()
}

/// The game id with home and away swapped: its second and third part.
fn reversed_id(game: GameId) -> String {
    GameId::new(game.date(), game.home(), game.away()).map_or_else(|_| game.to_string(), |id| id.to_string())
}

/// Made divided by attempted; `None` without attempts.
fn fraction(counts: &StatCounts, made: Stat, tried: Stat) -> Option<f64> {
    let tried = counts.get(tried).filter(|&tried| tried > 0)?;
    Some(f64::from(counts.get(made)?) / f64::from(tried))
}
