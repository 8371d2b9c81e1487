//! A team's defence equals the official totals of its opponent, with the same rates as the opponent's offence.

use backcourt::feeds::league::Stat;
use backcourt::nba::TeamMinutes;

use super::{OFFICIAL, State, number, rate, side_of};

/// Table columns, with the official count of the opponent they must equal.
const THEIRS: [(&str, Stat); 9] = [
    ("points_allowed", Stat::Pts),
    ("opp_fg_makes", Stat::Fgm),
    ("opp_fg_attempts", Stat::Fga),
    ("opp_three_pt_makes", Stat::Fg3m),
    ("opp_three_pt_attempts", Stat::Fg3a),
    ("opp_ft_makes", Stat::Ftm),
    ("opp_ft_attempts", Stat::Fta),
    ("opp_rebounds", Stat::Reb),
    ("opp_assists", Stat::Ast),
];

/// Columns, with those of the opponent's offence they must equal.
const MIRRORED: [(&str, &str); 5] = [
    ("defensive_rating", "offensive_rating"),
    ("opponent_pace", "pace"),
    ("opponent_ts_pct", "ts_pct"),
    ("turnovers_forced", "turnovers"),
    ("overtime_periods", "overtime_periods"),
];

pub fn equals_what_the_opponent_did(state: &State) {
    let db = state.warehouse();
    let mut query = db
        .prepare(
            "SELECT d.*, t.* FROM nba_analytics.team_defense_game_summary d
             JOIN nba_analytics.team_offense_game_summary t
             ON t.game_id = d.game_id AND t.team_abbr = d.opponent_team_abbr",
        )
        .unwrap();
    let mut stored = query.query([]).unwrap();
    let (mut rows, mut compared, mut overtime, mut charted, mut unknown) = (0, 0, 0, 0, 0);
    while let Some(row) = stored.next().unwrap() {
        rows += 1;
        let own = side_of(row, "defending_team_abbr");
        for (column, of_offence) in MIRRORED {
            assert_eq!(rate(row, column), rate(row, of_offence), "{own:?} {column}");
        }
        charted += u32::from(number(row, "opp_paint_attempts").is_some());
        let Some((team, opponent)) = OFFICIAL.get(&own).zip(OFFICIAL.get(&side_of(row, "team_abbr"))) else {
            continue;
        };
        compared += 1;
        for (column, stat) in THEIRS {
            let official = opponent.counts.get(stat).map(i64::from);
            assert_eq!(number(row, column), official, "{own:?} {column}");
        }
        assert_eq!(
            number(row, "steals"),
            team.counts.get(Stat::Stl).map(i64::from),
            "{own:?}"
        );
        match number(row, "defensive_rebounds") {
            None => unknown += 1,
            rebounds => assert_eq!(rebounds, team.counts.get(Stat::Dreb).map(i64::from), "{own:?}"),
        }
        let won = team.plus_minus.unwrap() > 0;
        assert_eq!(number(row, "win_flag"), Some(won.into()), "{own:?}");
        overtime += u32::from(TeamMinutes::nearest(team.minutes.unwrap()).overtimes() > 0);
    }
    // Defensive rebounds of players are unknown for the playoffs of 2025; 2,310 games have shots.
    assert_eq!(
        (rows, compared, overtime, charted, unknown),
        (11_592, 11_586, 600, 4_620, 168)
    );
}
