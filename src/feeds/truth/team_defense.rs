//! What a team allowed is what the official totals of its opponent say, and rates as the opponent's offence does.

use super::*;
use crate::nba::tables;
use crate::nba::team_defense::team_defense;
use crate::nba::team_offense::team_offense;
use crate::nba::{Source, TeamMinutes};

#[test]
fn the_feeds_of_january_2026_give_what_the_opponent_did() {
    let official = official();
    let source = Source::Reconstruct { forced: false };
    let theirs = [
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
    let mirrored = [
        ("defensive_rating", "offensive_rating"),
        ("opponent_pace", "pace"),
        ("opponent_ts_pct", "ts_pct"),
        ("turnovers_forced", "turnovers"),
        ("overtime_periods", "overtime_periods"),
    ];
    let (mut rows, mut compared, mut overtime, mut charted, mut unknown) = (0, 0, 0, 0, 0);
    for (date, feeds) in dates("january-2026") {
        let offence = team_offense(date, source, &feeds);
        let offence: HashMap<Key, Cells<'_>> = cells(tables::team_offense(), &offence)
            .map(|row| (row.key("team_abbr"), row))
            .collect();
        let outcome = team_defense(date, source, &feeds);
        assert_eq!(outcome.missing, [] as [&str; 0], "{date}");
        for row in cells(tables::team_defense(), &outcome) {
            rows += 1;
            let (own, other) = (row.key("defending_team_abbr"), row.key("opponent_team_abbr"));
            for (column, of_offence) in mirrored {
                assert_eq!(
                    row.get(column),
                    offence[&other].get(of_offence),
                    "{own:?} {column}"
                );
            }
            charted += u32::from(*row.get("opp_paint_attempts") != Value::Null);
            let (Some(opponent), Some(team)) = (official.get(&other), official.get(&own)) else {
                continue;
            };
            compared += 1;
            for (column, stat) in theirs {
                assert_eq!(*row.get(column), known(opponent, stat), "{own:?} {column}");
            }
            assert_eq!(*row.get("steals"), known(team, Stat::Stl), "{own:?}");
            if *row.get("defensive_rebounds") == Value::Null {
                unknown += 1;
            } else {
                assert_eq!(*row.get("defensive_rebounds"), known(team, Stat::Dreb), "{own:?}");
            }
            let margin = team.plus_minus.unwrap();
            assert_eq!(*row.get("win_flag"), Value::Bool(margin > 0), "{own:?}");
            overtime += u32::from(TeamMinutes::nearest(team.minutes.unwrap()).overtimes() > 0);
        }
    }
    assert_eq!(
        (rows, compared, overtime, charted, unknown),
        (11_592, 11_586, 600, 4_620, 168)
    );
}
