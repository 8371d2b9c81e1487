//! Team totals rebuilt from the player feeds equal the official ones.

use super::league::PlayerLine;
use super::*;
use crate::nba::tables::team_offense as table;
use crate::nba::team_offense::team_offense;
use crate::nba::{Source, TeamMinutes};

fn rebuilt_equals_the_official_totals(profile: &str) {
    let official = official();
    let mut turnovers: HashMap<Key, i64> = HashMap::new();
    for PlayerLine {
        game, team, counts, ..
    } in &LEAGUE.players
    {
        let key = (LEAGUE.game(*game).unwrap().to_string(), team.to_string());
        *turnovers.entry(key).or_default() += counts.get(Stat::Tov).map_or(0, i64::from);
    }
    let totals = [
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
    let (mut rows, mut compared, mut unrated, mut overtime) = (0, 0, 0, 0);
    for (date, feeds) in dates(profile) {
        let outcome = team_offense(date, Source::Reconstruct { forced: false }, &feeds);
        assert_eq!(outcome.missing, [] as [&str; 0], "{date}");
        for row in cells(table(), &outcome) {
            rows += 1;
            let key = row.key("team_abbr");
            assert_eq!(*row.get("turnovers"), Value::Int(turnovers[&key]), "{key:?}");
            assert_eq!(
                *row.get("home_game"),
                Value::Bool(key.0.ends_with(&key.1)),
                "{key:?}"
            );
            unrated += u32::from(*row.get("offensive_rating") == Value::Null);
            let Some(line) = official.get(&key) else { continue };
            compared += 1;
            for (column, stat) in totals {
                assert_eq!(*row.get(column), known(line, stat), "{key:?} {column}");
            }
            let overtimes = TeamMinutes::nearest(line.minutes.unwrap()).overtimes();
            assert_eq!(
                *row.get("overtime_periods"),
                Value::Int(overtimes.into()),
                "{key:?}"
            );
            assert_eq!(
                *row.get("margin_of_victory"),
                line.plus_minus.map(i64::from).into(),
                "{key:?}"
            );
            overtime += u32::from(overtimes > 0);
        }
    }
    assert_eq!((rows, compared, unrated, overtime), (11_592, 11_586, 168, 600));
}

#[test]
fn clean_feeds_rebuild_the_official_totals() {
    rebuilt_equals_the_official_totals("none");
}

#[test]
fn the_feeds_of_january_2026_rebuild_the_official_totals() {
    rebuilt_equals_the_official_totals("january-2026");
}

#[test]
fn the_team_box_score_of_january_2026_does_not_do() {
    let (mut missing, mut reversed) = (0, 0);
    let games: Vec<String> = LEAGUE
        .schedule()
        .iter()
        .map(|(_, game)| game.to_string())
        .collect();
    for (date, feeds) in dates("january-2026") {
        let outcome = team_offense(date, Source::Boxscore, &feeds);
        missing += outcome.expected - u32::try_from(outcome.rows.len()).unwrap();
        reversed += cells(table(), &outcome)
            .filter(|row| !games.contains(&row.get("game_id").to_string()))
            .count();
    }
    assert!(missing > 1_500, "only {missing} rows are missing");
    assert!(
        reversed > 4_000,
        "only {reversed} rows have their teams the wrong way round"
    );
}
