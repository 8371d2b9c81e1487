//! Team totals summed from the players equal the official ones.

use std::collections::HashMap;

use backcourt::feeds::league::Stat;
use backcourt::nba::TeamMinutes;

use super::{LEAGUE, OFFICIAL, Side, State, number, rate, side, side_of};
use crate::program::TABLE;

/// Table columns, with the official count they must equal.
const TOTALS: [(&str, Stat); 9] = [
    ("points_scored", Stat::Pts),
    ("fg_makes", Stat::Fgm),
    ("fg_attempts", Stat::Fga),
    ("three_pt_makes", Stat::Fg3m),
    ("three_pt_attempts", Stat::Fg3a),
    ("ft_makes", Stat::Ftm),
    ("ft_attempts", Stat::Fta),
    ("rebounds", Stat::Reb),
    ("assists", Stat::Ast),
];

pub fn equals_the_official_totals(state: &State) {
    let mut turnovers: HashMap<Side, i64> = HashMap::new();
    for line in &LEAGUE.players {
        *turnovers.entry(side(line.game, &line.team)).or_default() +=
            line.counts.get(Stat::Tov).map_or(0, i64::from);
    }

    let db = state.warehouse();
    let mut query = db.prepare(&format!("SELECT * FROM {TABLE}")).unwrap();
    let mut stored = query.query([]).unwrap();
    let (mut rows, mut compared, mut unrated, mut overtime) = (0, 0, 0, 0);
    while let Some(row) = stored.next().unwrap() {
        rows += 1;
        let key = side_of(row, "team_abbr");
        let is_home = key.0.ends_with(&key.1);
        assert_eq!(
            number(row, "home_game"),
            Some(is_home.into()),
            "{key:?} home_game"
        );
        assert_eq!(
            number(row, "turnovers"),
            turnovers.get(&key).copied(),
            "{key:?} turnovers"
        );
        let rating = rate(row, "offensive_rating");
        assert_eq!(rating.is_none(), number(row, "possessions").is_none(), "{key:?}");
        unrated += u32::from(rating.is_none());
        let Some(line) = OFFICIAL.get(&key) else { continue };
        compared += 1;
        for (column, stat) in TOTALS {
            assert_eq!(
                number(row, column),
                line.counts.get(stat).map(i64::from),
                "{key:?} {column}"
            );
        }
        let periods = TeamMinutes::nearest(line.minutes.unwrap()).overtimes();
        assert_eq!(
            number(row, "overtime_periods"),
            Some(periods.into()),
            "{key:?} overtime_periods"
        );
        assert_eq!(
            number(row, "margin_of_victory"),
            line.plus_minus.map(i64::from),
            "{key:?} margin_of_victory"
        );
        overtime += u32::from(periods > 0);
    }
    // Six team-games have no official line; 168 lack offensive rebounds, so they can't be rated.
    assert_eq!((rows, compared, unrated, overtime), (11_592, 11_586, 168, 600));
}
